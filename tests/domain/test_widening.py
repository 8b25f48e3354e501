"""The band around an outline, against geodesics that another library solves."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod
from shapely.geometry import LineString, MultiPolygon, Point, Polygon, box

from carealert.domain.widening import band_around

WGS84 = Geod(ellps="WGS84")
#: Steps of the outline in degrees for the check: a hundredth of the smallest distance asked for.
STEP = 0.002

middles = st.tuples(
    st.sampled_from([-179.9, -71.0, 0.0, 90.3, 120.0, 179.95]), st.floats(-70, 70)
).map(lambda pair: (pair[0], round(pair[1], 3)))
sizes = st.tuples(st.floats(0.05, 2.5), st.floats(0.05, 1.5))


def distance_km(shape: object, lon: float, lat: float) -> float:
    """From a point to the outline, in km: the nearest of many points along its edges."""
    edges = shapely.get_coordinates(shapely.segmentize(shapely.boundary(shape), STEP))
    here = np.full(len(edges), lon), np.full(len(edges), lat)
    return float(WGS84.inv(*here, edges[:, 0], edges[:, 1])[2].min()) / 1000


@settings(max_examples=60, deadline=None)
@given(middles, sizes, st.sampled_from([1.0, 5.0, 25.0, 100.0]), st.randoms(use_true_random=False))
def test_all_that_is_near_is_in_the_band_and_nothing_that_is_far(
    middle: tuple[float, float], size: tuple[float, float], km: float, draw: object
) -> None:
    (lon, lat), (width, height) = middle, size
    low, high = max(lon - width, -180.0), min(lon + width, 180.0)
    shape = Polygon([(low, lat - height), (high, lat - height / 2), (high, lat + height)])
    band = band_around(shape, km)
    for _ in range(12):
        place, turn, far = draw.random(), draw.uniform(0, 360), draw.uniform(0.0, 2.0)  # type: ignore[attr-defined]
        at = shape.exterior.interpolate(place, normalized=True)
        there_lon, there_lat, _ = WGS84.fwd(at.x, at.y, turn, far * km * 1000)
        away = distance_km(shape, there_lon, there_lat)
        inside = band.intersects(Point(there_lon, there_lat))
        if away <= km * 0.999:
            assert inside, (there_lon, there_lat, away)
        if away >= km * 1.012:
            assert not inside, (there_lon, there_lat, away)


def test_the_inside_is_part_of_the_band_only_near_the_edge() -> None:
    band = band_around(box(90, 22, 92, 24), 10)
    assert not band.intersects(Point(91, 23))
    assert band.intersects(Point(90.05, 23))


def test_holes_and_parts_have_an_outline_of_their_own() -> None:
    ring = Polygon(
        box(90, 22, 92, 24).exterior.coords, [box(90.9, 22.9, 91.1, 23.1).exterior.coords]
    )
    band = band_around(MultiPolygon([ring, box(95, 22, 96, 23)]), 5)
    assert band.intersects(Point(91.0, 23.08)), "inside the hole, near its edge"
    assert band.intersects(Point(94.97, 22.5)), "beside the second part"
    assert not band.intersects(Point(93.5, 22.5))


@pytest.mark.parametrize("shape", [Polygon(), LineString(), Point(90, 22)])
def test_what_has_no_outline_has_no_band(shape: object) -> None:
    assert band_around(shape, 5).is_empty  # type: ignore[arg-type]
