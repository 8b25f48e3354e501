"""Rows whose cell lies in given ranges, read from the cell index alone, for many shapes at once.

The index holds the cell, the position and the number of each row, so that the table itself is
never visited. The fixed order (CROSS JOIN with INDEXED BY, LATERAL with OFFSET 0) keeps both
planners from walking the whole table once a range, which they do where they have no statistics
yet. Numbers come out packed in one value, because a Python row of each costs more than finding it.
"""

import json
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, pairwise
from typing import Any, Literal

import numpy as np
from sqlalchemy import Connection, text

from carealert.domain.cells import Floats, Ints
from carealert.domain.covering import Ranges

TableName = Literal["resident", "facility"]


@dataclass(frozen=True, slots=True)
class Points:
    """Rows with their positions (degrees, WGS 84), and the place of the shape each is for."""

    owner: Ints
    ids: Ints
    lon: Floats
    lat: Floats


class CellReader(ABC):
    """What both databases answer, each in its own way; there is at least one range, by owner."""

    def __init__(self, connection: Connection, table: TableName) -> None:
        self._connection = connection
        self._table = table

    @abstractmethod
    def ids(self, ranges: Ranges) -> Iterator[tuple[int, Ints]]:
        """(owner, numbers of the rows in its ranges), for those who have any."""

    @abstractmethod
    def points(self, ranges: Ranges) -> Points:
        """The rows in the ranges with their positions."""

    @abstractmethod
    def counts(self, ranges: Ranges, most: int) -> Ints:
        """How many rows there are in each range; counting ends at `most`."""

    def _run(self, sql: str, **values: object) -> Any:
        name = self._table
        return self._connection.execute(
            text(sql.format(table=name, index=f"ix_{name}_cell")), values
        )


def reader(connection: Connection, table: TableName) -> CellReader:
    """The reader for the database behind the connection."""
    if connection.dialect.name == "sqlite":
        return _Sqlite(connection, table)
    return _Postgresql(connection, table)


# --- SQLite: ranges as JSON. Those of one shape are one object {low: high}, which spares looking
# into each. There is no packing of numbers, so that each is written as text of the same width.

_SQLITE_IDS = """
    SELECT (SELECT group_concat(t.id + :base, '')
            FROM json_each(o.value) AS r CROSS JOIN {table} AS t INDEXED BY {index}
            WHERE t.cell BETWEEN CAST(r.key AS INTEGER) AND r.value)
    FROM json_each(:ranges) AS o"""
_SQLITE_POINTS = """
    SELECT CAST(o.key AS INTEGER), t.id, t.lon, t.lat
    FROM json_each(:ranges) AS o CROSS JOIN json_each(o.value) AS r
         CROSS JOIN {table} AS t INDEXED BY {index}
    WHERE t.cell BETWEEN CAST(r.key AS INTEGER) AND r.value"""
_SQLITE_COUNTS = """
    SELECT (SELECT count(*) FROM (
        SELECT 1 FROM {table} AS t INDEXED BY {index}
        WHERE t.cell BETWEEN json_extract(r.value, '$[0]') AND json_extract(r.value, '$[1]')
        LIMIT :most))
    FROM json_each(:ranges) AS r"""
_ZERO = ord("0")


class _Sqlite(CellReader):
    def ids(self, ranges: Ranges) -> Iterator[tuple[int, Ints]]:
        width = len(str(self._run("SELECT max(id) FROM {table}").scalar() or 0))
        found = self._run(_SQLITE_IDS, ranges=_by_owner(ranges), base=10**width)
        for owner, (packed,) in enumerate(found):
            if packed:
                yield owner, _unpacked(packed, width)

    def points(self, ranges: Ranges) -> Points:
        rows = self._run(_SQLITE_POINTS, ranges=_by_owner(ranges)).fetchall()
        owner, ids, lon, lat = np.fromiter(chain.from_iterable(rows), np.float64).reshape(-1, 4).T
        return Points(owner.astype(np.int64), ids.astype(np.int64), lon, lat)

    def counts(self, ranges: Ranges, most: int) -> Ints:
        pairs = np.column_stack([ranges.low, ranges.high]).tolist()
        found = self._run(_SQLITE_COUNTS, ranges=json.dumps(pairs), most=most)
        return np.fromiter(chain.from_iterable(found), np.int64, len(pairs))


