"""Decisions written whole, and what later decisions find of them; on both databases."""

from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine

from carealert.adapters.db import tables
from carealert.adapters.db.stores import SqlDatabase
from carealert.adapters.sealing import Sealer
from carealert.domain.notices import (
    DeliveryStatus,
    MessageKind,
    Notice,
    RecipientKind,
    SubjectState,
)
from carealert.domain.plan import DeskTask, IncidentHistory, Match, NotSent, Plan, WhyNot
from carealert.domain.rules import SubjectKind
from carealert.services.ports.outbox import FailureAction
from tests.support.builders import (
    NOW,
    a_phone,
    a_recipient,
    a_warning,
    hours,
    minutes,
    some_facts,
)
from tests.support.delivery import (
    LEASE,
    a_question,
    a_timer,
    a_told,
    accepted,
    add,
    caregivers,
    claim,
    close,
    only,
    refused,
    rows,
    send_all,
    start_timers,
    store_warning,
)

SECOND = timedelta(seconds=1)
R0 = (SubjectKind.RESIDENT, "r0")
C0 = (RecipientKind.CAREGIVER, "c0")


@pytest.fixture
def db(engine: Engine, sealer: Sealer) -> SqlDatabase:
    return caregivers(engine, sealer, 3)


def save(db: SqlDatabase, plan: Plan, *notices: Notice, revision: int = 0) -> int:
    with db.engine.begin() as connection:
        warning_id = store_warning(connection, revision=revision)
    with db.transaction() as stores:
        return stores.outbox.save_plan(plan, notices, warning_id, "v1", NOW)


def history(db: SqlDatabase, revision: int = 1) -> IncidentHistory:
    with db.reading() as stores:
        return stores.outbox.history("incident-1", revision)


def a_plan(**changes: object) -> Plan:
    return replace(
        Plan(
            a_warning(),
            matches=(Match(*R0, "rule-1", 0, ("inside flood", "needs dialysis")),),
            not_sent=(NotSent("resident", "r9", None, WhyNot.NO_RULE, "no rule"),),
            timers=(a_timer("r0"),),
            tasks=(DeskTask(SubjectKind.RESIDENT, "r2", "nobody can be told by SMS"),),
            states={
                R0: SubjectState.WAITING,
                (SubjectKind.RESIDENT, "r2"): SubjectState.WITH_DESK,
            },
        ),
        **changes,  # type: ignore[arg-type]
    )


def test_everything_that_was_decided_is_written(db: SqlDatabase) -> None:
    assert save(db, a_plan(), a_told(0)) == 1
    assert only(db.engine, tables.match).reasons == ["inside flood", "has a registered need"]
    assert only(db.engine, tables.not_sent).reason == "no_rule"
    assert only(db.engine, tables.task).what == "nobody can be told by SMS"
    timer = only(db.engine, tables.escalation_timer)
    assert (timer.state, timer.due_at) == ("waiting", NOW + minutes(10))
    assert {row.ref: row.state for row in rows(db.engine, tables.subject)} == {
        "r0": "waiting",
        "r2": "with_desk",
    }
    decided = only(db.engine, tables.decision)
    assert (decided.incident, decided.rules_version) == ("incident-1", "v1")
    assert only(db.engine).warning_id == decided.warning_id


def test_a_warning_is_decided_once(db: SqlDatabase) -> None:
    with db.engine.begin() as connection:
        warning_id = store_warning(connection)
    for expected in (1, 0):
        with db.transaction() as stores:
            done = stores.outbox.save_plan(a_plan(), [a_told(0)], warning_id, "v1", NOW)
        assert done == expected
    assert len(rows(db.engine, tables.match)) == 1


def test_a_failure_in_the_middle_leaves_nothing(db: SqlDatabase) -> None:
    with db.engine.begin() as connection:
        warning_id = store_warning(connection)

    def save_and_die() -> None:
        with db.transaction() as stores:
            stores.outbox.save_plan(a_plan(), [a_told(0)], warning_id, "v1", NOW)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        save_and_die()
    for table in (tables.decision, tables.notice, tables.escalation_timer, tables.subject):
        assert rows(db.engine, table) == []


def test_a_new_message_takes_the_place_of_what_still_waits(db: SqlDatabase) -> None:
    save(db, a_plan(), a_told(0), a_told(1))
    update = a_told(0, revision=1, kind=MessageKind.UPDATE)
    save(db, a_plan(superseded=frozenset({C0})), update, revision=1)
    states = {(row.recipient_ref, row.revision): row.state for row in rows(db.engine)}
    assert states == {("c0", 0): "superseded", ("c0", 1): "ready", ("c1", 0): "ready"}


