"""Answers, timers, tasks, the journal and leases; on both databases."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Engine

from carealert.adapters.db import tables
from carealert.adapters.db.stores import SqlDatabase
from carealert.adapters.sealing import Sealer
from carealert.domain.notices import About, RecipientKind, SubjectState
from carealert.domain.rules import SubjectKind
from tests.support.builders import NOW, a_phone, a_recipient, hours, minutes
from tests.support.delivery import (
    a_question,
    a_timer,
    a_told,
    add,
    caregivers,
    claim,
    only,
    rows,
    send_all,
    start_timers,
)

SECOND = timedelta(seconds=1)
RESIDENT = SubjectKind.RESIDENT
PHONE = a_phone(0).number


@pytest.fixture
def db(engine: Engine, sealer: Sealer) -> SqlDatabase:
    return caregivers(engine, sealer, 3)


# --- replies


def test_an_inbound_message_is_kept_once_and_sealed(db: SqlDatabase) -> None:
    for expected in (True, False):
        with db.transaction() as stores:
            assert stores.replies.keep("SM1", PHONE, "my words", NOW) is expected
    assert b"my words" not in only(db.engine, tables.inbound).body_sealed


def test_the_newest_message_that_asks_is_the_open_question(db: SqlDatabase) -> None:
    add(db, a_told(0))
    add(db, a_told(0, rule="later", expected_replies={"safe": "1"}), now=NOW + SECOND)
    add(db, a_told(0, rule="newest", expected_replies={}), now=NOW + 2 * SECOND)
    send_all(db)
    with db.reading() as stores:
        question = stores.replies.open_question(PHONE)
    assert question is not None
    assert (question.expected_replies, question.about) == ({"safe": "1"}, ("r0",))
    assert (question.recipient_kind, question.recipient_ref) == (RecipientKind.CAREGIVER, "c0")


def test_what_has_not_gone_out_asks_nothing(db: SqlDatabase) -> None:
    add(db, a_told(0))
    with db.reading() as stores:
        assert stores.replies.open_question(PHONE) is None
    claim(db)
    with db.reading() as stores:  # an answer may be quicker than the record of the send
        assert stores.replies.open_question(PHONE) is not None


def test_an_answer_stops_timers_and_cancels_reminders_about_the_same_people(
    db: SqlDatabase,
) -> None:
    start_timers(db.engine, a_timer("r0"), a_timer("r1"))
    add(db, a_told(0))
    (asked,) = send_all(db)
    both = (About("r0", "L"), About("r1", "L"))
    add(db, a_told(0, step=1), a_told(1, step=1, about=both), a_told(2))
    add(db, a_told(1, about=(About("r0", "L"),)))  # another caregiver, who knows nothing yet
    with db.transaction() as stores:
        stores.escalations.set_state("incident-1", RESIDENT, "r0", SubjectState.SAFE, NOW)
        stores.replies.answered(asked.id, "safe", NOW + SECOND)
    by_key = {(row.recipient_ref, row.step): row for row in rows(db.engine)}
    assert by_key["c0", 1].state == "cancelled"
    assert by_key["c1", 1].state == "ready"  # it is about somebody silent as well
    assert by_key["c2", 0].state == by_key["c1", 0].state == "ready"
    assert (by_key["c0", 0].answer, by_key["c0", 0].answered_at) == ("safe", NOW + SECOND)
    timers = {row.ref: row.state for row in rows(db.engine, tables.escalation_timer)}
    assert timers == {"r0": "stopped", "r1": "waiting"}


def test_the_last_answer_about_a_shared_reminder_cancels_it(db: SqlDatabase) -> None:
    add(db, a_told(0), a_told(1))
    asked = {one.recipient_ref: one for one in send_all(db)}
    both = (About("r0", "L"), About("r1", "L"))
    add(db, a_told(2, step=1, about=both))
    for n in (0, 1):
        with db.transaction() as stores:
            state = SubjectState.SAFE
            stores.escalations.set_state("incident-1", RESIDENT, f"r{n}", state, NOW)
            stores.replies.answered(asked[f"c{n}"].id, "safe", NOW)
        reminder = next(row for row in rows(db.engine) if row.step == 1)
        assert reminder.state == ("ready" if n == 0 else "cancelled")


def test_answers_sent_are_counted_from_a_moment_on(db: SqlDatabase) -> None:
    with db.transaction() as stores:
        for n, (age, replied) in enumerate([(2, True), (0.5, True), (0.2, False), (0.1, True)]):
            stores.replies.keep(f"SM{n}", PHONE, "?", NOW - hours(age))
            stores.replies.understood(f"SM{n}", "unclear", None, replied=replied)
        stores.replies.keep("SM9", PHONE, "?", NOW)
        assert stores.replies.answers_sent(PHONE, NOW - hours(1)) == 2
        assert stores.replies.answers_sent(a_phone(1).number, NOW - hours(1)) == 0


# --- escalations


def test_due_timers_come_oldest_first_with_their_warning(db: SqlDatabase) -> None:
    start_timers(db.engine, a_timer("r1", due_at=NOW), a_timer("r0", due_at=NOW - SECOND))
    with db.reading() as stores:
        assert stores.escalations.due(NOW - 2 * SECOND) == []
        due = stores.escalations.due(NOW)
    assert [timer.ref for timer, _ in due] == ["r0", "r1"]
    assert due[0] == (a_timer("r0", due_at=NOW - SECOND), rows(db.engine, tables.warning)[0].id)


@pytest.mark.parametrize("state", list(SubjectState))
def test_who_answered_or_is_stood_down_is_not_due(db: SqlDatabase, state: SubjectState) -> None:
    with db.transaction() as stores:
        stores.escalations.set_state("incident-1", RESIDENT, "r0", state, NOW)
    start_timers(db.engine, a_timer("r0", due_at=NOW))
    with db.reading() as stores:
        due = stores.escalations.due(NOW)
    assert bool(due) == (state in (SubjectState.WAITING, SubjectState.WITH_DESK))


def test_a_state_that_settles_stops_the_timers(db: SqlDatabase) -> None:
    start_timers(db.engine, a_timer("r0"), a_timer("r1"))
    with db.transaction() as stores:
        stores.escalations.set_state("incident-1", RESIDENT, "r0", SubjectState.SAFE, NOW)
        stores.escalations.set_state("incident-1", RESIDENT, "r1", SubjectState.WITH_DESK, NOW)
        assert stores.escalations.states("incident-1") == {
            (RESIDENT, "r0"): SubjectState.SAFE,
            (RESIDENT, "r1"): SubjectState.WITH_DESK,
        }
    timers = {row.ref: row.state for row in rows(db.engine, tables.escalation_timer)}
    assert timers == {"r0": "stopped", "r1": "waiting"}


def test_a_timer_fires_once_and_the_next_one_follows(db: SqlDatabase) -> None:
    first = a_timer("r0", due_at=NOW)
    second = replace(first, step=2, due_at=NOW + minutes(30))
    start_timers(db.engine, first)
    for _ in range(2):
        with db.transaction() as stores:
            stores.escalations.advance(first, second, NOW)
    timers = {row.step: row.state for row in rows(db.engine, tables.escalation_timer)}
    assert timers == {1: "fired", 2: "waiting"}
    with db.reading() as stores:
        assert [timer for timer, _ in stores.escalations.due(NOW + hours(1))] == [second]


def test_nothing_follows_a_timer_that_was_stopped(db: SqlDatabase) -> None:
    first = a_timer("r0", due_at=NOW)
    start_timers(db.engine, first)
    with db.transaction() as stores:
        stores.escalations.set_state("incident-1", RESIDENT, "r0", SubjectState.SAFE, NOW)
        stores.escalations.advance(first, replace(first, step=2), NOW)
    assert only(db.engine, tables.escalation_timer).state == "stopped"


def test_a_task_is_open_once_and_opens_again_after_it_was_closed(db: SqlDatabase) -> None:
    for n in range(2):
        at = NOW + n * SECOND
        with db.transaction() as stores:
            stores.escalations.add_task("incident-1", RESIDENT, "r0", "asked for help", at)
    task = only(db.engine, tables.task)
    assert (task.closed_at, task.created_at) == (None, NOW)
    with db.engine.begin() as connection:
        connection.execute(tables.task.update().values(closed_at=NOW))
    with db.transaction() as stores:
        stores.escalations.add_task("incident-1", RESIDENT, "r0", "asked for help", NOW + SECOND)
    task = only(db.engine, tables.task)
    assert (task.closed_at, task.created_at) == (None, NOW + SECOND)


def test_stop_cancels_what_waits_and_makes_the_next_step_due(db: SqlDatabase) -> None:
    overdue = a_timer("r0", step=2, due_at=NOW - SECOND)
    start_timers(db.engine, a_timer("r0"), a_timer("r1"), overdue)
    add(db, a_told(0, due_at=NOW + hours(8)), a_told(1))
    with db.transaction() as stores:
        assert stores.outbox.cancel_to(PHONE, NOW) == 1
    due = {(row.ref, row.step): row.due_at for row in rows(db.engine, tables.escalation_timer)}
    assert due == {("r0", 1): NOW, ("r1", 1): NOW + minutes(10), ("r0", 2): NOW - SECOND}


def test_a_desk_notice_is_about_nobody_s_answer(db: SqlDatabase) -> None:
    desk = a_recipient(kind=RecipientKind.CITY_DESK, ref="desk", phone=a_phone(99))
    add(db, a_told(0), a_told(0, recipient=desk, step=2))
    asked = next(one for one in send_all(db) if one.recipient_ref == "c0")
    add(db, a_told(0, recipient=desk, step=3))
    with db.transaction() as stores:
        stores.replies.answered(asked.id, "help", NOW)
    assert next(row for row in rows(db.engine) if row.step == 3).state == "ready"


def test_a_manager_s_answer_stops_the_facility_s_timer(db: SqlDatabase) -> None:
    start_timers(db.engine, a_timer("f1", kind=SubjectKind.FACILITY), a_timer("f1"))
    add(db, a_question())
    (asked,) = send_all(db)
    with db.transaction() as stores:
        stores.replies.answered(asked.id, "open", NOW)
    timers = {row.kind: row.state for row in rows(db.engine, tables.escalation_timer)}
    assert timers == {"facility": "stopped", "resident": "waiting"}


# --- records


def test_the_journal_gives_the_newest_lines_first(db: SqlDatabase) -> None:
    with db.transaction() as stores:
        for n in range(3):
            stores.journal.write(NOW + n * SECOND, f"event-{n}", "subject", n=str(n))
        lines = stores.journal.recent(2)
    assert [(line.event, line.details) for line in lines] == [
        ("event-2", {"n": "2"}),
        ("event-1", {"n": "1"}),
    ]


def test_a_lease_has_one_holder_and_its_fence_rises_with_each_new_one(db: SqlDatabase) -> None:
    def take(holder: str, after: float) -> int | None:
        with db.transaction() as stores:
            return stores.leases.take("leader", holder, NOW + after * SECOND, 15 * SECOND)

    assert take("a", 0) == 1
    assert take("b", 1) is None
    assert take("a", 14) == 1
    assert take("b", 28) is None
    assert take("b", 29) == 2
    assert take("a", 30) is None
    assert take("b", 60) == 3  # it lapsed: somebody else may have acted meanwhile
    with db.reading() as stores:
        assert stores.leases.until("leader") == NOW + 75 * SECOND
        assert stores.leases.until("nothing") is None