def _by_owner(ranges: Ranges) -> str:
    many = int(ranges.owner[-1]) + 1
    cuts = np.searchsorted(ranges.owner, np.arange(many + 1)).tolist()
    low, high = ranges.low.tolist(), ranges.high.tolist()
    each = (zip(low[a:b], high[a:b], strict=True) for a, b in pairwise(cuts))
    return json.dumps([dict(pairs) for pairs in each])


def _unpacked(packed: str, width: int) -> Ints:
    """Decimal numbers of one width, each behind a 1 that kept its zeros."""
    digits = np.frombuffer(packed.encode("ascii"), np.uint8).reshape(-1, width + 1)
    ids = np.zeros(len(digits), np.int64)
    for column in range(1, width + 1):
        ids *= 10
        ids += digits[:, column]
    ids -= _ZERO * ((10**width - 1) // 9)
    return ids


# --- PostgreSQL: ranges as arrays, rows as the bytes that the server keeps them in.

_POSTGRESQL_IN = """
    FROM unnest(CAST(:owner AS bigint[]), CAST(:low AS bigint[]), CAST(:high AS bigint[]))
         AS r(owner, low, high)
    CROSS JOIN LATERAL (SELECT {packed} AS packed FROM {{table}}
                        WHERE cell BETWEEN r.low AND r.high OFFSET 0) AS t
    WHERE t.packed IS NOT NULL"""
_POSTGRESQL_IDS = "SELECT r.owner, t.packed" + _POSTGRESQL_IN.format(
    packed="string_agg(int8send(id), '')"
)
_POSTGRESQL_POINTS = "SELECT r.owner, t.packed" + _POSTGRESQL_IN.format(
    packed="string_agg(int8send(id) || float8send(lon) || float8send(lat), '')"
)
_POSTGRESQL_COUNTS = """
    SELECT (SELECT count(*) FROM (SELECT 1 FROM {table}
                                  WHERE cell BETWEEN r.low AND r.high LIMIT :most) AS t)
    FROM unnest(CAST(:low AS bigint[]), CAST(:high AS bigint[])) WITH ORDINALITY AS r(low, high, n)
    ORDER BY r.n"""
_POINT = np.dtype([("id", ">i8"), ("lon", ">f8"), ("lat", ">f8")])


class _Postgresql(CellReader):
    def __init__(self, connection: Connection, table: TableName) -> None:
        super().__init__(connection, table)
        # Compiling these statements takes ten times as long as running them (74 of 87 ms).
        connection.execute(text("SET LOCAL jit = off"))

    def ids(self, ranges: Ranges) -> Iterator[tuple[int, Ints]]:
        for owner, packed in self._packed(_POSTGRESQL_IDS, ranges):
            yield owner, np.frombuffer(packed, ">i8").astype(np.int64)

    def points(self, ranges: Ranges) -> Points:
        rows = list(self._packed(_POSTGRESQL_POINTS, ranges))
        every = np.frombuffer(b"".join(packed for _, packed in rows), _POINT)
        sizes = [len(packed) // _POINT.itemsize for _, packed in rows]
        owner = np.repeat(np.array([of for of, _ in rows], np.int64), sizes)
        return Points(
            owner,
            every["id"].astype(np.int64),
            every["lon"].astype(np.float64),
            every["lat"].astype(np.float64),
        )

    def counts(self, ranges: Ranges, most: int) -> Ints:
        found = self._run(
            _POSTGRESQL_COUNTS, low=_array(ranges.low), high=_array(ranges.high), most=most
        )
        return np.fromiter(chain.from_iterable(found), np.int64, len(ranges.low))

    def _packed(self, sql: str, ranges: Ranges) -> Iterator[tuple[int, bytes]]:
        """For each shape the bytes of all its ranges."""
        values = {"low": _array(ranges.low), "high": _array(ranges.high)}
        parts: dict[int, list[bytes]] = {}
        for owner, packed in self._run(sql, owner=_array(ranges.owner), **values):
            parts.setdefault(owner, []).append(packed)
        for owner, packs in parts.items():
            yield owner, b"".join(packs)


def _array(numbers: Ints) -> str:
    """As the server writes an array itself: no type of a list to be guessed."""
    return "{" + ",".join(map(str, numbers.tolist())) + "}"
