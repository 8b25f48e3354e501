"""Who is inside warned shapes: our index on both databases and in memory beside the usual ways.

All designs answer the same questions from the same made-up residents in one run, numbers out; a
difference between their answers ends the run. Prints one JSON line for each size of the register,
and one for the growth between the smallest and the largest. `--help` tells the rest.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from benchmarks.match_data import Question, Register, filled, questions, register
from carealert.adapters.db.engine import open_engine
from carealert.adapters.db.spatial import ids_inside_each
from carealert.domain.point_index import PointIndex
from tests.support.postgres import PostgresUnavailable, running_postgres

try:
    import geopandas
except ImportError:  # a peer, not a need
    geopandas = None

Ids = NDArray[np.int64]
Design = Callable[[Question], list[Ids]]
Opened = AbstractContextManager[Design]

OURS = ("sqlite_cells", "postgresql_cells", "memory_cells")
#: Each is repeated until it has taken so long, but as often as this where it is quick.
SECONDS = 2.0
MOST = 15


@dataclass
class Seen:
    """What one question took by each design, in ms, and how many it found."""

    found: int
    times: dict[str, list[float]] = field(default_factory=dict)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    asked = _arguments(arguments)
    lines = [_measured(size, asked.slow_feed_to) for size in asked.sizes]
    if len(lines) > 1:
        lines.append(_growth(lines[0], lines[-1]))
    if asked.out:
        asked.out.write_text("".join(json.dumps(line) + "\n" for line in lines))


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--sizes",
        default=[100_000],
        type=lambda value: [int(size) for size in value.split(",")],
        help="residents in each register, with commas between: 100000,1000000,5000000",
    )
    parser.add_argument(
        "--slow-feed-to",
        default=100_000,
        type=int,
        help="the peers are asked for the feed of 500 in registers up to this size: they take "
        "a minute at 1000000",
    )
    parser.add_argument("--out", type=Path, help="a file for the same lines")
    return parser.parse_args(arguments)


def _measured(size: int, slow_feed_to: int) -> dict[str, Any]:
    people = register(size)
    asked = questions()
    index = PointIndex(people.ids, people.lon, people.lat)
    truth = {one.name: index.inside_each(one.shapes) for one in asked}
    seen = {name: Seen(sum(map(len, found))) for name, found in truth.items()}
    setup: dict[str, float] = {}
    for name, opened in _designs(people):
        started = perf_counter()
        with opened as design:
            setup[name] = round(perf_counter() - started, 2)
            for one in asked:
                if name in OURS or one.name != "feed" or size <= slow_feed_to:
                    times = _times(name, design, one, truth[one.name])
                    seen[one.name].times[name] = times
                    sys.stderr.write(f"{size} {name} {one.name}: {min(times):.2f} ms\n")
    line = _line(size, asked, seen, setup)
    print(json.dumps(line), flush=True)
    return line


def _times(name: str, design: Design, question: Question, truth: list[Ids]) -> list[float]:
    times: list[float] = []
    while not times or (sum(times) < SECONDS * 1000 and len(times) < MOST):
        started = perf_counter()
        found = design(question)
        times.append((perf_counter() - started) * 1000)
    for mine, wanted in zip(found, truth, strict=True):
        same = np.array_equal(np.sort(mine), np.sort(wanted))
        assert same, f"{name} finds other people in the {question.name}"
    return times


# --- the designs; opening one is not measured with its answers


def _designs(people: Register) -> Iterator[tuple[str, Opened]]:
    # The plainest first: whoever differs, differs from what all others say.
    yield "shapely_vectorised", _vectorised(people)
    if geopandas is None:
        sys.stderr.write("without GeoPandas: install it to see it beside the others\n")
    else:
        yield "geopandas_sjoin", _sjoin(people)
    yield "memory_cells", _memory(people)
    yield "sqlite_cells", _sqlite(people)
    try:
        with running_postgres() as url:
            yield "postgresql_cells", _database(url, people)
            if _has_postgis(url):
                yield "postgis_gist", _postgis(url)
    except PostgresUnavailable as error:
        sys.stderr.write(f"without PostgreSQL: {error}\n")


@contextmanager
def _vectorised(people: Register) -> Iterator[Design]:
    def inside(question: Question) -> list[Ids]:
        shapely.prepare(np.array(question.shapes))
        return [
            people.ids[shapely.intersects_xy(shape, people.lon, people.lat)]
            for shape in question.shapes
        ]

    yield inside


@contextmanager
def _sjoin(people: Register) -> Iterator[Design]:
    points = geopandas.points_from_xy(people.lon, people.lat)
    frame = geopandas.GeoDataFrame({"id": people.ids}, geometry=points, crs="EPSG:4326")
    assert frame.sindex  # built once, as the others' indexes are

    def inside(question: Question) -> list[Ids]:
        shapes = geopandas.GeoDataFrame(geometry=list(question.shapes), crs="EPSG:4326")
        # The shapes first: the other way round took three to a hundred times as long.
        joined = geopandas.sjoin(shapes, frame, predicate="intersects")
        shape, ids = joined.index.to_numpy(), joined["id"].to_numpy()
        order = np.argsort(shape, kind="stable")
        cuts = np.searchsorted(shape[order], np.arange(1, len(question.shapes)))
        return np.split(ids[order], cuts)

    yield inside


@contextmanager
def _memory(people: Register) -> Iterator[Design]:
    index = PointIndex(people.ids, people.lon, people.lat)
    yield lambda question: index.inside_each(question.shapes)


@contextmanager
def _sqlite(people: Register) -> Iterator[Design]:
    with (
        tempfile.TemporaryDirectory() as folder,
        _database(f"sqlite:///{Path(folder) / 'match.db'}", people) as design,
    ):
        yield design


@contextmanager
def _database(url: str, people: Register) -> Iterator[Design]:
    engine = filled(url, people)
    with engine.connect() as connection:
        yield lambda question: ids_inside_each(connection, "resident", question.shapes)
    engine.dispose()


def _has_postgis(url: str) -> bool:
    engine = open_engine(url)
    try:
        with engine.begin() as connection:
            connection.execute(text("CREATE EXTENSION postgis"))
    except DBAPIError:
        sys.stderr.write("without PostGIS: apt-get install postgresql-15-postgis-3\n")
        return False
    finally:
        engine.dispose()
    return True


_POSTGIS_TABLE = """
    CREATE TABLE place AS SELECT id, ST_SetSRID(ST_MakePoint(lon, lat), 4326) AS geom FROM resident;
    CREATE INDEX ON place USING gist (geom);"""
_POSTGIS = """
    SELECT string_agg(int8send(id), '') FROM place
    WHERE ST_Intersects(geom, ST_GeomFromWKB(:shape, 4326))"""


@contextmanager
def _postgis(url: str) -> Iterator[Design]:
    """A table of nothing but number and point, as lean as can be."""
    engine = open_engine(url)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for statement in (*_POSTGIS_TABLE.split(";")[:2], "CHECKPOINT", "VACUUM ANALYZE place"):
            connection.execute(text(statement))
    with engine.connect() as connection:
        connection.execute(text("SET jit = off"))
        # Prepared, the shape is no constant any more, and PostGIS reads it anew for every row.
        driver: Any = connection.connection.dbapi_connection
        driver.prepare_threshold = None
        yield lambda question: [_held(connection, shape.wkb) for shape in question.shapes]
    engine.dispose()


def _held(connection: Connection, shape: bytes) -> Ids:
    packed = connection.scalar(text(_POSTGIS), {"shape": shape})
    return np.frombuffer(packed or b"", ">i8").astype(np.int64)


# --- what is printed


def _line(
    size: int, asked: list[Question], seen: dict[str, Seen], setup: dict[str, float]
) -> dict[str, Any]:
    return {
        "benchmark": "match",
        "residents": size,
        "asked": {
            one.name: {
                "shapes": len(one.shapes),
                "vertices": one.vertices,
                "found": seen[one.name].found,
                "ms": {
                    name: {"min": round(min(times), 2), "median": round(median(times), 2)}
                    for name, times in seen[one.name].times.items()
                },
                "times_faster": _ratios(seen[one.name].times),
            }
            for one in asked
        },
        "setup_s": setup,
    }


def _ratios(times: dict[str, list[float]]) -> dict[str, float]:
    """By the shortest times; a rival that was not asked is not there."""
    return {
        f"{own} than {other}": round(min(times[other]) / min(times[own]), 1)
        for own in OURS
        if own in times
        for other in times
        if other not in OURS
    }


def _growth(small: dict[str, Any], large: dict[str, Any]) -> dict[str, object]:
    """How many times as long the larger register takes: in all, and for each person found."""
    found: dict[str, object] = {}
    for name, one in small["asked"].items():
        other = large["asked"][name]
        more = max(other["found"], 1) / max(one["found"], 1)
        both = {
            design: other["ms"][design]["min"] / one["ms"][design]["min"]
            for design in one["ms"]
            if design in other["ms"]
        }
        found[name] = {
            design: {"all": round(times, 2), "per_person": round(times / more, 2)}
            for design, times in both.items()
        }
    sizes = [small["residents"], large["residents"]]
    line = {"benchmark": "match_growth", "residents": sizes, "times": found}
    print(json.dumps(line), flush=True)
    return line


if __name__ == "__main__":
    main()
