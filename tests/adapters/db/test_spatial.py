"""The database finds exactly those whom plain Shapely finds, on both databases."""

from collections.abc import Iterator

import numpy as np
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shapely import Point, Polygon, box
from shapely.affinity import scale
from shapely.geometry.base import BaseGeometry
from sqlalchemy import Connection, Engine

from carealert.adapters.db.people import SqlPeople
from carealert.adapters.db.spatial import refs_inside
from carealert.adapters.sealing import Sealer
from tests.support.register import resident_at


def _world() -> tuple[np.ndarray, np.ndarray]:
    """Clusters, lattice points that fall on edges, poles and the antimeridian."""
    rng = np.random.default_rng(11)
    lattice = np.meshgrid(np.arange(88, 92.01, 0.25), np.arange(21, 24.01, 0.25))
    lon = [rng.normal(90, 1, 800), rng.uniform(-180, 180, 300), lattice[0].ravel()]
    lat = [rng.normal(22.5, 1, 800), rng.uniform(-90, 90, 300), lattice[1].ravel()]
    lon.append(np.array([180.0, -180, 179.9, 0, 0, 90]))
    lat.append(np.array([0.0, 0, -17.5, 90, -90, 90]))
    return np.concatenate(lon), np.concatenate(lat)


LON, LAT = _world()


@pytest.fixture
def filled(engine: Engine, sealer: Sealer) -> Iterator[Connection]:
    with engine.begin() as connection:
        places = zip(LON.tolist(), LAT.tolist(), strict=True)
        people = [resident_at(f"R{n}", lon, lat) for n, (lon, lat) in enumerate(places)]
        SqlPeople(connection, sealer).put_residents([*people, resident_at("nowhere", None, None)])
        yield connection


def _truth(geometry: BaseGeometry) -> frozenset[str]:
    """By Shapely, which does not know that 180 and -180 are one place."""
    held = shapely.intersects_xy(geometry, LON, LAT)
    held |= (np.abs(LON) == 180) & shapely.intersects_xy(geometry, -LON, LAT)
    return frozenset(f"R{n}" for n in np.flatnonzero(held))


corner = st.tuples(
    st.one_of(st.floats(87, 93), st.sampled_from([89.0, 89.25, 90.0, 91.5, 180.0, -180.0])),
    st.one_of(st.floats(20, 25), st.sampled_from([21.0, 22.25, 23.0, 90.0, -90.0])),
)


@st.composite
def areas(draw: st.DrawFn) -> BaseGeometry:
    hulls = [
        shapely.MultiPoint(draw(st.lists(corner, min_size=3, max_size=8))).convex_hull
        for _ in range(draw(st.integers(1, 3)))
    ]
    whole = shapely.union_all(hulls)
    hole = scale(hulls[0], 0.5, 0.5)
    return whole.difference(hole) if draw(st.booleans()) else whole


# The table is only read, so that the examples may share it.
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(areas())
def test_the_index_finds_whom_shapely_finds(filled: Connection, geometry: BaseGeometry) -> None:
    assert refs_inside(filled, "resident", geometry) == _truth(geometry)


def test_edges_corners_poles_and_the_antimeridian_count_as_inside(filled: Connection) -> None:
    for geometry in (
        box(89, 22, 90, 23),
        box(-180, -90, 180, 90),
        box(170, -20, 180, 20),
        box(-180, 80, 180, 90),
        Point(90, 22),
        Polygon([(89, 22), (90, 23), (90, 22)]),
        Polygon(),
    ):
        found = refs_inside(filled, "resident", geometry)
        assert found == _truth(geometry)
        assert bool(found) is not geometry.is_empty
