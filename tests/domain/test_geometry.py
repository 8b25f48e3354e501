"""Shapes hold what the agency drew: nobody inside is lost by a repair."""

import math

import numpy as np
import pytest
import shapely
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pyproj import Geod
from shapely.geometry import Point
from shapely.geometry.base import BaseGeometry

from carealert.domain import geometry
from carealert.domain.cells import cells_of
from carealert.domain.covering import cover, holds

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
        ("89.6,22 90.6,22 89.6,23 88.6,22 89.6,22", 1.0, "swapped"),  # over the meridian of 90
        ("69,18 70,18 70,19 169,18 69,18", 0.5, "outside of the world"),  # one slip in Norway
        ("-17,179 -17,181 -18,181 -18,179 -17,179", 2.0, "antimeridian"),
        ("-17,179 -17,-179 -18,-179 -18,179 -17,179", 2.0, "antimeridian"),
        ("-17,-181 -17,-179 -18,-179 -18,-181 -17,-181", 2.0, "antimeridian"),
        ("-17,179 -17,180 -17,-180 -17,-179 -18,-179 -18,180 -18,179 -17,179", 2.0, "antimerid"),
        ("-17,-179 -18,-179 -18,179 -17,179 -17,-179", 2.0, "antimeridian"),
        ("52,177 53,180 52,-177 51,180 52,177", 6.0, "antimeridian"),
        ("10,-180 10,180 20,180 20,-180 10,-180", 3600.0, None),  # a band on purpose
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


def degrees(most: float) -> st.SearchStrategy[float]:
    """As precise as anybody writes them: a hull of points 1e-200 apart is no measure."""
    return st.floats(-most, most).map(lambda value: round(value, 7))


def stars(largest: float) -> st.SearchStrategy[list[tuple[float, float]]]:
    """Simple rings: (angle, distance) of corners around a middle, by angle."""
    return st.lists(st.floats(0.3, largest), min_size=3, max_size=14).map(
        lambda far: [(2 * math.pi * n / len(far), one) for n, one in enumerate(far)]
    )


@settings(max_examples=200, deadline=None)
@given(
    st.floats(-70, 70),
    st.one_of(st.floats(-180, 180), st.floats(176, 184)),
    stars(8.0),
    st.sampled_from(["as it is", "folded", "turned"]),
    st.integers(0, 2**20),
)
def test_a_point_is_inside_just_where_the_ring_as_written_has_it(
    lat: float, lon: float, corners: list[tuple[float, float]], way: str, seed: int
) -> None:
    points = [(lat + far * math.sin(a), lon + far * math.cos(a)) for a, far in corners]
    plain = shapely.Polygon([(x, y) for y, x in points])
    written = {
        "as it is": points,
        "folded": [(y, (x + 180) % 360 - 180) for y, x in points],
        "turned": [(y, x - math.copysign(360, lon)) for y, x in points],
    }[way]
    shape = geometry.polygon(" ".join(f"{y:.9f},{x:.9f}" for y, x in written)).geometry
    assert shape is not None
    x, y = np.random.default_rng(seed).uniform(-9, 9, (2, 200)) + np.array([[lon], [lat]])
    clear = shapely.distance(plain.boundary, shapely.points(x, y)) > 1e-6
    truth = shapely.contains_xy(plain, x[clear], y[clear])
    on_the_map = (x[clear] + 180) % 360 - 180
    assert (shapely.contains_xy(shape, on_the_map, y[clear]) == truth).all()
    assert (_found_by_cells(shape, on_the_map, y[clear]) == truth).all()


def _found_by_cells(shape: BaseGeometry, lon: np.ndarray, lat: np.ndarray) -> np.ndarray:
    """As the register is searched: inner ranges whole, edge ranges with an exact test."""
    covering, numbers = cover(shape, 200), cells_of(lon, lat)

    def among(ranges: tuple[tuple[int, int], ...]) -> np.ndarray:
        found = np.zeros(len(numbers), bool)
        for low, high in ranges:
            found |= (numbers >= low) & (numbers <= high)
        return found

    return among(covering.inner) | (among(covering.edge) & holds(shape, lon, lat))


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(degrees(60), degrees(80)), min_size=3, max_size=15))
def test_no_repair_reaches_beyond_the_hull_of_the_points(
    points: list[tuple[float, float]],
) -> None:
    shape = geometry.polygon(" ".join(f"{y!r},{x!r}" for y, x in points)).geometry
    if shape is not None:
        hull = shapely.MultiPoint([(x, y) for y, x in points]).convex_hull
        assert shape.difference(hull.buffer(1e-9)).area == 0


def test_a_place_that_the_line_goes_round_twice_stays_inside() -> None:
    """The even-odd rule would cut it out, and with it those who live there."""
    star = [(math.sin(a), math.cos(a)) for a in (0.8 * math.pi * n for n in range(5))]
    shape = geometry.polygon(" ".join(f"{y!r},{x!r}" for y, x in star)).geometry
    assert shape is not None
    assert shape.contains(Point(0, 0))


@pytest.mark.parametrize("lon", [180.0, -180.0])
def test_somebody_on_the_antimeridian_is_inside_what_reaches_it_from_either_side(
    lon: float,
) -> None:
    at, lat = np.array([lon]), np.array([-17.5])
    for text in ("-17,179 -17,180 -18,180 -18,179", "-17,-179 -17,-180 -18,-180 -18,-179"):
        shape = geometry.polygon(text).geometry
        assert shape is not None
        assert _found_by_cells(shape, at, lat).all()


