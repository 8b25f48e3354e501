"""From the outbox to the gateway and back, with everything that can go wrong in between."""

import logging
import re
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Engine, update

from carealert.adapters.db import tables
from carealert.adapters.db.stores import SqlDatabase
from carealert.adapters.sealing import Sealer
from carealert.domain.notices import DeliveryStatus
from carealert.domain.rules import Priority
from carealert.services.delivering import DeliveryCounts
from carealert.services.ports.outbox import Accepted, DeliveryFailed, FailureAction, Outgoing
from carealert.services.posting import Post
from carealert.simulator.world import Fault, FaultKind, World
from tests.support.builders import NOW, a_phone, a_recipient
from tests.support.delivery import (
    FakeChannel,
    SetClock,
    a_told,
    add,
    caregivers,
    claim,
    deliver_batch,
    deliver_until_empty,
    failing,
    only,
    reap_and_reconcile,
    rows,
    sole,
)
from tests.support.gateway import a_world, channel_to, gateway

SECOND = timedelta(seconds=1)


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def db(engine: Engine, sealer: Sealer) -> SqlDatabase:
    return caregivers(engine, sealer, 40)


@pytest.fixture
def world(clock: SetClock) -> World:
    return a_world(clock)


@pytest.fixture
def url(world: World) -> Iterator[str]:
    with gateway(world) as url:
        yield url


def test_everything_that_is_due_goes_out_once(db: SqlDatabase, clock: SetClock) -> None:
    add(db, *(a_told(n) for n in range(40)))
    channel = FakeChannel()
    counts = deliver_until_empty(db, channel, "w", clock)
    assert counts == DeliveryCounts(claimed=40, accepted=40)
    assert len({message.to for message in channel.sent}) == len(channel.sent) == 40
    assert {row.state for row in rows(db.engine)} == {"sent"}
    assert deliver_batch(db, channel, "w", clock) == DeliveryCounts()


def test_each_message_carries_its_reference_and_its_useful_life(
    db: SqlDatabase, clock: SetClock
) -> None:
    add(db, a_told(0, expires_at=NOW + 90 * SECOND))
    channel = FakeChannel()
    deliver_batch(db, channel, "w", clock)
    (message,) = channel.sent
    assert message.reference == f"{only(db.engine).id}.1"
    assert message.valid_for == 90 * SECOND


def test_the_most_urgent_are_posted_first(db: SqlDatabase, clock: SetClock) -> None:
    lanes = [Priority.ROUTINE, Priority.LIFE_THREATENING, Priority.URGENT]
    add(db, *(a_told(n, priority=lanes[n % 3], body=lanes[n % 3].name) for n in range(30)))
    channel = FakeChannel()
    deliver_batch(db, channel, "w", clock, concurrency=1)
    assert [m.body for m in channel.sent] == [
        name for name in ("LIFE_THREATENING", "URGENT", "ROUTINE") for _ in range(10)
    ]


def test_the_attempt_is_written_before_the_post(db: SqlDatabase, clock: SetClock) -> None:
    add(db, a_told(0))
    seen: list[str] = []

    def look(message: Outgoing) -> Accepted:
        seen.append(only(db.engine, tables.attempt).state)
        return Accepted(message.reference, DeliveryStatus.QUEUED)

    deliver_batch(db, FakeChannel(look), "w", clock)
    assert seen == ["open"]


def test_what_expires_in_the_queue_of_a_batch_is_not_posted(
    db: SqlDatabase, clock: SetClock
) -> None:
    add(db, a_told(0), a_told(1, expires_at=NOW + SECOND, priority=Priority.ROUTINE))

    def slow(message: Outgoing) -> Accepted:
        clock.move(2)
        return Accepted(message.reference, DeliveryStatus.QUEUED)

    channel = FakeChannel(slow)
    deliver_batch(db, channel, "w", clock, concurrency=1)
    assert [message.body for message in channel.sent] == ["CareAlert: text 0"]
    assert sorted(row.state for row in rows(db.engine)) == ["expired", "sent"]


