"""Every minute: is anything stuck, and does the watcher outside hear of it?"""

import logging
from collections.abc import Callable, Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from sqlalchemy import Engine, insert

from carealert.adapters.db import tables
from carealert.adapters.db.stores import SqlDatabase
from carealert.adapters.heartbeat import HttpHeartbeat
from carealert.adapters.sealing import Sealer
from carealert.domain.pauses import Pause
from carealert.domain.rules import Priority
from carealert.services.auditing import audit
from carealert.services.ports.audit import Finding, Found
from carealert.services.ports.outbox import FailureAction
from carealert.simulator.server import free_port
from tests.support.builders import NOW, hours, minutes
from tests.support.delivery import (
    FakeChannel,
    SetClock,
    a_timer,
    a_told,
    add,
    caregivers,
    claim,
    deliver_until_empty,
    failing,
    start_timers,
    store_warning,
)

SECOND = timedelta(seconds=1)


@pytest.fixture
def db(engine: Engine, sealer: Sealer) -> SqlDatabase:
    return caregivers(engine, sealer, 6)


def found(db: SqlDatabase, after: timedelta) -> dict[str, int]:
    return {one.what.value: one.many for one in audit(db, None, NOW + after)}


def holds(hours_: float = 5) -> dict[str, object]:
    return {"expires_at": NOW + hours(hours_)}


def a_late_message(lane: Priority) -> Callable[[SqlDatabase], None]:
    return lambda db: add(db, a_told(0, priority=lane, **holds())) and None


def a_dead_worker(db: SqlDatabase) -> None:
    add(db, a_told(0, **holds()))
    claim(db)


def a_lost_post(db: SqlDatabase) -> None:
    add(db, a_told(0, **holds()))
    lost = FakeChannel(failing(FailureAction.UNKNOWN))
    deliver_until_empty(db, lost, "w", lambda: NOW)


def a_late_timer(db: SqlDatabase) -> None:
    start_timers(db.engine, a_timer())


def an_unplanned_warning(db: SqlDatabase) -> None:
    with db.engine.begin() as connection:
        store_warning(connection)


def a_failing_sender(db: SqlDatabase) -> None:
    with db.engine.begin() as connection:
        connection.execute(insert(tables.sender).values(name="sms", failures=3))


@pytest.mark.parametrize(
    ("broken", "quiet", "late", "what"),
    [
        (a_late_message(Priority.LIFE_THREATENING), minutes(1), 61 * SECOND, "stuck"),
        (a_late_message(Priority.URGENT), minutes(5), 301 * SECOND, "stuck"),
        (a_late_message(Priority.ROUTINE), minutes(30), 1801 * SECOND, "stuck"),
        (a_dead_worker, minutes(2), 121 * SECOND, "dead_lease"),
        (a_lost_post, minutes(10), 601 * SECOND, "lost"),
        (a_late_timer, minutes(1), 11 * 60 * SECOND + SECOND, "late_timer"),
        (an_unplanned_warning, 59 * SECOND, 61 * SECOND, "unplanned"),
        (a_failing_sender, None, SECOND, "sender_down"),
    ],
)
def test_what_stands_still_is_found_and_not_before_its_time(
    db: SqlDatabase,
    broken: Callable[[SqlDatabase], None],
    quiet: timedelta | None,
    late: timedelta,
    what: str,
) -> None:
    assert found(db, late) == {}
    broken(db)
    if what == "late_timer":
        with db.engine.begin() as connection:  # the warning that it hangs on is planned
            connection.execute(tables.warning.update().values(planned_at=NOW))
    if quiet is not None:
        assert found(db, quiet) == {}
    assert found(db, late) == {what: 1}


def test_a_paused_lane_is_not_stuck(db: SqlDatabase) -> None:
    add(db, a_told(0, priority=Priority.ROUTINE, **holds()))
    with db.transaction() as stores:
        stores.notices.pause(Pause("routine", NOW, NOW + hours(1), "admin", "why"))
    assert found(db, minutes(45)) == {}
    assert found(db, minutes(61)) == {"stuck": 1}


def test_the_journal_has_a_line_when_it_changes_and_no_other(db: SqlDatabase) -> None:
    add(db, a_told(0, **holds()))
    for after in (0, 70, 130, 190):
        audit(db, None, NOW + after * SECOND)
    deliver_until_empty(db, FakeChannel(), "w", SetClock())
    audit(db, None, NOW + 250 * SECOND)
    with db.reading() as stores:
        lines = stores.journal.recent(10, "audited")
    assert [line.details["found"] for line in reversed(lines)] == ["stuck", "nothing"]


class _Watcher(BaseHTTPRequestHandler):
    heard: list[tuple[str, str, str]]
    status = 200

    def do_GET(self) -> None:
        self._take("")

    def do_POST(self) -> None:
        self._take(self.rfile.read(int(self.headers["Content-Length"])).decode())

    def _take(self, body: str) -> None:
        self.heard.append((self.command, self.path, body))
        self.send_response(self.status)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing: the test reads what was heard."""


@pytest.fixture
def watcher() -> Iterator[tuple[str, type[_Watcher]]]:
    heard: list[tuple[str, str, str]] = []
    handler = type("Watcher", (_Watcher,), {"heard": heard})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/ping/1", handler
        server.shutdown()
        thread.join()


def test_the_watcher_hears_that_all_is_well_or_what_is_not(
    watcher: tuple[str, type[_Watcher]],
) -> None:
    url, handler = watcher
    HttpHeartbeat(url).beat([])
    HttpHeartbeat(url).beat([Found(Finding.STUCK, 3, NOW), Found(Finding.LOST, 1, None)])
    assert handler.heard == [
        ("GET", "/ping/1", ""),
        ("POST", "/ping/1/fail", "stuck: 3\nlost: 1"),
    ]


def test_a_watcher_that_is_gone_or_refuses_stops_nothing(
    watcher: tuple[str, type[_Watcher]], caplog: pytest.LogCaptureFixture
) -> None:
    url, handler = watcher
    handler.status = 500
    caplog.set_level(logging.WARNING)
    HttpHeartbeat(url).beat([])
    HttpHeartbeat(f"http://127.0.0.1:{free_port()}/secret-of-the-check").beat([])
    assert [record.message.split(":")[0] for record in caplog.records] == [
        "the heartbeat was refused",
        "the heartbeat was not heard",
    ]
    assert "secret-of-the-check" not in caplog.text
