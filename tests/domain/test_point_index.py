"""The index in memory finds whom plain Shapely finds, for one shape and for many at once."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import Point, Polygon, box
from shapely.geometry.base import BaseGeometry

from carealert.domain.covering import MOST_AT_ONCE, cover, cover_each
from carealert.domain.point_index import PointIndex


def star(x: float, y: float, size: float, many: int, seed: int) -> Polygon:
    radii = size * np.random.default_rng(seed).uniform(0.4, 1, many)
    angle = np.linspace(0, 2 * np.pi, many, endpoint=False)
    ring = np.column_stack([x + radii * np.cos(angle), y + radii * np.sin(angle)])
    return Polygon(ring).intersection(box(-180, -90, 180, 90))


def truth(geometry: BaseGeometry, lon: np.ndarray, lat: np.ndarray) -> list[int]:
    found = shapely.intersects_xy(geometry, lon, lat)
    seam = np.abs(lon) == 180.0
    found[seam] |= shapely.intersects_xy(geometry, -lon[seam], lat[seam])
    return np.flatnonzero(found).tolist()


stars = st.builds(
    star,
    st.one_of(st.floats(-180, 180), st.sampled_from([-180.0, 179.99, 180.0])),
    st.one_of(st.floats(-90, 90), st.sampled_from([-90.0, 90.0])),
    st.floats(-4, 2).map(lambda power: 10.0**power),
    st.integers(3, 30),
    st.integers(0, 1000),
)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(stars, min_size=1, max_size=6), st.integers(0, 2**20), st.sampled_from([50, 20_000])
)
def test_whoever_is_inside_is_found_and_nobody_else(
    shapes: list[BaseGeometry], seed: int, many: int
) -> None:
    """Few points are tested one by one, many by ranges; both must agree with Shapely."""
    rng = np.random.default_rng(seed)
    at = np.concatenate([shapely.get_coordinates(shapes), [(0.0, 0.0)]])
    near = at[rng.integers(0, len(at), many)] + rng.normal(0, 0.5, (many, 2))
    every = np.concatenate([near, at, rng.uniform((-180, -90), (180, 90), (200, 2))])
    lon, lat = every[:, 0].clip(-180, 180), every[:, 1].clip(-90, 90)
    found = PointIndex(np.arange(len(lon)), lon, lat).inside_each(shapes)
    assert [sorted(one.tolist()) for one in found] == [truth(one, lon, lat) for one in shapes]


@settings(max_examples=100, deadline=None)
@given(st.lists(stars, min_size=1, max_size=5), st.sampled_from([8, 100, 1500]))
def test_shapes_are_covered_together_as_they_are_alone(
    shapes: list[BaseGeometry], budget: int
) -> None:
    together = cover_each(shapes, np.full(len(shapes), budget))
    for n, shape in enumerate(shapes):
        alone = cover(shape, budget)
        for ranges, wanted in ((together.inner, alone.inner), (together.edge, alone.edge)):
            mine = ranges.owner == n
            pairs = zip(ranges.low[mine].tolist(), ranges.high[mine].tolist(), strict=True)
            assert tuple(pairs) == wanted


def test_more_shapes_than_one_pass_takes_are_taken_in_several() -> None:
    shapes = [box(n % 100, 0, n % 100 + 0.5, 1) for n in range(MOST_AT_ONCE + 3)]
    lon = np.arange(100) + 0.25
    found = PointIndex(np.arange(100), lon, np.full(100, 0.5)).inside_each(shapes)
    assert [one.tolist() for one in found] == [[n % 100] for n in range(len(shapes))]


@pytest.mark.parametrize("shape", [Polygon(), Point(0, 0), shapely.LineString([(0, 0), (1, 1)])])
def test_shapes_without_an_inside_hold_what_lies_on_them(shape: BaseGeometry) -> None:
    index = PointIndex(np.array([7, 8]), np.array([0.0, 5.0]), np.array([0.0, 5.0]))
    wanted = [] if shape.is_empty else [7]
    assert index.inside(shape).tolist() == wanted


def test_who_lives_on_the_antimeridian_lives_on_both_sides_of_the_map() -> None:
    east, west = box(170, -20, 180, -10), box(-180, -20, -170, -10)
    index = PointIndex(np.arange(2), np.array([180.0, -180.0]), np.array([-15.0, -15.0]))
    for shape in (east, west):
        assert sorted(index.inside(shape).tolist()) == [0, 1]


def test_an_index_of_nobody_finds_nobody() -> None:
    index = PointIndex(np.empty(0, np.int64), np.empty(0), np.empty(0))
    assert len(index) == 0
    assert index.inside(box(-180, -90, 180, 90)).tolist() == []
    assert index.inside_each([]) == []
