"""Messages that read as a test: an officer decides in time, or the desk is alarmed."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, select

from carealert.adapters.db.board.reader import SqlBoard
from carealert.adapters.db.stores import SqlDatabase
from carealert.adapters.db.tables import decision as decision_table
from carealert.adapters.db.tables import not_sent, task
from carealert.adapters.sealing import Sealer
from carealert.domain.access import Actor, Role
from carealert.domain.hazards import Hazard
from carealert.domain.notices import MessageKind
from carealert.domain.plan import WhyNot
from carealert.domain.warnings import HazardWarning, MsgType, Status
from carealert.services import holding
from carealert.services.alerting import alert, plan_waiting
from carealert.services.holding import NotHeld, WatchResult
from carealert.services.ports.holds import HoldDecision
from tests.services.test_alerting import (
    OFFICE,
    RULES,
    alerted,
    follows,
    journal,
    mark_sent,
    outbox,
    stored,
    two_homes,
)
from tests.support.builders import NOW, a_warning, an_info, hours, minutes
from tests.support.fakes import PlainComposer

RAHMAN = Actor("A. Rahman", Role.OFFICER)
DAS = Actor("B. Das", Role.OFFICER)


@pytest.fixture
def db(sqlite_engine: Engine, sealer: Sealer) -> SqlDatabase:
    store = SqlDatabase(sqlite_engine, sealer)
    two_homes(store)
    return store


def a_test(**changes: Any) -> HazardWarning:
    """Actual by its status, a test by its text; a tropical cyclone if it is real."""
    info = an_info(
        hazard=Hazard.TEST_MESSAGE,
        hazard_if_real=changes.pop("hazard_if_real", Hazard.TROPICAL_CYCLONE),
        evidence=("headline 'this is a test'",),
    )
    return a_warning(info, **changes)


def plan_at(db: SqlDatabase, number: float = 0) -> int:
    return plan_waiting(db, RULES, PlainComposer(), OFFICE, NOW + minutes(number))


def watch(db: SqlDatabase, number: float) -> WatchResult:
    return holding.watch(db, PlainComposer(), OFFICE, NOW + minutes(number))


def held(db: SqlDatabase, warning: HazardWarning | None = None) -> int:
    """Store it and plan what waits: it is held."""
    number = stored(db, warning or a_test())
    assert plan_at(db) == 0
    assert number in waiting(db)
    return number


def waiting(db: SqlDatabase) -> Mapping[int, timedelta]:
    """Open holds with the time from `NOW` to the deadline."""
    with db.reading() as stores:
        return {one.warning_id: one.deadline - NOW for one in stores.holds.waiting()}


def decision(db: SqlDatabase, number: int) -> HoldDecision | None:
    with db.reading() as stores:
        one = stores.holds.get(number)
    assert one is not None
    return one.decision


def tasks(db: SqlDatabase) -> list[tuple[str, str, bool]]:
    """(kind, ref, open) of the desk's tasks."""
    query = select(task.c.kind, task.c.ref, task.c.closed_at)
    with db.engine.connect() as connection:
        return [(row.kind, row.ref, row.closed_at is None) for row in connection.execute(query)]


def why(db: SqlDatabase, number: int) -> set[WhyNot]:
    """Why a warning that is planned now, or was, reaches nobody."""
    outcome = alert(db, RULES, PlainComposer(), number, OFFICE, NOW)
    of_this = decision_table.c.warning_id == number
    recorded = select(not_sent.c.reason).join(decision_table).where(of_this)
    with db.engine.connect() as connection:
        return {*outcome.not_sent, *map(WhyNot, connection.scalars(recorded))}


def test_a_text_that_reads_as_a_test_is_held_and_reaches_nobody(
    engine: Engine, sealer: Sealer
) -> None:
    db = SqlDatabase(engine, sealer)
    two_homes(db)
    number = held(db)
    assert waiting(db) == {number: OFFICE.hold_for}
    assert outbox(db) == []
    with db.reading() as stores:
        (one,) = stores.holds.waiting()
        assert not stores.warnings.unplanned()
    assert one.reason == "it reads as a test: headline 'this is a test'"
    assert why(db, number) == {WhyNot.HELD}
    assert journal(db) == ["held"], "said once, however often it is tried"


