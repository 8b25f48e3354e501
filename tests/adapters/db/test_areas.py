"""Areas in the store, on both databases."""

from dataclasses import replace

from shapely import Polygon, box
from sqlalchemy import Engine

from carealert.adapters.db.areas import SqlAreas
from carealert.services.ports.registry import ImportCounts, PlaceArea

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
        assert areas.resolve([("P-code", "BD1004")]) == [moved]


def test_geocodes_resolve_whatever_way_the_system_is_spelled(engine: Engine) -> None:
    with engine.begin() as connection:
        areas = SqlAreas(connection)
        areas.put(ALL)
        for system in ("P-code", "P-CODE", " p code ", "PCode"):
            assert areas.resolve([(system, " BD10 ")]) == [DIVISION]
        assert areas.resolve([("iso3166-2", "BD10"), ("P-code", "BD1004")]) == [OTHER, DISTRICT]
        assert areas.resolve([("SAME", "BD10"), ("P-code", "nowhere")]) == []
        assert areas.resolve([]) == []


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
