"""Time alone brings what a rule waits for; from stored warning to notices and answers."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC

import pytest
from sqlalchemy import Engine

from carealert.adapters.db import tables
from carealert.adapters.db.stores import SqlDatabase
from carealert.adapters.sealing import Sealer
from carealert.domain.condition_parts import Range
from carealert.domain.notices import Notice, NoticeDraft, SubjectState
from carealert.domain.people import Need
from carealert.domain.rules import Audience, EscalationStep, Priority, Rule, RuleSet
from carealert.domain.warnings import HazardWarning, MsgType
from carealert.services.alerting import OfficeSettings, alert
from carealert.services.answering import receive_reply
from carealert.services.following_up import follow_up
from carealert.services.looking_again import look_again
from tests.services.test_alerting import follows, journal, mark_sent, stored
from tests.support.builders import (
    NOW,
    a_caregiver,
    a_link,
    a_phone,
    a_resident,
    a_rule,
    a_warning,
    an_info,
    an_organisation,
    hours,
    minutes,
    rules_of,
)
from tests.support.delivery import StubComposer, rows
from tests.support.fakes import PlainComposer

OFFICE = OfficeSettings("en", UTC, a_phone(99).number, "en", hours(12))
DESK = EscalationStep(minutes(30), (Audience.CITY_DESK,), "desk")
COMING = a_warning(an_info(onset=NOW + hours(20), expires=NOW + hours(40)))


@pytest.fixture
def db(engine: Engine, sealer: Sealer) -> SqlDatabase:
    """r1 needs help to move, r2 and r3 do not; c1 cares for r1 and r2."""
    found = SqlDatabase(engine, sealer)
    with found.transaction() as stores:
        stores.people.put_residents(
            [
                a_resident(ref="r1", phone=None, needs=frozenset({Need.MOBILITY})),
                a_resident(ref="r2", phone=None, needs=frozenset({Need.INFANT})),
                a_resident(ref="r3", phone=a_phone(3), needs=frozenset(), area_code="A1"),
            ]
        )
        stores.people.put_caregivers(
            [a_caregiver(ref="c1", phone=a_phone(1))], [a_link("c1", "r1"), a_link("c1", "r2")]
        )
        stores.organisations.put([an_organisation("o1", a_phone(51), ("A1",))])
    return found


def begins(db: SqlDatabase, rules: RuleSet, warning: HazardWarning = COMING) -> int:
    number = stored(db, warning)
    alert(db, rules, PlainComposer(), number, OFFICE, NOW)
    mark_sent(db)
    return number


def at(db: SqlDatabase, rules: RuleSet, after: float, shard: int = 2000) -> list[tuple[str, str]]:
    """Who is newly told by looks that are due so many hours later, and in which kind."""
    before = {row.id for row in rows(db.engine, tables.notice)}
    now = NOW + hours(after)
    look_again(db, rules, PlainComposer(), OFFICE, now, shard=shard)
    new = [row for row in rows(db.engine, tables.notice) if row.id not in before]
    mark_sent(db)
    return sorted((row.recipient_ref, row.kind) for row in new)


def the(rule: Rule) -> RuleSet:
    return rules_of(rule)


@pytest.mark.parametrize("shard", [1, 2000])
def test_a_rule_for_a_short_lead_time_fires_when_it_is_short(db: SqlDatabase, shard: int) -> None:
    rules = the(a_rule(lead_time=Range(None, 12.0), start_earlier=hours(6)))
    begins(db, rules)
    assert rows(db.engine, tables.notice) == []
    assert at(db, rules, 1.9, shard) == []
    assert at(db, rules, 2.1, shard) == [("c1", "alert")]  # for r1, who needs help to move
    assert at(db, rules, 7.9, shard) == []
    assert at(db, rules, 8.1, shard) == [("c1", "update"), ("r3", "alert")]
    assert at(db, rules, 19, shard) == []
    [told] = [row for row in rows(db.engine, tables.notice) if row.kind == "update"]
    assert told.about == ["r1", "r2"]
    assert journal(db).count("looked_again") == 2


def test_a_worker_that_was_down_looks_once_and_late(db: SqlDatabase) -> None:
    rules = the(a_rule(lead_time=Range(None, 12.0), start_earlier=hours(6)))
    begins(db, rules)
    assert at(db, rules, 15) == [("c1", "alert"), ("r3", "alert")]
    assert at(db, rules, 16) == []


def test_it_is_said_again_while_the_warning_holds_and_asked_again(db: SqlDatabase) -> None:
    rules = the(a_rule(repeat_every=hours(12), escalate=(DESK,)))
    number = begins(db, rules)
    receive_reply(db, StubComposer(), "SM-1", a_phone(3).number, "1", None, NOW + minutes(5))
    assert at(db, rules, 11) == []
    assert at(db, rules, 12) == [("c1", "reminder"), ("r3", "reminder")]
    assert at(db, rules, 12.1) == []
    assert states(db, number) == dict.fromkeys(("r1", "r2", "r3"), SubjectState.WAITING)
    assert follow_up(db, rules, PlainComposer(), OFFICE, NOW + hours(12.6)).tasks == 3
    assert at(db, rules, 24) == [("c1", "reminder"), ("r3", "reminder")]
    assert at(db, rules, 36) == [("c1", "reminder"), ("r3", "reminder")]
    assert at(db, rules, 60) == []


def test_a_message_that_takes_the_place_of_this_one_looks_for_itself(db: SqlDatabase) -> None:
    rules = the(a_rule(repeat_every=hours(12)))
    begins(db, rules)
    later = follows(COMING, identifier="w2", sent=NOW + hours(5))
    number = stored(db, later, NOW + hours(5))
    alert(db, rules, PlainComposer(), number, OFFICE, NOW + hours(5))
    mark_sent(db)
    assert at(db, rules, 12) == []
    assert at(db, rules, 17) == [("c1", "reminder"), ("r3", "reminder")]


def test_nothing_is_said_again_after_a_cancel(db: SqlDatabase) -> None:
    rules = the(a_rule(repeat_every=hours(12), check_after=(hours(24),)))
    begins(db, rules)
    cancelled(db, rules, 5)
    assert at(db, rules, 12) == []
    assert at(db, rules, 28.9) == []
    assert at(db, rules, 29.1) == [("c1", "follow_up"), ("r3", "follow_up")]
    assert at(db, rules, 70) == []


def cancelled(db: SqlDatabase, rules: RuleSet, after: float) -> None:
    now = NOW + hours(after)
    cancel = follows(COMING, identifier="w9", msg_type=MsgType.CANCEL, sent=now)
    alert(db, rules, PlainComposer(), stored(db, cancel, now), OFFICE, now)
    mark_sent(db)


def states(db: SqlDatabase, number: int) -> dict[str, SubjectState]:
    with db.reading() as stores:
        found = stores.escalations.states(stores.warnings.get(number).incident)
    return {ref: state for (_, ref), state in found.items()}


def test_people_are_asked_a_day_and_three_days_after_the_end(db: SqlDatabase) -> None:
    rules = the(a_rule(check_after=(hours(24), hours(72))))
    number = begins(db, rules)
    assert at(db, rules, 63) == []
    for shard in (1, 2000):
        assert at(db, rules, 64, shard) == (
            [("c1", "follow_up"), ("r3", "follow_up")] if shard == 1 else []
        )
    asked = [row for row in rows(db.engine, tables.notice) if row.template == "follow_up"]
    [question] = [row for row in asked if row.recipient_ref == "c1"]
    assert question.about == ["r1", "r2"]
    assert question.expected_replies == {"well": "1", "missing": "2"}
    said = NOW + hours(65)
    receive_reply(db, StubComposer(), "SM-1", a_phone(1).number, "2", None, said)
    receive_reply(db, StubComposer(), "SM-2", a_phone(3).number, "1", None, said)
    assert states(db, number) == {
        "r1": SubjectState.NEEDS_HELP,
        "r2": SubjectState.NEEDS_HELP,
        "r3": SubjectState.SAFE,
    }
    tasks = {(row.ref, row.what) for row in rows(db.engine, tables.task)}
    assert tasks == {(ref, "something is missing after the end") for ref in ("r1", "r2")}
    assert at(db, rules, 112) == [("c1", "follow_up"), ("r3", "follow_up")]


def test_nobody_is_asked_while_another_message_of_the_incident_holds(db: SqlDatabase) -> None:
    rules = the(a_rule(check_after=(hours(24),)))
    begins(db, rules)
    longer = follows(
        COMING,
        identifier="w2",
        sent=NOW + hours(1),
        infos=(replace(COMING.infos[0], expires=NOW + hours(80)),),
    )
    now = NOW + hours(1)
    alert(db, rules, PlainComposer(), stored(db, longer, now), OFFICE, now)
    mark_sent(db)
    assert at(db, rules, 64) == []
    assert at(db, rules, 103) == []
    assert at(db, rules, 104.1) == [("c1", "follow_up"), ("r3", "follow_up")]


def test_who_withdrew_is_not_asked_afterwards(db: SqlDatabase) -> None:
    rules = the(a_rule(check_after=(hours(24),)))
    begins(db, rules)
    receive_reply(db, StubComposer(), "SM-1", a_phone(3).number, "STOP", None, NOW + hours(2))
    assert at(db, rules, 64) == [("c1", "follow_up")]


def test_groups_are_told_of_what_only_time_brought(db: SqlDatabase) -> None:
    to = (Audience.RESIDENT, Audience.COMMUNITY_GROUP, Audience.CITY_DESK)
    rules = the(a_rule(to=to, lead_time=Range(None, 12.0)))
    begins(db, rules)
    assert at(db, rules, 9) == [("desk", "desk"), ("o1", "alert"), ("r3", "alert")]
    assert at(db, rules, 10) == []


@pytest.mark.parametrize("dies_at", [1, 2, 3])
def test_a_look_that_was_broken_off_is_taken_up_without_gap_or_repeat(
    db: SqlDatabase, dies_at: int
) -> None:
    rules = the(a_rule(repeat_every=hours(12)))
    begins(db, rules)
    before = len(rows(db.engine, tables.notice))
    now = NOW + hours(12)
    with pytest.raises(PulledPlugError):
        look_again(db, rules, Dying(dies_at), OFFICE, now, shard=1)
    look_again(db, rules, PlainComposer(), OFFICE, now + minutes(1), shard=1)
    assert len(rows(db.engine, tables.notice)) == before + 2


class PulledPlugError(Exception):
    pass


class Dying(PlainComposer):
    """A composer of a process that dies while it works on the given part."""

    def __init__(self, dies_at: int) -> None:
        self._left = dies_at

    def compose(self, drafts: Iterable[NoticeDraft]) -> list[Notice]:
        self._left -= 1
        if self._left == 0:
            raise PulledPlugError
        return list(super().compose(list(drafts)))


def test_what_waits_still_is_superseded_by_what_is_said_later(db: SqlDatabase) -> None:
    """A text that could not be sent for hours must not go out beside its stronger successor."""
    early = a_rule(id="early", priority=Priority.ROUTINE, to=(Audience.RESIDENT,))
    late = a_rule(id="late", lead_time=Range(None, 12.0), to=(Audience.RESIDENT,))
    rules = rules_of(early, late)
    alert(db, rules, PlainComposer(), stored(db, COMING), OFFICE, NOW)
    look_again(db, rules, PlainComposer(), OFFICE, NOW + hours(9))
    found = [(row.rule, row.state) for row in rows(db.engine, tables.notice)]
    assert sorted(found) == [("early", "superseded"), ("late", "ready")]


def test_somebody_registered_since_hears_of_it_at_the_next_look(db: SqlDatabase) -> None:
    rules = the(a_rule(repeat_every=hours(12)))
    begins(db, rules)
    with db.transaction() as stores:
        stores.people.put_residents([a_resident(ref="r9", phone=a_phone(9))])
    assert ("r9", "alert") in at(db, rules, 12)


def test_a_moment_is_kept_in_a_row_and_not_in_a_process(db: SqlDatabase) -> None:
    rules = the(a_rule(repeat_every=hours(12), check_after=(hours(24),)))
    begins(db, rules)
    found = {(row.kind, row.number, row.due_at) for row in rows(db.engine, tables.look)}
    assert found == {("again", 1, NOW + hours(12)), ("afterwards", 24, NOW + hours(64))}
