"""The product as an office runs it, with an emulator where the gateway is."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Row

from carealert.adapters.db import tables
from carealert.bootstrap import App
from carealert.demo.stage import StageClock
from carealert.domain.notices import Notice
from carealert.services.delivering import DeliveryCounts, deliver
from carealert.services.ports.outbox import MessageChannel
from carealert.settings import SmsChannel, load
from carealert.simulator.server import free_port, running
from carealert.web.build import build_web
from tests.support.delivery import ACCOUNT, TOKEN, a_told, add, registered, rows, sole
from tests.support.emulator import Emulator, emulator
from tests.support.gateway import SENDER
from tests.support.heard import Heard, Hearing

INBOUND = "/hooks/twilio/inbound"
STATUS = "/hooks/twilio/status/"


@dataclass(frozen=True)
class Office:
    """A running office: its parts, its clock, its gateway, and what its webhooks heard."""

    app: App
    now: StageClock
    gateway: Emulator
    url: str
    _hearing: Hearing

    def told(self, number: int, **changes: Any) -> Notice:
        """A notice to caregiver c<number> that is due now and holds for two hours."""
        moment = self.now()
        return a_told(number, due_at=moment, expires_at=moment + timedelta(hours=2), **changes)

    def put(self, *notices: Notice) -> None:
        """Into the outbox."""
        assert add(self.app.db, *notices, now=self.now()) == len(notices)

    def deliver(self, channel: MessageChannel | None = None) -> DeliveryCounts:
        """Whatever is due goes out."""
        senders = sole(channel) if channel else self.app.senders
        return deliver(self.app.db, senders, "interop", self.now)

    def notices(self) -> list[Row[Any]]:
        """What the outbox knows of each notice."""
        return rows(self.app.engine)

    def rows(self, table: Any) -> list[Row[Any]]:
        """All rows of a table."""
        return rows(self.app.engine, table)

    def heard(self, path: str) -> list[Heard]:
        """The webhooks that came to a path that begins so, in their order."""
        return [one for one in self._hearing.heard if one.path.startswith(path)]

    def opened_tasks(self) -> list[str]:
        """What the desk is asked to do."""
        return [row.what for row in self.rows(tables.task)]


@contextmanager
def open_office(folder: Path, database_url: str, many: int, **settings: Any) -> Iterator[Office]:
    """Start an office with `many` caregivers and an emulator of its own."""
    port, now = free_port(), StageClock()
    url = f"http://127.0.0.1:{port}"
    with emulator(folder, url + INBOUND) as gateway:
        given: dict[str, Any] = {
            "database_url": database_url,
            "secret_key": "a secret of the interop test",
            "public_url": url,
            "sms_channel": SmsChannel.TWILIO,
            "twilio_account_sid": ACCOUNT,
            "twilio_auth_token": TOKEN,
            "twilio_from": SENDER,
            "twilio_base_url": gateway.url,
        }
        app = App(load(**(given | settings)))
        hearing = Hearing(build_web(app, now=now))
        with running(hearing, port):
            registered(app.db, many)
            yield Office(app, now, gateway, url, hearing)
        app.engine.dispose()
