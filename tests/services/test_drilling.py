"""Exercises through the store: counted, told to desk and managers alone, and answered in vain."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, func, select

from carealert.adapters.db.board.reader import SqlBoard
from carealert.adapters.db.stores import SqlDatabase
from carealert.adapters.db.summary import read_outcome
from carealert.adapters.db.tables import match, not_sent, notice, notice_about
from carealert.adapters.sealing import Sealer
from carealert.domain.drills import Drills
from carealert.domain.facilities import ContinuityStatus
from carealert.domain.hazards import Hazard
from carealert.domain.notices import SubjectState
from carealert.domain.warnings import HazardWarning, MsgType, Status
from carealert.services.alerting import alert, dry_run, plan_waiting
from carealert.services.answering import ReplyOutcome, receive_reply
from carealert.services.drilling import rehearse_waiting
from carealert.services.ports.outbox import ClaimedNotice
from carealert.services.watching import Phase
from tests.services.test_alerting import (
    OFFICE,
    RULES,
    follows,
    journal,
    outbox,
    states,
    stored,
    two_homes,
)
from tests.support.builders import NOW, a_phone, a_warning, an_area, an_info, hours, minutes
from tests.support.fakes import BrokenComposer, PlainComposer
from tests.support.html import Page
from tests.support.web_app import app_on, local_client

MANAGER, DESK = a_phone(3).number, a_phone(99).number
ASKED = replace(OFFICE, drills=Drills.FACILITIES)


@pytest.fixture
def db(engine: Engine, sealer: Sealer) -> SqlDatabase:
    store = SqlDatabase(engine, sealer)
    two_homes(store)
    return store


def an_exercise(**changes: Any) -> HazardWarning:
    return a_warning(**{"identifier": "drill", "status": Status.EXERCISE, **changes})


def rehearse(db: SqlDatabase, now: datetime = NOW, setting: Drills = Drills.FACILITIES) -> int:
    office = replace(OFFICE, drills=setting)
    return rehearse_waiting(db, RULES, PlainComposer(), office, now)


def drilled(db: SqlDatabase, warning: HazardWarning | None = None, now: datetime = NOW) -> int:
    number = stored(db, warning or an_exercise(), now)
    assert rehearse(db, now) == 1
    return number


def claimed(db: SqlDatabase, now: datetime) -> list[ClaimedNotice]:
    """What a deliverer takes at this moment; it all goes out."""
    with db.transaction() as stores:
        batch = list(stores.outbox.claim("w", now, minutes(1), 200))
    with db.engine.begin() as connection:
        connection.execute(notice.update().where(notice.c.state == "claimed").values(state="sent"))
    return batch


def say(db: SqlDatabase, body: str, now: datetime, number: str = MANAGER) -> ReplyOutcome:
    name = f"SM-{body}-{now.isoformat()}"
    return receive_reply(db, PlainComposer(), name, number, body, None, now)


def report(db: SqlDatabase) -> ContinuityStatus | None:
    """How the manager last reported the facility."""
    with db.reading() as stores:
        found = stores.facilities.latest_reports()
    return found["f1"].status if "f1" in found else None


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        (Drills.BOARD, []),
        (Drills.DESK, [("desk", "drill", "ready")]),
        (Drills.FACILITIES, [("desk", "drill", "ready"), ("f1", "drill", "ready")]),
    ],
)
def test_an_exercise_reaches_those_the_office_chose_and_nobody_in_care(
    db: SqlDatabase, setting: Drills, told: list[tuple[str, str, str]]
) -> None:
    number = stored(db, an_exercise())
    assert rehearse(db, setting=setting) == 1
    assert outbox(db) == told
    assert states(db, number) == {}
    assert "drilled" in journal(db)
    with db.reading() as stores:
        assert stores.warnings.get(number).planned_at == NOW
        assert stores.escalations.due(NOW + hours(9)) == []
    with db.engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(match)) == 2
        assert connection.scalar(select(func.count()).select_from(notice_about)) == 0
        query = select(not_sent.c.ref).where(not_sent.c.reason == "drill")
        assert set(connection.scalars(query)) == {"c1", "f1"}


@pytest.mark.parametrize("status", [Status.TEST, Status.SYSTEM, Status.DRAFT, None])
@pytest.mark.parametrize("setting", list(Drills))
def test_a_test_a_system_message_and_a_draft_lead_to_nothing(
    sqlite_engine: Engine, sealer: Sealer, status: Status | None, setting: Drills
) -> None:
    db = SqlDatabase(sqlite_engine, sealer)
    two_homes(db)
    stored(db, an_exercise(status=status))
    assert rehearse(db, setting=setting) == 0
    office = replace(OFFICE, drills=setting)
    assert plan_waiting(db, RULES, PlainComposer(), office, NOW) == 1
    assert outbox(db) == []


def test_a_real_warning_is_planned_first_and_goes_out_first(db: SqlDatabase) -> None:
    stored(db, an_exercise())
    stored(db, a_warning(identifier="real"))
    assert plan_waiting(db, RULES, PlainComposer(), ASKED, NOW) == 1
    assert {kind for _, kind, _ in outbox(db)} == {"alert", "facility_confirm"}
    assert rehearse(db) == 1
    with db.transaction() as stores:
        assert [n.recipient_ref for n in stores.outbox.claim("w", NOW, minutes(1), 2)] == [
            "c1",
            "f1",
        ], "with room for two, both are real"


def test_real_messages_never_wait_for_a_large_batch_of_drills(db: SqlDatabase) -> None:
    for n in range(30):
        area = an_area(area_desc=f"ward {n}")
        info = an_info(areas=(area,), hazard=list(Hazard)[n % 20])
        stored(db, an_exercise(infos=(info,), identifier=f"d{n}", sender=f"a{n}@example.org"))
    rehearse(db, setting=Drills.DESK)
    first = claimed(db, NOW)
    assert 0 < len(first) <= 16
    assert len(first) + len(claimed(db, NOW)) == 30


def test_polling_the_same_exercise_or_an_update_of_it_asks_nobody_twice(db: SqlDatabase) -> None:
    first = an_exercise()
    drilled(db, first)
    drilled(db, follows(first, identifier="d2"), NOW + minutes(5))
    assert [entry[:2] for entry in outbox(db)] == [("desk", "drill"), ("f1", "drill")]


def test_a_cancel_of_the_exercise_calls_off_what_waits_and_nothing_real(db: SqlDatabase) -> None:
    first = an_exercise()
    drilled(db, first)
    stored(db, a_warning(identifier="real"))
    plan_waiting(db, RULES, PlainComposer(), ASKED, NOW)
    drilled(db, follows(first, identifier="d2", msg_type=MsgType.CANCEL), NOW + minutes(1))
    assert outbox(db) == [
        ("c1", "alert", "ready"),
        ("desk", "drill", "cancelled"),
        ("f1", "drill", "cancelled"),
        ("f1", "facility_confirm", "ready"),
    ]


def test_an_exercise_that_names_a_real_warning_is_a_story_of_its_own(db: SqlDatabase) -> None:
    real = a_warning(identifier="real")
    number = stored(db, real)
    plan_waiting(db, RULES, PlainComposer(), ASKED, NOW)
    before = states(db, number)
    drill = stored(
        db, follows(real, identifier="d", status=Status.EXERCISE, msg_type=MsgType.CANCEL)
    )
    assert rehearse(db) == 1
    assert states(db, number) == before
    with db.reading() as stores:
        own, other = stores.warnings.get(number), stores.warnings.get(drill)
    assert own.incident != other.incident
    assert own.superseded_by is None


def test_a_real_warning_that_names_an_exercise_is_real_and_ends_the_exercise(
    db: SqlDatabase,
) -> None:
    first = an_exercise()
    drill = drilled(db, first)
    real = stored(db, follows(first, identifier="real", status=Status.ACTUAL))
    assert plan_waiting(db, RULES, PlainComposer(), ASKED, NOW) == 1
    assert ("c1", "alert", "ready") in outbox(db)
    assert ("f1", "facility_confirm", "ready") in outbox(db), "the drill's question is none"
    with db.reading() as stores:
        assert stores.warnings.get(drill).superseded_by == real
        assert stores.warnings.get(drill).incident != stores.warnings.get(real).incident


def test_a_real_warning_that_names_an_exercise_joins_the_other_senders_real_one(
    db: SqlDatabase,
) -> None:
    """As it would if the exercise had never come."""
    drill = an_exercise()
    drilled(db, drill)
    first = stored(db, a_warning(identifier="real"))
    other = follows(drill, identifier="two", status=Status.ACTUAL, sender="water@example.org")
    assert incident_of(db, stored(db, other)) == incident_of(db, first)


def test_a_drill_s_answer_is_kept_as_one_and_changes_nothing_real(db: SqlDatabase) -> None:
    number = drilled(db)
    assert [one.recipient_ref for one in claimed(db, NOW + minutes(1))] == ["desk", "f1"]
    outcome = say(db, "8", NOW + minutes(2))
    assert (outcome.meaning, outcome.text) == ("closed", "drill_thanks")
    assert report(db) is None
    assert states(db, number) == {}
    assert "drill_answered" in journal(db)
    assert "answered" not in journal(db)
    view = SqlBoard(db.engine).incident(incident_of(db, number), NOW + minutes(3))
    assert view is not None
    assert view.summary.drill is not None
    assert (view.summary.drill.asked, dict(view.summary.drill.answers)) == (1, {"closed": 1})


@pytest.mark.parametrize("body", ["closed", "বন্ধ", "8", "৮"])
def test_a_word_is_an_answer_to_the_exercise_where_nothing_real_is_asked(
    db: SqlDatabase, body: str
) -> None:
    drilled(db)
    claimed(db, NOW + minutes(1))
    assert say(db, body, NOW + minutes(2)).meaning == "closed"
    assert report(db) is None


def test_a_digit_of_the_real_question_is_none_of_the_exercise(db: SqlDatabase) -> None:
    drilled(db)
    claimed(db, NOW + minutes(1))
    assert say(db, "4", NOW + minutes(2)).meaning == "unclear"
    assert report(db) is None


def test_stop_works_in_an_exercise_too(db: SqlDatabase) -> None:
    drilled(db)
    claimed(db, NOW + minutes(1))
    assert say(db, "STOP", NOW + minutes(2)).meaning == "stop"
    with db.reading() as stores:
        assert MANAGER in stores.people.suppressed()


def test_while_a_real_question_holds_no_manager_is_drilled(db: SqlDatabase) -> None:
    stored(db, a_warning(identifier="real"))
    plan_waiting(db, RULES, PlainComposer(), ASKED, NOW)
    claimed(db, NOW)
    drilled(db)
    assert [one.recipient_ref for one in claimed(db, NOW + minutes(1))] == ["desk"]
    assert ("f1", "drill", "cancelled") in outbox(db)
    say(db, "4", NOW + minutes(2))
    assert report(db) is ContinuityStatus.CLOSED


@pytest.mark.parametrize(
    ("body", "meaning", "reported"),
    [
        ("1", "open", ContinuityStatus.OPEN),
        ("closed", "closed", ContinuityStatus.CLOSED),
        ("8", "closed", None),
    ],
)
def test_a_real_question_after_the_exercise_is_answered_as_real(
    db: SqlDatabase, body: str, meaning: str, reported: ContinuityStatus | None
) -> None:
    """Except by the exercise's own digit, which comes late."""
    drilled(db)
    claimed(db, NOW + minutes(1))
    stored(db, a_warning(identifier="real"))
    plan_waiting(db, RULES, PlainComposer(), ASKED, NOW + minutes(2))
    claimed(db, NOW + minutes(2))
    assert say(db, body, NOW + minutes(3)).meaning == meaning
    assert report(db) is reported


