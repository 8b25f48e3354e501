"""Shapes hold what the agency drew: nobody inside is lost by a repair."""

import math

import numpy as np
import pytest
import shapely
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pyproj import Geod
from shapely.geometry import Point

from carealert.domain import geometry

WGS84 = Geod(ellps="WGS84")


def area(text: str) -> float:
    shape = geometry.polygon(text).geometry
    assert shape is not None
    assert shape.is_valid
    return float(shape.area)


def test_a_clean_polygon_keeps_every_point_and_gets_no_note() -> None:
    shape = geometry.polygon("22.1,90.25 22.1,90.75 22.9,90.75 22.1,90.25")
    assert shape.notes == ()
    assert shapely.get_coordinates(shape.geometry).tolist() == [
        [90.25, 22.1],
        [90.75, 22.1],
        [90.75, 22.9],
        [90.25, 22.1],
    ]


@pytest.mark.parametrize(
    ("text", "size", "note"),
    [
        ("22,90\n\t22,91\n\t23,91\r\n23,90\n22,90", 1.0, None),
        ("22,90 22,91 23,91 23,90", 1.0, "not closed"),
        ("22,90 22,91 23,91", 0.5, "not closed"),
        ("( 22,90 22,91 23,91 23,90 22,90 )", 1.0, "brackets"),
        ("22,90 22,91 23,91 22),90 25,(90 25,91 26,91 25,90", 1.0, "brackets"),
        ("22, 90 22, 91 23, 91 23, 90 22, 90", 1.0, "untidy"),
        ("22,90,5 22,91,5 23,91,5 23,90,5 22,90,5", 1.0, "untidy"),
        ("22,90 22,91 oops 23,91 23,90 22,90", 1.0, "1 unreadable"),
        ("22,90 22,91 23,91 123,90 23,90 22,90", 1.0, "outside of the world"),
        ("0,0 1,1 0,1 1,0 0,0", 0.5, "crosses itself"),
        ("0,0 0,2 2,2 2,0 0,0 0,2 2,2 2,0 0,0", 4.0, "crosses itself"),
        ("92.1,22 92.1,23 93.1,23 93.1,22 92.1,22", 1.0, "swapped"),
        ("-17,179 -17,181 -18,181 -18,179 -17,179", 2.0, "antimeridian"),
        ("-17,179 -17,-179 -18,-179 -18,179 -17,179", 2.0, "antimeridian"),
        ("-17,-181 -17,-179 -18,-179 -18,-181 -17,-181", 2.0, "antimeridian"),
        ("-65,0 -65,120 -65,-120 -65,0", 9000.0, "pole"),
        ("-90,-180 -90,180 90,180 90,-180 -90,-180", 64800.0, None),
    ],
)
def test_a_polygon_is_repaired_and_the_repair_is_told(
    text: str, size: float, note: str | None
) -> None:
    shape = geometry.polygon(text)
    assert shape.geometry is not None
    assert shape.geometry.is_valid
    assert shape.geometry.area == pytest.approx(size)
    assert any(note in said for said in shape.notes) if note else shape.notes == ()


@pytest.mark.parametrize(
    "text", ["", "  \n", "22,90", "22,90 23,91", "1,1 2,2 3,3 1,1", "a b c", "nan,nan inf,1 2,2"]
)
def test_a_polygon_without_an_area_is_left_out_with_a_reason(text: str) -> None:
    shape = geometry.polygon(text)
    assert shape.geometry is None
    assert shape.notes


def test_a_ring_of_noise_becomes_its_hull_and_costs_little() -> None:
    noise = np.random.default_rng(1).uniform(0, 10, (20_000, 2))
    shape = geometry.polygon(" ".join(f"{lat},{lon}" for lat, lon in noise))
    assert shape.geometry is not None
    assert any("hull" in note for note in shape.notes)
    assert all(shape.geometry.covers(Point(lon, lat)) for lat, lon in noise[:50])