def a_post(db: SqlDatabase, clock: SetClock, channel: FakeChannel) -> Post:
    """The only notice, claimed now."""
    (notice,) = claim(db, clock())
    return Post(db, sole(channel)[0], notice, "w", clock(), clock)


def test_nothing_is_posted_when_the_lease_nears_its_end(db: SqlDatabase, clock: SetClock) -> None:
    add(db, a_told(0))
    channel = FakeChannel()
    post = a_post(db, clock, channel)
    clock.move(46)
    with pytest.raises(DeliveryFailed) as refused:
        post.message()
    assert refused.value.code == "lease"


@pytest.mark.parametrize("what", ["reaped", "said stop", "superseded"])
def test_a_worker_that_was_frozen_looks_again_before_it_posts(
    db: SqlDatabase, clock: SetClock, what: str
) -> None:
    add(db, a_told(0))
    channel = FakeChannel()
    post = a_post(db, clock, channel)
    with db.transaction() as stores:
        if what == "said stop":
            stores.outbox.cancel_to(a_phone(0).number, clock())
        elif what == "reaped":
            stores.outbox.reap(clock() + 61 * SECOND)
    if what == "superseded":
        with db.engine.begin() as connection:
            connection.execute(update(tables.notice).values(state="superseded"))
    clock.move(2)
    with pytest.raises(DeliveryFailed) as refused:
        post.message()
    assert refused.value.code == "stopped"


def test_a_worker_that_was_only_busy_posts(db: SqlDatabase, clock: SetClock) -> None:
    add(db, a_told(0))
    channel = FakeChannel()
    post = a_post(db, clock, channel)
    clock.move(2)
    assert post.message().reference == f"{only(db.engine).id}.1"


def test_what_is_urgent_is_claimed_next_though_a_long_run_is_under_way(
    db: SqlDatabase, clock: SetClock
) -> None:
    add(db, *(a_told(n, priority=Priority.ROUTINE) for n in range(30)))

    def then_urgent(message: Outgoing) -> Accepted:
        if len(channel.sent) == 10:
            add(db, a_told(35, priority=Priority.LIFE_THREATENING, body="now"))
        return Accepted(message.reference, DeliveryStatus.QUEUED)

    channel = FakeChannel(then_urgent)
    assert deliver_until_empty(db, channel, "w", clock, concurrency=4).accepted == 31
    assert [message.body for message in channel.sent].index("now") <= 10 + 2 * 4


def test_somebody_without_a_number_fails_without_a_post(db: SqlDatabase, clock: SetClock) -> None:
    add(db, a_told(0, recipient=a_recipient(ref="gone", phone=a_phone(50))))
    channel = FakeChannel()
    assert deliver_batch(db, channel, "w", clock).failed == 1
    assert channel.sent == []
    assert only(db.engine).error_code == "no_phone"


def test_wrong_credentials_stop_the_batch_and_tell_the_operator(
    db: SqlDatabase, clock: SetClock, caplog: pytest.LogCaptureFixture
) -> None:
    add(db, *(a_told(n) for n in range(20)))
    channel = FakeChannel(failing(FailureAction.STOP_SENDER, "20003"))
    counts = deliver_until_empty(db, channel, "w", clock, concurrency=1)
    assert (len(channel.sent), counts.given_back) == (1, 1)
    assert counts.braked is FailureAction.STOP_SENDER
    assert {(row.state, row.attempts) for row in rows(db.engine)} == {("ready", 0)}
    with db.reading() as stores:
        (line,) = stores.journal.recent()
    assert (line.event, line.details) == ("sender_stopped", {"code": "20003"})
    assert [record.levelno for record in caplog.records] == [logging.ERROR]


@pytest.mark.parametrize("action", [FailureAction.THROTTLED, FailureAction.UNREACHABLE])
def test_a_gateway_that_cannot_take_more_gets_no_more_for_now(
    db: SqlDatabase, clock: SetClock, action: FailureAction
) -> None:
    add(db, *(a_told(n) for n in range(20)))
    channel = FakeChannel(failing(action))
    assert deliver_until_empty(db, channel, "w", clock, concurrency=1).given_back == 1
    assert len(channel.sent) == 1
    clock.move(10)
    assert deliver_until_empty(db, FakeChannel(), "w", clock).accepted == 20


