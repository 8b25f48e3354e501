"""Calls through Twilio's Calls API: the phone rings, and who picks up decides what is said.

The text does not go with the call. Whoever picks up is listened to first (`MachineDetection`), and
only then the gateway asks `/hooks/twilio/voice/<reference>/answered` what to say, with what it
found. TwiML that goes along (`Twiml`) would be read to a mailbox as well, and it could not be
withheld from a call that waited in the gateway's queue until the warning was over.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from twilio.rest import Client

from carealert.adapters.channels.twilio_asking import listing, posting
from carealert.adapters.channels.twilio_http import GatewayHttp
from carealert.adapters.texts.speech import Speech
from carealert.adapters.texts.voice import TIMES
from carealert.domain.calls import CALL_STATUSES
from carealert.domain.notices import DeliveryStatus
from carealert.services.ports.outbox import Accepted, DeliveryFailed, FailureAction, Outgoing

#: How long a phone rings, and the longest call, in seconds.
RING, LONGEST_CALL = 30, 600
#: The longest TwiML that a call may need; Twilio's limit where it goes along with the call.
LONGEST_TWIML = 4000
#: Which changes of a call are called back.
EVENTS = ("initiated", "ringing", "answered", "completed")
_CLOCKS_DIFFER = timedelta(seconds=5)
_NEWEST = 50


class TwilioVoice:
    """MessageChannel that calls, in the languages that `speech` can say."""

    def __init__(
        self,
        http: GatewayHttp,
        account_sid: str,
        auth_token: str,
        *,
        public_url: str,
        sender: str,
        speech: Speech,
        clock: Callable[[], datetime],
    ) -> None:
        self._calls = Client(account_sid, auth_token, http_client=http).calls
        self._hooks = f"{public_url.rstrip('/')}/hooks/twilio/voice/"
        self._sender = sender
        self._speech = speech
        self._clock = clock

    def send(self, message: Outgoing) -> Accepted:
        """Place one call. A text that cannot be said is refused before anything rings."""
        self._check(message)
        with posting():
            made = self._calls.create(
                to=message.to,
                from_=self._sender,
                url=self._address(message),
                method="POST",
                status_callback=f"{self._hooks}{message.reference}/status",
                status_callback_method="POST",
                status_callback_event=list(EVENTS),
                machine_detection="Enable",
                timeout=RING,
                time_limit=LONGEST_CALL,
            )
        if not made.sid:
            raise DeliveryFailed("the answer names no call", FailureAction.UNKNOWN, "lost")
        return Accepted(made.sid, _status(made.status))

    def find(self, message: Outgoing, since: datetime) -> Sequence[Accepted]:
        """The calls of ours to this number since then, oldest first.

        A call as the API lists it holds neither our reference nor a text, so number, sender and
        time have to do. Nor can it be asked for by `StartTime`: a call that has not been dialled
        has none.
        """
        with listing():
            listed = self._calls.list(to=message.to, page_size=_NEWEST, limit=_NEWEST)
        same = [one for one in reversed(listed) if self._is_it(one, since - _CLOCKS_DIFFER)]
        same.sort(key=lambda one: one.date_created)
        return [Accepted(one.sid, _status(one.status)) for one in same]

    def _address(self, message: Outgoing) -> str:
        """Where the gateway asks what to say: in which language, and until when it is worth it."""
        until = int((self._clock() + message.valid_for).timestamp())
        query = urlencode({"language": message.language, "until": until})
        return f"{self._hooks}{message.reference}/answered?{query}"

    def _check(self, message: Outgoing) -> None:
        if not self._speech.speaks(message.language):
            raise DeliveryFailed(
                f"no voice speaks {message.language}", FailureAction.PERMANENT, "no_voice"
            )
        action = f"{self._hooks}{message.reference}?language={message.language}"
        twiml = self._speech.question(message.body, None, message.language, action, times=TIMES)
        if len(twiml) > LONGEST_TWIML:
            raise DeliveryFailed("too long to be said", FailureAction.PERMANENT, "too_long")

    def _is_it(self, listed: Any, since: datetime) -> bool:
        created = listed.date_created
        return (
            listed.direction == "outbound-api"
            and listed._from == self._sender
            and isinstance(created, datetime)
            and created.astimezone(UTC) >= since
        )


def _status(word: str | None) -> DeliveryStatus:
    return CALL_STATUSES.get(word or "", DeliveryStatus.QUEUED)