def test_what_is_at_the_gateway_stays_sent_when_superseded(db: SqlDatabase) -> None:
    save(db, a_plan(), a_told(0))
    send_all(db)
    save(db, a_plan(superseded=frozenset({C0})), revision=1)
    assert only(db.engine).state == "sent"


def test_a_superseded_notice_in_flight_never_goes_out_again(db: SqlDatabase) -> None:
    save(db, a_plan(), a_told(0))
    (one,) = claim(db)
    save(db, a_plan(superseded=frozenset({C0})), revision=1)
    close(db, refused(one, FailureAction.RETRY))
    assert only(db.engine).state == "superseded"


def test_what_the_desk_must_do_for_somebody_else_is_not_superseded(db: SqlDatabase) -> None:
    desk = a_recipient(kind=RecipientKind.CITY_DESK, ref="desk", phone=a_phone(99))
    save(db, a_plan(), a_told(0, recipient=desk, kind=MessageKind.DESK, step=2))
    save(db, a_plan(superseded=frozenset({(RecipientKind.CITY_DESK, "desk")})), revision=1)
    assert only(db.engine).state == "ready"


def test_timers_of_subjects_that_changed_state_stop_and_new_ones_start(db: SqlDatabase) -> None:
    save(db, a_plan(timers=(a_timer("r0"), a_timer("r1"))))
    save(db, a_plan(timers=(a_timer("r0", revision=1),)), revision=1)
    timers = {(t.ref, t.revision): t.state for t in rows(db.engine, tables.escalation_timer)}
    assert timers == {("r0", 0): "stopped", ("r0", 1): "waiting", ("r1", 0): "waiting"}


# --- history


def test_facts_come_back_as_they_were_with_the_sender_s_offset(db: SqlDatabase) -> None:
    dhaka = NOW.astimezone(ZoneInfo("Asia/Dhaka"))
    facts = some_facts(onset=dhaka, expires=None, severity=None, places={"bn": "আমতলী"})
    add(db, a_told(0, facts=facts))
    told = history(db).told[C0]
    assert told.facts == facts
    assert told.facts.onset.utcoffset() == timedelta(hours=6)
    assert (told.about, told.rule, told.recipient.phone) == (("r0",), "rule-1", a_phone(0))


def test_told_is_pending_until_it_went_out(db: SqlDatabase) -> None:
    add(db, a_told(0))
    assert history(db).told[C0].pending
    (one,) = claim(db)
    assert history(db).told[C0].pending
    close(db, accepted(one))
    assert not history(db).told[C0].pending


def test_an_unknown_message_counts_as_told(db: SqlDatabase) -> None:
    add(db, a_told(0))
    (one,) = claim(db)
    close(db, refused(one, FailureAction.UNKNOWN))
    assert not history(db).told[C0].pending


@pytest.mark.parametrize("how", ["failed", "expired", "cancelled", "undelivered"])
def test_who_never_got_it_was_not_told(db: SqlDatabase, how: str) -> None:
    add(db, a_told(0, expires_at=NOW if how == "expired" else NOW + hours(1)))
    if how == "cancelled":
        with db.transaction() as stores:
            stores.outbox.cancel_to(a_phone(0).number, NOW)
    for one in claim(db):
        close(db, refused(one, FailureAction.PERMANENT) if how == "failed" else accepted(one))
        if how == "undelivered":
            with db.transaction() as stores:
                stores.outbox.receipt(
                    f"{one.id}.1", f"SM-{one.id}", DeliveryStatus.UNDELIVERED, None, NOW
                )
    assert history(db).told == {}


def test_the_newest_word_counts_and_where_it_failed_the_one_before(db: SqlDatabase) -> None:
    add(db, a_told(0, reasons=("first",)))
    send_all(db)
    later = some_facts(event="worse")
    add(db, a_told(0, revision=1, kind=MessageKind.UPDATE, facts=later), now=NOW + SECOND)
    assert history(db, 2).told[C0].facts == later
    (update,) = claim(db, NOW + SECOND)
    close(db, refused(update, FailureAction.PERMANENT))
    assert history(db, 2).told[C0].facts == some_facts()


def test_reminders_and_desk_notices_are_no_part_of_the_story(db: SqlDatabase) -> None:
    add(db, a_told(0, step=1, kind=MessageKind.REMINDER), a_told(1, kind=MessageKind.DESK))
    assert history(db).told == {}


def test_after_a_stand_down_nobody_is_told_the_end_again(db: SqlDatabase) -> None:
    add(db, a_told(0))
    send_all(db)
    add(db, a_told(0, revision=1, kind=MessageKind.STAND_DOWN, about=()), now=NOW + SECOND)
    assert history(db, 2).told == {}


