"""What is wrong with areas is found, with what it is and where, and nothing is made up."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import affinity
from shapely.geometry import Point, Polygon, box

from carealert.adapters.registry.areas import read_areas
from carealert.domain.area_checks import check_areas
from carealert.domain.atlas import Fault, Finding
from carealert.domain.measures import km2_of
from carealert.services.ports.registry import PlaceArea
from tests.support.atlas import a_country, an_area, put_in, without

GOOD = a_country()
W11, W12 = GOOD[2:4]


def _faults(areas: list[PlaceArea], known: list[PlaceArea] | None = None) -> list[Fault]:
    return [one.fault for one in check_areas(areas, known or ())]


def _only(areas: list[PlaceArea], known: list[PlaceArea] | None = None) -> Finding:
    (found,) = check_areas(areas, known or ())
    return found


def test_good_areas_have_nothing_to_look_at() -> None:
    assert check_areas(GOOD) == []


def test_a_code_that_is_there_twice_is_an_error() -> None:
    found = _only([*GOOD, W11])
    assert (found.fault, found.areas, found.is_error) == (
        Fault.CODE_TWICE,
        (("P-code", "W11"),),
        True,
    )


def test_a_code_of_two_systems_may_be_one_place_and_not_two() -> None:
    alias = [replace(one, code_system="SAME") for one in GOOD]
    assert check_areas([*GOOD, *alias]) == []
    elsewhere = an_area("W11", 3, None, box(0, 0, 1, 1), "OTHER")
    found = check_areas([*GOOD, elsewhere])
    assert {one.fault for one in found} == {Fault.TWO_PLACES}
    assert {one.areas for one in found} == {(("P-code", "W11"),), (("OTHER", "W11"),)}


def test_a_parent_of_the_own_system_goes_before_one_of_another() -> None:
    namesake = an_area("D1", 2, None, box(0, 0, 1, 1), "A-code")  # first by its name
    faults = {one.fault for one in check_areas([namesake, *GOOD])}
    assert faults == {Fault.TWO_PLACES}


def test_parents_that_go_in_a_circle_are_told_once() -> None:
    top = replace(GOOD[0], parent_code="W11")
    found = [one for one in check_areas(put_in(GOOD, top)) if one.fault is Fault.CIRCLE]
    assert len(found) == 1
    assert {code for _, code in found[0].areas} == {"P", "D1", "W11"}
    own = check_areas([replace(GOOD[0], parent_code="P")])
    assert [one.fault for one in own] == [Fault.CIRCLE]
    assert own[0].what == "lies in itself: P in P"


def test_an_unknown_parent_is_told_once_for_all_its_children() -> None:
    found, gap = check_areas(without(GOOD, "D1"))
    assert (found.fault, gap.fault) == (Fault.NO_PARENT, Fault.GAP)
    assert len(found.areas) == 4
    assert "D1, as 3 more do" in found.what
    assert not found.is_error
    assert check_areas(without(GOOD, "D1"), known=GOOD) == [], "the register has it"


def test_levels_must_go_down_one_by_one() -> None:
    assert _faults(put_in(GOOD, replace(W11, level=4))) == [Fault.LEVEL_SKIPPED]
    not_above = check_areas(put_in(GOOD, replace(W11, level=2, geometry=None)))
    assert not_above[0].fault is Fault.NOT_ABOVE
    assert not_above[0].is_error
    alone = replace(W11, parent_code=None)
    found = [one for one in check_areas(put_in(GOOD, alone)) if one.fault is Fault.NO_PARENT]
    assert [one.what for one in found] == ["is of level 3 and names no parent"]


def test_names_and_outlines_that_are_missing_are_told() -> None:
    ward = replace(W11, names={"bn": "ওয়ার্ড"}, geometry=None)
    found = check_areas(put_in(GOOD, ward))
    assert [one.fault for one in found] == [Fault.NO_NAME, Fault.NO_OUTLINE, Fault.GAP]


def test_an_outline_that_crosses_itself_is_an_error_and_stops_nothing_else() -> None:
    tie = Polygon([(30, 2), (31, 3), (31, 2), (30, 3)])
    found = check_areas(put_in(GOOD, replace(W11, geometry=tie)))
    assert [one.fault for one in found] == [Fault.INVALID, Fault.GAP]
    assert "Self-intersection[30.5 2.5]" in found[0].what


def test_an_overlap_has_its_size_its_share_and_a_point_in_it() -> None:
    wide = replace(W11, geometry=box(30, 2, 31.25, 3))
    found = _only(put_in(GOOD, wide))
    assert (found.fault, found.is_error) == (Fault.OVERLAP, False)
    assert {code for _, code in found.areas} == {"W11", "W12"}
    assert found.areas[0][1] == "W12", "the share is of the smaller one"
    assert found.share == pytest.approx(0.25)
    assert found.km2 == pytest.approx(km2_of([box(31, 2, 31.25, 3)])[0])
    assert found.at is not None
    assert box(31, 2, 31.25, 3).contains(Point(found.at))


def test_slivers_along_a_border_are_no_overlap_and_no_gap() -> None:
    wide = replace(W11, geometry=box(30, 2, 31.009, 3))
    thin = replace(W12, geometry=box(31.004, 2, 32, 3))
    assert check_areas(put_in(GOOD, wide)) == []
    assert check_areas(put_in(GOOD, thin)) == []


def test_overlaps_are_found_across_parents_and_not_across_levels() -> None:
    over = replace(W12, geometry=box(31, 2, 32.5, 3))  # W12 of D1 into W21 of D2
    faults = {one.fault: one for one in check_areas(put_in(GOOD, over))}
    assert set(faults) == {Fault.OVERLAP, Fault.STICKS_OUT}
    assert {code for _, code in faults[Fault.OVERLAP].areas} == {"W12", "W21"}


def test_a_gap_has_its_size_and_a_point_in_it() -> None:
    found = _only(without(GOOD, "W14"))
    assert (found.fault, found.areas) == (Fault.GAP, (("P-code", "D1"),))
    assert found.km2 == pytest.approx(km2_of([box(31, 3, 32, 4)])[0], rel=0.02)
    assert found.share == pytest.approx(0.25, rel=0.02)
    assert found.at is not None
    assert box(31, 3, 32, 4).contains(Point(found.at))


def test_a_gap_is_seen_although_slivers_hang_on_it() -> None:
    gone = without(GOOD, "W14")
    thin = [replace(one, geometry=one.geometry.buffer(-0.003)) for one in gone if one.geometry]  # type: ignore[arg-type]
    wards = [one for one in thin if one.level == 3]
    found = _only([*(one for one in gone if one.level < 3), *wards])
    assert found.fault is Fault.GAP
    assert found.share == pytest.approx(0.25, rel=0.1)


def test_two_gaps_are_two_findings_the_larger_first() -> None:
    half = replace(W11, geometry=box(30, 2, 30.5, 3))
    found = check_areas(put_in(without(GOOD, "W14"), half))
    assert [one.fault for one in found] == [Fault.GAP, Fault.GAP]
    assert (found[0].km2 or 0) > (found[1].km2 or 0)


def test_the_children_of_another_system_fill_no_gap() -> None:
    whole = an_area("Z", 3, "D1", box(30, 2, 32, 4), "UGC")
    assert _faults([*without(GOOD, "W14"), whole]) == [Fault.GAP]


def test_a_child_that_stands_out_of_its_parent_is_told_with_its_share() -> None:
    out = replace(W11, geometry=box(29.5, 2, 31, 3))
    found = _only(put_in(GOOD, out))
    assert (found.fault, found.is_error) == (Fault.STICKS_OUT, False)
    assert found.share == pytest.approx(1 / 3, rel=1e-6)
    assert found.at is not None
    assert box(29.5, 2, 30, 3).contains(Point(found.at))


def test_an_area_far_from_its_parent_is_an_error() -> None:
    away = replace(W11, geometry=box(60, 40, 61, 41))
    found = check_areas(put_in(GOOD, away))
    assert [one.fault for one in found] == [Fault.AWAY, Fault.GAP]


def test_exchanged_axes_are_found_by_the_parent_or_by_most_siblings() -> None:
    turned = replace(W11, geometry=box(2, 30, 3, 31))
    assert _faults(put_in(GOOD, turned)) == [Fault.SWAPPED, Fault.GAP]
    alone = [one for one in put_in(GOOD, turned) if one.level == 3 and one.code < "W2"]
    found = [one for one in check_areas(alone) if one.fault is Fault.SWAPPED]
    assert [one.areas for one in found] == [(("P-code", "W11"),)]


def test_scattered_siblings_are_not_suspected() -> None:
    islands = [an_area(f"I{n}", 1, None, box(x, y, x + 1, y + 1)) for n, (x, y) in enumerate(
        [(10, 60), (60, 10), (-50, -20), (5, 5), (40, -30)]
    )]  # fmt: skip
    assert check_areas(islands) == []


def test_only_what_concerns_the_areas_under_check_is_told() -> None:
    bad = put_in(GOOD, replace(W11, geometry=box(29.5, 2, 31, 3)))
    own = [one for one in bad if one.code == "W24"]
    assert check_areas(own, known=without(bad, "W24")) == []
    doubled = put_in(GOOD, replace(W11, geometry=box(30, 2, 31.25, 3)))
    assert check_areas(own, known=doubled) == []
    mended = [W11]
    assert check_areas(mended, known=bad) == [], "what it replaces does not count"


@pytest.mark.shared
def test_real_boundaries_are_judged_as_a_map_shows_them(shared: Path) -> None:
    """Pasig and Marikina fill their cities; Dhaka's wards are by another hand than its cities."""
    ncr = _read(shared, "ph_ncr_cities", "ph_pasig_barangays", "ph_marikina_barangays")
    found = check_areas(ncr)
    assert {one.fault for one in found} == {Fault.NO_PARENT, Fault.STICKS_OUT}
    assert max(one.share or 0 for one in found) < 0.06
    dhaka = check_areas(_read(shared, "bd_dhaka_adm3", "bd_dhaka_city_adm4"))
    counted = Counter(one.fault for one in dhaka)
    assert counted[Fault.GAP] > 5
    assert counted[Fault.STICKS_OUT] > 20
    assert not any(one.is_error for one in dhaka)
    missing = [one for one in ncr if one.code != "1381200012"]  # Maybunga
    (gap,) = [one for one in check_areas(missing) if one.fault is Fault.GAP]
    assert gap.at is not None
    (gone,) = [one.geometry for one in ncr if one.code == "1381200012"]
    assert gone is not None
    assert gone.contains(Point(gap.at))


def _read(shared: Path, *names: str) -> list[PlaceArea]:
    files = [shared / "geo" / f"{name}.geojson" for name in names]
    return [area for file in files for area in read_areas(file, "en").items]


@given(
    st.permutations(range(len(GOOD))),
    st.floats(-100, 100),
    st.floats(-60, 60),
)
@settings(max_examples=25, deadline=None)
def test_neither_order_nor_place_changes_what_is_found(
    order: list[int], east: float, north: float
) -> None:
    def moved(one: PlaceArea) -> PlaceArea:
        return replace(one, geometry=affinity.translate(one.geometry, east - 32, north - 3))

    bad = put_in(without(GOOD, "W14"), replace(W11, geometry=box(30, 2, 31.25, 3)))
    areas = [moved(bad[n % len(bad)]) for n in order[: len(bad)]]
    if len({one.code for one in areas}) == len(bad):
        assert sorted(_faults(areas)) == sorted([Fault.OVERLAP, Fault.GAP])
