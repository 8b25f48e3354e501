"""How fast notices leave the outbox, beside what others do without keeping any record.

Everything posts the same messages to the same stub gateway, a process of its own that takes a
message at once, or after 100 ms as Twilio does: a plain loop over twilio-python, a pool of threads
over it, raw aiohttp, our own HTTP client in threads without any record, and CareAlert from the
outbox (claim, attempt row, POST, result, each committed) with one worker and with two. Then the
time that an urgent notice takes behind a hundred thousand routine ones.

Run: `python -m benchmarks.deliver [--postgres URL]` (default: SQLite, and PostgreSQL where the
embedded one is installed).
"""

import argparse
import asyncio
import contextlib
import json
import multiprocessing
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import aiohttp
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

from benchmarks.stub_gateway import Stub, stub
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
from carealert.services.delivering import deliver
from carealert.services.ports.outbox import Outgoing
from carealert.services.ports.senders import Sender
from tests.support.postgres import PostgresUnavailable, running_postgres

ACCOUNT, TOKEN, SENDER = "AC" + "0" * 32, "token", "+15005550006"
BODY = "CareAlert: FLOOD in Amtali until 18:00. Move Nani upstairs now. Reply 1 safe, 2 help."
URGENT = "CareAlert: the urgent one"
SECRET = b"a secret of the benchmark"
AT_ONCE = 320
#: The plain loop is slow where the gateway thinks; so many are enough to tell its rate.
LONGEST_LOOP_S = 8.0


class PlainHttp(TwilioHttpClient):  # type: ignore[misc]
    """Twilio's own client as it is, but for the address."""

    def __init__(self, base_url: str) -> None:
        super().__init__()
        self._base_url = base_url

    def request(self, method: str, url: str, *args: Any, **more: Any) -> Any:
        """Ask the stub in Twilio's place."""
        own = url.replace("https://api.twilio.com", self._base_url)
        return super().request(method, own, *args, **more)


def plain_loop(url: str, messages: int) -> float:
    """Messages a second of a plain loop over twilio-python."""
    client = Client(ACCOUNT, TOKEN, http_client=PlainHttp(url))
    started = time.perf_counter()
    for n in range(messages):
        client.messages.create(to=_number(n), from_=SENDER, body=BODY)
        if time.perf_counter() - started > LONGEST_LOOP_S:
            return (n + 1) / (time.perf_counter() - started)
    return messages / (time.perf_counter() - started)


def plain_pool(url: str, messages: int) -> float:
    """The same loop in as many threads as we use."""
    client = Client(ACCOUNT, TOKEN, http_client=PlainHttp(url))

    def send(n: int) -> None:
        client.messages.create(to=_number(n), from_=SENDER, body=BODY)

    return _in_threads(send, messages)


def raw_client(url: str, messages: int) -> float:
    """Our own channel in threads, without any record."""
    channel = _channel(url)

    def send(n: int) -> None:
        channel.send(Outgoing(f"{n}.1", _number(n), BODY, timedelta(hours=1)))

    return _in_threads(send, messages)


def raw_aiohttp(url: str, messages: int) -> float:
    """aiohttp with as many requests under way, without Twilio's library and without any record."""

    async def run() -> float:
        numbers = iter(range(messages))
        address = f"{url}/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
        connector = aiohttp.TCPConnector(limit=AT_ONCE)
        headers = {"Authorization": aiohttp.encode_basic_auth(ACCOUNT, TOKEN)}
        async with aiohttp.ClientSession(connector=connector, headers=headers) as session:

            async def work() -> None:
                for n in numbers:
                    form = {"To": _number(n), "From": SENDER, "Body": BODY}
                    async with session.post(address, data=form) as answer:
                        await answer.json()

            started = time.perf_counter()
            await asyncio.gather(*(work() for _ in range(AT_ONCE)))
            return messages / (time.perf_counter() - started)

    return asyncio.run(run())


def _in_threads(send: Callable[[int], None], messages: int) -> float:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        started = time.perf_counter()
        for done in [pool.submit(send, n) for n in range(messages)]:
            done.result()
        return messages / (time.perf_counter() - started)


def _work(database_url: str, gateway_url: str, name: str, pipe: Connection) -> None:
    """A worker process: says that it is there, waits for the word, and empties the outbox."""
    db = SqlDatabase(open_engine(database_url), Sealer(SECRET))
    senders = (Sender("bench", _channel(gateway_url), at_once=AT_ONCE),)
    pipe.send("ready")
    pipe.recv()
    pipe.send(deliver(db, senders, name, clock.now).accepted)
    db.engine.dispose()


