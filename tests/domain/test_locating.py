"""A point belongs to the smallest area around it; the same answer as asking area by area."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import Point, box

from carealert.domain.locating import Locator
from tests.support.atlas import a_country, an_area, without

COUNTRY = a_country()


def _codes(locator: Locator, *points: tuple[float, float]) -> list[str | None]:  # type: ignore[type-arg]
    lon, lat = np.array(points).T
    return [one.code if one else None for one in locator.find(lon, lat)]


def test_the_smallest_level_wins_and_else_the_one_around_it() -> None:
    assert _codes(Locator(COUNTRY), (30.5, 2.5), (33.5, 3.5)) == ["W11", "W24"]
    assert _codes(Locator(without(COUNTRY, "W11")), (30.5, 2.5)) == ["D1"]
    assert _codes(Locator(without(COUNTRY, "W11", "D1")), (30.5, 2.5)) == ["P"]


def test_outside_of_every_area_is_nowhere() -> None:
    assert _codes(Locator(COUNTRY), (29.99, 2.5), (0.0, 0.0)) == [None, None]
    assert _codes(Locator([]), (30.5, 2.5)) == [None]
    assert Locator([an_area("X", 1, None, None)]).is_empty


def test_of_two_areas_of_one_level_the_smaller_counts() -> None:
    wide, small = an_area("A", 1, None, box(0, 0, 9, 9)), an_area("Z", 1, None, box(0, 0, 1, 1))
    assert _codes(Locator([wide, small]), (0.5, 0.5), (5.0, 5.0)) == ["Z", "A"]


def test_the_edge_counts_and_so_does_the_seam_of_the_world() -> None:
    east, west = (
        an_area("E", 1, None, box(179, -18, 180, -17)),
        an_area("F", 1, None, box(-179, -18, -178, -17)),
    )
    locator = Locator([east, west])
    points = [(180.0, -17.5), (-180.0, -17.5), (179.0, -17.5), (-178.0, -17.0), (-179.5, -17.5)]
    assert _codes(locator, *points) == ["E", "E", "E", "F", None]


@given(
    st.lists(
        st.tuples(st.floats(29, 35, allow_nan=False), st.floats(1, 5, allow_nan=False)), max_size=30
    )
)
@settings(max_examples=60, deadline=None)
def test_it_is_the_answer_of_asking_one_by_one(points: list[tuple[float, float]]) -> None:
    ranked = sorted(COUNTRY, key=lambda one: (-one.level, one.code))
    locator = Locator(COUNTRY)
    found = locator.find(np.array([x for x, _ in points]), np.array([y for _, y in points]))
    for (x, y), one in zip(points, found, strict=True):
        around = [
            it for it in ranked if it.geometry is not None and it.geometry.intersects(Point(x, y))
        ]
        if one is None:
            assert around == []
        else:
            assert one in around
            assert one.level == around[0].level
