"""The covering is exact: checked against plain Shapely on whatever shapes can be made."""

from itertools import pairwise

import numpy as np
import pytest
import shapely
from hypothesis import example, given, settings
from hypothesis import strategies as st
from shapely import MultiPolygon, Point, Polygon, box
from shapely.affinity import scale
from shapely.geometry.base import BaseGeometry

from carealert.domain.cells import LEVELS, cell_of, cells_of
from carealert.domain.covering import Covering, cover


def _among(numbers: np.ndarray, ranges: tuple[tuple[int, int], ...]) -> np.ndarray:
    if not ranges:
        return np.zeros(len(numbers), bool)
    low, high = np.array(ranges).T
    at = np.searchsorted(low, numbers, "right") - 1
    return (at >= 0) & (numbers <= high[at.clip(0)])


def _check(geometry: BaseGeometry, lon: np.ndarray, lat: np.ndarray, budget: int) -> Covering:
    covering = cover(geometry, budget)
    numbers = cells_of(lon, lat)
    truth = shapely.intersects_xy(geometry, lon, lat)
    inner, edge = _among(numbers, covering.inner), _among(numbers, covering.edge)
    assert not (inner & ~truth).any(), "a point outside lies in an inner range"
    assert not (truth & ~inner & ~edge).any(), "a point inside lies in no range"
    assert not (inner & edge).any()
    return covering


