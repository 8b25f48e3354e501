"""A phone simulator that stays, an outbox, and workers that come and go."""

import multiprocessing
import os
import signal
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.context import ForkServerContext
from multiprocessing.process import BaseProcess
from typing import Any

from sqlalchemy import Engine, func, make_url, select

from carealert.adapters.db import tables
from carealert.adapters.db.stores import SqlDatabase
from carealert.adapters.sealing import Sealer
from carealert.clock import now
from carealert.domain.notices import NoticeState
from carealert.domain.rules import Priority
from carealert.simulator.server import free_port, running
from carealert.simulator.state import Fault, FaultKind, State
from carealert.simulator.world import World, world_app
from tests.crash.worker import Life, live
from tests.support.builders import hours
from tests.support.delivery import ACCOUNT, TOKEN, a_told, caregivers
from tests.support.gateway import SENDER

SECRET = "a secret of the crash test"
#: Two of what a worker has under way: so that a kill hits every stage.
AT_ONCE = 6
THINKS_S = 0.03


class ThinkingWorld(World):
    """A gateway that takes its time with every message, so that a kill finds some on their way."""

    def next_fault(self) -> Fault | None:
        """The same delay each time."""
        State.next_fault(self)
        return Fault(FaultKind.DELAY, THINKS_S)


@dataclass
class Stage:
    """The outside world, the database, and how workers are started and killed."""

    world: World
    db: SqlDatabase
    settings: dict[str, Any]
    port: int
    context: ForkServerContext

    def start(self, point: str | None = None, nth: int = 1, port: int | None = None) -> BaseProcess:
        """A worker, once it is up (or has died at its point)."""
        ours, theirs = multiprocessing.Pipe()
        life = Life(self.settings, self.port if port is None else port, point, nth)
        process = self.context.Process(target=live, args=(life, theirs), daemon=True)
        process.start()
        theirs.close()
        try:
            ours.recv()
        except EOFError:
            process.join(10)
        return process

    def states(self) -> Counter[str]:
        """How many notices are in each state."""
        many = func.count().label("many")
        query = select(tables.notice.c.state, many).group_by(tables.notice.c.state)
        engine = self.db.engine.execution_options(carealert_reading=True)
        with engine.connect() as connection:
            return Counter({row.state: row.many for row in connection.execute(query)})

    def left(self) -> int:
        """Notices that are not at their end."""
        states = self.states()
        return sum(states[one] for one in (NoticeState.READY, *map(str, _UNDER_WAY)))

    def wait_until_done(self, seconds: float) -> None:
        """Wait until every notice is at its end; the caller looks whether it is."""
        until = time.monotonic() + seconds
        while self.left() and time.monotonic() < until:
            time.sleep(0.1)

    def copies(self) -> Counter[str]:
        """How often the simulator holds each text."""
        return Counter(message.body for message in self.world.messages())


_UNDER_WAY = (NoticeState.CLAIMED, NoticeState.UNKNOWN)


def kill(process: BaseProcess) -> None:
    """As a power cut would."""
    if process.pid is not None and process.is_alive():
        os.kill(process.pid, signal.SIGKILL)
    process.join(10)
    assert process.exitcode == -signal.SIGKILL, "it was to run until it is killed"


def _impatient(database_url: str) -> str:
    """A PostgreSQL that ends the transaction of a frozen worker as it would after a minute."""
    url = make_url(database_url)
    if url.get_backend_name() == "sqlite":
        return database_url
    options = {"options": "-c idle_in_transaction_session_timeout=1000"}
    return url.update_query_dict(options).render_as_string(hide_password=False)


@contextmanager
def stage(engine: Engine, database_url: str, notices: int) -> Iterator[Stage]:
    """So many notices in the outbox, each about somebody else, with a text of its own."""
    db = caregivers(engine, Sealer(SECRET.encode()), notices)
    lanes = list(Priority)
    began = now()
    with db.transaction() as stores:
        stores.outbox.add(
            [
                a_told(n, due_at=began, expires_at=began + hours(2), priority=lanes[n % 3])
                for n in range(notices)
            ],
            None,
            began,
        )
    port = free_port()
    public = f"http://127.0.0.1:{port}"
    world = ThinkingWorld(ACCOUNT, TOKEN, f"{public}/hooks/twilio/inbound")
    with running(world_app(world)) as url, world:
        settings = {
            "database_url": _impatient(database_url),
            "secret_key": SECRET,
            "public_url": public,
            "sms_channel": "twilio",
            "sms_concurrency": AT_ONCE,
            "twilio_account_sid": ACCOUNT,
            "twilio_auth_token": TOKEN,
            "twilio_from": SENDER,
            "twilio_base_url": url,
        }
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(["tests.crash.worker"])
        yield Stage(world, db, settings, port, context)
