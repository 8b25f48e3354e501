"""Geometries as ranges of cell numbers: what an ordinary index needs to find who is inside.

Several geometries are covered in one pass over arrays, each at a level of its own: a call for one
of them costs as much as one for a hundred small ones.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from carealert.domain.cells import LEVELS, Floats, Ints, grid_x, grid_y, numbers_at, places_of

#: How near to a cell's side, in parts of the cell, an outline counts for both cells: far above
#: the rounding of doubles, so that no point on an outline is ever taken for an inner one.
_NEAR = 1e-3
#: How many cells the outline is cut into: more cells cost longer queries, fewer cost exact tests.
OUTLINE_CELLS = 800
#: An owner and a cell in one number: the owner above the cell's 48 bits, below the sign.
_OWNER = 2 * LEVELS
MOST_AT_ONCE = 1 << (62 - _OWNER)
_CELL = (1 << _OWNER) - 1


@dataclass(frozen=True, slots=True)
class Covering:
    """Ranges of cell numbers, both ends included, sorted and apart from each other.

    Every point in an `inner` range is inside the geometry; a point in an `edge` range needs an
    exact test; a point in neither is outside.
    """

    inner: tuple[tuple[int, int], ...]
    edge: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Ranges:
    """Ranges of several geometries, as columns: `owner` is the geometry's place in the list."""

    owner: Ints
    low: Ints
    high: Ints


@dataclass(frozen=True, slots=True)
class Coverings:
    """What `Covering` is, for several geometries: sorted by owner, then along the curve."""

    inner: Ranges
    edge: Ranges


def holds(geometry: BaseGeometry, lon: Floats, lat: Floats) -> NDArray[np.bool_]:
    """Which points are inside or on the edge; on the antimeridian 180 and -180 are one place."""
    return each_holds(np.array([geometry]), np.zeros(len(lon), np.int64), lon, lat)


def each_holds(
    geometries: NDArray[np.object_], owner: Ints, lon: Floats, lat: Floats
) -> NDArray[np.bool_]:
    """`holds` for each point and the geometry at its `owner`."""
    found: NDArray[np.bool_] = shapely.intersects_xy(geometries[owner], lon, lat)
    seam = np.flatnonzero(np.abs(lon) == 180.0)
    if len(seam):
        found[seam] |= shapely.intersects_xy(geometries[owner[seam]], -lon[seam], lat[seam])
    return found


def cover(geometry: BaseGeometry, outline_cells: int = OUTLINE_CELLS) -> Covering:
    """Cover a geometry of any type, in degrees, with a bounded number of cell ranges."""
    found = cover_each([geometry], np.array([outline_cells]))
    return Covering(_pairs(found.inner), _pairs(found.edge))


def cover_each(geometries: Sequence[BaseGeometry], outline_cells: Ints) -> Coverings:
    """Cover geometries of any type, in degrees; each outline with about so many cells.

    The outline alone is drawn into cells, at the finest level that keeps to `outline_cells` (plus
    half a cell for each vertex). Climbing from there, no edge crosses a square beside the outline,
    so one test of its centre tells whether all of it is inside. At most MOST_AT_ONCE of them.
    """
    shapes = np.empty(len(geometries), object)
    shapes[:] = geometries
    segments, owner = _with_seam(*_segments(shapes))
    levels = _levels(segments, owner, outline_cells)
    outline = _outline(segments, owner, levels)
    squares, at = _beside(outline, levels)
    shapely.prepare(shapes)
    inside = shapely.intersects_xy(shapes[squares >> _OWNER], *_centres(squares & _CELL, at))
    edge_at = levels[outline >> _OWNER]
    return Coverings(_merged(squares[inside], at[inside]), _merged(outline, edge_at))


def _pairs(ranges: Ranges) -> tuple[tuple[int, int], ...]:
    return tuple(zip(ranges.low.tolist(), ranges.high.tolist(), strict=True))


