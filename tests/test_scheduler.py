"""The ticks start work and wait for nothing that may hang."""

import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from carealert import scheduler
from carealert.bootstrap import App
from carealert.scheduler import Ticks
from carealert.services.ports.feeds import Feed
from carealert.settings import load
from tests.support.cap import NOW, cap_xml
from tests.support.http import Answer, Server, serving

MINUTE = timedelta(minutes=1)


@pytest.fixture
def app(sqlite_url: str) -> Iterator[App]:
    settings = load(database_url=sqlite_url, secret_key="a test secret of enough bytes")
    app = App(settings)
    yield app
    app.engine.dispose()


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as server:
        server.answers["/feed"] = Answer(cap_xml("a-1"))
        yield server


def add(app: App, server: Server, name: str, path: str) -> None:
    with app.db.transaction() as stores:
        stores.feeds.add(Feed(name, server.url + path, "auto", MINUTE, allow_private=True))


def until(happened: Callable[[], bool]) -> None:
    end = time.monotonic() + 8
    while not happened():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.01)


def planned(app: App) -> bool:
    with app.db.reading() as stores:
        return [one.planned_at is not None for one in stores.warnings.recent()] == [True]


def test_a_warning_is_planned_while_another_feed_hangs(app: App, server: Server) -> None:
    release = threading.Event()

    def hangs(_: object) -> Answer:
        release.wait(8)
        return Answer(cap_xml("late"))

    server.answers["/hangs"] = hangs
    add(app, server, "hangs", "/hangs")
    add(app, server, "met", "/feed")
    ticks = Ticks(app, "here", lambda: NOW)
    try:
        started = time.monotonic()
        ticks.start_polls()
        assert time.monotonic() - started < 1
        until(lambda: planned(app))
        assert not release.is_set()
    finally:
        release.set()
        ticks.close()


def test_who_does_not_lead_starts_no_poll_and_raises_no_alarm(app: App, server: Server) -> None:
    add(app, server, "met", "/feed")
    Ticks(app, "leader", lambda: NOW).plan()
    other = Ticks(app, "other", lambda: NOW + MINUTE * 9)
    other.start_polls()
    other.watch_feeds()
    other.close()
    assert server.asked == []
    with app.db.reading() as stores:
        # The one line is the leader's, who took the office's first rules up.
        assert [line.event for line in stores.journal.recent()] == ["rules_approved"]


def test_planning_that_is_asked_for_meanwhile_is_done_once_more(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticks = Ticks(app, "here", lambda: NOW)
    plans, inside, go_on = [], threading.Event(), threading.Event()

    def plan() -> None:
        plans.append(threading.current_thread().name)
        inside.set()
        go_on.wait(5)

    monkeypatch.setattr(ticks, "_plan", plan)
    first = threading.Thread(target=ticks.plan, name="first")
    first.start()
    assert inside.wait(5)
    ticks.plan()
    ticks.plan()
    go_on.set()
    first.join()
    assert plans == ["first", "first"]


def test_the_scheduler_polls_delivers_and_stops(app: App, server: Server) -> None:
    add(app, server, "met", "/feed")
    running = scheduler.start(Ticks(app, "here"), every=timedelta(milliseconds=50))
    try:
        until(lambda: planned(app))
    finally:
        running.shutdown(wait=True)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("poll")]


def test_one_leader_keeps_to_the_periods_once_a_night(app: App) -> None:
    Ticks(app, "leader", lambda: NOW).keep_to_periods()
    Ticks(app, "leader", lambda: NOW + MINUTE).keep_to_periods()
    Ticks(app, "other", lambda: NOW + MINUTE * 60 * 24).keep_to_periods()
    with app.db.reading() as stores:
        runs = stores.journal.since(NOW - MINUTE, "retention")
    assert [line.at for line in runs] == [NOW], "the other one does not lead"
