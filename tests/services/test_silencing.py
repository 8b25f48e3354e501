"""A silence keeps messages from being sent, records whom, and ends by itself."""

import pytest
from sqlalchemy import Engine, select

from carealert.adapters.db.stores import SqlDatabase
from carealert.adapters.db.tables import not_sent
from carealert.adapters.sealing import Sealer
from carealert.domain.access import Actor, Role
from carealert.domain.notices import SubjectState
from carealert.domain.reasons import BadReason
from carealert.domain.rules import SubjectKind
from carealert.domain.silences import LONGEST
from carealert.domain.warnings import MsgType, Severity
from carealert.services.access import NotAllowed
from carealert.services.alerting import alert
from carealert.services.silencing import BadSilence, silence, silences, unsilence
from tests.services.test_alerting import (
    OFFICE,
    RULES,
    follows,
    journal,
    mark_sent,
    outbox,
    states,
    stored,
    two_homes,
)
from tests.support.actors import ADMIN
from tests.support.builders import NOW, a_warning, an_info, hours, minutes
from tests.support.fakes import PlainComposer

WHY = "the siren is tested"
OFFICER = Actor("A. Rahman", Role.OFFICER)


@pytest.fixture
def db(engine: Engine, sealer: Sealer) -> SqlDatabase:
    """One home with a caregiver and one clinic in the area; another home elsewhere."""
    made = SqlDatabase(engine, sealer)
    two_homes(made)
    return made


def quiet(db: SqlDatabase, rule: str | None = None, area: str | None = None) -> int:
    return silence(db, OFFICER, RULES, rule, area, NOW + hours(2), WHY, NOW).id


def plan_at(db: SqlDatabase, later: float = 0, **changes: object) -> int:
    number = stored(db, a_warning(sent=NOW + hours(later), **changes), NOW + hours(later))
    alert(db, RULES, PlainComposer(), number, OFFICE, NOW + hours(later))
    return number


def silenced(db: SqlDatabase) -> list[tuple[str, str, str]]:
    query = select(not_sent.c.ref, not_sent.c.rule, not_sent.c.detail)
    with db.engine.connect() as connection:
        rows = connection.execute(query.where(not_sent.c.reason == "silenced"))
        return sorted(tuple(row) for row in rows)


def test_a_silenced_rule_tells_nobody_and_the_decision_says_whom(db: SqlDatabase) -> None:
    quiet(db, rule="rule-1")
    plan_at(db)
    assert [row[0] for row in outbox(db)] == ["f1"]
    ((ref, rule, detail),) = silenced(db)
    assert (ref, rule) == ("r1", "rule-1")
    assert "the rule rule-1 is silenced until 2026-" in detail


@pytest.mark.parametrize("code", ["BD100428", "BD1004", "BD10"])
def test_a_silenced_area_takes_in_all_below_it(db: SqlDatabase, code: str) -> None:
    quiet(db, area=code)
    plan_at(db)
    assert outbox(db) == []
    assert [row[0] for row in silenced(db)] == ["f1", "r1"]


def test_it_ends_by_itself_and_before_its_time(db: SqlDatabase) -> None:
    number = quiet(db, rule="rule-1")
    assert [one.id for one in silences(db, ADMIN, NOW + minutes(119))] == [number]
    assert silences(db, ADMIN, NOW + hours(2)) == []
    unsilence(db, OFFICER, number, NOW + minutes(5))
    assert silences(db, ADMIN, NOW + minutes(6)) == []
    with pytest.raises(LookupError):
        unsilence(db, OFFICER, number, NOW + minutes(7))
    plan_at(db, 1)
    assert len(outbox(db)) == 2
    assert journal(db)[1:3] == ["silence_ended", "silenced"]


def test_who_was_told_before_is_not_stood_down_by_a_silence(db: SqlDatabase) -> None:
    first = a_warning()
    number = stored(db, first)
    alert(db, RULES, PlainComposer(), number, OFFICE, NOW)
    mark_sent(db)
    quiet(db, area="BD10")
    update = follows(first, identifier="w2", infos=(an_info(severity=Severity.EXTREME),))
    alert(db, RULES, PlainComposer(), stored(db, update), OFFICE, NOW + minutes(31))
    assert {row[1] for row in outbox(db)} == {"alert", "facility_confirm"}
    assert states(db, number)[SubjectKind.RESIDENT, "r1"] is SubjectState.WAITING
    ended = follows(update, identifier="w3", msg_type=MsgType.CANCEL)
    alert(db, RULES, PlainComposer(), stored(db, ended), OFFICE, NOW + minutes(61))
    assert "stand_down" in {row[1] for row in outbox(db)}, "an all-clear is never kept back"


@pytest.mark.parametrize(
    ("rule", "area", "later", "reason"),
    [
        (None, None, 1, WHY),
        ("rule-1", "BD10", 1, WHY),
        ("no-such-rule", None, 1, WHY),
        (None, "XX", 1, WHY),
        ("rule-1", None, 0, WHY),
        ("rule-1", None, 24 * LONGEST.days + 1, WHY),
    ],
)
def test_what_cannot_be_silenced_is_said(
    db: SqlDatabase, rule: str | None, area: str | None, later: float, reason: str
) -> None:
    with pytest.raises(BadSilence):
        silence(db, OFFICER, RULES, rule, area, NOW + hours(later), reason, NOW)
    assert silences(db, ADMIN, NOW) == []


def test_a_silence_says_why(db: SqlDatabase) -> None:
    with pytest.raises(BadReason):
        silence(db, OFFICER, RULES, "rule-1", None, NOW + hours(1), "", NOW)


def test_an_officer_of_a_part_silences_that_part_alone(db: SqlDatabase) -> None:
    local = Actor("L", Role.OFFICER, areas=frozenset({"BD1004"}))
    for rule, area in (("rule-1", None), (None, "BD10")):
        with pytest.raises(NotAllowed):
            silence(db, local, RULES, rule, area, NOW + hours(1), WHY, NOW)
    made = silence(db, local, RULES, None, "BD100428", NOW + hours(1), WHY, NOW)
    whole = quiet(db, rule="rule-1")
    with pytest.raises(NotAllowed):
        unsilence(db, local, whole, NOW)
    assert unsilence(db, local, made.id, NOW).area == "BD100428"