def _segments(geometries: NDArray[np.object_]) -> tuple[Floats, Ints]:
    """Every edge as (lon, lat, lon, lat), and every line's first point as an edge of no length.

    With each the place of its geometry.
    """
    parts, owner = shapely.get_parts(geometries, return_index=True)
    while (shapely.get_type_id(parts) > _POLYGON).any():
        parts, of = shapely.get_parts(parts, return_index=True)
        owner = owner[of]
    flat = shapely.get_type_id(parts) == _POLYGON
    rings, of = shapely.get_rings(parts[flat], return_index=True)
    lines = np.concatenate([rings, parts[~flat]])
    owner = np.concatenate([owner[flat][of], owner[~flat]])
    points, line = shapely.get_coordinates(lines, return_index=True)
    joined = line[1:] == line[:-1]
    is_first = np.concatenate([[True], ~joined])[: len(points)]
    edges = np.hstack([points[:-1][joined], points[1:][joined]])
    rows: Floats = np.concatenate([edges, np.hstack([points[is_first], points[is_first]])])
    whose = np.concatenate([owner[line[1:][joined]], owner[line[is_first]]])
    finite = np.isfinite(rows).all(axis=1)
    return rows[finite], whose[finite].astype(np.int64)


_POLYGON = shapely.GeometryType.POLYGON  # types beyond it are made of parts


def _with_seam(segments: Floats, owner: Ints) -> tuple[Floats, Ints]:
    """What lies on the antimeridian lies there on both sides of the map: 180 is -180."""
    ends = np.abs(segments[:, [0, 2]]) == 180.0
    if not ends.any():
        return segments, owner
    whole = ends.all(axis=1)
    along = segments[whole] * (-1.0, 1.0, -1.0, 1.0)
    touching = segments.reshape(-1, 2)[ends.ravel()] * (-1.0, 1.0)
    every = np.concatenate([segments, along, np.hstack([touching, touching])])
    return every, np.concatenate([owner, owner[whole], np.repeat(owner, 2)[ends.ravel()]])


def _levels(segments: Floats, owner: Ints, outline_cells: Ints) -> Ints:
    """The finest level of each at which its outline crosses no more sides of cells than allowed."""
    many = len(outline_cells)
    budget = outline_cells + np.bincount(owner, minlength=many) // 2
    span = np.abs(segments[:, 2:] - segments[:, :2]).clip(max=360.0)
    # At level 0 the world is one cell.
    crossed = np.bincount(owner, span[:, 0] / 360.0 + span[:, 1] / 180.0, many)
    share = budget / np.maximum(crossed, budget / 2.0**LEVELS)
    return np.floor(np.log2(share)).clip(0, LEVELS).astype(np.int64)


def _outline(segments: Floats, owner: Ints, levels: Ints) -> Ints:
    """Sorted numbers, with their owners above, of all cells that an edge touches or nearly touches.

    A cell is touched because an end lies in it, or because an edge enters it through a side. Each
    number is of the level of its owner.
    """
    level = levels[owner]
    x0, x1 = (grid_x(segments[:, n], level) for n in (0, 2))
    y0, y1 = (grid_y(segments[:, n], level) for n in (1, 3))
    upright_x, upright_y, upright = _crossings(x0, x1, y0, y1, level)
    level_y, level_x, lying = _crossings(y0, y1, x0, x1, level)
    x = np.concatenate([x0, x1, upright_x, level_x])
    y = np.concatenate([y0, y1, upright_y, level_y])
    whose = np.concatenate([owner, owner, owner[upright], owner[lying]])
    size = np.exp2(levels)
    column, row, whose = _touched(x, y, whose)
    known = (column >= 0) & (column < size[whose]) & (row >= 0) & (row < size[whose])
    column, row, whose = column[known], row[known], whose[known]
    shift = LEVELS - levels[whose]
    # Neighbouring crossings give the same cell again and again; the curve is worked out once.
    place = _distinct(
        np.sort(
            whose << _OWNER
            | column.astype(np.int64) << shift << LEVELS
            | row.astype(np.int64) << shift
        )
    )
    whose = place >> _OWNER
    number = numbers_at(place >> LEVELS & _AXIS, place & _AXIS) >> 2 * (LEVELS - levels[whose])
    return np.sort(whose << _OWNER | number)


