"""Why somebody is told or not: the same answer as the decision itself, and nobody else's data."""

from typing import Any

import pytest

from carealert.adapters.db.stores import SqlDatabase
from carealert.domain.access import Actor, Role
from carealert.domain.explaining import Answer
from carealert.domain.hazards import Hazard
from carealert.domain.people import Need
from carealert.domain.warnings import Severity, Status
from carealert.services.alerting import dry_run
from carealert.services.explaining import Explanation, explain
from tests.services.test_alerting import OFFICE, db, journal, register, two_homes
from tests.support.actors import ADMIN
from tests.support.builders import (
    NOW,
    a_caregiver,
    a_chain,
    a_facility_rule,
    a_phone,
    a_resident,
    a_rule,
    a_warning,
    rules_of,
)
from tests.support.fakes import PlainComposer

__all__ = ["db"]

RULES = rules_of(
    a_rule(escalate=a_chain()),
    a_rule(id="babies", needs={Need.INFANT}),
    a_rule(id="floods", hazard={Hazard.FLOOD}, severity={Severity.SEVERE}),
    a_rule(id="off", enabled=False),
    a_facility_rule(),
)


def explained(db: SqlDatabase, ref: str, who: Actor = ADMIN, **changes: Any) -> Explanation:
    return explain(db, who, RULES, a_warning(**changes), ref, OFFICE, NOW)


def answers(found: Explanation) -> dict[str, Answer]:
    return {one.rule.id: one.answer for one in found.rules}


def test_each_rule_says_how_far_it_came(db: SqlDatabase) -> None:
    two_homes(db)
    assert answers(explained(db, "r1")) == {
        "rule-1": Answer.MATCHES,
        "babies": Answer.NOT_THEM,
        "floods": Answer.OTHER_WARNING,
        "off": Answer.OFF,
    }
    away = answers(explained(db, "r2"))
    assert (away["rule-1"], away["babies"]) == (Answer.NOT_THERE, Answer.NOT_THERE)
    assert answers(explained(db, "f1")) == {"confirm": Answer.MATCHES}


def test_what_matches_is_what_a_dry_run_matches(db: SqlDatabase) -> None:
    two_homes(db)
    decided, _ = dry_run(db, RULES, PlainComposer(), a_warning(), OFFICE, NOW)
    for ref in ("r1", "r2", "f1"):
        held = {rule for rule, one in answers(explained(db, ref)).items() if one is Answer.MATCHES}
        assert held == {match.rule for match in decided.matches if match.ref == ref}


def test_the_conditions_have_what_was_seen(db: SqlDatabase) -> None:
    person = a_resident(ref="r1", needs={Need.DIALYSIS})
    register(db, (person, a_caregiver(ref="c1", phone=a_phone(11))))
    found = {one.rule.id: one for one in explained(db, "r1").rules}
    babies, floods = found["babies"].who, found["floods"].when
    assert babies is not None
    assert (babies.holds, babies.seen) == (False, "needs dialysis")
    assert floods is not None
    assert [(part.holds, part.seen) for part in floods.parts] == [
        (False, "hazard tropical_cyclone"),
        (True, "severity Severe"),
    ]


def test_a_warning_that_reaches_nobody_says_so(db: SqlDatabase) -> None:
    two_homes(db)
    assert explained(db, "r1", status=Status.EXERCISE).refusal is not None
    assert explained(db, "r1").refusal is None


def test_who_asked_is_in_the_journal_and_needs_are_for_those_who_may_see_them(
    db: SqlDatabase,
) -> None:
    two_homes(db)
    assert explained(db, "r1").in_words
    assert not explained(db, "r1", Actor("W", Role.WOMENS_OFFICE)).in_words
    assert journal(db)[:2] == ["explained", "explained"]


def test_somebody_elsewhere_is_nobody_to_an_officer_of_a_part(db: SqlDatabase) -> None:
    two_homes(db)
    local = Actor("L", Role.OFFICER, areas=frozenset({"BD1004"}))
    assert explained(db, "r1", local).ref == "r1"
    for ref in ("r2", "nobody"):
        with pytest.raises(LookupError):
            explained(db, ref, local)