def test_other_warnings_do_not_wait_for_the_officer(db: SqlDatabase) -> None:
    stored(db, a_test())
    stored(db, a_warning(an_info(hazard=Hazard.FLOOD), identifier="real"))
    assert plan_at(db) == 1
    assert ("c1", "alert", "ready") in outbox(db)


@pytest.mark.parametrize("real", [Hazard.TROPICAL_CYCLONE, None])
def test_a_released_message_is_planned_as_what_it_says_if_it_is_real(
    engine: Engine, sealer: Sealer, real: Hazard | None
) -> None:
    db = SqlDatabase(engine, sealer)
    two_homes(db)
    number = held(db, a_test(hazard_if_real=real))
    holding.release(db, RAHMAN, number, NOW + minutes(2))
    assert plan_at(db, 2) == 1
    assert [entry for entry in outbox(db) if entry[0] == "c1"] == [("c1", "alert", "ready")]
    with db.reading() as stores:
        (info,) = stores.warnings.get(number).warning.infos
        one = stores.holds.get(number)
    assert info.hazard is (real or Hazard.OTHER)
    assert one is not None
    assert (one.decision, one.decided_by) == (HoldDecision.RELEASE, "A. Rahman")


def test_a_discarded_one_is_planned_and_reaches_nobody(db: SqlDatabase) -> None:
    number = held(db)
    holding.discard(db, RAHMAN, number, NOW + minutes(2))
    assert plan_at(db, 2) == 1
    assert outbox(db) == []
    with db.reading() as stores:
        assert stores.warnings.get(number).planned_at == NOW + minutes(2)
    assert why(db, number) == {WhyNot.NOT_ACTUAL}


def test_a_decision_is_made_once(db: SqlDatabase) -> None:
    number = held(db)
    holding.discard(db, RAHMAN, number, NOW)
    with pytest.raises(NotHeld, match=r"discard by A\. Rahman"):
        holding.release(db, DAS, number, NOW)
    with pytest.raises(NotHeld, match="carealert warnings held"):
        holding.release(db, DAS, 99, NOW)
    plain = stored(db, a_warning(identifier="plain"))
    with pytest.raises(NotHeld, match=f"Warning {plain} is not held"):
        holding.discard(db, DAS, plain, NOW)


def test_undecided_at_the_deadline_the_desk_is_alarmed_once(engine: Engine, sealer: Sealer) -> None:
    db = SqlDatabase(engine, sealer)
    two_homes(db)
    number = held(db)
    assert watch(db, 14.9) == WatchResult()
    assert watch(db, 15) == WatchResult(alarms=1)
    assert watch(db, 16) == WatchResult()
    assert journal(db).count("hold_overdue") == 1
    assert tasks(db) == [("warning", str(number), True)]
    (row,) = SqlBoard(db.engine).now(NOW + minutes(16)).held
    assert (row.warning_id, row.deadline) == (number, NOW + minutes(15))
    holding.discard(db, RAHMAN, number, NOW + minutes(17))
    assert tasks(db) == [("warning", str(number), False)]
    assert SqlBoard(db.engine).now(NOW + minutes(17)).held == ()


def test_what_is_over_while_held_is_closed_as_over(db: SqlDatabase) -> None:
    number = held(db)
    assert watch(db, 60 * 33) == WatchResult(closed=1)
    assert decision(db, number) is HoldDecision.OVER
    assert plan_at(db, 60 * 33) == 1
    assert why(db, number) == {WhyNot.OVER}
    assert outbox(db) == []


def test_what_is_over_before_it_comes_is_not_held(db: SqlDatabase) -> None:
    info = an_info(hazard=Hazard.TEST_MESSAGE, expires=NOW - minutes(1))
    stored(db, a_warning(info))
    assert plan_at(db) == 1
    assert not waiting(db)


