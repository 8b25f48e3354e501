"""Areas in the store, on both databases."""

from dataclasses import replace
from typing import Any

import pytest
from shapely import Polygon, box
from sqlalchemy import Engine

from carealert.adapters.db.areas import SqlAreas
from carealert.services.ports.registry import ImportCounts, PlaceArea, Placed

DIVISION = PlaceArea("P-code", "BD10", 1, None, {"en": "Barishal", "bn": "বরিশাল"}, None)
DISTRICT = PlaceArea("P-code", "BD1004", 2, "BD10", {"en": "Barguna"}, box(89.8, 21.8, 90.4, 22.5))
WARD = PlaceArea("geoBoundaries", "W1", 4, "BD1004", {"en": "Ward 1"}, box(90, 22, 90.1, 22.1))
OTHER = PlaceArea("ISO 3166-2", "BD10", 1, None, {"en": "same code"}, None)
ALL = [DIVISION, DISTRICT, WARD, OTHER]


def test_every_field_comes_back(engine: Engine) -> None:
    with engine.begin() as connection:
        assert SqlAreas(connection).put(ALL) == ImportCounts(4, 0, 0)
        assert SqlAreas(connection).all() == [OTHER, DIVISION, DISTRICT, WARD]


def test_putting_again_changes_only_what_is_new(engine: Engine) -> None:
    moved = replace(DISTRICT, geometry=Polygon([(0, 0), (1, 0), (1, 1)]), names={"bn": "বরগুনা"})
    with engine.begin() as connection:
        areas = SqlAreas(connection)
        areas.put(ALL)
        assert areas.put(ALL) == ImportCounts(0, 0, 4)
        assert areas.put([moved, WARD]) == ImportCounts(0, 1, 1)
        assert areas.place([("P-code", "BD1004")]).areas == (moved,)


def test_a_code_is_found_whatever_way_it_and_its_system_are_spelled(engine: Engine) -> None:
    with engine.begin() as connection:
        areas = SqlAreas(connection)
        areas.put(ALL)
        for system in ("P-code", "P-CODE", " p code ", "PCode", "ADM2_PCODE", "p\ncode"):
            for code in (" BD1004 ", "bd1004", "BD\n1004"):
                placed = areas.place([(system, code)])
                assert placed.areas == (DISTRICT,)
                assert placed.unknown == ()
                assert not placed.doubtful
        assert areas.place([]) == Placed()


def test_ancestors_come_nearest_first_across_code_systems(engine: Engine) -> None:
    with engine.begin() as connection:
        areas = SqlAreas(connection)
        areas.put([DIVISION, DISTRICT, WARD])
        assert areas.with_ancestors("W1") == (WARD, DISTRICT, DIVISION)
        assert areas.with_ancestors("nowhere") == ()
        areas.put([replace(DISTRICT, parent_code=None)])
        assert [one.code for one in areas.with_ancestors("W1")] == ["W1", "BD1004"]


def test_a_circle_of_parents_ends(engine: Engine) -> None:
    with engine.begin() as connection:
        areas = SqlAreas(connection)
        areas.put([replace(DIVISION, parent_code="W1"), DISTRICT, WARD])
        assert [one.code for one in areas.with_ancestors("W1")] == ["W1", "BD1004", "BD10"]


BOX = box(89.8, 21.8, 90.4, 22.5)


def _an(system: str, code: str, name: str = "x", **changes: Any) -> PlaceArea:
    return replace(PlaceArea(system, code, 2, None, {"en": name}, BOX), **changes)


def _placed(engine: Engine, areas: list[PlaceArea], *pairs: tuple[str, str]) -> Placed:
    with engine.begin() as connection:
        store = SqlAreas(connection)
        store.put(areas)
        return store.place(pairs)


@pytest.mark.parametrize(
    ("known", "warned"),
    [
        (("EMMA_ID", "BD001"), ("emma_id", "bd001")),
        (("emma_id", "bd001"), ("EMMA_ID", "BD001")),
        (("EMMA_ID", "Bd001"), ("EMMA_ID", "BD001")),
        (("SAME", "006037"), ("FIPS6", "006037")),
        (("FIPS", "06037"), ("SAME", "006037")),
        (("UGC", "TXZ124"), ("UGC", "txz124-281200-")),
        (("ISO 3166-2", "AU-SA"), ("ISO3166-2", "AU_SA")),
        (("NUTS3", "FR718"), ("NUTS2", "FR71")),  # a warned parent covers those below
        (("NUTS3", "FR718"), ("NUTS", "FR")),
        (("SAME", "006037"), ("SAME", "006000")),
        (("PSGC", "1381200001"), ("PSGC", "1381200000")),
        (("Own system", "Zone B"), ("OWN_SYSTEM", " zone  b")),
    ],
)
def test_a_warned_code_finds_the_area_however_it_is_written(
    engine: Engine, known: tuple[str, str], warned: tuple[str, str]
) -> None:
    one = _an(*known)
    placed = _placed(engine, [one], warned)
    assert placed.areas == (one,)
    assert one.code in placed.codes
    assert not placed.unknown
    assert not placed.doubtful


