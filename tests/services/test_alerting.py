"""From a stored warning to the outbox, on a real store."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from shapely.geometry import box
from shapely.geometry.base import BaseGeometry
from sqlalchemy import Engine, event, select

from carealert.adapters.db.stores import SqlDatabase
from carealert.adapters.db.tables import notice
from carealert.adapters.sealing import Sealer
from carealert.domain.hazards import Hazard
from carealert.domain.notices import MessageKind, SubjectState
from carealert.domain.people import Caregiver, Resident
from carealert.domain.plan import Plan, WhyNot
from carealert.domain.rules import SubjectKind
from carealert.domain.warnings import Area, HazardWarning, MsgType, Reference, Severity, Status
from carealert.services.alerting import (
    OfficeSettings,
    alert,
    dry_run,
    matched_genders,
    plan_waiting,
)
from carealert.services.ports.registry import PlaceArea
from carealert.services.ports.text import TemplateProblem
from tests.support.alerting import alerted as planned
from tests.support.builders import (
    AWAY,
    COAST,
    NOW,
    a_caregiver,
    a_chain,
    a_facility,
    a_facility_rule,
    a_link,
    a_phone,
    a_resident,
    a_rule,
    a_warning,
    an_area,
    an_info,
    hours,
    minutes,
    rules_of,
)
from tests.support.documents import a_document
from tests.support.fakes import BrokenComposer, PlainComposer

RULES = rules_of(a_rule(escalate=a_chain()), a_facility_rule())
OFFICE = OfficeSettings("en", UTC, a_phone(99).number, "en", hours(12))
ELSEWHERE = box(100, 10, 101, 11)


@pytest.fixture
def db(sqlite_engine: Engine, sealer: Sealer) -> SqlDatabase:
    """An empty store."""
    return SqlDatabase(sqlite_engine, sealer)


def register(db: SqlDatabase, *people: tuple[Resident, Caregiver]) -> None:
    with db.transaction() as stores:
        stores.areas.put(
            [
                PlaceArea("P-CODE", "BD10", 1, None, {"en": "Barisal"}, None),
                PlaceArea("P-CODE", "BD1004", 2, "BD10", {"en": "Barguna"}, COAST),
                PlaceArea("P-CODE", "BD100428", 3, "BD1004", {"en": "Amtali", "bn": "আমতলী"}, None),
            ]
        )
        stores.people.put_residents([resident for resident, _ in people])
        carers = {carer.ref: carer for _, carer in people}
        stores.people.put_caregivers(
            carers.values(), [a_link(carer.ref, resident.ref) for resident, carer in people]
        )
        stores.facilities.put([a_facility()])


def two_homes(db: SqlDatabase) -> None:
    register(
        db,
        (a_resident(ref="r1", phone=None), a_caregiver(ref="c1", phone=a_phone(11))),
        (
            a_resident(ref="r2", phone=None, lat=AWAY[0], lon=AWAY[1], area_code=None),
            a_caregiver(ref="c2", phone=a_phone(12)),
        ),
    )


def stored(db: SqlDatabase, warning: HazardWarning, now: datetime = NOW) -> int:
    with db.engine.begin() as connection:
        document = a_document(connection, warning.identifier)
    with db.transaction() as stores:
        saved = stores.warnings.save(warning, document, now)
    assert saved is not None
    return saved.id


def alerted(db: SqlDatabase, warning: HazardWarning, now: datetime = NOW) -> Plan:
    return planned(db, RULES, PlainComposer(), stored(db, warning, now), OFFICE, now)


def outbox(db: SqlDatabase) -> list[tuple[str, str, str]]:
    """(recipient, kind, state) of everything in the outbox."""
    query = select(notice.c.recipient_ref, notice.c.kind, notice.c.state)
    with db.engine.connect() as connection:
        return sorted(tuple(row) for row in connection.execute(query))


def mark_sent(db: SqlDatabase) -> None:
    with db.engine.begin() as connection:
        connection.execute(notice.update().where(notice.c.state == "ready").values(state="sent"))


def journal(db: SqlDatabase) -> list[str]:
    with db.reading() as stores:
        return [line.event for line in stores.journal.recent()]


def states(db: SqlDatabase, warning_id: int) -> dict[tuple[SubjectKind, str], SubjectState]:
    with db.reading() as stores:
        return dict(stores.escalations.states(stores.warnings.get(warning_id).incident))


def follows(earlier: HazardWarning, **changes: Any) -> HazardWarning:
    reference = Reference(earlier.sender, earlier.identifier, earlier.sent)
    own = {"sent": earlier.sent + minutes(30), "msg_type": MsgType.UPDATE, **changes}
    return replace(earlier, **{"references": (reference,), **own})


def test_those_inside_are_in_the_outbox_and_nobody_else(engine: Engine, sealer: Sealer) -> None:
    db = SqlDatabase(engine, sealer)
    two_homes(db)
    decided = alerted(db, a_warning())
    assert outbox(db) == [("c1", "alert", "ready"), ("f1", "facility_confirm", "ready")]
    assert {timer.ref for timer in decided.timers} == {"r1", "f1"}
    with db.reading() as stores:
        assert not stores.warnings.unplanned()
        assert stores.escalations.due(NOW + minutes(10))
    assert journal(db)[0] == "planned"


def test_the_place_in_a_text_is_the_home_s_own_area_in_every_language(db: SqlDatabase) -> None:
    two_homes(db)
    decided = alerted(db, a_warning())
    assert decided.drafts[0].facts.places == {"en": "Amtali", "bn": "আমতলী"}


def test_planning_twice_writes_once(db: SqlDatabase) -> None:
    two_homes(db)
    warning_id = stored(db, a_warning())
    for _ in range(2):
        alert(db, RULES, PlainComposer(), warning_id, OFFICE, NOW)
    assert len(outbox(db)) == 2


@pytest.mark.parametrize(
    ("geocodes", "told"),
    [
        ((("P-CODE", "BD1004"),), ["c1", "f1"]),
        ((("p code", "BD1004"),), ["c1", "f1"]),
        ((("P-CODE", "BD10"),), ["c1", "f1"]),
        ((("OTHER", "BD100428"),), ["c1", "f1"]),  # known by the people who live there
        ((("P-CODE", "BD99"), ("P-CODE", "BD1004")), ["c1", "f1"]),
    ],
)
def test_without_a_polygon_codes_find_the_area_and_those_registered_below_it(
    db: SqlDatabase, geocodes: tuple[tuple[str, str], ...], told: list[str]
) -> None:
    two_homes(db)
    area = Area("somewhere", None, geocodes, None, None)
    decided = alerted(db, a_warning(an_info(areas=(area,))))
    assert [draft.recipient.ref for draft in decided.drafts] == told


def test_a_polygon_counts_alone_where_codes_would_say_more(db: SqlDatabase) -> None:
    two_homes(db)
    narrow = an_area(geometry=ELSEWHERE, geocodes=(("P-CODE", "BD1004"),))
    assert alerted(db, a_warning(an_info(areas=(narrow,)))).drafts == ()


@pytest.mark.parametrize("areas", [(Area("nowhere", None, (("X", "1"),), None, None),), ()])
def test_an_area_nobody_can_place_is_said_and_stands_nobody_down(
    db: SqlDatabase, areas: tuple[Area, ...]
) -> None:
    two_homes(db)
    first = a_warning()
    alerted(db, first)
    mark_sent(db)
    lost = follows(first, identifier="w2", infos=(an_info(areas=areas),))
    decided = alerted(db, lost)
    assert WhyNot.AREA_UNRESOLVED in {entry.reason for entry in decided.not_sent}
    assert (decided.drafts, dict(decided.states)) == ((), {})


def test_the_same_area_in_two_languages_is_looked_up_and_told_once(db: SqlDatabase) -> None:
    two_homes(db)
    decided = alerted(db, a_warning(an_info(), an_info(language="bn")))
    assert [draft.recipient.ref for draft in decided.drafts] == ["c1", "f1"]


def test_a_phone_that_said_stop_is_not_told(db: SqlDatabase) -> None:
    two_homes(db)
    with db.transaction() as stores:
        stores.people.suppress(a_phone(11).number, NOW, "test")
    decided = alerted(db, a_warning())
    assert [draft.recipient.ref for draft in decided.drafts] == ["f1"]
    assert WhyNot.OPTED_OUT in {entry.reason for entry in decided.not_sent}


def test_a_dry_run_says_the_same_and_writes_nothing(db: SqlDatabase) -> None:
    two_homes(db)
    tried, notices = dry_run(db, RULES, PlainComposer(), a_warning(), OFFICE, NOW)
    assert outbox(db) == []
    assert journal(db) == []
    decided = alerted(db, a_warning())
    without = [replace(draft, incident="", reasons=()) for draft in decided.drafts]
    assert [replace(draft, incident="", reasons=()) for draft in tried.drafts] == without
    assert [one.draft for one in notices] == list(tried.drafts)
    assert matched_genders(db, tried) == {"woman": 1}


def test_a_dry_run_of_an_update_knows_what_was_told(db: SqlDatabase) -> None:
    two_homes(db)
    first = a_warning()
    alerted(db, first)
    mark_sent(db)
    same, _ = dry_run(db, RULES, PlainComposer(), follows(first, identifier="w2"), OFFICE, NOW)
    assert same.drafts == ()
    assert WhyNot.NOTHING_CHANGED in {entry.reason for entry in same.not_sent}
    ended, _ = dry_run(
        db,
        RULES,
        PlainComposer(),
        follows(first, identifier="w3", msg_type=MsgType.CANCEL),
        OFFICE,
        NOW,
    )
    assert {draft.kind for draft in ended.drafts} == {MessageKind.STAND_DOWN}


def test_a_dry_run_of_what_was_decided_shows_the_decision_again(db: SqlDatabase) -> None:
    two_homes(db)
    alerted(db, a_warning())
    tried, _ = dry_run(db, RULES, PlainComposer(), a_warning(), OFFICE, NOW)
    assert [draft.recipient.ref for draft in tried.drafts] == ["c1", "f1"]


def test_a_text_that_cannot_be_written_leaves_nothing_half_done(db: SqlDatabase) -> None:
    two_homes(db)
    warning_id = stored(db, a_warning())
    broken = BrokenComposer("care_alert")
    for _ in range(3):
        with pytest.raises(TemplateProblem):
            alert(db, RULES, broken, warning_id, OFFICE, NOW)
    assert outbox(db) == []
    assert states(db, warning_id) == {}
    assert journal(db) == ["planning_failed"], "once, not at every try"
    with db.reading() as stores:
        assert [one.id for one in stores.warnings.unplanned()] == [warning_id]


def test_one_broken_text_does_not_hold_up_other_warnings(db: SqlDatabase) -> None:
    two_homes(db)
    rules = rules_of(a_rule(template="broken", hazard={Hazard.FLOOD}), a_rule(id="rest"))
    flood = a_warning(an_info(hazard=Hazard.FLOOD), identifier="flood")
    first, second = stored(db, flood), stored(db, a_warning(identifier="other"))
    done = plan_waiting(db, rules, BrokenComposer("broken"), OFFICE, NOW)
    assert done == 1
    with db.reading() as stores:
        assert [one.id for one in stores.warnings.unplanned()] == [first]
        assert stores.warnings.get(second).planned_at is not None
    assert plan_waiting(db, rules, PlainComposer(), OFFICE, NOW) == 1


def test_a_cancel_reaches_those_who_were_told(db: SqlDatabase) -> None:
    two_homes(db)
    first = a_warning()
    alerted(db, first)
    mark_sent(db)
    last = stored(db, follows(first, identifier="w2", msg_type=MsgType.CANCEL))
    plan_waiting(db, RULES, PlainComposer(), OFFICE, NOW)
    assert [entry for entry in outbox(db) if entry[1] == "stand_down"] == [
        ("c1", "stand_down", "ready"),
        ("f1", "stand_down", "ready"),
    ]
    assert set(states(db, last).values()) == {SubjectState.STOOD_DOWN}
    with db.reading() as stores:
        assert not stores.escalations.due(NOW + hours(9)), "nobody is asked any more"


def test_an_alert_that_comes_after_its_own_cancel_is_told_to_nobody(db: SqlDatabase) -> None:
    two_homes(db)
    first = a_warning()
    stored(db, follows(first, identifier="w2", msg_type=MsgType.CANCEL))
    late = stored(db, first)
    assert plan_waiting(db, RULES, PlainComposer(), OFFICE, NOW) == 2
    assert outbox(db) == []
    with db.reading() as stores:
        assert stores.warnings.get(late).planned_at is not None


def test_an_alert_and_its_update_read_together_make_one_text(db: SqlDatabase) -> None:
    two_homes(db)
    first = a_warning()
    stored(db, first)
    worse = an_info(severity=Severity.EXTREME)
    stored(db, follows(first, identifier="w2", infos=(worse,)))
    plan_waiting(db, RULES, PlainComposer(), OFFICE, NOW)
    assert outbox(db) == [("c1", "alert", "ready"), ("f1", "facility_confirm", "ready")]


def test_an_exercise_that_names_a_real_warning_ends_nothing(db: SqlDatabase) -> None:
    two_homes(db)
    first = a_warning()
    stored(db, first)
    drill = follows(first, identifier="w2", msg_type=MsgType.CANCEL, status=Status.EXERCISE)
    stored(db, drill)
    plan_waiting(db, RULES, PlainComposer(), OFFICE, NOW)
    assert outbox(db) == [("c1", "alert", "ready"), ("f1", "facility_confirm", "ready")]


def test_the_end_of_one_of_two_warnings_is_no_all_clear_under_the_other(db: SqlDatabase) -> None:
    """Agencies run several messages in one incident at once, for other areas or hazards."""
    register(
        db,
        (a_resident(ref="r1", phone=None), a_caregiver(ref="c1", phone=a_phone(11))),
        (
            a_resident(ref="r2", phone=None, lat=10.5, lon=100.5, area_code=None),
            a_caregiver(ref="c2", phone=a_phone(12)),
        ),
    )
    coast = a_warning(identifier="coast", incidents=("remal",))
    inland = a_warning(
        an_info(areas=(an_area(geometry=ELSEWHERE),)), identifier="inland", incidents=("remal",)
    )
    for warning in (coast, inland):
        assert {d.kind for d in alerted(db, warning).drafts} <= {
            MessageKind.ALERT,
            MessageKind.FACILITY_CONFIRM,
        }
        mark_sent(db)
    ended = alerted(db, follows(coast, identifier="w3", msg_type=MsgType.CANCEL))
    assert {(d.recipient.ref, d.kind) for d in ended.drafts} == {
        ("c1", MessageKind.STAND_DOWN),
        ("f1", MessageKind.STAND_DOWN),
    }
    assert (SubjectKind.RESIDENT, "r2") not in ended.states


def test_a_message_that_was_replaced_long_ago_holds_nobody_back_from_the_all_clear(
    db: SqlDatabase,
) -> None:
    """Each Update names the one before it only; the first Alert must not count as still on."""
    two_homes(db)
    first = a_warning()
    second = follows(first, identifier="w2")
    for warning in (first, second):
        alerted(db, warning)
        mark_sent(db)
    moved = follows(second, identifier="w3", infos=(an_info(areas=(an_area(geometry=ELSEWHERE),)),))
    ended = alerted(db, moved)
    assert {draft.kind for draft in ended.drafts} == {MessageKind.STAND_DOWN}
    assert {draft.recipient.ref for draft in ended.drafts} == {"c1", "f1"}


@pytest.mark.parametrize(
    ("polygon", "told"),
    [
        (box(90.3, 22.3, 91, 23), True),  # a corner of the area
        (box(90.1, 22.1, 90.11, 22.11), True),  # a small place in it
        (box(90.4, 22.0, 91, 22.4), False),  # the neighbour, along the border
        (box(90.3999, 22.0, 91, 22.4), False),  # the same border, drawn a little differently
        (ELSEWHERE, False),
    ],
)
def test_who_is_registered_with_an_area_only_is_told_where_a_part_of_it_is_warned(
    db: SqlDatabase, polygon: BaseGeometry, told: bool
) -> None:
    nowhere = a_resident(ref="r1", phone=None, lat=None, lon=None)
    register(db, (nowhere, a_caregiver(ref="c1", phone=a_phone(11))))
    with db.transaction() as stores:
        stores.facilities.put([a_facility(ref="f1", lat=None, lon=None)])
    decided = alerted(db, a_warning(an_info(areas=(an_area(geometry=polygon),))))
    assert {draft.recipient.ref for draft in decided.drafts} == ({"c1", "f1"} if told else set())


def test_a_warning_that_no_rule_is_about_asks_the_register_nothing(
    engine: Engine, sealer: Sealer
) -> None:
    db = SqlDatabase(engine, sealer)
    two_homes(db)
    number = stored(db, a_warning(an_info(hazard=Hazard.FOG)))
    asked: list[str] = []

    def note(_: object, __: object, statement: str, *___: object) -> None:
        asked.append(statement.lower())

    event.listen(engine, "before_cursor_execute", note)
    try:
        rules = rules_of(a_rule(hazard={Hazard.FLOOD}))
        outcome = alert(db, rules, PlainComposer(), number, OFFICE, NOW)
    finally:
        event.remove(engine, "before_cursor_execute", note)
    assert outcome.not_sent == {WhyNot.NO_RULE: 1}
    tables = re.compile(r"\b(from|join) (resident|caregiver|facility|area)\b")
    assert [one for one in asked if tables.search(one)] == []
    with db.reading() as stores:
        assert not stores.warnings.unplanned()