circles = st.tuples(
    st.one_of(st.floats(-90, 90), st.sampled_from([-90.0, 89.0, 90.0])),
    st.one_of(st.floats(-180, 180), st.sampled_from([-180.0, 179.99, 180.0])),
    st.one_of(st.floats(0.05, 200), st.floats(0.05, 4900)),
)


@settings(max_examples=200, deadline=None)
@given(circles, st.floats(0, 360))
def test_a_circle_holds_the_true_circle_and_half_a_hundredth_more_at_most(
    circle: tuple[float, float, float], turn: float
) -> None:
    lat, lon, km = circle
    shape = geometry.circle(f"{lat!r},{lon!r} {km!r}").geometry
    assert shape is not None
    assert shape.is_valid
    for share, inside in ((0.5, True), (0.9999, True), (1.006, False)):
        many = np.full(90, 1.0)
        bearing = np.linspace(0, 360, 90, endpoint=False) + turn
        east, north, _ = WGS84.fwd(lon * many, lat * many, bearing, km * 1000 * share * many)
        assert (holds(shape, east, north) == inside).all()
        assert (_found_by_cells(shape, east, north) == inside).all()


def test_a_circle_has_the_area_of_the_true_one() -> None:
    for text, km in (("23.7,90.4 50", 50), ("-17.7,178 800", 800), ("70,25 300", 300)):
        shape = geometry.circle(text).geometry
        assert shape is not None
        square_metres, _ = WGS84.geometry_area_perimeter(shape)
        assert math.pi * km**2 * 0.99 < abs(square_metres) / 1e6 < math.pi * km**2 * 1.01


def test_a_circle_over_a_pole_holds_the_pole_and_not_the_whole_band() -> None:
    shape = geometry.circle("80,0 1500").geometry
    assert shape is not None
    assert shape.contains(Point(0, 89.999))
    assert shape.contains(Point(0, 75))
    assert shape.intersects(Point(180, 87))
    assert not shape.intersects(Point(180, 86))


def test_a_ring_round_a_pole_has_no_gap_where_it_is_closed() -> None:
    for lon in np.linspace(-179.7, 179.7, 400).tolist():
        shape = geometry.circle(f"-90,{lon!r} 0.25").geometry
        assert shape is not None
        places = np.array([lon, lon + 1e-14, lon - 1e-14])
        assert holds(shape, places, np.full(3, -89.999)).all()


def test_a_circle_of_radius_nought_is_a_point_and_stands_for_one_kilometre() -> None:
    shape = geometry.circle("23.7,90.4 0")
    assert shape.notes == ("radius 0, a point: taken as 1 km around it",)
    assert shape.geometry is not None
    square_metres, _ = WGS84.geometry_area_perimeter(shape.geometry)
    assert abs(square_metres) / 1e6 == pytest.approx(math.pi, rel=0.01)


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("92.1,22 5", "swapped"),
        ("-17.5,179.99 50", "antimeridian"),
        ("-17.5,-180 50", "antimeridian"),
        ("-17.5,181 5", "turned round"),
        ("88,10 400", "pole"),
    ],
)
def test_what_was_done_to_a_circle_is_told(text: str, note: str) -> None:
    shape = geometry.circle(text)
    assert shape.geometry is not None
    assert any(note in said for said in shape.notes)
    assert -180 <= shape.geometry.bounds[0] <= shape.geometry.bounds[2] <= 180


@pytest.mark.parametrize(
    "text",
    [
        "",
        "23.7,90.4",
        "23.7,90.4 -5",
        "95,90 5",
        "a,b c",
        "1,2 nan",
        "23,90 5001",
        "23,90 50000",
        "23,90 1e999",
    ],
)
def test_a_circle_that_makes_no_sense_is_left_out_with_a_reason(text: str) -> None:
    shape = geometry.circle(text)
    assert shape.geometry is None
    assert shape.notes


BARGUNA = shapely.box(89.8, 21.8, 90.4, 22.5)
ISTANBUL = shapely.box(28.0, 40.8, 29.9, 41.6)
INSIDE = shapely.box(28.9, 41.0, 29.1, 41.2)


def test_a_swapped_shape_is_turned_back_where_its_own_areas_make_it_certain() -> None:
    swapped = shapely.box(41.0, 28.9, 41.2, 29.1)
    turned = geometry.unswap(swapped, ISTANBUL)
    assert turned.geometry is not None
    assert turned.geometry.equals(INSIDE)
    assert "swapped back" in turned.notes[0]


@pytest.mark.parametrize(
    ("shape", "region", "notes"),
    [
        (INSIDE, ISTANBUL, 0),  # where it should be
        (shapely.box(41.0, 28.9, 41.2, 35.1), ISTANBUL, 1),  # turned, a part would stand out
        (shapely.box(10.0, 50.0, 11.0, 51.0), ISTANBUL, 1),  # elsewhere either way
        (shapely.box(120.0, 20.0, 121.0, 21.0), BARGUNA, 1),  # turned, it is off the world
        (shapely.box(30.0, 30.0, 31.0, 31.0), shapely.box(30, 30, 31, 31), 0),
    ],
)
def test_a_shape_that_may_be_right_stays_as_it_is(
    shape: BaseGeometry, region: BaseGeometry, notes: int
) -> None:
    kept = geometry.unswap(shape, region)
    assert kept.geometry is shape
    assert len(kept.notes) == notes


def test_parts_that_overlap_are_joined_and_others_stand_side_by_side() -> None:
    a, b, c = shapely.box(0, 0, 2, 2), shapely.box(1, 1, 3, 3), shapely.box(5, 5, 6, 6)
    joined, apart = geometry.union([a, b]), geometry.union([a, c])
    assert joined is not None
    assert joined.area == 7
    assert joined.is_valid
    assert apart is not None
    assert apart.area == 5
    assert geometry.union([]) is None
