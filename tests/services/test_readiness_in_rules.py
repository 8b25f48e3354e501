"""A rule may ask how ready a facility is; the score is the one that the officer sees."""

from datetime import UTC, date

import pytest
from sqlalchemy import Engine

from carealert.adapters.db.stores import SqlDatabase
from carealert.adapters.sealing import Sealer
from carealert.domain.condition_parts import Range
from carealert.domain.facilities import ContinuityStatus, FacilityType, StatusReport
from carealert.services.alerting import OfficeSettings, dry_run
from carealert.services.readiness import list_readiness
from tests.support.actors import ADMIN
from tests.support.builders import (
    NOW,
    a_facility,
    a_facility_rule,
    a_phone,
    a_warning,
    hours,
    rules_of,
)
from tests.support.fakes import PlainComposer

OFFICE = OfficeSettings("en", UTC, a_phone(99).number, "en", hours(12))


def test_the_rule_sees_the_score_that_the_list_shows(engine: Engine, sealer: Sealer) -> None:
    db = SqlDatabase(engine, sealer)
    kept = {"backup_power_hours": 72.0, "water_hours": 72.0, "verified_on": date(2026, 5, 1)}
    with db.transaction() as stores:
        stores.facilities.put(
            [a_facility(type=FacilityType.DIALYSIS, **kept), a_facility(ref="f2", manager=None)]
        )
        stores.facilities.report(
            StatusReport("f1", ContinuityStatus.OPEN, NOW - hours(1), NOW + hours(11), "sms")
        )
    scores = {one.ref: one.readiness.score for one in list_readiness(db, ADMIN, NOW)}
    assert scores["f1"] > scores["f2"]
    for bound in (scores["f1"], scores["f1"] + 1):
        rules = rules_of(a_facility_rule(readiness=Range(below=float(bound))))
        decided, _ = dry_run(db, rules, PlainComposer(), a_warning(), OFFICE, NOW)
        expected = {ref for ref, score in scores.items() if score < bound}
        assert {match.ref for match in decided.matches} == expected


@pytest.mark.parametrize(("least", "told"), [(None, True), (1.0, False)])
def test_a_place_that_nobody_knows_counts_as_not_ready(
    engine: Engine, sealer: Sealer, least: float | None, told: bool
) -> None:
    db = SqlDatabase(engine, sealer)
    with db.transaction() as stores:
        stores.facilities.put([a_facility(manager=None, deputy=None)])
    rules = rules_of(a_facility_rule(readiness=Range(least, 60.0)))
    decided, _ = dry_run(db, rules, PlainComposer(), a_warning(), OFFICE, NOW)
    assert bool(decided.matches) is told
