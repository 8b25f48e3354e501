"""A simulated gateway over real loopback HTTP, and our Twilio channel pointed at it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from carealert.adapters.channels.twilio_http import GatewayHttp
from carealert.adapters.channels.twilio_sms import TwilioSms
from carealert.services.ports.outbox import Outgoing
from carealert.simulator.server import running
from carealert.simulator.world import World, world_app
from tests.support.builders import a_phone
from tests.support.delivery import ACCOUNT, TOKEN, SetClock

SENDER = "+15005550006"


def a_world(clock: SetClock | None = None, **changes: object) -> World:
    """A world whose inbound webhooks go nowhere unless told otherwise."""
    return World(
        **{  # type: ignore[arg-type]
            "account_sid": ACCOUNT,
            "auth_token": TOKEN,
            "inbound_url": "http://127.0.0.1:9/hooks/twilio/inbound",
            "clock": clock or SetClock(),
            **changes,
        }
    )


@contextmanager
def gateway(world: World) -> Iterator[str]:
    """The world's gateway on a free port; gives its base URL."""
    with running(world_app(world)) as url, world:
        yield url


def channel_to(
    url: str | None, *, token: str = TOKEN, public_url: str = "http://127.0.0.1:9", **sender: str
) -> TwilioSms:
    """Our channel, sending from a number unless told otherwise."""
    return TwilioSms(
        GatewayHttp(url),
        ACCOUNT,
        token,
        public_url=public_url,
        **(sender or {"sender": SENDER}),  # type: ignore[arg-type]
    )


def a_message(number: int = 0, **changes: object) -> Outgoing:
    """One message to a fictitious phone."""
    given: dict[str, object] = {
        "reference": f"notice-{number}.1",
        "to": a_phone(number).number,
        "body": f"text {number}",
        "valid_for": timedelta(hours=1),
    }
    return Outgoing(**(given | changes))  # type: ignore[arg-type]
