"""Every channel with a gateway of its own on the loopback, and the same troubles for all."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any

from carealert.adapters.channels.apprise_note import AppriseChannel
from carealert.adapters.channels.email import EmailChannel, MailServer
from carealert.adapters.channels.gateway_config import HttpGateway
from carealert.adapters.channels.smpp import SmppChannel
from carealert.adapters.channels.smpp_session import Smsc
from carealert.services.ports.outbox import FailureAction, MessageChannel
from carealert.simulator.server import free_port
from carealert.simulator.world import Fault, FaultKind
from tests.support.builders import a_phone
from tests.support.delivery import TOKEN, SetClock
from tests.support.fake_apprise import fake_apprise
from tests.support.gateway import a_world, channel_to, gateway
from tests.support.gateways import SECRETS, a_gateway, channel_of, preset
from tests.support.posts import PostServer, Said, post_server
from tests.support.smsc import DROP, an_smsc
from tests.support.smtp import PASSWORD, USER, mail_room
from tests.support.tls import self_signed


class Trouble(Enum):
    """What can go wrong with one message, and what that asks for."""

    REFUSED = FailureAction.PERMANENT
    TOO_MANY = FailureAction.THROTTLED
    LOST = FailureAction.UNKNOWN
    NOBODY = FailureAction.UNREACHABLE


@dataclass
class WayOut:
    """One channel. `make` brings a trouble about and says what a message must be like for it."""

    channel: MessageChannel
    to_nobody: MessageChannel
    make: Callable[[Trouble], dict[str, Any]]
    posts: Callable[[], int]
    to: str = field(default_factory=lambda: a_phone(7).number)
    elsewhere: str | None = None  # where nobody listens, for channels whose address says where
    secrets: tuple[str, ...] = ()
    cannot_tell: frozenset[Trouble] = frozenset()  # all it knows is that it did not succeed


@contextmanager
def twilio(_: Path) -> Iterator[WayOut]:
    world = a_world()
    with gateway(world) as url:

        def make(trouble: Trouble) -> dict[str, Any]:
            faults = {
                Trouble.TOO_MANY: Fault(FaultKind.TOO_MANY_REQUESTS, 7),
                Trouble.LOST: Fault(FaultKind.DROP_AFTER_ACCEPT),
            }
            world.faults += [faults[trouble]] if trouble in faults else []
            return {"to": "+15005550001"} if trouble is Trouble.REFUSED else {}

        nobody = channel_to(f"http://127.0.0.1:{free_port()}")
        yield WayOut(channel_to(url), nobody, make, lambda: world.posts, secrets=(TOKEN,))


def _http(made: Callable[[str, Path], HttpGateway], usual: Said) -> Any:
    @contextmanager
    def way(folder: Path) -> Iterator[WayOut]:
        with post_server() as server:
            server.usual = usual
            yield WayOut(
                channel_of(made(server.url, folder)),
                channel_of(made(f"http://127.0.0.1:{free_port()}", folder)),
                lambda trouble: _answer(server, trouble),
                lambda: len(server.asked),
                secrets=tuple(SECRETS.values()),
            )

    return way


def _answer(server: PostServer, trouble: Trouble) -> dict[str, Any]:
    said = f"no {a_phone(7).number} a private text"  # gateways quote what they refuse
    answers = {
        Trouble.REFUSED: Said(400, {"error": said}),
        Trouble.TOO_MANY: Said(429, {"error": said}, {"Retry-After": "7"}),
        Trouble.LOST: Said(drop=True),
    }
    server.answers = [answers[trouble]] if trouble in answers else []
    return {}


@contextmanager
def mail(folder: Path) -> Iterator[WayOut]:
    pem = self_signed(folder, "127.0.0.1")
    with mail_room(pem) as room:

        def channel(port: int) -> EmailChannel:
            server = MailServer(
                "127.0.0.1", port, "alerts@city.example", USER, PASSWORD, ca_file=str(pem)
            )
            return EmailChannel(server, SetClock(), read_timeout=5.0)

        def make(trouble: Trouble) -> dict[str, Any]:
            said = "no manager@example.org a private text"
            room.answers = {
                Trouble.REFUSED: {"RCPT": f"550 {said}"},
                Trouble.TOO_MANY: {"MAIL": f"421 {said}"},
                Trouble.LOST: {"BODY": None},
            }.get(trouble, {})
            return {}

        yield WayOut(
            channel(room.port),
            channel(free_port()),
            make,
            lambda: room.commands.count("EHLO") // 2,
            to="manager@example.org",
            secrets=(PASSWORD,),
        )


@contextmanager
def notes(_: Path) -> Iterator[WayOut]:
    with post_server() as server:
        channel = AppriseChannel(fake_apprise(), {"json"})
        yield WayOut(
            channel,
            channel,
            lambda trouble: _answer(server, trouble),
            lambda: len(server.asked),
            to=server.url.replace("http", "json", 1) + "/token-of-officer",
            elsewhere=f"json://127.0.0.1:{free_port()}/token-of-officer",
            secrets=("token-of-officer",),
            cannot_tell=frozenset(Trouble),
        )


@contextmanager
def operator(_: Path) -> Iterator[WayOut]:
    with an_smsc() as smsc, ExitStack() as closing:

        def channel(port: int) -> SmppChannel:
            where = Smsc("127.0.0.1", port, "carealert", "a test secret", tls=False)
            made = SmppChannel(where, "CITY", print, print, answer_timeout=5.0)
            closing.callback(made.close)
            return made

        def make(trouble: Trouble) -> dict[str, Any]:
            answers = {Trouble.REFUSED: 0x0B, Trouble.TOO_MANY: 0x58, Trouble.LOST: DROP}
            smsc.answers = [answers[trouble]] if trouble in answers else []
            return {}

        yield WayOut(
            channel(smsc.port),
            channel(free_port()),
            make,
            lambda: len(smsc.submitted),
            secrets=("a test secret",),
        )


def _preset(name: str, more: str = "") -> Callable[[str, Path], HttpGateway]:
    return lambda url, folder: preset(name, folder, url, more)


#: name -> the channel with its gateway, for a folder to write files in.
WAYS_OUT: dict[str, Callable[[Path], Any]] = {
    "twilio": twilio,
    "json": _http(lambda url, _: a_gateway(url=url), Said(200, {"id": "m%d"})),
    "form": _http(lambda url, _: a_gateway(url=url, body="form"), Said(200, {"id": "m%d"})),
    "query": _http(
        lambda url, _: a_gateway(url=url, body="query", method="GET", answers={}), Said(200, "ok")
    ),
    "sms_gate": _http(_preset("sms_gate"), Said(201, {"id": "m%d", "state": "Pending"})),
    "rapidpro": _http(_preset("rapidpro"), Said(201, {"id": "%d"})),
    "kannel": _http(_preset("kannel", "sender: '7788'\n"), Said(202, "0: Accepted for delivery")),
    "email": mail,
    "apprise": notes,
    "smpp": operator,
}
