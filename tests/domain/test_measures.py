"""Areas and distances, against what is known of the earth."""

import json
from pathlib import Path

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import MultiPolygon, box

from carealert.domain.measures import km2_of, km_outside, plane_at


def test_the_whole_earth_has_the_area_of_the_ellipsoid() -> None:
    assert km2_of([box(-180, -90, 180, 90)])[0] == pytest.approx(510_065_621.7, rel=1e-9)


def test_a_square_degree_shrinks_towards_the_pole() -> None:
    # Snyder, Map Projections (USGS PP 1395): lengths of a degree on the ellipsoid.
    equator, north = km2_of([box(0, 0, 1, 1), box(0, 60, 1, 61)])
    assert equator == pytest.approx(12_309, rel=1e-3)
    assert north == pytest.approx(55.80 * (111.41 + 0.01) * (0.5 + 0.4848) / 1.0, rel=5e-3)


@pytest.mark.shared
def test_the_areas_that_agencies_publish_are_met(shared: Path) -> None:
    found = json.loads((shared / "geo" / "bd_dhaka_adm3.geojson").read_text())["features"]
    shapes = [shapely.from_geojson(json.dumps(one["geometry"])) for one in found]
    stated = np.array([one["properties"]["area_km2"] for one in found])
    assert km2_of(shapes) / stated == pytest.approx(1.0, rel=1e-3)


@given(st.floats(-179, 178), st.floats(-79, 78), st.floats(0.001, 1.0))
@settings(max_examples=60)
def test_a_map_in_km_keeps_the_area_and_comes_back(lon: float, lat: float, side: float) -> None:
    square = box(lon, lat, lon + side, lat + side)
    plane = plane_at(square)
    assert plane.onto(square).area == pytest.approx(km2_of([square])[0], rel=2e-3)
    assert plane.back(plane.onto(square)).equals_exact(square, 1e-9)


def test_a_point_inside_or_on_the_edge_is_no_distance_away() -> None:
    inside = km_outside(box(90, 22, 91, 23), np.array([90.5, 91.0]), np.array([22.5, 22.0]))
    assert inside.tolist() == [0.0, 0.0]


def test_a_point_outside_is_as_far_as_its_nearest_edge() -> None:
    away = km_outside(box(90, 22, 91, 23), np.array([91.01, 90.5]), np.array([22.5, 23.1]))
    assert away == pytest.approx([1.028, 11.1], rel=1e-2)


def test_the_antimeridian_is_no_border() -> None:
    fiji = MultiPolygon([box(179, -18, 180, -17), box(-180, -18, -179.5, -17)])
    away = km_outside(fiji, np.array([-179.4, 178.9]), np.array([-17.5, -17.5]))
    assert away == pytest.approx([10.6, 10.6], rel=2e-2)
    lone = km_outside(box(179, -18, 180, -17), np.array([-179.9]), np.array([-17.5]))
    assert lone == pytest.approx([10.6], rel=2e-2)
