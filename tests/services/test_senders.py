"""Several ways out: limits that workers share, rests after failures, and who steps in."""

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine

from carealert.adapters.db import tables
from carealert.adapters.db.stores import SqlDatabase
from carealert.adapters.sealing import Sealer
from carealert.domain.notices import Channel, DeliveryStatus, Encoding, Notice, Text
from carealert.domain.rules import Priority
from carealert.domain.senders import SenderState, refilled, rest_after
from carealert.services.delivering import deliver
from carealert.services.ports.outbox import (
    Accepted,
    CannotLook,
    DeliveryFailed,
    FailureAction,
    Outgoing,
)
from carealert.services.ports.senders import Sender
from carealert.services.reconciling import reap_and_reconcile
from tests.support.builders import NOW, a_phone
from tests.support.delivery import (
    FakeChannel,
    SetClock,
    a_told,
    add,
    caregivers,
    deliver_until_empty,
    failing,
    only,
    rows,
    sole,
)

SECOND = timedelta(seconds=1)


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def db(engine: Engine, sealer: Sealer) -> SqlDatabase:
    return caregivers(engine, sealer, 40)


def long_text(number: int, segments: int) -> Notice:
    """A notice whose text takes so many parts."""
    told = a_told(number)
    return Notice(told.draft, Text("x", "en", Encoding.GSM_7, segments))


def events(db: SqlDatabase) -> list[tuple[str, str]]:
    with db.reading() as stores:
        return [(line.event, line.subject) for line in reversed(stores.journal.recent())]


# --- how fast ---------------------------------------------------------------------------------


def test_a_sender_carries_no_more_than_its_segments_a_second(
    db: SqlDatabase, clock: SetClock
) -> None:
    add(db, *(long_text(n, 2) for n in range(20)))
    channel = FakeChannel()
    sent = []
    for _ in range(10):
        deliver(db, sole(channel, per_second=4.0), "w", clock)
        sent.append(len(channel.sent))
        clock.move(1)
    assert sent == [2 * n for n in range(1, 11)]


def test_workers_share_one_limit(db: SqlDatabase, clock: SetClock) -> None:
    add(db, *(long_text(n, 1) for n in range(30)))
    channel = FakeChannel()
    for _ in range(3):
        for worker in "abc":
            deliver(db, sole(channel, per_second=5.0), worker, clock)
        clock.move(1)
    assert len(channel.sent) == 15


def test_a_long_message_is_sent_though_it_is_ahead_of_the_rate_and_then_waited_for(
    db: SqlDatabase, clock: SetClock
) -> None:
    add(db, long_text(0, 4), long_text(1, 1))
    channel = FakeChannel()
    sent = []
    for _ in range(6):
        deliver(db, sole(channel, per_second=1.0), "w", clock)
        sent.append(len(channel.sent))
        clock.move(1)
    assert sent == [1, 1, 1, 1, 2, 2]


def test_what_is_held_back_waits_here_where_the_urgent_overtakes_it(
    db: SqlDatabase, clock: SetClock
) -> None:
    add(db, *(a_told(n, priority=Priority.ROUTINE) for n in range(20)))
    channel = FakeChannel()
    deliver(db, sole(channel, per_second=2.0), "w", clock)
    add(db, a_told(30, priority=Priority.LIFE_THREATENING, body="now"))
    clock.move(1)
    deliver(db, sole(channel, per_second=2.0), "w", clock)
    assert [message.body for message in channel.sent].index("now") == 2


@given(st.lists(st.tuples(st.floats(0, 5), st.integers(0, 6)), max_size=40), st.floats(0.2, 50))
def test_over_any_time_no_more_than_the_rate_and_one_burst_goes_out(
    steps: list[tuple[float, int]], per_second: float
) -> None:
    state, now, spent, overdraft = SenderState("s"), NOW, 0, 0
    for passed, wanted in steps:
        now += timedelta(seconds=passed)
        tokens = refilled(state, per_second, now)
        if tokens >= 1:  # as the claim does: the last message may go beyond
            tokens -= wanted
            spent += wanted
            overdraft = max(overdraft, wanted)
        state = SenderState("s", tokens, now)
    passed = (now - NOW).total_seconds()
    assert spent <= passed * per_second + max(1.0, per_second) + overdraft + 1e-6


def test_a_clock_that_steps_back_gives_nothing_away() -> None:
    state = SenderState("s", 0.5, NOW)
    assert refilled(state, 10.0, NOW - timedelta(hours=1)) == 0.5


# --- rests and who steps in -------------------------------------------------------------------


