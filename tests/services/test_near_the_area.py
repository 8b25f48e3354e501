"""Rules that reach people near the warned area, and no farther than they say."""

import pytest
from sqlalchemy import Engine

from carealert.adapters.db.stores import SqlDatabase
from carealert.adapters.sealing import Sealer
from carealert.domain.plan import Plan, WhyNot
from carealert.domain.rules import RuleSet
from carealert.services.alerting import alert, dry_run
from tests.services.test_alerting import OFFICE, outbox, stored
from tests.support.builders import (
    COAST,
    NOW,
    a_caregiver,
    a_facility,
    a_facility_rule,
    a_link,
    a_phone,
    a_resident,
    a_rule,
    a_warning,
    an_area,
    an_info,
    rules_of,
)
from tests.support.fakes import PlainComposer

WEST, SOUTH, EAST, NORTH = COAST.bounds
#: One hundredth of a degree of latitude is 1.1 km.
KM_NORTH = {1: NORTH + 0.01, 4: NORTH + 0.037, 12: NORTH + 0.11}
IN_THE_MIDDLE = (WEST + EAST) / 2
WARNING = a_warning(an_info(areas=(an_area(geometry=COAST),)))


@pytest.fixture
def db(engine: Engine, sealer: Sealer) -> SqlDatabase:
    """A home inside and three north of the area, each with a caregiver; a clinic 4 km away."""
    made = SqlDatabase(engine, sealer)
    places = {"in": (SOUTH + NORTH) / 2, **{f"km{km}": lat for km, lat in KM_NORTH.items()}}
    with made.transaction() as stores:
        stores.people.put_residents(
            a_resident(ref=name, phone=None, lat=lat, lon=IN_THE_MIDDLE, area_code=None)
            for name, lat in places.items()
        )
        stores.people.put_caregivers(
            [a_caregiver(ref=f"c-{name}", phone=a_phone(n)) for n, name in enumerate(places)],
            [a_link(f"c-{name}", name) for name in places],
        )
        clinic = a_facility(ref="f4", lat=KM_NORTH[4], lon=IN_THE_MIDDLE, area_code=None)
        stores.facilities.put([clinic])
    return made


def tried(db: SqlDatabase, rules: RuleSet) -> Plan:
    return dry_run(db, rules, PlainComposer(), WARNING, OFFICE, NOW)[0]


def test_a_rule_reaches_as_far_as_it_says(db: SqlDatabase) -> None:
    rules = rules_of(
        a_rule(id="inside"),
        a_rule(id="near", within_km=2.0),
        a_rule(id="wide", within_km=6.0),
        a_facility_rule(within_km=6.0),
    )
    found = {(match.ref, match.rule) for match in tried(db, rules).matches}
    assert found == {
        ("in", "inside"),
        ("in", "near"),
        ("in", "wide"),
        ("km1", "near"),
        ("km1", "wide"),
        ("km4", "wide"),
        ("f4", "confirm"),
    }


def test_the_reason_says_how_far_around(db: SqlDatabase) -> None:
    decided = tried(db, rules_of(a_rule(within_km=2.0)))
    reasons = {match.ref: match.reasons[0] for match in decided.matches}
    assert reasons["km1"].startswith("inside 2 km around tropical_cyclone")
    assert reasons["in"].startswith("inside tropical_cyclone")


def test_who_is_only_near_and_matched_by_nothing_is_no_gap(db: SqlDatabase) -> None:
    decided = tried(db, rules_of(a_rule(id="near", within_km=2.0, areas={"X"})))
    assert [one.ref for one in decided.not_sent if one.reason is WhyNot.NO_RULE] == ["in"]


@pytest.mark.parametrize("shard", [1, 2, 1000])
def test_those_near_are_told_like_those_inside(db: SqlDatabase, shard: int) -> None:
    rules = rules_of(a_rule(within_km=6.0))
    alert(db, rules, PlainComposer(), stored(db, WARNING), OFFICE, NOW, shard=shard)
    assert [row[0] for row in outbox(db)] == ["c-in", "c-km1", "c-km4"]
