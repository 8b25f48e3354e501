"""An officer of one area sees, changes and takes out what is of that area, and nothing else."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from shapely.geometry import box
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
from carealert.services import (
    confirming,
    consenting,
    feed_office,
    holding,
    journal,
    openings,
    persons,
    quality,
    registering,
    warning_office,
)
from carealert.services.access import NotAllowed
from carealert.services.consenting import NotInRegister
from carealert.services.own_part import NotTheirs
from carealert.services.persons import NobodyHasRef
from carealert.services.ports.consents import PersonKind
from carealert.services.ports.feeds import Feed
from carealert.services.ports.registry import PlaceArea
from tests.support.actors import ADMIN
from tests.support.cap import cap_xml, reader
from tests.support.register import BARE, CLINIC, NOW, RAHIMA

RESIDENT, CAREGIVER = PersonKind.RESIDENT, PersonKind.CAREGIVER
NORTH = Actor("north", Role.SOCIAL, frozenset({"BD1"}))
WHOLE = Actor("region", Role.SOCIAL, frozenset({"BD"}))
FEED = Feed("met", "https://warnings.example.org/cap.xml", "cap", timedelta(minutes=5))
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


def test_a_refusal_names_the_rows(db: SqlDatabase) -> None:
    rows = [resident(8, "BD1"), resident(9, "BD2")]
    with pytest.raises(NotTheirs) as refused:
        registering.import_people(db, NORTH, rows, [carer("C-9", 9, "R-2")], NOW)
    assert refused.value.refs == ("C-9", "R-9")


def test_who_is_cared_for_elsewhere_keeps_their_caregiver(db: SqlDatabase) -> None:
    """A file of the north cannot name R-2, whom C-12 cares for in the south."""
    who, links = carer("C-12", 3, "R-1")
    report = registering.import_people(db, NORTH, [], [(who, links)], NOW)
    assert report.counts["caregivers"].unchanged == 1
    moved = [replace(links[0], relation="neighbour")]
    registering.import_people(db, NORTH, [], [(replace(who, paid=True), moved)], NOW)
    (held,) = persons.held_of(db, ADMIN, "C-12")
    assert {link.resident_ref: link.relation for link in held.links} == {
        "R-1": "neighbour",
        "R-2": "kin",
    }


def test_a_link_of_one_s_own_part_is_ended_by_a_file(db: SqlDatabase) -> None:
    registering.import_people(db, NORTH, [resident(9, "BD1")], [carer("C-1", 1, "R-9")], NOW)
    (held,) = persons.held_of(db, ADMIN, "C-1")
    assert [link.resident_ref for link in held.links] == ["R-9"]


@pytest.mark.parametrize("dry_run", [True, False])
def test_an_import_likens_nobody_to_somebody_elsewhere(db: SqlDatabase, dry_run: bool) -> None:
    assert PEOPLE[1].phone
    twin = replace(resident(9, "BD1"), phone=PEOPLE[1].phone)
    seen = registering.import_people(db, NORTH, [twin], [], NOW, dry_run=dry_run)
    named = {ref for pair in seen.alike["residents"].pairs for ref in (pair.first, pair.second)}
    assert not named & {"R-2", "R-3"}
    again = registering.import_people(db, ADMIN, [twin], [], NOW, dry_run=True)
    assert ("R-2", "R-9") in {
        tuple(sorted((pair.first, pair.second))) for pair in again.alike["residents"].pairs
    }


def test_the_number_of_names_that_were_opened_is_of_the_officer_s_part(db: SqlDatabase) -> None:
    assert persons.find_by_name(db, NORTH, "nobody").looked_at == 3
    assert persons.find_by_name(db, ADMIN, "nobody").looked_at == 6


def test_records_are_confirmed_where_the_officer_works(db: SqlDatabase) -> None:
    assert confirming.confirm(db, NORTH, ["R-1", "C-12", "F-1"], NOW).records == 3
    for ref in ("R-2", "R-3", "C-2", "F-2", "R-404"):
        assert confirming.confirm(db, NORTH, [ref], NOW).unknown == (ref,)
    assert confirming.confirm(db, ADMIN, ["R-404"], NOW).unknown == ("R-404",)


def test_who_is_found_by_position_alone_is_of_that_part(engine: Engine, sealer: Sealer) -> None:
    db = SqlDatabase(engine, sealer)
    north = PlaceArea("P-code", "BD1", 1, None, {"en": "N"}, box(90, 22, 91, 23))
    registering.import_areas(db, ADMIN, [north], NOW)
    registering.import_people(db, ADMIN, [resident(1, None, lat=22.5, lon=90.5)], [], NOW)
    assert refs(persons.find_by_ref(db, NORTH, "R-").hits) == {"R-1"}
    assert confirming.confirm(db, NORTH, ["R-1"], NOW).records == 1


PART = Actor("part", Role.OFFICER, frozenset({"BD1"}))


@pytest.mark.parametrize(
    "ask",
    [
        lambda db: journal.lines(db, PART, 10),
        lambda db: openings.openings(db, PART, NOW, ZoneInfo("UTC")),
        lambda db: holding.release(db, PART, 1, NOW),
        lambda db: holding.discard(db, PART, 1, NOW),
        lambda db: feed_office.add_feed(db, PART, FEED, NOW),
        lambda db: feed_office.remove_feed(db, PART, "met", NOW),
        lambda db: warning_office.enter_document(db, PART, reader(), "a.xml", cap_xml(), NOW),
    ],
)
def test_what_is_of_the_whole_city_is_not_for_who_sees_a_part(
    db: SqlDatabase, ask: Callable[[SqlDatabase], object]
) -> None:
    feed_office.add_feed(db, ADMIN, FEED, NOW)
    with pytest.raises(NotAllowed, match="whole city"):
        ask(db)
    assert feed_office.feed_named(db, ADMIN, "met")
    assert not warning_office.recent_warnings(db, ADMIN, 1)


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