def test_history_has_the_states_of_the_incident_s_subjects(db: SqlDatabase) -> None:
    save(db, a_plan())
    assert history(db).subjects[R0] is SubjectState.WAITING
    with db.reading() as stores:
        assert stores.outbox.history("another", 0).subjects == {}


# --- receipts


def receipt(
    db: SqlDatabase, reference: str, status: DeliveryStatus, sid: str = "SM1", late: float = 1
) -> bool:
    with db.transaction() as stores:
        return stores.outbox.receipt(reference, sid, status, None, NOW + late * SECOND)


def sent(db: SqlDatabase) -> str:
    add(db, a_told(0))
    (one,) = claim(db)
    close(db, accepted(one, "SM1"))
    return f"{one.id}.1"


def test_a_late_status_never_lowers_the_rank(db: SqlDatabase) -> None:
    reference = sent(db)
    for status in (DeliveryStatus.DELIVERED, DeliveryStatus.SENT, DeliveryStatus.UNDELIVERED):
        assert receipt(db, reference, status)
    row = only(db.engine)
    assert (row.delivery_status, row.delivered_at) == ("delivered", NOW + SECOND)


def test_a_message_that_arrives_after_all_counts_as_delivered(db: SqlDatabase) -> None:
    reference = sent(db)
    receipt(db, reference, DeliveryStatus.UNDELIVERED)
    receipt(db, reference, DeliveryStatus.DELIVERED, late=9)
    assert only(db.engine).delivery_status == "delivered"


def test_repeated_receipts_are_one_event(db: SqlDatabase) -> None:
    reference = sent(db)
    for _ in range(3):
        receipt(db, reference, DeliveryStatus.DELIVERED)
    assert len(rows(db.engine, tables.delivery_event)) == 1


@pytest.mark.parametrize("reference", ["", "x", "x.1", ".", "a.b", "{id}.9", "{id}.99999999", "1"])
def test_an_unknown_reference_changes_nothing(db: SqlDatabase, reference: str) -> None:
    known = sent(db)
    assert not receipt(db, reference.format(id=known.split(".")[0]), DeliveryStatus.DELIVERED)
    assert only(db.engine).delivery_status == "queued"


def test_a_receipt_proves_a_post_whose_answer_was_lost(db: SqlDatabase) -> None:
    add(db, a_told(0))
    (one,) = claim(db)
    close(db, refused(one, FailureAction.UNKNOWN))
    receipt(db, f"{one.id}.1", DeliveryStatus.SENT)
    assert (only(db.engine).state, only(db.engine, tables.attempt).provider_id) == ("sent", "SM1")
    with db.reading() as stores:
        assert stores.outbox.lost(NOW + hours(1), LEASE) == []


def test_a_receipt_before_the_answer_is_not_undone_by_a_lost_answer(db: SqlDatabase) -> None:
    add(db, a_told(0))
    (one,) = claim(db)
    receipt(db, f"{one.id}.1", DeliveryStatus.DELIVERED)
    close(db, refused(one, FailureAction.UNKNOWN))
    row = only(db.engine)
    assert (row.state, row.delivery_status) == ("sent", "delivered")


def test_a_receipt_stops_a_resend_that_already_waits(db: SqlDatabase) -> None:
    add(db, a_told(0))
    (one,) = claim(db)
    close(db, refused(one, FailureAction.UNKNOWN))
    now = NOW + LEASE
    for _ in range(2):
        with db.transaction() as stores:
            for lost in stores.outbox.lost(now, LEASE):
                stores.outbox.reconcile(lost, [], now)
        now += LEASE
    assert only(db.engine).state == "ready"
    receipt(db, f"{one.id}.1", DeliveryStatus.DELIVERED)
    assert claim(db, now + hours(1)) == []


def test_undelivered_makes_the_next_step_due_now(db: SqlDatabase) -> None:
    start_timers(db.engine, a_timer("r0"))
    reference = sent(db)
    receipt(db, reference, DeliveryStatus.UNDELIVERED, late=7)
    assert only(db.engine, tables.escalation_timer).due_at == NOW + 7 * SECOND


def test_a_manager_out_of_reach_makes_the_deputy_s_turn_due_now(db: SqlDatabase) -> None:
    start_timers(db.engine, a_timer("f1", kind=SubjectKind.FACILITY))
    add(db, a_question())
    (one,) = claim(db)
    close(db, refused(one, FailureAction.PERMANENT, "21614"), now=NOW + SECOND)
    assert only(db.engine, tables.escalation_timer).due_at == NOW + SECOND
