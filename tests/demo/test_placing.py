"""Demo homes move into the areas of whichever warnings are replayed."""

from dataclasses import replace
from typing import Any

import pytest
from shapely import MultiPolygon, Point, Polygon, box
from shapely.geometry.base import BaseGeometry

from carealert.demo.placing import NowhereToPlace, place_inside
from carealert.demo.register import Register, read
from carealert.domain.warnings import HazardWarning, Status
from tests.support.builders import a_warning, an_area, an_info
from tests.support.demo_data import DEMO


@pytest.fixture(scope="module")
def register() -> Register:
    return read(DEMO / "register")


def warned(*areas: Any, language: str = "en") -> HazardWarning:
    return a_warning(an_info(areas=areas, language=language))


def shaped(geometry: BaseGeometry) -> Any:
    return an_area(geometry=geometry, geocodes=(("UGC", "WAZ001"),))


def coded(code: str, desc: str = "Somewhere") -> Any:
    return an_area(geometry=None, geocodes=(("NUTS3", code),), area_desc=desc)


MANILA, LISBON = box(120.9, 14.5, 121.1, 14.7), box(-9.3, 38.6, -9.1, 38.8)


def test_homes_and_facilities_spread_over_every_shape(register: Register) -> None:
    placed = place_inside(register, [warned(shaped(MANILA), shaped(LISBON))], 7)
    inside = {"manila": 0, "lisbon": 0}
    for row in (*placed.register.residents, *placed.register.facilities):
        point = Point(float(row["lon"]), float(row["lat"]))
        inside["manila"] += MANILA.contains(point)
        inside["lisbon"] += LISBON.contains(point)
        assert row["area_code"] == ""
    assert inside == {"manila": 220, "lisbon": 220}
    assert placed.areas == ()


def test_in_an_area_of_codes_alone_people_have_its_code_and_no_point(register: Register) -> None:
    warnings = [warned(coded("PT170", "Lisboa")), warned(coded("PT170", "লিসবন"), language="bn")]
    placed = place_inside(register, warnings, 7)
    assert {(r["area_code"], r["lat"], r["lon"]) for r in placed.register.residents} == {
        ("PT170", "", "")
    }
    (area,) = placed.areas
    assert (area.code_system, area.code, area.geometry) == ("NUTS3", "PT170", None)
    assert area.names == {"en": "Lisboa", "bn": "লিসবন"}


def test_only_the_place_of_a_person_changes(register: Register) -> None:
    placed = place_inside(register, [warned(shaped(MANILA))], 7).register
    place = {"lat", "lon", "area_code"}
    for before, after in zip(register.residents, placed.residents, strict=True):
        assert {k: v for k, v in before.items() if k not in place} == {
            k: v for k, v in after.items() if k not in place
        }
    assert [r["phone"] for r in register.caregivers] == [r["phone"] for r in placed.caregivers]


def test_who_lives_with_a_resident_moves_along(register: Register) -> None:
    placed = place_inside(register, [warned(shaped(MANILA))], 7).register
    homes = {row["ref"]: row for row in placed.residents}
    at_home = [row for row in placed.caregivers if row["lat"]]
    assert len(at_home) > 100
    for row in at_home:
        first = homes[row["cares_for"].split(";")[0]]
        assert (row["lat"], row["lon"]) == (first["lat"], first["lon"])


def test_a_shape_repeated_in_two_languages_counts_once(register: Register) -> None:
    both = a_warning(
        an_info(areas=(shaped(MANILA),)),
        an_info(areas=(shaped(MANILA), shaped(LISBON)), language="pt"),
    )
    placed = place_inside(register, [both], 7).register
    west = sum(float(row["lon"]) < 0 for row in placed.residents)
    assert west == 200


def test_the_same_seed_places_alike_and_another_does_not(register: Register) -> None:
    warnings = [warned(shaped(MANILA), coded("PT170"))]
    assert place_inside(register, warnings, 1) == place_inside(register, warnings, 1)
    assert place_inside(register, warnings, 1) != place_inside(register, warnings, 2)


def test_slivers_and_scattered_islands_still_hold_their_people(register: Register) -> None:
    sliver = Polygon([(0, 0), (10, 10.0000001), (10, 10)])
    islands = MultiPolygon([box(170, -10, 170.001, -9.999), box(179, 60, 179.001, 60.001)])
    for geometry in (sliver, islands):
        placed = place_inside(register, [warned(shaped(geometry))], 3).register
        for row in placed.residents[:20]:
            assert geometry.intersects(Point(float(row["lon"]), float(row["lat"])))


def test_nobody_moves_to_where_only_an_exercise_is(register: Register) -> None:
    exercise = replace(warned(shaped(LISBON)), status=Status.EXERCISE)
    for row in place_inside(register, [exercise, warned(shaped(MANILA))], 7).register.residents:
        assert MANILA.contains(Point(float(row["lon"]), float(row["lat"])))
    for row in place_inside(register, [exercise], 7).register.residents:
        assert LISBON.contains(Point(float(row["lon"]), float(row["lat"])))


@pytest.mark.parametrize("areas", [(), (an_area(geometry=None, geocodes=()),)])
def test_warnings_without_any_place_are_refused_in_words(
    register: Register, areas: tuple[Any, ...]
) -> None:
    with pytest.raises(NowhereToPlace, match="replay other documents"):
        place_inside(register, [warned(*areas)], 7)