@pytest.mark.parametrize(
    ("known", "warned", "doubtful"),
    [
        (("NUTS2", "FR71"), ("NUTS3", "FR718"), True),  # a part of what is known: not all of it
        (("SAME", "006037"), ("SAME", "106037"), True),
        (("PSGC", "1381200000"), ("PSGC", "1381200001"), True),
        (("NUTS2", "FR71"), ("NUTS3", "FR628"), False),
        (("EMMA_ID", "BD001"), ("EMMA_ID", "BD002"), False),
        (("P-code", "BD1004"), ("EMMA_ID", "BD1004"), False),  # another system's code
        (("LGD State Code", "24"), ("LGD District Code", "24"), False),
        (("P-code", "BD10"), ("AreaId", "0"), False),
    ],
)
def test_a_code_that_is_not_known_is_unknown_and_stands_for_nothing(
    engine: Engine, known: tuple[str, str], warned: tuple[str, str], doubtful: bool
) -> None:
    placed = _placed(engine, [_an(*known)], warned)
    assert placed.areas == ()
    assert placed.unknown == (warned,)
    assert placed.doubtful is doubtful
    assert known[1] not in placed.codes


def test_one_known_among_many_is_found_and_the_others_are_told(engine: Engine) -> None:
    placed = _placed(
        engine, [_an("UGC", "TXZ124")], ("UGC", "TXZ123>125"), ("SAME", "048001"), ("UGC", "TXZ124")
    )
    assert [one.code for one in placed.areas] == ["TXZ124"]
    assert placed.unknown == (("UGC", "TXZ123"), ("UGC", "TXZ125"), ("SAME", "048001"))
    assert not placed.doubtful


def test_an_area_without_an_outline_stands_for_all_below_it(engine: Engine) -> None:
    placed = _placed(engine, [DIVISION, DISTRICT, WARD, _an("P-code", "BD20")], ("P-code", "BD10"))
    assert placed.areas == (DIVISION, DISTRICT, WARD)
    assert {"BD10", "BD1004", "W1"} <= placed.codes


def test_codes_that_only_people_are_registered_under_are_handed_on(engine: Engine) -> None:
    assert _placed(engine, [], ("P-code", "BD1009")).codes == {"BD1009"}
    assert _placed(engine, [], ("AreaId", "0")).codes == frozenset()


DHAKA_DIVISION = _an("P-code", "BD30", "Dhaka", level=1)
DHAKA = _an("P-code", "BD3026", "Dhaka", parent_code="BD30", geometry=box(90.0, 23.6, 90.5, 24.0))
BARGUNA = _an("P-code", "BD1004", "Barguna", names={"en": "Barguna", "bn": "বরগুনা"})
AMTALI = _an("P-code", "BD100409", "Amtali", parent_code="BD1004", geometry=box(90, 22, 90.2, 22.2))
BHOLA = _an("P-code", "BD1009", "Bhola", geometry=box(90.5, 22, 91, 22.8))
AGAIN = replace(BARGUNA, code_system="EMMA_ID", code="BD104")
GAZETTEER = [DHAKA_DIVISION, DHAKA, BARGUNA, AMTALI, BHOLA]


@pytest.mark.parametrize(
    ("text", "codes", "unknown", "doubtful"),
    [
        ("Barguna District", {"BD1004"}, [], False),
        ("বরগুনা জেলা", {"BD1004"}, [], False),
        ("BARGUNA, Bhola", {"BD1004", "BD1009"}, [], False),
        ("Barguna and Bhola; Khulna", {"BD1004", "BD1009"}, ["Khulna"], False),
        ("Dhaka", set(), ["Dhaka"], False),  # two places
        ("Dhaka, Bhola", {"BD1009"}, ["Dhaka"], True),
        ("Amtali, Barguna", {"BD100409"}, [], True),  # an address, or a list
        ("All districts except Bhola", set(), ["All districts except Bhola"], False),
        ("Bargun", set(), ["Bargun"], False),
        ("", set(), [""], False),
    ],
)
def test_a_name_counts_where_it_has_one_place(
    engine: Engine, text: str, codes: set[str], unknown: list[str], doubtful: bool
) -> None:
    with engine.begin() as connection:
        store = SqlAreas(connection)
        store.put(GAZETTEER)
        placed = store.named(text)
    assert {one.code for one in placed.areas} == codes
    assert placed.codes == codes
    assert [name for _, name in placed.unknown if name] == [name for name in unknown if name]
    assert placed.doubtful is doubtful


def test_one_place_under_codes_of_two_systems_is_one_place(engine: Engine) -> None:
    with engine.begin() as connection:
        store = SqlAreas(connection)
        store.put([*GAZETTEER, AGAIN])
        assert set(store.named("Barguna").codes) == {"BD1004", "BD104"}
        assert store.place([("emma_id", "bd104")]).areas == (AGAIN,)
        store.put([replace(AGAIN, geometry=box(0, 0, 1, 1))])
        assert store.named("Barguna").areas == ()


def test_the_home_of_an_area_without_an_outline_is_the_nearest_around_it(engine: Engine) -> None:
    with engine.begin() as connection:
        store = SqlAreas(connection)
        circle = [_an("x", "A", parent_code="B", geometry=None)]
        circle += [_an("x", "B", parent_code="A", geometry=None)]
        store.put([DIVISION, DISTRICT, replace(WARD, geometry=None), *circle])
        homes = store.homes(["W1", "BD10", "BD1004", "A", "nowhere"])
    assert homes == {"W1": DISTRICT.geometry, "BD1004": DISTRICT.geometry}
