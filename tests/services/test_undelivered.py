"""A message that the network gave up: the next step at once, and what its code asks for."""

from datetime import timedelta

import pytest
from sqlalchemy import Engine

from carealert.adapters.channels.twilio_errors import action_of, actions
from carealert.adapters.db import tables
from carealert.adapters.db.stores import SqlDatabase
from carealert.adapters.sealing import Sealer
from carealert.domain.notices import DeliveryStatus, SubjectState
from carealert.domain.rules import SubjectKind
from carealert.services.answering import Receipt, receive_receipts
from carealert.services.ports.outbox import FailureAction
from tests.support.builders import NOW, a_phone, hours
from tests.support.delivery import (
    FakeChannel,
    SetClock,
    a_timer,
    a_told,
    add,
    caregivers,
    deliver_until_empty,
    only,
    start_timers,
)

MINUTE = 60


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def db(engine: Engine, sealer: Sealer) -> SqlDatabase:
    return caregivers(engine, sealer, 2)


def send(db: SqlDatabase, clock: SetClock) -> int:
    channel = FakeChannel()
    deliver_until_empty(db, channel, "w", clock)
    return len(channel.sent)


def told(
    db: SqlDatabase, clock: SetClock, attempt: int, status: DeliveryStatus, code: str | None = None
) -> None:
    reference = f"{only(db.engine).id}.{attempt}"
    one = Receipt(reference, f"SM-{reference}", status.value, code, clock(), action_of(code))
    receive_receipts(db, [one])


def lost(db: SqlDatabase, clock: SetClock, attempt: int, code: str) -> None:
    told(db, clock, attempt, DeliveryStatus.UNDELIVERED, code)


def test_a_handset_that_was_off_gets_it_again_and_the_next_step_is_taken_at_once(
    db: SqlDatabase, clock: SetClock
) -> None:
    start_timers(db.engine, a_timer("r0"))
    add(db, a_told(0, expires_at=NOW + hours(5)))
    assert send(db, clock) == 1
    lost(db, clock, 1, "30003")
    assert only(db.engine, tables.escalation_timer).due_at == clock()
    clock.move(5 * MINUTE - 1)
    assert send(db, clock) == 0
    clock.move(1)
    assert send(db, clock) == 1
    told(db, clock, 2, DeliveryStatus.DELIVERED)
    assert (only(db.engine).state, only(db.engine).delivery_status) == ("sent", "delivered")


def test_it_is_sent_again_once_and_no_more(db: SqlDatabase, clock: SetClock) -> None:
    add(db, a_told(0, expires_at=NOW + hours(5)))
    sent = []
    for attempt in range(1, 5):
        sent.append(send(db, clock))
        if sent[-1]:
            lost(db, clock, attempt, "30008")
        clock.move(60 * MINUTE)
    assert sent == [1, 1, 0, 0]
    assert (only(db.engine).state, only(db.engine).delivery_status) == ("sent", "undelivered")


def test_it_is_not_sent_again_after_its_time(db: SqlDatabase, clock: SetClock) -> None:
    add(db, a_told(0, expires_at=NOW + timedelta(minutes=4)))
    send(db, clock)
    lost(db, clock, 1, "30003")
    clock.move(5 * MINUTE)
    assert send(db, clock) == 0
    assert only(db.engine).state == "sent"


def test_it_is_not_sent_again_to_somebody_whose_household_has_answered(
    db: SqlDatabase, clock: SetClock
) -> None:
    add(db, a_told(0, expires_at=NOW + hours(5)))
    send(db, clock)
    lost(db, clock, 1, "30003")
    incident = only(db.engine).incident
    with db.transaction() as stores:
        key = (SubjectKind.RESIDENT, "r0")
        stores.escalations.set_state(incident, *key, SubjectState.SAFE, clock())
    clock.move(5 * MINUTE)
    assert send(db, clock) == 0
    assert (only(db.engine).state, only(db.engine).error_code) == ("cancelled", "answered")


@pytest.mark.parametrize("again", [False, True], ids=["while it waits", "after it went"])
def test_a_late_word_about_the_first_try_changes_the_second_only_if_it_arrived(
    db: SqlDatabase, clock: SetClock, again: bool
) -> None:
    add(db, a_told(0, expires_at=NOW + hours(5)))
    send(db, clock)
    lost(db, clock, 1, "30003")
    if again:
        clock.move(5 * MINUTE)
        assert send(db, clock) == 1
    before = (only(db.engine).state, only(db.engine).delivery_status)
    for status in (DeliveryStatus.SENT, DeliveryStatus.UNDELIVERED, DeliveryStatus.QUEUED):
        told(db, clock, 1, status, "30003" if status is DeliveryStatus.UNDELIVERED else None)
        assert (only(db.engine).state, only(db.engine).delivery_status) == before
    told(db, clock, 1, DeliveryStatus.DELIVERED)
    assert (only(db.engine).state, only(db.engine).delivery_status) == ("sent", "delivered")
    clock.move(5 * MINUTE)
    assert send(db, clock) == 0


def test_a_stop_that_only_the_carrier_knows_is_kept(db: SqlDatabase, clock: SetClock) -> None:
    add(db, a_told(0, expires_at=NOW + hours(5)))
    send(db, clock)
    lost(db, clock, 1, "21610")
    with db.reading() as stores:
        assert stores.people.suppressed() == {a_phone(0).number}


@pytest.mark.parametrize("code", sorted(actions()))
def test_every_code_of_the_table_takes_the_next_step_and_only_some_are_tried_again(
    db: SqlDatabase, clock: SetClock, code: str
) -> None:
    start_timers(db.engine, a_timer("r0"))
    add(db, a_told(0, expires_at=NOW + hours(5)))
    send(db, clock)
    lost(db, clock, 1, code)
    assert only(db.engine, tables.escalation_timer).due_at == clock()
    clock.move(5 * MINUTE)
    assert send(db, clock) == (actions()[code] is FailureAction.RETRY)


@pytest.mark.parametrize(
    ("code", "action"),
    [
        (None, None),
        ("30999", FailureAction.RETRY),  # a carrier's code that nobody knows yet
        ("30036", FailureAction.EXPIRED),
        ("99999", None),
        ("305", None),
    ],
)
def test_an_unknown_code_of_the_carriers_is_tried_once_more(
    code: str | None, action: FailureAction | None
) -> None:
    assert action_of(code) is action