def test_a_slip_in_an_exercise_answers_no_real_question_of_long_ago(db: SqlDatabase) -> None:
    stored(db, a_warning(an_info(expires=NOW + hours(1)), identifier="real"))
    plan_waiting(db, RULES, PlainComposer(), ASKED, NOW)
    claimed(db, NOW)
    later = NOW + hours(3)
    drilled(db, an_exercise(), later)
    claimed(db, later + minutes(1))
    assert say(db, "1", later + minutes(2)).meaning == "unclear"
    assert report(db) is None
    assert say(db, "5", later + minutes(3)).meaning == "open"
    assert report(db) is None


def test_after_the_exercise_its_question_is_answered_no_more(db: SqlDatabase) -> None:
    drilled(db, an_exercise(infos=(an_info(expires=NOW + hours(1)),)))
    claimed(db, NOW + minutes(1))
    assert say(db, "8", NOW + hours(2)).meaning == "unasked"


def test_an_exercise_whose_texts_cannot_be_written_is_counted_all_the_same(
    db: SqlDatabase,
) -> None:
    number = stored(db, an_exercise())
    composer = BrokenComposer("drill_desk")
    assert rehearse_waiting(db, RULES, composer, ASKED, NOW) == 1
    assert outbox(db) == []
    assert "drill_failed" in journal(db)
    assert "planning_failed" not in journal(db), "no alarm on the board"
    (one,) = SqlBoard(db.engine).now(NOW + minutes(1)).incidents
    assert one.id == incident_of(db, number)
    assert one.drill is not None
    assert one.drill.people == 1


