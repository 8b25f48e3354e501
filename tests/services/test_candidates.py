"""The ladder from an area to people: outline, codes, name, and the officer."""

from dataclasses import replace

import pytest
from shapely.geometry import box
from shapely.geometry.base import BaseGeometry
from sqlalchemy import Engine

from carealert.adapters.sealing import Sealer
from carealert.domain.warnings import Area
from carealert.services.candidates import Inside, find_inside
from carealert.services.ports.registry import PlaceArea
from tests.support.builders import AWAY, COAST, a_facility, a_resident, an_area, an_info
from tests.support.register_db import RegisterDatabase

ELSEWHERE = box(100, 10, 101, 11)
DHAKA = box(90.2, 23.6, 90.6, 24.0)


@pytest.fixture
def db(engine: Engine, sealer: Sealer) -> RegisterDatabase:
    """r1 and f1 live on the coast of Barguna, r2 in Dhaka, r3 in Amtali without a position."""
    db = RegisterDatabase(engine, sealer)
    with db.transaction() as stores:
        stores.areas.put(
            [
                PlaceArea("P-code", "BD1004", 2, None, {"en": "Barguna"}, COAST),
                PlaceArea("P-code", "BD100409", 3, "BD1004", {"en": "Amtali"}, None),
                PlaceArea("NUTS3", "BDX12", 2, None, {"en": "Dhaka"}, DHAKA),
                PlaceArea("UGC", "XXZ001", 2, None, {"en": "Coast"}, box(90, 22, 90.2, 22.2)),
                PlaceArea("EMMA_ID", "BD026", 2, None, {"en": "Dhaka"}, DHAKA),
            ]
        )
        far = {"lat": AWAY[0], "lon": AWAY[1], "area_code": None}
        nowhere = {"lat": None, "lon": None, "area_code": "BD100409"}
        residents = [a_resident(), a_resident(ref="r2", **far), a_resident(ref="r3", **nowhere)]
        stores.people.put_residents(residents)
        stores.facilities.put([a_facility()])
    return db


def found(db: RegisterDatabase, *areas: Area) -> Inside:
    with db.reading() as stores:
        return find_inside(stores, {0: an_info(areas=areas)})


def area(
    name: str = "somewhere", geometry: BaseGeometry | None = None, *codes: tuple[str, str]
) -> Area:
    return Area(name, geometry, codes, None, None)


@pytest.mark.parametrize(
    ("one", "residents"),
    [
        (area("Dhaka", COAST, ("EMMA_ID", "BD999")), {"r1", "r3"}),  # the outline before all else
        (area("Dhaka", ELSEWHERE), set()),
        (area("Dhaka", None, ("p code", "bd1004")), {"r1", "r3"}),  # codes before the name
        (area("Barguna", None, ("emma_id", " bd026\n")), {"r2"}),
        (area("Dhaka", None, ("NUTS1", "BDX")), {"r2"}),
        (area("BARGUNA district and Dhaka"), {"r1", "r2", "r3"}),
        (area("", None, ("UGC", "XXZ001")), {"r1", "r3"}),  # r3 has an area there, and no position
        (area("Dhaka", None, ("EMMA_ID", "BD999")), {"r2"}),  # the name where no code is known
    ],
)
def test_the_first_step_that_holds_decides(
    db: RegisterDatabase, one: Area, residents: set[str]
) -> None:
    inside = found(db, one)
    assert inside.residents.keys() == residents
    assert inside.unresolved == frozenset()


@pytest.mark.parametrize(
    ("one", "residents", "unknown"),
    [
        (area("Atlantis"), set(), (("", "Atlantis"),)),
        (area("Atlantis", None, ("EMMA_ID", "XX1")), set(), (("EMMA_ID", "XX1"),)),
        (area("", None, ("NUTS3", "BDX129")), set(), (("NUTS3", "BDX129"),)),
        (area("all but", None, ("P-code", "BD100499")), set(), (("P-code", "BD100499"),)),
        (area("Amtali, Barguna"), {"r3"}, ()),  # an address or a list?
    ],
)
def test_what_cannot_be_placed_goes_to_the_officer_and_is_never_widened(
    db: RegisterDatabase, one: Area, residents: set[str], unknown: tuple[tuple[str, str], ...]
) -> None:
    inside = found(db, one)
    assert inside.unresolved == {0}
    assert inside.residents.keys() == residents
    assert inside.unknown == unknown


def test_unknown_codes_beside_known_ones_are_told_and_nothing_is_unresolved(
    db: RegisterDatabase,
) -> None:
    inside = found(db, area("", None, ("EMMA_ID", "BD026"), ("EMMA_ID", "BD027")), area("Atlantis"))
    assert inside.residents.keys() == {"r2"}
    assert inside.unknown == (("EMMA_ID", "BD027"), ("", "Atlantis"))
    only = found(db, area("", None, ("EMMA_ID", "BD026"), ("EMMA_ID", "BD027")))
    assert only.unresolved == frozenset()


def test_an_outline_is_turned_round_where_its_own_codes_make_that_certain(
    db: RegisterDatabase,
) -> None:
    swapped = box(23.7, 89.3, 23.8, 89.9)
    lower = box(22.0, 90.0 - 1e-9, 22.4, 90.0)
    assert found(db, area("x", swapped)).residents == {}
    turkey = PlaceArea(
        "ISO 3166-2", "TR-34", 1, None, {"tr": "İstanbul"}, box(28, 40.8, 29.9, 41.6)
    )
    with db.transaction() as stores:
        stores.areas.put([turkey])
        home = a_resident(ref="r4", lat=41.1, lon=29.0, area_code=None)
        stores.people.put_residents([home])
    wrong = box(41.0, 28.9, 41.2, 29.1)
    inside = found(db, area("Istanbul", wrong, ("iso3166-2", "TR-34")))
    assert inside.residents.keys() == {"r4"}
    assert inside.notes == ("Istanbul: latitude and longitude swapped: swapped back",)
    assert found(db, area("Istanbul", wrong)).residents == {}
    assert found(db, area("x", lower, ("P-code", "BD1004"))).notes


def test_an_outline_far_from_its_own_codes_stays_and_is_told(db: RegisterDatabase) -> None:
    inside = found(db, area("Coast", DHAKA, ("P-code", "BD1004")))
    assert inside.residents.keys() == {"r2"}
    assert inside.notes == ("Coast: is nowhere near the areas that are named with it",)


def test_many_neighbours_are_asked_for_together(db: RegisterDatabase) -> None:
    strips = [
        PlaceArea(
            "EMMA_ID", f"S{n}", 3, None, {"en": f"s{n}"}, box(90 + n / 10, 22, 90.1 + n / 10, 23)
        )
        for n in range(8)
    ]
    with db.transaction() as stores:
        stores.areas.put([*strips, replace(strips[1], code="S1X")])
    codes = tuple(("EMMA_ID", one.code) for one in strips)
    inside = found(db, area("", None, *codes, ("EMMA_ID", "S1X")))
    assert inside.residents.keys() == {"r1", "r3"}
    assert inside.facilities.keys() == {"f1"}


def test_an_area_of_two_languages_is_looked_up_once_and_named_in_both(db: RegisterDatabase) -> None:
    infos = {
        0: an_info(language="en", areas=(an_area(area_desc="Coast"),)),
        1: an_info(language="bn", areas=(an_area(area_desc="উপকূল"),)),
    }
    with db.reading() as stores:
        inside = find_inside(stores, infos)
    assert inside.residents["r1"] == {0, 1}
    assert set(next(iter(inside.names.values())).values()) == {"Coast", "উপকূল"}