def our_rate(database_url: str, gateway: Stub, messages: int, workers: int) -> float:
    """Messages a second from the outbox, each decided, claimed, attempted and recorded."""
    _fill(database_url, messages, Priority.URGENT)
    before, _ = gateway.counted()
    context = multiprocessing.get_context("spawn")
    pipes = [multiprocessing.Pipe() for _ in range(workers)]
    processes = [
        context.Process(
            target=_work, args=(database_url, gateway.url, f"w{n}", theirs), daemon=True
        )
        for n, (_, theirs) in enumerate(pipes)
    ]
    for process, (ours, theirs) in zip(processes, pipes, strict=True):
        process.start()
        theirs.close()  # so that one that dies ends the wait
        ours.recv()
    started = time.perf_counter()
    for ours, _ in pipes:
        ours.send("go")
    accepted = sum(ours.recv() for ours, _ in pipes)
    seconds = time.perf_counter() - started
    for process in processes:
        process.join(timeout=30)
    taken, _ = gateway.counted()
    assert accepted == messages == taken - before, (accepted, messages, taken - before)
    return messages / seconds


def urgent_behind(database_url: str, routine: int) -> dict[str, Any]:
    """How long an urgent notice takes that is decided while routine ones are under way."""
    _fill(database_url, routine, Priority.ROUTINE)
    db = SqlDatabase(open_engine(database_url), Sealer(SECRET))
    with stub(0.1, URGENT.encode().replace(b" ", b"+").replace(b":", b"%3A")) as gateway:
        senders = (Sender("bench", _channel(gateway.url), at_once=AT_ONCE),)
        work = threading.Thread(
            target=deliver,
            args=(db, senders, "w", clock.now),
            kwargs={"most": 8_000},
            daemon=True,
        )
        work.start()
        time.sleep(2)
        with db.transaction() as stores:
            urgent = _notice(routine, Priority.LIFE_THREATENING, URGENT)
            stores.outbox.add([urgent], None, clock.now())
        started = time.perf_counter()
        while gateway.counted()[1] is None:
            assert time.perf_counter() - started < 30, "the urgent one never came"
            time.sleep(0.005)
        seconds = time.perf_counter() - started
        work.join(timeout=60)
    db.engine.dispose()
    return {"routine_waiting": routine, "posted_after_s": round(seconds, 3)}


def compare(database_url: str, messages: int, seconds: float) -> dict[str, Any]:
    """One run of everything against one gateway."""
    with stub(seconds) as gateway:
        rates = {
            "twilio_python_loop": plain_loop(gateway.url, messages),
            "twilio_python_threads": plain_pool(gateway.url, min(messages, 4_000)),
            "aiohttp": raw_aiohttp(gateway.url, messages),
            "own_client_without_record": raw_client(gateway.url, messages),
            "carealert": our_rate(database_url, gateway, messages, 1),
            "carealert_2_workers": our_rate(database_url, gateway, messages, 2),
        }
    ours, loop = rates["carealert"], rates["twilio_python_loop"]
    return {
        "messages": messages,
        **{f"{name}_per_s": round(rate) for name, rate in rates.items()},
        "times_the_loop": round(ours / loop, 1),
        "share_of_own_client": round(ours / rates["own_client_without_record"], 2),
    }


@contextlib.contextmanager
def databases(postgres: str | None) -> Iterator[dict[str, str]]:
    """A fresh SQLite file and, where there is one, PostgreSQL."""
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        found = {"sqlite": f"sqlite:///{Path(folder) / 'bench.db'}"}
        if postgres is None:
            try:
                postgres = stack.enter_context(running_postgres())
            except PostgresUnavailable as error:
                sys.stderr.write(f"without PostgreSQL: {error}\n")
        if postgres:
            found["postgresql"] = postgres
        for url in found.values():
            engine = open_engine(url)
            metadata.create_all(engine)
            engine.dispose()
        yield found


def main() -> None:
    """Print one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--postgres", help="SQLAlchemy URL of an empty database")
    parser.add_argument("--messages", type=int, default=10_000)
    parser.add_argument("--routine", type=int, default=100_000)
    asked = parser.parse_args()
    result: dict[str, Any] = {"benchmark": "deliver", "at_once": AT_ONCE}
    with databases(asked.postgres) as found:
        for name, url in found.items():
            result[name] = {
                "gateway_0_ms": compare(url, asked.messages, 0),
                "gateway_100_ms": compare(url, asked.messages, 0.1),
                "urgent": urgent_behind(url, asked.routine),
            }
    print(json.dumps(result))


def _channel(url: str) -> TwilioSms:
    http = GatewayHttp(url, pool_size=AT_ONCE)
    return TwilioSms(http, ACCOUNT, TOKEN, public_url="http://127.0.0.1:9", sender=SENDER)


def _fill(database_url: str, messages: int, priority: Priority) -> None:
    db = SqlDatabase(open_engine(database_url), Sealer(SECRET))
    round_ = str(time.perf_counter_ns())
    for start in range(0, messages, 10_000):
        with db.transaction() as stores:
            some = range(start, min(start + 10_000, messages))
            stores.outbox.add([_notice(n, priority, BODY, round_) for n in some], None, clock.now())
    db.engine.dispose()


def _notice(n: int, priority: Priority, body: str, run: str = "") -> Notice:
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
        rule=f"rule-{run}-{n}",
        step=0,
        revision=0,
        kind=MessageKind.ALERT,
        priority=priority,
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
    return Notice(draft, Text(body, "en", Encoding.GSM_7, 1))


def _number(n: int) -> str:
    return f"+1202555{100 + n % 100:04d}"


if __name__ == "__main__":
    main()