def test_a_rest_doubles_and_ends() -> None:
    least = timedelta(seconds=2)
    assert [rest_after(n, None, least) / SECOND for n in (1, 2, 3, 6, 50)] == [2, 4, 8, 60, 60]
    assert rest_after(1, timedelta(seconds=30), least) == 30 * SECOND
    assert rest_after(1, timedelta(days=1), least) == timedelta(minutes=5)


def test_while_a_sender_rests_nothing_is_handed_to_it_by_any_worker(
    db: SqlDatabase, clock: SetClock
) -> None:
    add(db, *(a_told(n) for n in range(10)))
    deliver_until_empty(
        db, FakeChannel(failing(FailureAction.UNREACHABLE)), "a", clock, concurrency=1
    )
    channel = FakeChannel()
    clock.move(1)
    assert deliver_until_empty(db, channel, "b", clock).claimed == 0
    clock.move(1)
    assert deliver_until_empty(db, channel, "b", clock).accepted == 9  # one waits its own time
    assert channel.sent


def test_a_sender_that_failed_is_tried_with_one_message_first(
    db: SqlDatabase, clock: SetClock
) -> None:
    add(db, *(a_told(n) for n in range(30)))
    failing_channel = FakeChannel(failing(FailureAction.UNREACHABLE))
    deliver_until_empty(db, failing_channel, "w", clock, concurrency=1)
    tried = []
    for _ in range(3):
        clock.move(60)
        before = len(failing_channel.sent)
        deliver_until_empty(db, failing_channel, "w", clock, concurrency=8)
        tried.append(len(failing_channel.sent) - before)
    assert tried == [1, 1, 1]


def test_another_sender_steps_in_at_once_when_the_first_is_stopped(
    db: SqlDatabase, clock: SetClock
) -> None:
    add(db, *(a_told(n) for n in range(10)))
    bad, good = FakeChannel(failing(FailureAction.STOP_SENDER, "20003")), FakeChannel()
    both = (Sender("first", bad, at_once=2), Sender("second", good, at_once=2))
    counts = deliver(db, both, "w", clock)
    assert (len(bad.sent) <= 2, len(good.sent)) == (True, 10)
    assert (counts.accepted, {row.state for row in rows(db.engine)}) == (10, {"sent"})
    assert {row.sender for row in rows(db.engine, tables.attempt) if row.state == "accepted"} == {
        "second"
    }
    assert ("sender_stopped", "sender:first") in events(db)


def test_a_sender_that_carries_again_is_said_to_be_well(db: SqlDatabase, clock: SetClock) -> None:
    add(db, a_told(0), a_told(1))
    deliver_until_empty(
        db, FakeChannel(failing(FailureAction.STOP_SENDER, "20003")), "w", clock, concurrency=1
    )
    clock.move(61)
    deliver_until_empty(db, FakeChannel(), "w", clock)
    assert events(db) == [("sender_stopped", "sender:sms"), ("sender_mended", "sender:sms")]
    assert only(db.engine, tables.sender).failures == 0


def test_what_one_sender_may_not_send_another_sends(db: SqlDatabase, clock: SetClock) -> None:
    add(db, *(a_told(n) for n in range(3)))
    filtered = FakeChannel(failing(FailureAction.OTHER_SENDER, "30034"))
    good = FakeChannel()
    both = (Sender("long code", filtered), Sender("short code", good))
    assert deliver(db, both, "w", clock).accepted == 3
    assert (len(filtered.sent), len(good.sent)) == (3, 3)


def test_what_no_sender_may_send_has_failed_and_the_next_step_is_taken(
    db: SqlDatabase, clock: SetClock
) -> None:
    add(db, a_told(0))
    both = tuple(
        Sender(name, FakeChannel(failing(FailureAction.OTHER_SENDER, "30007"))) for name in "ab"
    )
    assert deliver(db, both, "w", clock).failed == 1
    assert (only(db.engine).state, only(db.engine).error_code) == ("failed", "30007")
    assert [row.sender for row in rows(db.engine, tables.attempt)] == ["a", "b"]


def test_a_number_goes_to_the_sender_of_its_country(db: SqlDatabase, clock: SetClock) -> None:
    add(db, a_told(0))
    abroad, home = FakeChannel(), FakeChannel()
    both = (Sender("abroad", abroad, prefixes=("+880",)), Sender("home", home, prefixes=("+1",)))
    deliver(db, both, "w", clock)
    assert (len(abroad.sent), len(home.sent)) == (0, 1)


def test_a_number_that_no_sender_serves_has_failed(db: SqlDatabase, clock: SetClock) -> None:
    add(db, a_told(0))
    channel = FakeChannel()
    deliver(db, (Sender("abroad", channel, prefixes=("+880",)),), "w", clock)
    assert (channel.sent, only(db.engine).error_code) == ([], "no_sender")