ring = st.lists(
    st.tuples(st.floats(-89, 89), st.floats(-179.9, 179.9)), min_size=3, max_size=12, unique=True
)


@settings(max_examples=150, deadline=None)
@given(ring)
def test_any_ring_gives_a_valid_shape_within_the_world(points: list[tuple[float, float]]) -> None:
    shape = geometry.polygon(" ".join(f"{lat!r},{lon!r}" for lat, lon in points)).geometry
    assume(shape is not None)
    assert shape is not None
    assert shape.is_valid
    west, south, east, north = shape.bounds
    assert -180 <= west <= east <= 180
    assert -90 <= south <= north <= 90


@settings(max_examples=100, deadline=None)
@given(st.floats(-80, 80), st.floats(-360, 360), st.floats(0.1, 40), st.integers(3, 20))
def test_a_convex_ring_holds_its_middle_wherever_it_is(
    lat: float, lon: float, size: float, corners: int
) -> None:
    angles = [2 * math.pi * n / corners for n in range(corners)]
    size = min(size, 89 - abs(lat))
    points = [(lat + size * math.sin(a), lon + size * math.cos(a)) for a in angles]
    shape = geometry.polygon(" ".join(f"{y!r},{x!r}" for y, x in points)).geometry
    assert shape is not None
    assert shape.intersects(Point((lon + 180) % 360 - 180, lat))


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="0123456789.,- \n\t()eE+nainf", max_size=80))
def test_no_text_makes_reading_a_shape_raise(text: str) -> None:
    for read in (geometry.polygon, geometry.circle):
        shape = read(text)
        assert shape.geometry is None or shape.geometry.is_valid
        assert shape.geometry is not None or shape.notes


@settings(max_examples=150, deadline=None)
@given(
    st.floats(-90, 90),
    st.floats(-180, 180),
    st.one_of(st.floats(0.05, 200), st.floats(0.05, 4000)),
)
def test_a_circle_holds_every_point_of_the_true_circle(lat: float, lon: float, km: float) -> None:
    shape = geometry.circle(f"{lat!r},{lon!r} {km!r}").geometry
    assert shape is not None
    assert shape.is_valid
    bearings = np.linspace(0, 360, 128, endpoint=False)
    many = np.full(128, 1.0)
    east, north, _ = WGS84.fwd(lon * many, lat * many, bearings, km * 999.9 * many)
    assert shapely.intersects_xy(shape, east, north).all()


def test_a_circle_is_not_much_larger_than_the_true_one() -> None:
    shape = geometry.circle("23.7,90.4 50").geometry
    assert shape is not None
    square_metres, _ = WGS84.geometry_area_perimeter(shape)
    assert abs(square_metres) / 1e6 < math.pi * 50**2 * 1.03


def test_a_circle_of_radius_nought_is_a_tiny_shape() -> None:
    shape = geometry.circle("23.7,90.4 0").geometry
    assert shape is not None
    assert 0 < shape.area < 1e-6
    assert shape.contains(Point(90.4, 23.7))


@pytest.mark.parametrize("text", ["", "23.7,90.4", "23.7,90.4 -5", "95,90 5", "a,b c", "1,2 nan"])
def test_a_circle_that_makes_no_sense_is_left_out_with_a_reason(text: str) -> None:
    shape = geometry.circle(text)
    assert shape.geometry is None
    assert shape.notes


def test_parts_that_overlap_are_joined_and_others_stand_side_by_side() -> None:
    a, b, c = shapely.box(0, 0, 2, 2), shapely.box(1, 1, 3, 3), shapely.box(5, 5, 6, 6)
    joined, apart = geometry.union([a, b]), geometry.union([a, c])
    assert joined is not None
    assert joined.area == 7
    assert joined.is_valid
    assert apart is not None
    assert apart.area == 5
    assert geometry.union([]) is None