def test_the_board_counts_an_exercise_apart_from_everything_real(db: SqlDatabase) -> None:
    board = SqlBoard(db.engine)
    stored(db, a_warning(identifier="real"))
    plan_waiting(db, RULES, PlainComposer(), ASKED, NOW)
    alone = board.now(NOW + minutes(5))
    number = stored(db, an_exercise())
    waiting = board.now(NOW + minutes(5))
    assert waiting.pulse == alone.pulse, "one that waits to be planned is no alarm"
    assert rehearse(db) == 1
    both = board.now(NOW + minutes(5))
    assert both.pulse == alone.pulse
    assert (both.tasks, both.facilities) == (alone.tasks, alone.facilities)
    real, drill = both.incidents
    assert (real,) == alone.incidents
    assert drill.id == incident_of(db, number)
    assert drill.phase is Phase.ACTIVE
    assert not drill.concerns_us
    assert (drill.people.matched, drill.messages.recipients, drill.open_tasks) == (0, 0, 0)
    assert drill.drill is not None
    counts = drill.drill
    assert (counts.matched, counts.people, counts.facilities) == (1, 1, 1)
    assert dict(counts.by_rule) == {"rule-1": "<10", "confirm": "1"}


def test_the_page_of_an_exercise_says_that_it_is_one(db: SqlDatabase) -> None:
    number = drilled(db)
    claimed(db, NOW + minutes(1))
    say(db, "8", NOW + minutes(2))
    page = local_client(app_on(db.engine)).get(f"/incidents/{incident_of(db, number)}")
    top = [one.text for one in Page(page.text).elements if not one.inside]
    words = " ".join("".join(top).split())
    for sentence in (
        "This is an exercise. No resident and no caregiver is told.",
        "Would have been told: 1 person, 1 facility; 1 person in care matched.",
        "Asked as an exercise: 1 manager; 1 answered “closed”.",
        "Would have been told, were the exercise real",
    ):
        assert sentence in words
    assert "Told 1 of" not in words


