"""A condition as SQL selects whom its closure selects, on both databases."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import product
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from sqlalchemy import Connection, Engine, select

from carealert.adapters.db.areas import SqlAreas
from carealert.adapters.db.facilities import SqlFacilities
from carealert.adapters.db.people import SqlPeople
from carealert.adapters.db.rule_sql import MAKERS, NO_COLUMN, sql_condition
from carealert.adapters.db.tables import facility, resident
from carealert.adapters.sealing import Sealer
from carealert.domain.condition_parts import (
    About,
    FacilityFacts,
    Facts,
    Range,
    ResidentFacts,
    warning_facts,
)
from carealert.domain.conditions import AllOf, AnyOf, Condition, Not, Test, about, holds, names
from carealert.domain.facilities import Facility, FacilityType
from carealert.domain.people import AgeBand, CareRole, Exposure, Functioning, Need, Resident
from carealert.domain.resident_conditions import FUNCTIONS
from carealert.domain.rules import SubjectKind
from carealert.services.ports.registry import PlaceArea
from tests.support.builders import (
    NOW,
    a_caregiver,
    a_facility,
    a_link,
    a_phone,
    a_resident,
    a_warning,
    an_info,
    hours,
)
from tests.support.conditions import trees

INFO = an_info(onset=NOW + hours(6), expires=NOW + hours(30))
WARNED = warning_facts(a_warning(INFO), INFO, hours(12), NOW)
TABLES = {SubjectKind.RESIDENT: resident, SubjectKind.FACILITY: facility}
CODES = (None, "BD10", "BD1004", "BD100428", "BD1009", "UNKNOWN")
#: The next treatment at, before and after the edges of the warning.
DUE = (None, *(NOW + hours(one) for one in (5.99, 6, 18, 30, 30.01)))


def _places() -> list[PlaceArea]:
    parents = {"BD10": None, "BD1004": "BD10", "BD100428": "BD1004", "BD1009": "BD10"}
    return [
        PlaceArea("P-CODE", code, len(code), parent, {"en": code}, None)
        for code, parent in parents.items()
    ]


def _people(rng: Random) -> Iterator[Resident]:
    numbers: list[float | None] = [None, 0, 4.5, 5, 12, 24, 100]
    for number in range(160):
        yield a_resident(
            ref=f"r{number}",
            birth_year=rng.choice(
                [None, NOW.year, *(NOW.year - age for age in (5, 18, 59, 60, 70))]
            ),
            age_band=rng.choice([None, *AgeBand]),
            area_code=rng.choice(CODES),
            language=rng.choice(["bn", "bn-BD", "EN", "en-GB", "hi", "bnt"]),
            needs=frozenset(rng.sample(list(Need), rng.randint(0, 3))),
            exposures=frozenset(rng.sample(list(Exposure), rng.randint(0, 3))),
            functioning=Functioning(**{f: rng.choice([None, 1, 2, 3, 4]) for f in FUNCTIONS}),
            phone=rng.choice([None, a_phone(number)]),
            next_due=rng.choice(DUE),
            backup_hours=rng.choice(numbers),
            critical_after_h=rng.choice(numbers),
        )


def _facilities(rng: Random) -> Iterator[Facility]:
    numbers: list[float | None] = [None, 0, 5, 12, 24, 100]
    for number in range(60):
        yield a_facility(
            ref=f"f{number}",
            type=rng.choice(list(FacilityType)),
            services=tuple(rng.sample(["dialysis", "DIALYSIS", "laundry", "meals"], 2)),
            area_code=rng.choice(CODES),
            capacity=rng.choice([None, 0, 5, 60, 1000]),
            backup_power_hours=rng.choice(numbers),
            water_hours=rng.choice(numbers),
        )


class _Register:
    """A filled database, and what it says as planning reads it; too long to be shown."""

    def __init__(self, connection: Connection, facts: Mapping[str, Facts]) -> None:
        self.connection = connection
        self.facts = facts


@pytest.fixture
def register(engine: Engine, sealer: Sealer) -> Iterator[_Register]:
    """A register in which everything is stated of some and not of others, and what it says."""
    rng = Random(7)
    with engine.begin() as connection:
        areas, people = SqlAreas(connection), SqlPeople(connection, sealer)
        areas.put(_places())
        people.put_residents(_people(rng))
        linked = [
            (f"r{number}", role)
            for number, role in product(range(160), CareRole)
            if rng.random() < 0.4
        ]
        carers = [a_caregiver(ref=f"c-{home}-{role}", phone=None) for home, role in linked]
        links = [replace(a_link(f"c-{home}-{role}", home), role=role) for home, role in linked]
        people.put_caregivers(carers, links)
        places = SqlFacilities(connection, sealer)
        places.put(_facilities(rng))
        yield _Register(connection, _facts(areas, people, places))


def _facts(areas: SqlAreas, people: SqlPeople, places: SqlFacilities) -> Mapping[str, Facts]:
    """The register as planning reads it."""

    def codes(code: str | None) -> frozenset[str]:
        above = areas.with_ancestors(code) if code else ()
        return frozenset({code, *(one.code for one in above)} - {None})

    refs = people.resident_refs()
    found: dict[str, Facts] = {
        one.ref: ResidentFacts(one, tuple(carers), codes(one.area_code), WARNED)
        for one, carers in people.for_planning(refs)
    }
    return found | {
        one.ref: FacilityFacts(one, codes(one.area_code), WARNED)
        for one in places.get(places.refs())
    }


def _selected(
    connection: Connection, kind: SubjectKind, condition: Condition | None
) -> tuple[set[str], tuple[str, ...]]:
    table = TABLES[kind]
    made = sql_condition(connection, kind, condition, WARNED)
    return set(connection.scalars(select(table.c.ref).where(made.where))), made.left


def _held(facts: Mapping[str, Facts], kind: SubjectKind, condition: Condition | None) -> set[str]:
    of = ResidentFacts if kind is SubjectKind.RESIDENT else FacilityFacts
    return {r for r, one in facts.items() if isinstance(one, of) and holds(condition, one)}


def _agree(register: _Register, kind: SubjectKind, condition: Condition) -> None:
    connection, facts = register.connection, register.facts
    found, left = _selected(connection, kind, condition)
    truth = _held(facts, kind, condition)
    assert set(left) == set(names(condition)) & NO_COLUMN[kind].keys()
    assert found >= truth, "SQL lost somebody"
    assert left or found == truth, "SQL found somebody else"


# The register is only read, so that the examples may share it.
_SHARED = settings(
    max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
NEEDS = Test("needs", frozenset({Need.DIALYSIS}))


@_SHARED
@given(trees(About.RESIDENT))
@example(Not(AllOf((NEEDS, Test("backup_hours", Range(below=12))))))
@example(AnyOf((Not(NEEDS), Test("no_phone", True))))
@example(AllOf((Test("areas", frozenset({"BD1004"})), Not(Test("areas", frozenset({"BD100428"}))))))
def test_sql_and_closure_select_the_same_residents(
    register: _Register, condition: Condition
) -> None:
    _agree(register, SubjectKind.RESIDENT, condition)


@_SHARED
@given(trees(About.FACILITY))
def test_sql_and_closure_select_the_same_facilities(
    register: _Register, condition: Condition
) -> None:
    _agree(register, SubjectKind.FACILITY, condition)


@pytest.mark.parametrize("kind", SubjectKind)
def test_every_condition_is_answered_by_columns_or_named_as_one_that_is_not(
    kind: SubjectKind,
) -> None:
    assert MAKERS[kind].keys() | NO_COLUMN[kind].keys() == about(About(kind)).keys()
    assert not MAKERS[kind].keys() & NO_COLUMN[kind].keys()


def test_the_register_tells_every_condition_from_its_contrary(
    register: _Register,
) -> None:
    """Else the agreement above would prove nothing."""
    facts = register.facts
    asked: dict[str, Any] = {
        "functioning": None,
        "age": Range(60),
        "areas": frozenset({"BD1004"}),
        "exposures": frozenset({Exposure.NO_LIFT}),
        "backup_hours": Range(below=12),
        "critical_after_h": Range(5, 24),
        "language": frozenset({"bn"}),
    }
    for name in MAKERS[SubjectKind.RESIDENT].keys() - {"functioning"}:
        some = _held(facts, SubjectKind.RESIDENT, Test(name, asked.get(name, True)))
        assert 0 < len(some) < 160, name


def test_no_condition_selects_everybody(
    register: _Register,
) -> None:
    found, left = _selected(register.connection, SubjectKind.RESIDENT, None)
    assert (len(found), left) == (160, ())


def test_what_no_column_answers_is_named_and_everybody_it_may_hold_of_is_found(
    register: _Register,
) -> None:
    connection, facts = register.connection, register.facts
    young = Test("age", Range(below=18))
    both, left = _selected(connection, SubjectKind.RESIDENT, AllOf((NEEDS, young)))
    assert left == ("needs",)
    assert both == _held(facts, SubjectKind.RESIDENT, young)
    either, left = _selected(connection, SubjectKind.RESIDENT, AnyOf((young, Not(NEEDS))))
    assert (len(either), left) == (160, ("needs",))