def _points_for(geometry: BaseGeometry, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Random points near it, its vertices, points on its edges and hairs beside them."""
    rng = np.random.default_rng(seed)
    west, south, east, north = geometry.bounds
    wide, high = east - west + 1e-9, north - south + 1e-9
    lon = [rng.uniform(west - wide / 4, east + wide / 4, 600), rng.uniform(-180, 180, 100)]
    lat = [rng.uniform(south - high / 4, north + high / 4, 600), rng.uniform(-90, 90, 100)]
    vertices = shapely.get_coordinates(geometry)
    middles = (vertices[:-1] + vertices[1:]) / 2
    for points in (vertices, middles):
        for dx, dy in ((0, 0), (1e-12, 0), (-1e-12, 0), (0, 1e-9), (0, -1e-9)):
            lon.append(points[:, 0] + dx)
            lat.append(points[:, 1] + dy)
    # Corners of cells: where rounding would show first.
    side_x, side_y = 360 / 2**LEVELS, 180 / 2**LEVELS
    lon.append(np.round(vertices[:, 0] / side_x) * side_x)
    lat.append(np.round(vertices[:, 1] / side_y) * side_y)
    return np.concatenate(lon).clip(-180, 180), np.concatenate(lat).clip(-90, 90)


@st.composite
def shapes(draw: st.DrawFn) -> BaseGeometry:
    """Stars with holes, alone or several, from metres to the whole world, at its edges too."""
    parts = []
    for _ in range(draw(st.integers(1, 3))):
        size = 10.0 ** draw(st.floats(-5, 2))
        x = draw(st.one_of(st.floats(-180, 180), st.sampled_from([-180.0, 0.0, 179.9999, 180.0])))
        y = draw(st.one_of(st.floats(-90, 90), st.sampled_from([-90.0, 0.0, 89.9999, 90.0])))
        many = draw(st.integers(3, 12))
        radii = np.array(draw(st.lists(st.floats(0.2, 1), min_size=many, max_size=many)))
        angle = np.linspace(0, 2 * np.pi, many, endpoint=False)
        ring = np.column_stack([x + size * radii * np.cos(angle), y + size * radii * np.sin(angle)])
        part = Polygon(ring)
        if draw(st.booleans()):
            part = part.difference(scale(part, 0.4, 0.4))
        parts.append(part.intersection(box(-180, -90, 180, 90)))
    return shapely.union_all(parts)


@settings(max_examples=300, deadline=None)
@given(shapes(), st.integers(0, 2**20), st.sampled_from([8, 100, 1500]))
@example(box(-180, -90, 180, 90), 1, 100)
@example(box(170, -90, 180, 90), 1, 100)
@example(box(0, 0, 22.5, 11.25), 1, 100)  # every side on a side of cells
@example(box(90, 22, 90 + 1e-9, 22 + 1e-9), 1, 1500)
@example(Polygon([(0, 0), (45, 45), (45, 0)]), 2, 100)  # a side through corners of cells
def test_inner_ranges_hold_only_points_inside_and_no_point_inside_is_missed(
    geometry: BaseGeometry, seed: int, budget: int
) -> None:
    if geometry.is_empty:
        assert cover(geometry, budget) == Covering((), ())
        return
    lon, lat = _points_for(geometry, seed)
    _check(geometry, lon, lat, budget)


def test_a_bow_tie_is_covered_as_shapely_understands_it() -> None:
    tie = Polygon([(0, 0), (10, 10), (10, 0), (0, 10)])
    rng = np.random.default_rng(3)
    _check(tie, rng.uniform(-1, 11, 5000), rng.uniform(-1, 11, 5000), 300)


def test_a_collection_of_point_line_and_nested_polygons_is_covered() -> None:
    nested = shapely.GeometryCollection(
        [
            Point(90, 22),
            shapely.LineString([(80, 20), (85, 25)]),
            shapely.GeometryCollection([MultiPolygon([box(0, 0, 1, 1), box(0.5, 0.5, 2, 2)])]),
        ]
    )
    lon = np.array([90, 82.5, 0.7, 1.5, 3, 90.1])
    lat = np.array([22, 22.5, 0.7, 1.5, 3, 22.0])
    covering = _check(nested, lon, lat, 300)
    assert covering.inner


def test_nothing_is_covered_by_an_empty_geometry() -> None:
    assert cover(Polygon()) == Covering((), ())


def test_parts_beyond_the_world_do_no_harm() -> None:
    rng = np.random.default_rng(4)
    wide = box(-1e6, -1e6, 1e6, 10)
    _check(wide, rng.uniform(-180, 180, 2000), rng.uniform(-90, 90, 2000), 300)
    assert _check(wide, np.array([180.0, -180.0]), np.array([10.0, -90.0]), 300).inner


def test_the_covering_is_bounded_whatever_the_shape() -> None:
    comb = shapely.union_all([box(i / 100, 0, i / 100 + 0.005, 50) for i in range(1000)])
    covering = cover(comb, 1500)
    assert len(covering.inner) + len(covering.edge) < 12 * (1500 + 4000)


def test_ranges_are_sorted_and_do_not_touch() -> None:
    for ranges in (cover(Point(90, 22).buffer(1)).inner, cover(Point(90, 22).buffer(1)).edge):
        assert all(low <= high for low, high in ranges)
        assert all(a[1] + 1 < b[0] for a, b in pairwise(ranges))


@given(st.floats(-180, 180), st.floats(-90, 90))
def test_one_point_and_many_agree_and_fit_48_bits(lon: float, lat: float) -> None:
    number = cell_of(lon, lat)
    assert 0 <= number < 2**48
    assert cells_of(np.array([lon, lon]), np.array([lat, lat])).tolist() == [number, number]


def test_cells_next_to_each_other_on_the_curve_are_neighbours_in_the_world() -> None:
    """What makes it a Hilbert curve: each step goes to one of the four cells beside."""
    side = np.arange(16) + 0.5
    lon, lat = np.meshgrid(side * 360 / 16 - 180, side * 180 / 16 - 90)
    order = np.argsort(cells_of(lon.ravel(), lat.ravel()))
    steps = np.abs(np.diff(lon.ravel()[order])) / 22.5 + np.abs(np.diff(lat.ravel()[order])) / 11.25
    assert np.allclose(steps, 1)


@pytest.mark.parametrize("level", [1, 7, LEVELS])
def test_every_square_of_the_quadtree_is_one_range(level: int) -> None:
    """Points of one square share the leading bits of their numbers, and no others have them."""
    rng = np.random.default_rng(level)
    column, row = rng.integers(0, 2**level, 2)
    inside = rng.uniform(0.01, 0.99, (2, 50))
    lon = (column + inside[0]) * 360 / 2**level - 180
    lat = (row + inside[1]) * 180 / 2**level - 90
    assert len(np.unique(cells_of(lon, lat) >> 2 * (LEVELS - level))) == 1
    beside = cells_of(np.array([(column ^ 1) + 0.5]) * 360 / 2**level - 180, lat[:1])
    assert beside >> 2 * (LEVELS - level) != cells_of(lon, lat)[:1] >> 2 * (LEVELS - level)
