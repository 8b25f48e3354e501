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
from sqlalchemy import Connection, Engine, select, text

from carealert.adapters.db import spatial
from carealert.adapters.db.people import SqlPeople
from carealert.adapters.db.spatial import ids_inside_each, refs_inside
from carealert.adapters.db.tables import resident
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


def _ids(connection: Connection) -> np.ndarray:
    """The number of each R-n, in the order of the points."""
    rows = connection.execute(select(resident.c.ref, resident.c.id))
    found = {str(ref): int(number) for ref, number in rows}
    return np.array([found[f"R{n}"] for n in range(len(LON))])


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(areas(), min_size=1, max_size=4), st.sampled_from([0.0001, 0.6, 1000.0]))
def test_the_numbers_of_rows_are_those_that_shapely_finds_for_each_shape(
    filled: Connection, shapes: list[BaseGeometry], test_cost: float
) -> None:
    """Whether an outline is cut coarsely or again, no one is missed, taken wrongly, or twice."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(spatial, "_TEST_COST", test_cost)
        patch.setattr(spatial, "_CELLS", 20)
        found = ids_inside_each(filled, "resident", shapes)
    numbers = _ids(filled)
    wanted = [[int(ref[1:]) for ref in _truth(shape)] for shape in shapes]
    assert [sorted(one.tolist()) for one in found] == [sorted(numbers[one]) for one in wanted]
    assert {one.dtype for one in found} == {np.dtype(np.int64)}


def test_more_shapes_than_one_statement_takes_are_answered_in_their_order(
    filled: Connection,
) -> None:
    shapes = [Polygon(), *(box(88 + n * 0.02, 21, 88.3 + n * 0.02, 23) for n in range(150))]
    numbers = _ids(filled)
    found = [frozenset(one.tolist()) for one in ids_inside_each(filled, "resident", shapes)]
    wanted = [frozenset(numbers[[int(ref[1:]) for ref in _truth(shape)]]) for shape in shapes[1:]]
    assert found == [frozenset(), *wanted]
    assert ids_inside_each(filled, "resident", []) == []


def test_nobody_is_found_in_an_empty_table(engine: Engine) -> None:
    with engine.begin() as connection:
        for table in ("resident", "facility"):
            found = ids_inside_each(connection, table, [box(-180, -90, 180, 90), box(0, 0, 1, 1)])  # type: ignore[arg-type]
            assert [one.tolist() for one in found] == [[], []]


@pytest.mark.parametrize("number", [7, 10**9 - 1, 10**9, 2**40])
def test_numbers_of_any_width_come_out_whole(engine: Engine, number: int, sealer: Sealer) -> None:
    with engine.begin() as connection:
        people = [resident_at("R1", 90.0, 22.0), resident_at("R2", 90.0, 22.0)]
        SqlPeople(connection, sealer).put_residents(people)
        connection.execute(text("UPDATE resident SET id = :n WHERE ref = 'R2'"), {"n": number})
        (found,) = ids_inside_each(connection, "resident", [box(89, 21, 91, 23)])
        rows = connection.scalars(select(resident.c.id)).all()
        assert sorted(found.tolist()) == sorted(rows)
        assert number in rows


def test_the_match_reads_the_index_alone(filled: Connection) -> None:
    """A visit to the table for each person would cost more than all the rest."""
    shape = box(88, 21, 92, 24)
    if filled.dialect.name == "sqlite":
        plans: list[str] = []
        driver = filled.connection.dbapi_connection
        assert driver is not None
        asked: list[str] = []
        driver.set_trace_callback(asked.append)
        ids_inside_each(filled, "resident", [shape])
        driver.set_trace_callback(None)
        for sql in asked:
            rows = filled.exec_driver_sql("EXPLAIN QUERY PLAN " + sql)
            plans += [row[3] for row in rows if " t " in row[3]]
        assert len(plans) == 3, "the sample, the rows to be tested, and those taken whole"
        assert all("USING COVERING INDEX ix_resident_cell" in plan for plan in plans)
    else:
        filled.execute(text("SET LOCAL enable_seqscan = off"))
        filled.execute(text("SET LOCAL enable_bitmapscan = off"))
        query = "EXPLAIN SELECT id, lon, lat FROM resident WHERE cell BETWEEN 1 AND 2"
        plan = filled.execute(text(query)).scalars().all()
        assert "Index Only Scan using ix_resident_cell" in plan[0]


def test_an_outline_that_is_cut_again_takes_nobody_from_the_shapes_beside_it(
    filled: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first runs through a town and is cut again, the second through empty land."""
    monkeypatch.setattr(spatial, "_TEST_COST", 100.0)
    shapes = [Point(90, 22.5).buffer(1, quad_segs=2), box(60, 0, 120, 45), Point(90, 22).buffer(1)]
    numbers = _ids(filled)
    found = [sorted(one.tolist()) for one in ids_inside_each(filled, "resident", shapes)]
    wanted = [sorted(numbers[[int(ref[1:]) for ref in _truth(shape)]]) for shape in shapes]
    assert found == wanted