@pytest.mark.parametrize("kind", [MsgType.CANCEL, MsgType.UPDATE])
def test_a_real_message_that_takes_its_place_closes_the_hold_and_releases_nothing(
    db: SqlDatabase, kind: MsgType
) -> None:
    first = a_test()
    number = held(db, first)
    infos = () if kind is MsgType.CANCEL else a_warning().infos
    stored(db, follows(first, identifier="w2", msg_type=kind, infos=infos))
    with pytest.raises(NotHeld, match="A later message took the place"):
        holding.release(db, RAHMAN, number, NOW)
    assert watch(db, 1) == WatchResult(closed=1)
    assert decision(db, number) is HoldDecision.REPLACED
    plan_at(db, 1)
    assert why(db, number) == {WhyNot.SUPERSEDED}
    told = {entry[0] for entry in outbox(db)}
    assert told == (set() if kind is MsgType.CANCEL else {"c1", "f1"})


def test_a_test_s_own_cancel_bothers_nobody(db: SqlDatabase) -> None:
    first = a_test()
    held(db, first)
    last = stored(db, follows(first, identifier="w2", msg_type=MsgType.CANCEL))
    assert plan_at(db, 1) == 1
    watch(db, 1)
    assert not waiting(db)
    assert why(db, last) == {WhyNot.NOT_ACTUAL}


def test_a_test_repeated_gains_no_time_and_alarms_no_more_often_than_one(db: SqlDatabase) -> None:
    first = a_test()
    held(db, first)
    again = stored(db, replace(first, identifier="again", sent=first.sent + minutes(10)))
    assert plan_at(db, 10) == 0
    watch(db, 10)
    assert waiting(db) == {again: OFFICE.hold_for}
    assert watch(db, 15).alarms == 1
    third = stored(db, replace(first, identifier="third", sent=first.sent + minutes(20)))
    plan_at(db, 20)
    watch(db, 20)
    assert list(waiting(db)) == [third]
    assert watch(db, 29).alarms == 0
    assert watch(db, 30).alarms == 1
    fourth = stored(db, replace(first, identifier="fourth", sent=first.sent + minutes(40)))
    plan_at(db, 40)
    watch(db, 40)
    assert list(waiting(db)) == [fourth]
    assert watch(db, 90).alarms == 0
    events = journal(db)
    assert (events.count("hold_overdue"), events.count("hold_overdue_again")) == (1, 1)


def test_a_test_that_cancels_what_people_were_told_is_held_too(db: SqlDatabase) -> None:
    first = a_warning()
    alerted(db, first)
    mark_sent(db)
    odd = follows(first, identifier="w2", msg_type=MsgType.CANCEL, infos=a_test().infos)
    number = held(db, odd)
    assert "stand_down" not in {kind for _, kind, _ in outbox(db)}
    holding.release(db, RAHMAN, number, NOW + minutes(1))
    plan_at(db, 1)
    assert {kind for _, kind, state in outbox(db) if state == "ready"} == {
        MessageKind.STAND_DOWN.value
    }


def test_a_discarded_cancel_is_no_all_clear(db: SqlDatabase) -> None:
    first = a_warning()
    alerted(db, first)
    mark_sent(db)
    odd = follows(first, identifier="w2", msg_type=MsgType.CANCEL, infos=a_test().infos)
    holding.discard(db, RAHMAN, held(db, odd), NOW + minutes(1))
    assert plan_at(db, 1) == 1
    assert "stand_down" not in {kind for _, kind, _ in outbox(db)}
    with db.reading() as stores:
        assert stores.warnings.get(1).superseded_by is None


def test_a_held_message_keeps_nobody_from_the_all_clear(db: SqlDatabase) -> None:
    first = a_warning()
    alerted(db, first)
    mark_sent(db)
    held(db, follows(first, identifier="w2", infos=a_test().infos))
    ended = alerted(db, follows(first, identifier="w3", msg_type=MsgType.CANCEL))
    assert {draft.kind for draft in ended.drafts} == {MessageKind.STAND_DOWN}


@pytest.mark.parametrize("status", [Status.TEST, Status.EXERCISE, Status.SYSTEM, Status.DRAFT])
def test_what_says_so_by_its_status_is_not_held(db: SqlDatabase, status: Status) -> None:
    stored(db, a_test(status=status))
    assert plan_at(db) == (0 if status is Status.EXERCISE else 1), "exercises wait elsewhere"
    assert (waiting(db), outbox(db)) == ({}, [])


def test_a_hold_is_no_fault_of_planning(db: SqlDatabase) -> None:
    held(db)
    assert SqlBoard(db.engine).now(NOW + hours(1)).pulse.unplanned == 0
