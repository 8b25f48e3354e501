"""What a failed request to Twilio means, in one place for calls and WhatsApp."""

from collections.abc import Iterator
from contextlib import contextmanager

from twilio.base.exceptions import TwilioException

from carealert.adapters.channels.twilio_errors import action_for
from carealert.adapters.channels.twilio_wire import AnswerLost, NotSubmitted, TooLate, TooMany
from carealert.services.ports.outbox import DeliveryFailed, FailureAction


@contextmanager
def posting() -> Iterator[None]:
    """Every failure of one post as DeliveryFailed, without a number or a text in it."""
    try:
        yield
    except NotSubmitted as error:
        raise DeliveryFailed(
            f"no connection: {error}", FailureAction.UNREACHABLE, "connect"
        ) from None
    except TooMany as error:
        raise DeliveryFailed(
            "too many at once", FailureAction.THROTTLED, "429", error.retry_after
        ) from None
    except TooLate:
        raise DeliveryFailed("not tried: too late", FailureAction.THROTTLED, "stopped") from None
    except (AnswerLost, ValueError) as error:  # ValueError: the answer is not JSON
        raise DeliveryFailed(
            f"answer lost: {type(error).__name__}", FailureAction.UNKNOWN, "lost"
        ) from None
    except TwilioException as error:
        raise _refusal(error) from None


@contextmanager
def listing() -> Iterator[None]:
    """Every failure of a look-up as DeliveryFailed: not being able to ask is not a no."""
    try:
        yield
    except (NotSubmitted, AnswerLost, TooMany, ValueError) as error:
        raise DeliveryFailed(
            f"cannot list: {type(error).__name__}", FailureAction.UNREACHABLE
        ) from None
    except TwilioException as error:
        raise _refusal(error) from None


def _refusal(error: TwilioException) -> DeliveryFailed:
    """Twilio's message may hold the number; only its code is passed on."""
    status = int(getattr(error, "status", 0) or 0)
    code = str(getattr(error, "code", "") or "") or None
    return DeliveryFailed(f"refused: HTTP {status}, code {code}", action_for(status, code), code)