def test_the_demo_s_sums_are_those_of_real_warnings(db: SqlDatabase) -> None:
    stored(db, a_warning(identifier="real"))
    plan_waiting(db, RULES, PlainComposer(), ASKED, NOW)
    with db.engine.connect() as connection:
        before = read_outcome(connection)
    drilled(db)
    with db.engine.connect() as connection:
        after = read_outcome(connection)
    more: Mapping[str, int] = {"not_actual": 1}
    assert after.not_sent == {**before.not_sent, **more}
    assert replace(after, warnings=before.warnings, not_sent=before.not_sent) == before


def test_a_dry_run_says_what_an_exercise_would_lead_to(db: SqlDatabase) -> None:
    tried, notices = dry_run(db, RULES, PlainComposer(), an_exercise(), ASKED, NOW)
    assert outbox(db) == []
    assert {one.draft.recipient.ref for one in notices} == {"desk", "f1"}
    drilled(db)
    assert [one[0] for one in outbox(db)] == ["desk", "f1"]
    assert {draft.idempotency_key for draft in tried.drafts} == keys(db)


def test_an_exercise_given_to_the_planner_of_real_warnings_reaches_nobody(
    db: SqlDatabase,
) -> None:
    number = stored(db, an_exercise())
    outcome = alert(db, RULES, PlainComposer(), number, ASKED, NOW)
    assert (outcome.notices, outbox(db)) == (0, [])


def test_a_subject_s_state_under_a_real_warning_outlives_any_drill(db: SqlDatabase) -> None:
    number = stored(db, a_warning(identifier="real"))
    plan_waiting(db, RULES, PlainComposer(), ASKED, NOW)
    drilled(db)
    claimed(db, NOW + timedelta(seconds=1))
    say(db, "8", NOW + minutes(2))
    assert set(states(db, number).values()) == {SubjectState.WAITING}


def incident_of(db: SqlDatabase, number: int) -> str:
    with db.reading() as stores:
        return stores.warnings.get(number).incident


def keys(db: SqlDatabase) -> set[str]:
    with db.engine.connect() as connection:
        return set(connection.scalars(select(notice.c.idempotency_key)))