def test_a_gateway_that_gives_an_id_twice_spoils_nothing(db: SqlDatabase, clock: SetClock) -> None:
    def again(_: Outgoing) -> Accepted:
        return Accepted("1", DeliveryStatus.QUEUED)

    for some in (range(3), range(3, 6)):
        add(db, *(a_told(n) for n in some))
        assert deliver_until_empty(db, FakeChannel(again), "w", clock).accepted == 3
    assert {row.state for row in rows(db.engine)} == {"sent"}
    ids = [row.provider_id for row in rows(db.engine, tables.attempt)]
    assert sorted(ids, key=str) == ["1", None, None, None, None, None]


def test_one_bad_number_holds_nobody_up(db: SqlDatabase, clock: SetClock) -> None:
    add(db, *(a_told(n) for n in range(20)))

    def picky(message: Outgoing) -> Accepted:
        if message.to == a_phone(3).number:
            raise DeliveryFailed("refused", FailureAction.PERMANENT, "21211")
        return Accepted(message.reference, DeliveryStatus.QUEUED)

    counts = deliver_until_empty(db, FakeChannel(picky), "w", clock)
    assert (counts.accepted, counts.failed, counts.braked) == (19, 1, None)


def test_a_channel_that_breaks_down_leaves_its_attempt_to_be_reconciled(
    db: SqlDatabase, clock: SetClock, caplog: pytest.LogCaptureFixture
) -> None:
    add(db, a_told(0), a_told(1))

    def broken(message: Outgoing) -> Accepted:
        if message.to == a_phone(0).number:
            raise KeyError(message.to)
        return Accepted(message.reference, DeliveryStatus.QUEUED)

    counts = deliver_batch(db, FakeChannel(broken), "w", clock)
    assert (counts.accepted, counts.unknown) == (1, 1)
    assert a_phone(0).number not in caplog.text
    clock.move(61)
    reap_and_reconcile(db, FakeChannel(), clock())
    assert sorted(row.state for row in rows(db.engine)) == ["sent", "unknown"]


def test_a_worker_killed_between_claim_and_post_is_replaced(
    db: SqlDatabase, clock: SetClock
) -> None:
    add(db, a_told(0))
    claim(db, worker="killed")
    channel = FakeChannel()
    for _ in range(3):
        assert deliver_batch(db, channel, "w", clock).claimed == 0
        clock.move(61)
        reap_and_reconcile(db, channel, clock())
    assert deliver_batch(db, channel, "w", clock).accepted == 1
    assert len(channel.sent) == 1


def test_a_crash_after_the_post_never_doubles_the_message(
    db: SqlDatabase, clock: SetClock, world: World, url: str
) -> None:
    add(db, a_told(0))
    (one,) = claim(db, worker="killed")
    channel = channel_to(url)
    assert one.number is not None
    channel.send(Outgoing(f"{one.id}.1", one.number, one.text.body, timedelta(hours=1)))
    for _ in range(5):
        clock.move(61)
        reap_and_reconcile(db, channel, clock())
        deliver_until_empty(db, channel, "w", clock)
    assert len(world.messages()) == 1
    assert only(db.engine, tables.attempt).provider_id == world.messages()[0].sid
    assert only(db.engine).state == "sent"


@pytest.mark.parametrize(
    "kind",
    [
        FaultKind.ERROR_AFTER_ACCEPT,
        FaultKind.DROP_AFTER_ACCEPT,
        FaultKind.ERROR_BEFORE_ACCEPT,
        FaultKind.TOO_MANY_REQUESTS,
    ],
)
def test_whatever_the_gateway_does_each_phone_gets_its_text_once(
    db: SqlDatabase, clock: SetClock, world: World, url: str, kind: FaultKind
) -> None:
    add(db, *(a_told(n) for n in range(12)))
    world.faults += [Fault(kind, 1.0)] * 5
    channel = channel_to(url)
    for _ in range(8):
        deliver_until_empty(db, channel, "w", clock, concurrency=4)
        clock.move(61)
        reap_and_reconcile(db, channel, clock())
    sent_to = sorted(message.to for message in world.messages())
    assert sent_to == sorted(a_phone(n).number for n in range(12))
    assert {row.state for row in rows(db.engine)} == {"sent"}


