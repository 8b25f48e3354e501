"""Who is inside one warning's polygon: our index on both databases beside the usual ways.

All designs answer the same question from the same 100,000 synthetic residents in one run, ids
out, best of several; a difference between their answers ends the run. Prints one JSON line.
"""

import json
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from time import perf_counter
from typing import TypeVar

import geopandas
import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy import Connection, select, text

from carealert.adapters.db.engine import open_engine
from carealert.adapters.db.people import SqlPeople
from carealert.adapters.db.tables import metadata, resident
from carealert.adapters.registry.areas import read_areas
from carealert.adapters.sealing import Sealer
from carealert.domain.covering import cover
from carealert.domain.people import Resident
from carealert.paths import shipped
from tests.support.postgres import PostgresUnavailable, running_postgres
from tests.support.register import resident_at

T = TypeVar("T")

RESIDENTS = 100_000
COAST = "cyclone-coast-upazilas.geojson"
BANGLADESH = (88.0, 20.6, 92.7, 26.6)


def main() -> None:
    """Measure and print."""
    polygon = _polygon()
    residents = _residents()
    designs: dict[str, float] = {}
    extra: dict[str, float] = {}
    truth = _beside(polygon, residents, designs)
    with ExitStack() as stack:
        for name, url in _databases(stack):
            started = perf_counter()
            connection = stack.enter_context(_filled(url, residents))
            extra[f"{name}_register_s"] = round(perf_counter() - started, 2)
            people = SqlPeople(connection, _SEALER)
            found, designs[name] = _best(9, lambda store=people: store.inside(polygon))  # type: ignore[misc]
            assert found == truth, f"{name} finds other people"
            if name == "sqlite_cells":
                read, designs["geopandas_from_database"] = _best(
                    3,
                    lambda opened=connection: _read_and_join(opened, polygon),  # type: ignore[misc]
                )
                assert read == truth, "GeoPandas finds other people"
    _, extra["cover_ms"] = _best(9, lambda: cover(polygon))
    print(json.dumps(_line(polygon, truth, designs, extra)))


_SEALER = Sealer(b"the secret of a benchmark")


def _polygon() -> BaseGeometry:
    """The cyclone coast of Bangladesh: 21 upazilas in one shape with islands."""
    areas = read_areas(shipped("db") / "demo" / "areas" / COAST, "en").items
    return shapely.union_all([area.geometry for area in areas])


def _residents() -> list[Resident]:
    """Half in towns, half anywhere in the country's box; the seed is fixed."""
    rng = np.random.default_rng(20240526)
    west, south, east, north = BANGLADESH
    towns = rng.uniform((west, south), (east, north), (300, 2))
    near = towns[rng.integers(0, 300, RESIDENTS // 2)] + rng.normal(0, 0.05, (RESIDENTS // 2, 2))
    anywhere = rng.uniform((west, south), (east, north), (RESIDENTS - RESIDENTS // 2, 2))
    points = rng.permutation(np.concatenate([near, anywhere])).tolist()
    return [resident_at(f"R-{n:06}", lon, lat) for n, (lon, lat) in enumerate(points)]


def _read_and_join(connection: Connection, polygon: BaseGeometry) -> frozenset[str]:
    """What a process does that does not keep the whole register in memory."""
    rows = connection.execute(select(resident.c.ref, resident.c.lon, resident.c.lat)).fetchall()
    return _join(_frame([tuple(row) for row in rows]), polygon)


def _frame(places: list[tuple[str, float, float]]) -> geopandas.GeoDataFrame:
    refs, lon, lat = zip(*places, strict=True)
    points = geopandas.points_from_xy(lon, lat)
    return geopandas.GeoDataFrame({"ref": refs}, geometry=points, crs="EPSG:4326")


def _join(frame: geopandas.GeoDataFrame, polygon: BaseGeometry) -> frozenset[str]:
    area = geopandas.GeoDataFrame(geometry=[polygon], crs="EPSG:4326")
    return frozenset(geopandas.sjoin(frame, area, predicate="within")["ref"])


def _beside(
    polygon: BaseGeometry, residents: list[Resident], designs: dict[str, float]
) -> frozenset[str]:
    """The usual ways in memory, their rows already read; gives the answer they agree on."""
    places = [(one.ref, one.lon, one.lat) for one in residents]
    shapely.prepare(polygon)

    def loop() -> frozenset[str]:
        return frozenset(
            ref for ref, lon, lat in places if polygon.contains(shapely.Point(lon, lat))
        )

    truth, designs["shapely_prepared_loop"] = _best(2, loop)
    frame = _frame(places)
    joined, designs["geopandas_in_memory"] = _best(5, lambda: _join(frame, polygon))
    assert joined == truth, "GeoPandas finds other people"
    return truth


def _databases(stack: ExitStack) -> Iterator[tuple[str, str]]:
    folder = stack.enter_context(tempfile.TemporaryDirectory())
    yield "sqlite_cells", f"sqlite:///{Path(folder) / 'match.db'}"
    try:
        yield "postgresql_cells", stack.enter_context(running_postgres())
    except PostgresUnavailable as error:
        sys.stderr.write(f"without PostgreSQL: {error}\n")


@contextmanager
def _filled(url: str, residents: list[Resident]) -> Iterator[Connection]:
    engine = open_engine(url)
    metadata.create_all(engine)
    with engine.begin() as connection:
        SqlPeople(connection, _SEALER).put_residents(residents)
    if engine.dialect.name == "postgresql":  # what its autovacuum does a minute later
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("CHECKPOINT"))  # the test server commits lazily
            connection.execute(text("VACUUM ANALYZE resident"))
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def _best(times: int, work: Callable[[], T]) -> tuple[T, float]:
    """The result and the shortest time in ms."""
    shortest = float("inf")
    for _ in range(times):
        started = perf_counter()
        result = work()
        shortest = min(shortest, perf_counter() - started)
    return result, round(shortest * 1000, 2)


def _line(
    polygon: BaseGeometry,
    found: frozenset[str],
    designs: dict[str, float],
    extra: dict[str, float],
) -> dict[str, object]:
    ours = [name for name in designs if name.endswith("_cells")]
    others = [name for name in designs if name not in ours]
    return {
        "benchmark": "match",
        "residents": RESIDENTS,
        "vertices": int(shapely.get_num_coordinates(polygon)),
        "found": len(found),
        "ms": designs,
        "times_faster": {
            f"{own} than {other}": round(designs[other] / designs[own], 1)
            for own in ours
            for other in others
        },
        **extra,
    }


if __name__ == "__main__":
    main()
