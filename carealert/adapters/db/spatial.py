"""Who is inside a geometry: cell ranges from the index, exact tests along the outline only."""

import json
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from shapely.geometry.base import BaseGeometry
from sqlalchemy import Connection, text

from carealert.domain.covering import MOST_AT_ONCE, OUTLINE_CELLS, cover_each, holds
from carealert.domain.covering import Ranges as CellRanges

Ranges = Sequence[tuple[int, int]]

# The fixed order (CROSS JOIN, LATERAL with OFFSET 0) keeps both planners from walking the whole
# table once a range, which they do where they have no statistics yet. Ids come out in one value,
# because making a Python row of each costs more than finding it.
_SQLITE = """
    SELECT {columns} FROM json_each(:ranges) AS r CROSS JOIN {table} AS t INDEXED BY {index}
    WHERE t.cell BETWEEN json_extract(r.value, '$[0]') AND json_extract(r.value, '$[1]')"""
_POSTGRESQL = """
    SELECT {columns} FROM unnest(CAST(:low AS bigint[]), CAST(:high AS bigint[])) AS r(low, high)
    CROSS JOIN LATERAL (SELECT ref, lon, lat FROM {table}
                        WHERE cell BETWEEN r.low AND r.high OFFSET 0) AS t"""


#: Of many shapes each gets fewer cells: what one range costs is then worth an exact test or two.
_FEWEST_CELLS = 64


def refs_inside(
    connection: Connection, table: Literal["resident", "facility"], geometry: BaseGeometry
) -> frozenset[str]:
    """Refs of the rows whose point is inside the geometry (degrees) or on its edge; exact."""
    return refs_inside_each(connection, table, [geometry])[0]


def refs_inside_each(
    connection: Connection,
    table: Literal["resident", "facility"],
    geometries: Sequence[BaseGeometry],
) -> list[frozenset[str]]:
    """The same for each geometry, in their order."""
    if connection.dialect.name == "postgresql":
        # Compiling this statement takes ten times as long as running it (measured: 74 of 87 ms).
        connection.execute(text("SET LOCAL jit = off"))
    found: list[frozenset[str]] = []
    for start in range(0, len(geometries), MOST_AT_ONCE):
        some = geometries[start : start + MOST_AT_ONCE]
        cells = max(_FEWEST_CELLS, int(OUTLINE_CELLS / len(some) ** 0.5))
        covered = cover_each(some, np.full(len(some), cells))
        found += [
            _inside(connection, table, geometry, inner, edge)
            for geometry, inner, edge in zip(
                some,
                _by_owner(covered.inner, len(some)),
                _by_owner(covered.edge, len(some)),
                strict=True,
            )
        ]
    return found


def _by_owner(found: CellRanges, many: int) -> list[list[tuple[int, int]]]:
    pairs = list(zip(found.low.tolist(), found.high.tolist(), strict=True))
    cuts = np.searchsorted(found.owner, np.arange(many + 1)).tolist()
    return [pairs[cuts[n] : cuts[n + 1]] for n in range(many)]


def _inside(
    connection: Connection, table: str, geometry: BaseGeometry, inner: Ranges, edge: Ranges
) -> frozenset[str]:
    found = set(_whole(connection, table, inner))
    rows = _rows(connection, table, edge)
    if rows:
        points = np.array([(row[1], row[2]) for row in rows])
        held = holds(geometry, points[:, 0], points[:, 1])
        found.update(row[0] for row, inside in zip(rows, held.tolist(), strict=True) if inside)
    return frozenset(found)


def refs_unplaced(
    connection: Connection, table: Literal["resident", "facility"]
) -> dict[str, frozenset[str]]:
    """area code -> refs of the rows there that have no point."""
    columns = "SELECT area_code, ref FROM {table} WHERE cell IS NULL AND area_code IS NOT NULL"
    found: dict[str, set[str]] = {}
    for code, ref in connection.execute(text(columns.format(table=table))):
        found.setdefault(code, set()).add(ref)
    return {code: frozenset(refs) for code, refs in found.items()}


def _whole(connection: Connection, table: str, ranges: Ranges) -> Sequence[str]:
    if not ranges:
        return ()
    if connection.dialect.name == "sqlite":
        packed = connection.scalar(*_query(connection, table, "json_group_array(t.ref)", ranges))
        return [str(ref) for ref in json.loads(packed or "[]")]
    return connection.scalar(*_query(connection, table, "array_agg(t.ref)", ranges)) or ()


def _rows(connection: Connection, table: str, ranges: Ranges) -> Sequence[Any]:
    if not ranges:
        return ()
    return connection.execute(*_query(connection, table, "t.ref, t.lon, t.lat", ranges)).fetchall()


def _query(
    connection: Connection, table: str, columns: str, ranges: Ranges
) -> tuple[Any, dict[str, Any]]:
    if connection.dialect.name == "sqlite":
        sql = _SQLITE.format(columns=columns, table=table, index=f"ix_{table}_cell")
        return text(sql), {"ranges": json.dumps(ranges)}
    sql = _POSTGRESQL.format(columns=columns, table=table)
    low, high = zip(*ranges, strict=True)
    return text(sql), {"low": list(low), "high": list(high)}
