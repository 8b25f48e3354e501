"""How fast notices leave the outbox, against a plain loop over Twilio's own library.

Both post the same messages to the same simulated gateway, which runs in a process of its own and
calls nothing back: once with a gateway that answers at once, and once with one that thinks for
100 ms about each message, as Twilio does. Run: `python -m benchmarks.deliver`.
"""

import json
import multiprocessing
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

from carealert import clock
from carealert.adapters.channels.twilio_http import GatewayHttp
from carealert.adapters.channels.twilio_sms import TwilioSms
from carealert.adapters.db.engine import open_engine
from carealert.adapters.db.stores import SqlDatabase
from carealert.adapters.db.tables import metadata
from carealert.adapters.sealing import Sealer
from carealert.domain.hazards import Hazard
from carealert.domain.notices import (
    Channel,
    Encoding,
    Facts,
    MessageKind,
    Notice,
    NoticeDraft,
    Recipient,
    RecipientKind,
    Text,
    Wording,
)
from carealert.domain.people import Phone, PhoneSharing
from carealert.domain.rules import Priority
from carealert.services.delivering import deliver_until_empty
from carealert.simulator.server import running
from carealert.simulator.state import Fault, FaultKind, State
from carealert.simulator.world import World, world_app

ACCOUNT, TOKEN, SENDER = "AC" + "0" * 32, "token", "+15005550006"
BODY = "CareAlert: FLOOD in Amtali until 18:00. Move Nani upstairs now. Reply 1 safe, 2 help."
CONCURRENCY = 16
#: The plain loop is slow where the gateway thinks; so many are enough to tell its rate.
LONGEST_LOOP_S = 15.0


class ThinkingWorld(World):
    """A gateway that takes its time with every message."""

    def __init__(self, seconds: float, **settings: Any) -> None:
        super().__init__(**settings)
        self._fault = Fault(FaultKind.DELAY, seconds) if seconds else None

    def next_fault(self) -> Fault | None:
        """The same delay each time."""
        State.next_fault(self)
        return self._fault


def serve(seconds: float, pipe: Connection) -> None:
    """Run the gateway until the pipe says so; tell it how many messages came."""
    world = ThinkingWorld(seconds, account_sid=ACCOUNT, auth_token=TOKEN, inbound_url="")
    with running(world_app(world)) as url:
        pipe.send(url)
        while pipe.recv() != "stop":
            pipe.send(world.message_count())


@contextmanager
def gateway(seconds: float) -> Iterator[tuple[str, Connection]]:
    """The gateway's URL, and the pipe to its process."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=serve, args=(seconds, theirs))
    process.start()
    try:
        yield ours.recv(), ours
    finally:
        ours.send("stop")
        process.join(timeout=30)


class PlainHttp(TwilioHttpClient):  # type: ignore[misc]
    """Twilio's own client as it is, but for the address."""

    def __init__(self, base_url: str) -> None:
        super().__init__()
        self._base_url = base_url

    def request(self, method: str, url: str, *args: Any, **more: Any) -> Any:
        """Ask the simulated gateway in Twilio's place."""
        own = url.replace("https://api.twilio.com", self._base_url)
        return super().request(method, own, *args, **more)


def plain_rate(url: str, messages: int) -> float:
    """Messages a second of a plain loop."""
    client = Client(ACCOUNT, TOKEN, http_client=PlainHttp(url))
    started = time.perf_counter()
    for n in range(messages):
        client.messages.create(to=_number(n), from_=SENDER, body=BODY)
        if time.perf_counter() - started > LONGEST_LOOP_S:
            return (n + 1) / (time.perf_counter() - started)
    return messages / (time.perf_counter() - started)


def our_rate(url: str, db: SqlDatabase, messages: int) -> float:
    """Messages a second from the outbox, claims, attempts and results included."""
    now = clock.now()
    with db.transaction() as stores:
        stores.outbox.add([_notice(n) for n in range(messages)], None, now)
    http = GatewayHttp(url, pool_size=CONCURRENCY)
    channel = TwilioSms(http, ACCOUNT, TOKEN, public_url="http://127.0.0.1:9", sender=SENDER)
    started = time.perf_counter()
    counts = deliver_until_empty(db, channel, "bench", clock.now, concurrency=CONCURRENCY)
    seconds = time.perf_counter() - started
    assert counts.accepted == messages, counts
    return messages / seconds


def compare(messages: int, milliseconds: float) -> dict[str, Any]:
    """One run of both, against one gateway."""
    with (
        gateway(milliseconds / 1000) as (url, pipe),
        tempfile.TemporaryDirectory() as folder,
    ):
        engine = open_engine(f"sqlite:///{Path(folder) / 'bench.db'}")
        metadata.create_all(engine)
        db = SqlDatabase(engine, Sealer(b"a secret of the benchmark"))
        plain = plain_rate(url, messages)
        pipe.send("count")
        before = pipe.recv()
        ours = our_rate(url, db, messages)
        pipe.send("count")
        assert pipe.recv() - before == messages, "lost or doubled"
        engine.dispose()
    return {
        "messages": messages,
        "carealert_per_s": round(ours, 1),
        "twilio_python_loop_per_s": round(plain, 1),
        "ratio": round(ours / plain, 2),
    }


def main() -> None:
    """Print one JSON line."""
    result = {
        "benchmark": "deliver",
        "concurrency": CONCURRENCY,
        **compare(2000, 0),
        "gateway_thinks_100_ms": compare(800, 100),
    }
    print(json.dumps(result))


def _notice(n: int) -> Notice:
    """To the desk, which needs no register."""
    now = clock.now()
    facts = Facts(Hazard.FLOOD, "Flood", None, "Agency", {"en": "Amtali"}, now, None)
    recipient = Recipient(
        RecipientKind.CITY_DESK, "desk", Phone(_number(n), PhoneSharing.PRIVATE), "en", None
    )
    draft = NoticeDraft(
        incident="bench",
        recipient=recipient,
        about=(),
        about_self=False,
        rule=f"rule-{n}",
        step=0,
        revision=0,
        kind=MessageKind.ALERT,
        priority=Priority.LIFE_THREATENING,
        channel=Channel.SMS,
        wording=Wording.PRIVATE,
        template="desk",
        checklist=None,
        facts=facts,
        expected_replies={},
        due_at=now,
        expires_at=now + timedelta(hours=1),
        reasons=(),
    )
    return Notice(draft, Text(BODY, "en", Encoding.GSM_7, 1))


def _number(n: int) -> str:
    return f"+1202555{100 + n % 100:04d}"


if __name__ == "__main__":
    main()