def test_a_message_that_alone_stops_the_sender_does_not_stop_it_over_and_over(
    db: SqlDatabase, clock: SetClock
) -> None:
    add(db, *(a_told(n) for n in range(12)))

    def poisoned(message: Outgoing) -> Accepted:
        if message.to == a_phone(0).number:
            raise DeliveryFailed("refused", FailureAction.STOP_SENDER, "21606")
        return Accepted(message.reference, DeliveryStatus.QUEUED)

    channel = FakeChannel(poisoned)
    for _ in range(4):
        deliver_until_empty(db, channel, "w", clock, concurrency=1)
        clock.move(61)
    assert sorted(row.state for row in rows(db.engine)) == ["failed"] + ["sent"] * 11
    assert sum(message.to == a_phone(0).number for message in channel.sent) == 2


def test_a_crowd_that_is_refused_at_once_counts_as_one_failure(
    db: SqlDatabase, clock: SetClock
) -> None:
    add(db, *(a_told(n) for n in range(16)))
    deliver_until_empty(
        db, FakeChannel(failing(FailureAction.THROTTLED)), "w", clock, concurrency=16
    )
    assert only(db.engine, tables.sender).failures <= 3
    assert {row.attempts for row in rows(db.engine)} == {0}


# --- what is due, paused, over ----------------------------------------------------------------


def test_each_channel_takes_its_own(db: SqlDatabase, clock: SetClock) -> None:
    add(db, a_told(0), a_told(1, channel=Channel.VOICE))
    texts, calls = FakeChannel(), FakeChannel()
    deliver(db, (Sender("t", texts),), "w", clock)
    deliver(db, (Sender("c", calls, Channel.VOICE),), "w", clock)
    assert [len(texts.sent), len(calls.sent)] == [1, 1]


def test_what_waits_for_a_stopped_sender_ends_with_its_useful_life(
    db: SqlDatabase, clock: SetClock
) -> None:
    add(db, *(a_told(n, expires_at=NOW + 30 * SECOND) for n in range(3)))
    stopped = FakeChannel(failing(FailureAction.STOP_SENDER))
    deliver_until_empty(db, stopped, "w", clock, concurrency=1)
    clock.move(31)
    assert reap_and_reconcile(db, sole(FakeChannel()), clock()).ended == 2
    assert {row.state for row in rows(db.engine)} == {"expired"}


# --- gateways that cannot be asked ------------------------------------------------------------


class Deaf(FakeChannel):
    """A gateway without a way of looking a message up."""

    def find(self, message: Outgoing, since: object) -> Sequence[Accepted]:  # noqa: ARG002
        raise CannotLook


@pytest.mark.parametrize(
    ("lane", "state"),
    [
        (Priority.LIFE_THREATENING, "ready"),
        (Priority.URGENT, "failed"),
        (Priority.ROUTINE, "failed"),
    ],
)
def test_where_nobody_can_be_asked_only_what_saves_lives_goes_out_again(
    db: SqlDatabase, clock: SetClock, lane: Priority, state: str
) -> None:
    add(db, a_told(0, priority=lane))
    deliver_until_empty(db, FakeChannel(failing(FailureAction.UNKNOWN)), "w", clock)
    clock.move(61)
    reap_and_reconcile(db, sole(Deaf()), clock())
    assert only(db.engine).state == state


def test_a_lost_post_is_looked_for_at_the_sender_that_had_it(
    db: SqlDatabase, clock: SetClock
) -> None:
    add(db, a_told(0))
    lost = FakeChannel(failing(FailureAction.UNKNOWN))
    other = FakeChannel()
    deliver(db, (Sender("b", lost),), "w", clock)
    clock.move(61)
    reap_and_reconcile(db, (Sender("a", other), Sender("b", lost)), clock())
    assert (len(other.looked), len(lost.looked)) == (0, 1)


def test_the_sender_is_told_what_came_of_it_only_by_what_it_carried(
    db: SqlDatabase, clock: SetClock
) -> None:
    """A number that is wrong is no failure of the sender."""
    add(db, *(a_told(n) for n in range(5)))
    actions: Iterator[Callable[[Outgoing], Accepted]] = iter(
        (
            failing(FailureAction.PERMANENT, "21211"),
            failing(FailureAction.OPTED_OUT, "21610"),
            failing(FailureAction.OTHER_CHANNEL, "21614"),
            failing(FailureAction.OUR_FAULT, "21617"),
            failing(FailureAction.EXPIRED, "30036"),
        )
    )

    def by_turns(message: Outgoing) -> Accepted:
        return next(actions)(message)

    channel = FakeChannel(by_turns)
    counts = deliver_until_empty(db, channel, "w", clock, concurrency=1)
    assert (counts.failed, counts.braked) == (5, None)
    assert rows(db.engine, tables.sender) == []
