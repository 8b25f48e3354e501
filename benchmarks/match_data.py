"""What the match is measured on: a made-up register on the land of Bangladesh, and warned shapes.

The same for everybody and in every run: the seed is fixed. Nobody in it is real.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry
from sqlalchemy import Connection, Engine, text

from carealert.adapters.db.engine import open_engine
from carealert.adapters.db.tables import metadata, resident
from carealert.adapters.registry.areas import read_areas
from carealert.domain.cells import cells_of
from carealert.paths import shipped

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

SEED = 20240526
TOWNS = 1500
#: Share of the people who live outside of any town.
RURAL = 0.08
POLYGONS = 500


@dataclass(frozen=True, slots=True)
class Register:
    """Positions (degrees, WGS 84) and the number of each; in no order, as people register."""

    ids: Ints
    lon: Floats
    lat: Floats


@dataclass(frozen=True, slots=True)
class Question:
    """Shapes that are asked for together."""

    name: str
    shapes: Sequence[BaseGeometry]

    @property
    def vertices(self) -> int:
        """Of all shapes together."""
        return int(shapely.get_num_coordinates(np.array(self.shapes)).sum())


def land() -> BaseGeometry:
    """A country of the size and detail of Bangladesh: its coast and Dhaka as they are.

    The rest is a rough outline, made as winding as a surveyed one.
    """
    rng = np.random.default_rng(SEED)
    ring = np.array([*_OUTLINE, _OUTLINE[0]])
    for _ in range(_HALVINGS):
        step = np.diff(ring, axis=0)
        across = np.column_stack([-step[:, 1], step[:, 0]])
        middle = ring[:-1] + step / 2 + across * rng.uniform(-0.15, 0.15, (len(step), 1))
        every = np.empty((2 * len(step) + 1, 2))
        every[::2], every[1::2] = ring, middle
        ring = every
    detailed = [one for name in _DETAILED for one in _areas(name)]
    whole: BaseGeometry = shapely.union_all([shapely.make_valid(shapely.Polygon(ring)), *detailed])
    return whole


_DETAILED = ("dhaka-upazilas", "cyclone-coast-upazilas")
_OUTLINE = (
    *((88.1, 24.5), (88.7, 25.3), (88.1, 25.8), (88.5, 26.5), (89.1, 26.4), (89.7, 26.1)),
    *((89.8, 25.3), (91.0, 25.2), (92.4, 25.0), (92.2, 24.5), (91.3, 24.0), (91.4, 23.2)),
    *((91.9, 23.4), (92.3, 23.6), (92.6, 22.0), (92.3, 20.8), (91.8, 22.2), (91.0, 22.8)),
    *((90.4, 22.3), (89.1, 21.8), (88.9, 23.2)),
)
_HALVINGS = 8


def _areas(name: str) -> list[BaseGeometry]:
    items = read_areas(shipped("db") / "demo" / "areas" / f"{name}.geojson", "en").items
    return [one.geometry for one in items if one.geometry is not None]


def register(many: int) -> Register:
    """People of towns whose sizes and extents have heavy tails, and of the country between."""
    rng = np.random.default_rng(SEED)
    whole = land()
    capital, coast = (shapely.union_all(_areas(name)) for name in _DETAILED)
    on_coast = TOWNS // 10
    towns = np.concatenate([_anywhere(rng, coast, on_coast), _anywhere(rng, whole, TOWNS)])[:TOWNS]
    towns[0] = capital.centroid.coords[0]
    size = rng.pareto(1.5, TOWNS) + 0.05
    size[0] = size.sum() / 60
    reach = 0.004 * (1 + size) ** 0.4
    points = _anywhere(rng, whole, int(many * RURAL))
    while len(points) < many:
        of = rng.choice(TOWNS, many, p=size / size.sum())
        near = towns[of] + rng.standard_t(3, (many, 2)) * reach[of][:, None]
        points = np.concatenate([points, near[_on(whole, near)]])
    points = rng.permutation(points[:many])
    return Register(np.arange(1, many + 1), points[:, 0].copy(), points[:, 1].copy())


def _on(whole: BaseGeometry, points: Floats) -> NDArray[np.bool_]:
    shapely.prepare(whole)
    found: NDArray[np.bool_] = shapely.intersects_xy(whole, points[:, 0], points[:, 1])
    return found


def _anywhere(rng: np.random.Generator, whole: BaseGeometry, many: int) -> Floats:
    west, south, east, north = whole.bounds
    found = np.empty((0, 2))
    while len(found) < many:
        some = rng.uniform((west, south), (east, north), (4 * many + 100, 2))
        found = np.concatenate([found, some[_on(whole, some)]])
    return found[:many]


def questions() -> list[Question]:
    """A city, a province, a country, and a feed of polygons drawn by hand."""
    rng = np.random.default_rng(SEED + 1)
    whole = land()
    dhaka = shapely.union_all(_areas("dhaka-upazilas"))
    coast = shapely.union_all(_areas("cyclone-coast-upazilas"))
    at = _anywhere(rng, whole, POLYGONS)
    # As heavy-tailed as real ones; so large that each holds some 13 of 1,000 people on average.
    radii = np.exp(rng.normal(np.log(0.15), 0.9, POLYGONS)).clip(max=1.5)
    feed = [_drawn(rng, *place, size) for place, size in zip(at.tolist(), radii, strict=True)]
    return [
        Question("city", [dhaka]),
        Question("province", [coast]),
        Question("country", [whole]),
        Question("feed", feed),
    ]


def _drawn(rng: np.random.Generator, lon: float, lat: float, size: float) -> BaseGeometry:
    corners = int(rng.integers(20, 150))
    angle = np.linspace(0, 2 * np.pi, corners, endpoint=False)
    radius = size * (1 + 0.15 * np.sin(3 * angle) + rng.uniform(-0.03, 0.03, corners))
    return shapely.Polygon(
        np.column_stack([lon + radius * np.cos(angle), lat + radius * np.sin(angle)])
    )


# --- the register in a database, by the fastest way in: what is measured is the way out

_COLUMNS = (
    "id, ref, label_sealed, gender, language, needs_sealed, functioning, channel, consent, "
    "digest, exposures, lat, lon, cell"
)
_SEALED = b"\x00" * 40


def filled(url: str, people: Register) -> Engine:
    """A new database with these residents, its indexes built and its statistics fresh."""
    engine = open_engine(url)
    metadata.create_all(engine)
    indexes = list(resident.indexes)
    for index in indexes:
        index.drop(engine)
    with engine.begin() as connection:
        (_into_sqlite if engine.dialect.name == "sqlite" else _into_postgresql)(connection, people)
    for index in indexes:
        index.create(engine)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if engine.dialect.name == "sqlite":
            connection.execute(text("ANALYZE"))
        else:
            connection.execute(text("CHECKPOINT"))
            connection.execute(text("VACUUM ANALYZE resident"))
    return engine


def _rows(people: Register) -> Iterator[tuple[object, ...]]:
    cells = cells_of(people.lon, people.lat).tolist()
    where = zip(people.ids.tolist(), people.lat.tolist(), people.lon.tolist(), cells, strict=True)
    for number, lat, lon, cell in where:
        yield (
            *(number, f"R-{number:08}", _SEALED, "unknown", "bn", _SEALED, "{}", "sms", "{}"),
            *("0" * 64, "[]", lat, lon, cell),
        )


def _into_sqlite(connection: Connection, people: Register) -> None:
    driver = connection.connection.dbapi_connection
    assert driver is not None
    marks = ", ".join("?" * 14)
    driver.cursor().executemany(
        f"INSERT INTO resident ({_COLUMNS}) VALUES ({marks})",  # noqa: S608
        _rows(people),
    )


def _into_postgresql(connection: Connection, people: Register) -> None:
    driver = connection.connection.dbapi_connection
    assert driver is not None
    with driver.cursor().copy(f"COPY resident ({_COLUMNS}) FROM STDIN") as copy:
        for row in _rows(people):
            copy.write_row(row)
