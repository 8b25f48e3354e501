"""Who is inside a geometry: cell ranges from the index, exact tests along the outline only."""

import json
from collections.abc import Sequence

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry
from sqlalchemy import Connection, text

from carealert.adapters.db.cell_ranges import CellReader, Points, TableName, reader
from carealert.domain.cells import Floats, Ints
from carealert.domain.covering import Coverings, Ranges, cover_each, each_holds

#: Shapes asked for in one statement: bounds what an answer for hundreds of them takes.
_AT_ONCE = 64
#: Cells that an outline is cut into at first.
_CELLS = 200
#: Of so many ranges along each outline the rows are counted, each no further than so many.
_SAMPLE = 24
_MOST = 500
#: A row to be tested costs as much as so many outline cells; where more rows than that lie along
#: the outline, smaller cells are cheaper. Then the square root is least (docs/benchmarks.md).
_TEST_COST = 0.6
_MOST_CELLS = 40_000


def ids_inside_each(
    connection: Connection, table: TableName, geometries: Sequence[BaseGeometry]
) -> list[Ints]:
    """Numbers of the rows inside each geometry (degrees) or on its edge.

    Exact, each once, in no special order. Without a visit to the table itself.
    """
    if not geometries:
        return []
    read = reader(connection, table)
    found: list[Ints] = []
    for start in range(0, len(geometries), _AT_ONCE):
        found += _inside_each(read, geometries[start : start + _AT_ONCE])
    return found


def refs_inside(connection: Connection, table: TableName, geometry: BaseGeometry) -> frozenset[str]:
    """Refs of the rows whose point is inside the geometry (degrees) or on its edge; exact."""
    return refs_inside_each(connection, table, [geometry])[0]


def refs_inside_each(
    connection: Connection, table: TableName, geometries: Sequence[BaseGeometry]
) -> list[frozenset[str]]:
    """The same for each geometry, in their order."""
    return [
        _refs_of(connection, table, ids) for ids in ids_inside_each(connection, table, geometries)
    ]


def refs_unplaced(connection: Connection, table: TableName) -> dict[str, frozenset[str]]:
    """area code -> refs of the rows there that have no point."""
    columns = "SELECT area_code, ref FROM {table} WHERE cell IS NULL AND area_code IS NOT NULL"
    found: dict[str, set[str]] = {}
    for code, ref in connection.execute(text(columns.format(table=table))):
        found.setdefault(code, set()).add(ref)
    return {code: frozenset(refs) for code, refs in found.items()}


_REFS = {
    "sqlite": """SELECT json_group_array(t.ref) FROM json_each(:ids) AS i
                 CROSS JOIN {table} AS t ON t.id = i.value""",
    "postgresql": "SELECT array_agg(ref) FROM {table} WHERE id = ANY(CAST(:ids AS bigint[]))",
}


def _refs_of(connection: Connection, table: TableName, ids: Ints) -> frozenset[str]:
    if not len(ids):
        return frozenset()
    # In the order of the table, so that each of its pages is read once.
    numbers = np.sort(ids).tolist()
    dialect = connection.dialect.name
    value = json.dumps(numbers) if dialect == "sqlite" else numbers
    found = connection.scalar(text(_REFS[dialect].format(table=table)), {"ids": value})
    return frozenset(json.loads(found) if dialect == "sqlite" else found)


def _inside_each(read: CellReader, geometries: Sequence[BaseGeometry]) -> list[Ints]:
    shapes = np.empty(len(geometries), object)
    shapes[:] = geometries
    covered = _covered(read, shapes)
    found: list[list[Ints]] = [[] for _ in geometries]
    if len(covered.edge.low):
        points = read.points(covered.edge)
        for owner, ids in _held(shapes, points):
            found[owner].append(ids)
    if len(covered.inner.low):
        for owner, ids in read.ids(covered.inner):
            found[owner].append(ids)
    return [np.concatenate(parts) if parts else np.empty(0, np.int64) for parts in found]


def _held(shapes: NDArray[np.object_], points: Points) -> list[tuple[int, Ints]]:
    held = np.flatnonzero(each_holds(shapes, points.owner, points.lon, points.lat))
    held = held[np.argsort(points.owner[held], kind="stable")]
    cuts = np.searchsorted(points.owner[held], np.arange(len(shapes) + 1)).tolist()
    ids = points.ids[held]
    return [(n, ids[cuts[n] : cuts[n + 1]]) for n in range(len(shapes)) if cuts[n] < cuts[n + 1]]


# --- how finely each outline is cut: as finely as the register is crowded along it


def _covered(read: CellReader, shapes: NDArray[np.object_]) -> Coverings:
    """A covering of each, cut again where many rows would have to be tested."""
    coarse = cover_each(list(shapes), np.full(len(shapes), _CELLS))
    # The covering itself allows half a cell for each vertex.
    own = shapely.get_num_coordinates(shapes) // 2
    if not len(coarse.edge.low):
        return coarse
    rows = _rows_along(read, coarse.edge, len(shapes))
    wanted = np.sqrt(_TEST_COST * rows * (own + _CELLS)).clip(max=_MOST_CELLS).astype(np.int64)
    crowded = np.flatnonzero(wanted > 2 * (own + _CELLS))
    if not len(crowded):
        return coarse
    fine = cover_each(list(shapes[crowded]), (wanted - own)[crowded])
    return Coverings(
        _replaced(coarse.inner, fine.inner, crowded), _replaced(coarse.edge, fine.edge, crowded)
    )


def _rows_along(read: CellReader, edge: Ranges, many: int) -> Floats:
    """About how many rows lie in each shape's ranges, from a sample spread along its outline."""
    starts = np.searchsorted(edge.owner, np.arange(many))
    sizes = np.bincount(edge.owner, minlength=many)
    sampled = np.minimum(sizes, _SAMPLE)
    owner = np.repeat(np.arange(many), sampled)
    nth = np.arange(len(owner)) - np.repeat(np.cumsum(sampled) - sampled, sampled)
    picks = starts[owner] + nth * sizes[owner] // sampled[owner]
    counts = read.counts(Ranges(owner, edge.low[picks], edge.high[picks]), _MOST)
    found: Floats = np.bincount(owner, counts, many) * sizes / sampled.clip(1)
    return found


def _replaced(coarse: Ranges, fine: Ranges, crowded: Ints) -> Ranges:
    """The coarse ranges, those of the crowded shapes by their fine ones."""
    keep = ~np.isin(coarse.owner, crowded)
    owner = np.concatenate([coarse.owner[keep], crowded[fine.owner]])
    order = np.argsort(owner, kind="stable")
    low = np.concatenate([coarse.low[keep], fine.low])[order]
    high = np.concatenate([coarse.high[keep], fine.high])[order]
    return Ranges(owner[order], low, high)