def _touched(x: Floats, y: Floats, whose: Ints) -> tuple[Floats, Floats, Ints]:
    """Column and row of the cell of each place, and of the cells beside it that it nearly touches.

    A place at exactly 180 or 90 degrees counts for the last cell: so does an edge there.
    """
    west, east = np.floor(x - _NEAR), np.floor(x + _NEAR)
    south, north = np.floor(y - _NEAR), np.floor(y + _NEAR)
    wide, high = west != east, south != north
    both = wide & high
    return (
        np.concatenate([west, east[wide], west[high], east[both]]),
        np.concatenate([south, south[wide], north[high], north[both]]),
        np.concatenate([whose, whose[wide], whose[high], whose[both]]),
    )


_AXIS = (1 << LEVELS) - 1


def _crossings(
    a0: Floats, a1: Floats, b0: Floats, b1: Floats, level: Ints
) -> tuple[Floats, Floats, Ints]:
    """Where edges cross whole values of `a` inside the world: those, `b` there, and which edge."""
    size = np.exp2(level)
    low = np.ceil(np.minimum(a0, a1)).clip(0, size + 1)
    high = np.floor(np.maximum(a0, a1)).clip(-1, size)
    many = (high - low + 1).clip(0).astype(np.int64)
    edge = np.repeat(np.arange(len(a0)), many)
    first = np.repeat(np.cumsum(many) - many, many)
    value = low[edge] + (np.arange(len(edge)) - first)
    run = a1[edge] - a0[edge]
    share = np.divide(value - a0[edge], run, out=np.zeros_like(value), where=run != 0)
    return value, b0[edge] + share * (b1[edge] - b0[edge]), edge


def _beside(outline: Ints, levels: Ints) -> tuple[Ints, Ints]:
    """The squares of the quadtree that fill the world beside the outlines, and their levels."""
    squares, at_level = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    own = levels[outline >> _OWNER]
    above = np.empty(0, np.int64)
    for at in range(int(levels.max(initial=0)), 0, -1):
        begins = outline[own == at]
        crossed = np.sort(np.concatenate([above, begins])) if len(begins) else above
        if not len(crossed):
            continue
        above = _distinct(crossed & ~_CELL | (crossed & _CELL) >> 2)
        family = ((above & ~_CELL | (above & _CELL) << 2)[:, None] + np.arange(4)).ravel()
        place = np.searchsorted(crossed, family).clip(max=len(crossed) - 1)
        beside = family[crossed[place] != family]
        squares.append(beside)
        at_level.append(np.full(len(beside), at, np.int64))
    return np.concatenate(squares), np.concatenate(at_level)


def _distinct(numbers: Ints) -> Ints:
    """Each number of a sorted array once."""
    is_new = np.concatenate([[True], numbers[1:] != numbers[:-1]])[: len(numbers)]
    found: Ints = numbers[is_new]
    return found


def _centres(squares: Ints, levels: Ints) -> tuple[Floats, Floats]:
    shift = LEVELS - levels
    x, y = places_of(squares << 2 * shift)
    side = np.exp2(-levels.astype(np.float64))
    lon = ((x >> shift).astype(np.float64) + 0.5) * side * 360.0 - 180.0
    lat = ((y >> shift).astype(np.float64) + 0.5) * side * 180.0 - 90.0
    return lon, lat


def _merged(squares: Ints, levels: Ints) -> Ranges:
    """The cells of these squares; ranges that follow each other without a gap are joined."""
    shift = 2 * (LEVELS - levels)
    low = squares & ~_CELL | (squares & _CELL) << shift
    order = np.argsort(low)
    low = low[order]
    high = low + (np.int64(1) << shift[order]) - 1
    # The last cell of one owner and the first of the next follow each other, too.
    apart = (low[1:] != high[:-1] + 1) | (low[1:] >> _OWNER != high[:-1] >> _OWNER)
    starts = np.flatnonzero(np.concatenate([[True], apart])[: len(low)])
    ends = np.concatenate([starts[1:] - 1, [len(low) - 1]])[: len(starts)]
    return Ranges(low[starts] >> _OWNER, low[starts] & _CELL, high[ends] & _CELL)