@pytest.mark.parametrize("lost", [1, 2, 3])
def test_the_same_words_to_one_phone_count_once_each_when_answers_are_lost(
    db: SqlDatabase, clock: SetClock, world: World, url: str, lost: int
) -> None:
    add(db, *(a_told(0, body="the same words", revision=n) for n in range(3)))
    world.faults += [Fault(FaultKind.DROP_AFTER_ACCEPT)] * lost
    channel = channel_to(url)
    for _ in range(8):
        deliver_until_empty(db, channel, "w", clock, concurrency=2)
        clock.move(61)
        reap_and_reconcile(db, channel, clock())
    assert len(world.messages()) == 3
    assert {row.state for row in rows(db.engine)} == {"sent"}
    known = {row.provider_id for row in rows(db.engine, tables.attempt)}
    assert known == {message.sid for message in world.messages()}


def test_two_deliverers_share_the_work_without_doubles(
    db: SqlDatabase, clock: SetClock, world: World, url: str
) -> None:
    add(db, *(a_told(n) for n in range(40)))

    def work(name: str) -> DeliveryCounts:
        return deliver_until_empty(db, channel_to(url), name, clock, concurrency=2)

    with ThreadPoolExecutor(3) as pool:
        total = sum((one.accepted for one in pool.map(work, "abc")), 0)
    assert total == 40
    assert len({message.to for message in world.messages()}) == len(world.messages()) == 40


def test_a_gateway_that_cannot_be_asked_leaves_the_lost_for_later(
    db: SqlDatabase, clock: SetClock
) -> None:
    add(db, a_told(0))
    deliver_batch(db, FakeChannel(failing(FailureAction.UNKNOWN)), "w", clock)

    class Silent(FakeChannel):
        def find(self, message: Outgoing, since: object) -> Sequence[Accepted]:  # noqa: ARG002
            raise DeliveryFailed("cannot list", FailureAction.UNREACHABLE)

    for _ in range(3):
        clock.move(61)
        assert reap_and_reconcile(db, Silent(), clock()).looked_for == 0
    assert only(db.engine).state == "unknown"


def test_a_switch_of_credentials_needs_no_help(db: SqlDatabase, clock: SetClock) -> None:
    add(db, a_told(0))
    for _ in range(10):
        deliver_batch(db, FakeChannel(failing(FailureAction.STOP_SENDER)), "w", clock)
        clock.move(60)
    assert deliver_batch(db, FakeChannel(), "w", clock).accepted == 1


def test_nothing_personal_is_logged(
    db: SqlDatabase, clock: SetClock, world: World, url: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    add(db, *(a_told(n, body="a private text") for n in range(6)))
    world.faults += [
        Fault(FaultKind.DROP_AFTER_ACCEPT),
        Fault(FaultKind.ERROR_AFTER_ACCEPT),
        Fault(FaultKind.TOO_MANY_REQUESTS),
    ]
    channel = channel_to(url)
    for _ in range(3):
        deliver_until_empty(db, channel, "w", clock, concurrency=2)
        clock.move(61)
        reap_and_reconcile(db, channel, clock())
    assert "private" not in caplog.text
    assert not re.search(r"(\+|%2B)1\d{3}555", caplog.text)


def test_reap_gives_back_in_time_even_when_a_batch_is_never_closed(
    db: SqlDatabase, clock: SetClock
) -> None:
    add(db, replace(a_told(0)))
    with db.transaction() as stores:
        stores.outbox.claim("dead", NOW, 60 * SECOND, 10)
    clock.move(61)
    assert reap_and_reconcile(db, FakeChannel(), clock()).reaped == 1
    assert deliver_batch(db, FakeChannel(), "w", clock).accepted == 1
