"""When a feed is polled next, and when its silence is an alarm."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine

from carealert.adapters.sealing import Sealer
from carealert.services.feed_health import (
    LONGEST_PAUSE,
    is_silent,
    jittered,
    pause_after_failure,
    pause_after_success,
    watch,
)
from carealert.services.ports.feeds import Feed, FeedHealth, Validators
from tests.support.cap import NOW, cap_xml
from tests.support.http import Answer
from tests.support.polling import MINUTE, Office, an_office

FEED = Feed("met", "https://met.example/feed", "auto", MINUTE)
HEALTH = FeedHealth(FEED, Validators(), NOW, None, 0, NOW)


@pytest.fixture
def office(sqlite_engine: Engine, sealer: Sealer) -> Iterator[Office]:
    with an_office(sqlite_engine, sealer) as office:
        yield office


@given(st.timedeltas(timedelta(0), timedelta(days=1)), st.text(), st.datetimes())
def test_a_pause_is_off_by_a_tenth_at_most_and_the_same_each_time(
    pause: timedelta, name: str, moment: datetime
) -> None:
    found = jittered(pause, name, moment)
    assert abs(found - pause) <= pause * 0.1001
    assert found == jittered(pause, name, moment)


def test_a_hundred_feeds_that_were_added_together_are_not_polled_together() -> None:
    waits = [jittered(MINUTE, f"feed {n}", NOW).total_seconds() for n in range(100)]
    assert len({round(wait) for wait in waits}) == 13  # 54 to 66
    assert max(sum(round(wait) == second for wait in waits) for second in range(54, 67)) < 25
    assert jittered(MINUTE, "met", NOW) != jittered(MINUTE, "met", NOW + MINUTE)


def test_a_short_interval_is_kept_to_the_second() -> None:
    assert jittered(timedelta(seconds=5), "met", NOW) == timedelta(seconds=5)


@given(st.integers(0, 200), st.none() | st.timedeltas(timedelta(0), timedelta(days=30)))
def test_a_pause_is_never_shorter_than_asked_for_and_bounded(
    failures: int, wish: timedelta | None
) -> None:
    health = replace(HEALTH, failures=failures)
    for pause in (pause_after_failure(health, wish, NOW), pause_after_success(health, wish, NOW)):
        assert pause >= min(wish or timedelta(), timedelta(days=1))
        assert MINUTE * 0.9 <= pause <= max(LONGEST_PAUSE * 1.1, timedelta(days=1))


@pytest.mark.parametrize(
    ("health", "minutes", "silent"),
    [
        (HEALTH, 3, False),
        (HEALTH, 3.01, True),
        (replace(HEALTH, tried_at=NOW - MINUTE * 60), 3, False),
        (replace(HEALTH, last_ok_at=None, tried_at=NOW), 3, False),
        (replace(HEALTH, last_ok_at=None, tried_at=NOW, next_poll_at=NOW + MINUTE * 9), 4, True),
        (replace(HEALTH, last_ok_at=None), 3, False),  # due, and nobody polls
        (replace(HEALTH, last_ok_at=None), 4, True),
        (replace(HEALTH, last_ok_at=None, next_poll_at=None), 999, False),
        (replace(HEALTH, feed=replace(FEED, enabled=False)), 999, False),
    ],
)
def test_three_intervals_without_a_good_answer_are_silence(
    health: FeedHealth, minutes: float, silent: bool
) -> None:
    assert is_silent(health, NOW + MINUTE * minutes) is silent


def test_silence_is_told_once_and_its_end_too(office: Office) -> None:
    office.server.answers["/feed"] = Answer(cap_xml("a-1"))
    office.poll()
    office.server.answers["/feed"] = Answer(status=500)
    assert watch(office.db, NOW + MINUTE * 3) == ()
    for minutes in (1, 2, 4):
        office.poll(NOW + MINUTE * minutes)
    assert watch(office.db, NOW + MINUTE * 4) == ("met",)
    assert watch(office.db, NOW + MINUTE * 5) == ()
    (line,) = office.journal("feed_silent")
    assert line.details["silent_since"] == NOW.isoformat()
    assert "answered 500" in line.details["problem"]
    assert office.health().alarmed_at == NOW + MINUTE * 4
    office.server.answers["/feed"] = Answer(cap_xml("a-1"))
    office.poll(NOW + MINUTE * 6)
    assert office.health().alarmed_at is None
    (line,) = office.journal("feed_heard_again")
    assert line.details["silent_since"] == NOW.isoformat()
    assert watch(office.db, NOW + MINUTE * 7) == ()
    assert len(office.journal("feed_heard_again")) == 1


def test_a_feed_that_was_never_heard_is_an_alarm_too(office: Office) -> None:
    office.server.answers["/feed"] = Answer(status=404)
    office.poll()
    assert watch(office.db, NOW + MINUTE * 2) == ()
    office.poll(NOW + MINUTE * 3)
    assert watch(office.db, NOW + MINUTE * 4) == ("met",)


def test_a_feed_that_nobody_polls_is_an_alarm_too(office: Office) -> None:
    assert watch(office.db, NOW) == ()
    assert watch(office.db, NOW + MINUTE * 3) == ()
    assert watch(office.db, NOW + MINUTE * 4) == ("met",)
    (line,) = office.journal("feed_silent")
    assert "is a worker running" in line.details["problem"]
    office.add()  # changed: it has its three intervals anew, and nobody says that it was heard
    assert watch(office.db, NOW + MINUTE * 5) == ()
    assert watch(office.db, NOW + MINUTE * 9) == ("met",)
    assert office.journal("feed_heard_again") == []


def test_a_feed_that_is_switched_off_is_no_alarm_any_more(office: Office) -> None:
    watch(office.db, NOW)
    watch(office.db, NOW + MINUTE * 4)
    office.add(enabled=False)
    assert watch(office.db, NOW + MINUTE * 5) == ()
    assert office.health().alarmed_at is None
    assert office.journal("feed_heard_again") == []


def test_a_feed_that_was_removed_and_added_again_starts_anew(office: Office) -> None:
    office.server.answers["/feed"] = Answer(status=404)
    office.poll()
    with office.db.transaction() as stores:
        stores.feeds.remove("met")
    office.add()
    later = NOW + timedelta(days=1)
    assert watch(office.db, later) == ()
    assert office.records() == []
