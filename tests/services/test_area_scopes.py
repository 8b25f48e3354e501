"""An officer of one area sees, changes and takes out what is of that area, and nothing else."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine

from carealert.adapters.db.stores import SqlDatabase
from carealert.adapters.sealing import Sealer
from carealert.domain.access import Actor, Role
from carealert.domain.consents import ConsentRecord, ConsentStatus, Medium
from carealert.domain.facilities import Facility
from carealert.domain.people import (
    Caregiver,
    CareLink,
    CareRole,
    Need,
    Phone,
    PhoneSharing,
    Purpose,
    Resident,
)
from carealert.services import consenting, persons, quality, registering
from carealert.services.access import NotAllowed
from carealert.services.consenting import NotInRegister
from carealert.services.persons import NobodyHasRef
from carealert.services.ports.consents import PersonKind
from carealert.services.ports.registry import PlaceArea
from tests.support.actors import ADMIN
from tests.support.register import BARE, CLINIC, NOW, RAHIMA

RESIDENT, CAREGIVER = PersonKind.RESIDENT, PersonKind.CAREGIVER
NORTH = Actor("north", Role.SOCIAL, frozenset({"BD1"}))
WHOLE = Actor("region", Role.SOCIAL, frozenset({"BD"}))
NORTH_ADMIN = Actor("north admin", Role.ADMIN, frozenset({"BD1"}))


def resident(n: int, code: str | None, **changes: Any) -> Resident:
    return replace(
        BARE,
        ref=f"R-{n}",
        name="Same Name",
        label=f"label {n}",
        area_code=code,
        needs=frozenset({Need.DIALYSIS}),
        phone=Phone(f"+1202555010{n}", PhoneSharing.PRIVATE),
        **changes,
    )


def carer(ref: str, number: int, *homes: str) -> tuple[Caregiver, list[CareLink]]:
    phone = Phone(f"+1202555017{number}", PhoneSharing.PRIVATE)
    links = [CareLink(ref, home, "kin", CareRole.PRIMARY) for home in homes]
    return replace(RAHIMA, ref=ref, name="Same Name", phone=phone), links


PEOPLE = [resident(1, "BD1A"), resident(2, "BD2"), resident(3, None)]
CARERS = [carer("C-1", 1, "R-1"), carer("C-2", 2, "R-2"), carer("C-12", 3, "R-1", "R-2")]
PLACES = [replace(CLINIC, ref="F-1", area_code="BD1"), replace(CLINIC, ref="F-2", area_code="BD2")]


@pytest.fixture
def db(engine: Engine, sealer: Sealer) -> SqlDatabase:
    """R-1 lives in BD1A, a part of BD1; R-2 in BD2; R-3 nobody knows where. C-12 helps both."""
    db = SqlDatabase(engine, sealer)
    parents = {"BD": None, "BD1": "BD", "BD1A": "BD1", "BD2": "BD"}
    areas = [
        PlaceArea("P-code", code, len(code), parent, {"en": code}, None)
        for code, parent in parents.items()
    ]
    registering.import_areas(db, ADMIN, areas, NOW)
    registering.import_people(db, ADMIN, PEOPLE, CARERS, NOW)
    registering.import_facilities(db, ADMIN, PLACES, NOW)
    return db


def refs(hits: tuple[tuple[str, str], ...]) -> set[str]:
    return {ref for _, ref in hits}


@pytest.mark.parametrize(
    ("who", "wanted"),
    [
        (NORTH, {"R-1", "C-1", "C-12"}),
        (WHOLE, {"R-1", "R-2", "C-1", "C-2", "C-12"}),
        (ADMIN, {"R-1", "R-2", "R-3", "C-1", "C-2", "C-12"}),
    ],
)
def test_people_are_found_where_the_officer_works_alone(
    db: SqlDatabase, who: Actor, wanted: set[str]
) -> None:
    assert refs(persons.find_by_ref(db, who, "").hits) == wanted
    assert refs(persons.find_by_name(db, who, "same name").hits) == wanted
    phones = [one.phone for one in (*PEOPLE, *(carer for carer, _ in CARERS))]
    found = [persons.find_by_phone(db, who, phone.number).hits for phone in phones if phone]
    assert {ref for hits in found for ref in refs(hits)} == wanted


def test_somebody_elsewhere_is_answered_as_nobody(db: SqlDatabase) -> None:
    for ref in ("R-2", "R-3", "C-2", "R-404"):
        with pytest.raises(NobodyHasRef, match=f"Nobody has the ref '{ref}'"):
            persons.held_of(db, NORTH, ref)
        with pytest.raises(NobodyHasRef):
            persons.reveal(db, NORTH, ref, "an ambulance asks", NOW)
    for kind, ref in ((RESIDENT, "R-2"), (CAREGIVER, "C-2")):
        with pytest.raises(NobodyHasRef):
            persons.forget(db, NORTH, kind, ref, "asked on paper", NOW)
    assert persons.held_of(db, ADMIN, "R-2")


def test_whom_a_caregiver_helps_elsewhere_is_not_told(db: SqlDatabase) -> None:
    (both,) = persons.held_of(db, NORTH, "C-12")
    assert [link.resident_ref for link in both.links] == ["R-1"]
    (home,) = persons.held_of(db, NORTH, "R-1")
    assert {link.caregiver_ref for link in home.links} == {"C-1", "C-12"}


class Taken:
    """What an export writes."""

    def __init__(self) -> None:
        self.refs: set[str] = set()
        self.links: set[str] = set()

    def residents(self, people: Any) -> None:
        self.refs |= {one.ref for one in people}

    def caregivers(self, people: Any) -> None:
        for who, links in people:
            self.refs.add(who.ref)
            self.links |= {link.resident_ref for link in links}

    def facilities(self, places: Any) -> None:
        self.refs |= {one.ref for one in places}


def test_an_export_holds_the_officer_s_part(db: SqlDatabase) -> None:
    taken = Taken()
    counts = persons.export(db, NORTH_ADMIN, taken, "yearly check", NOW)
    assert taken.refs == {"R-1", "C-1", "C-12", "F-1"}
    assert taken.links == {"R-1"}
    assert counts == {"residents": 1, "caregivers": 2, "facilities": 1}


def test_consents_are_read_and_recorded_where_the_officer_works(db: SqlDatabase) -> None:
    given = ConsentRecord(Purpose.STATISTICS, ConsentStatus.GIVEN, NOW, Medium.PAPER)
    consenting.give(db, NORTH, RESIDENT, "R-1", [given], NOW)
    consenting.give(db, ADMIN, RESIDENT, "R-2", [given], NOW)
    for ref in ("R-2", "R-3"):
        assert consenting.history(db, NORTH, RESIDENT, ref) == ()
        with pytest.raises(NotInRegister):
            consenting.give(db, NORTH, RESIDENT, ref, [given], NOW)
        purposes = [Purpose.STATISTICS]
        with pytest.raises(NotInRegister):
            consenting.withdraw(db, NORTH, RESIDENT, ref, purposes, Medium.PAPER, NOW)
    assert consenting.history(db, NORTH, RESIDENT, "R-1")
    soon = timedelta(days=400)
    assert {one[1] for one in consenting.expiring(db, NORTH, NOW, soon)} == {"R-1"}
    assert {one[1] for one in consenting.expiring(db, WHOLE, NOW, soon)} == {"R-1", "R-2"}


def test_counts_and_pairs_are_of_the_officer_s_part(db: SqlDatabase) -> None:
    assert registering.count_needs(db, NORTH)[Need.DIALYSIS] == 1
    assert registering.count_needs(db, ADMIN)[Need.DIALYSIS] == 3
    pairs = quality.find_duplicates(db, NORTH)
    named = {
        ref for one in pairs.values() for pair in one.pairs for ref in (pair.first, pair.second)
    }
    assert not named & {"R-2", "R-3", "C-2"}
    with pytest.raises(NotAllowed, match="whole city"):
        quality.measure(db, NORTH, NOW)


def test_facilities_are_listed_where_the_officer_works(db: SqlDatabase) -> None:
    def listed(who: Actor) -> set[str]:
        return {one.ref for one in registering.list_facilities(db, who, NOW)}

    assert listed(NORTH) == {"F-1"}
    assert listed(WHOLE) == {"F-1", "F-2"}
    own = Actor("clinic", Role.FACILITY, facilities=frozenset({"F-2"}))
    assert listed(own) == {"F-2"}


@pytest.mark.parametrize(
    ("residents", "caregivers"),
    [
        ([resident(9, "BD2")], []),
        ([resident(9, None)], []),
        ([resident(2, "BD1")], []),  # would be taken over from another part
        ([resident(1, "BD2")], []),  # would be moved out of sight
        ([], [carer("C-9", 9, "R-2")]),
        ([], [carer("C-9", 9)]),
        ([], [carer("C-2", 2, "R-1")]),
        ([resident(8, "BD1"), resident(9, "BD2")], []),
    ],
)
def test_rows_of_people_elsewhere_are_refused_with_all_others(
    db: SqlDatabase, residents: list[Resident], caregivers: list[Any]
) -> None:
    before = persons.find_by_ref(db, ADMIN, "")
    for dry_run in (True, False):
        with pytest.raises(NotAllowed, match="outside your areas"):
            registering.import_people(db, NORTH, residents, caregivers, NOW, dry_run=dry_run)
    assert persons.find_by_ref(db, ADMIN, "") == before
    (held,) = persons.held_of(db, ADMIN, "R-2")
    assert held.person.area_code == "BD2"  # type: ignore[union-attr]


def test_rows_of_the_officer_s_own_people_are_taken(db: SqlDatabase) -> None:
    new = resident(9, "BD1A")
    registering.import_people(db, NORTH, [new], [carer("C-9", 9, "R-9", "R-1")], NOW)
    assert {"R-9", "C-9"} <= refs(persons.find_by_ref(db, NORTH, "").hits)


@pytest.mark.parametrize(
    "place",
    [replace(CLINIC, ref="F-9", area_code="BD2"), replace(CLINIC, ref="F-2", area_code="BD1")],
)
def test_facilities_elsewhere_are_not_changed(db: SqlDatabase, place: Facility) -> None:
    with pytest.raises(NotAllowed, match="not yours"):
        registering.import_facilities(db, NORTH, [place], NOW)
    assert {one.ref for one in registering.list_facilities(db, ADMIN, NOW)} == {
        "F-1",
        "F-2",
    }


def test_who_sees_a_part_does_not_change_what_the_parts_are(db: SqlDatabase) -> None:
    area = PlaceArea("P-code", "BD2", 3, "BD1", {"en": "South"}, None)
    with pytest.raises(NotAllowed, match="whole city"):
        registering.import_areas(db, Actor("north", Role.OFFICER, frozenset({"BD1"})), [area], NOW)
