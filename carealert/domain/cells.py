"""Points as integers along a Hilbert curve, and geometries as ranges of those integers.

The world in WGS 84 lon/lat degrees is a grid of 2^24 by 2^24 cells (2.4 m by 1.2 m at the
equator). A cell's number is its place on a Hilbert curve (D. Hilbert, 1891), so that every square
of the quadtree is one range of numbers, and an ordinary B-tree answers "who is in this shape".
"""

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

#: Levels of the quadtree; a cell number has twice as many bits.
LEVELS = 24
_SIDE = 1 << LEVELS
#: How near to a cell's side, in parts of the cell, an outline counts for both cells: far above
#: the rounding of doubles, so that no point on an outline is ever taken for an inner one.
_NEAR = 1e-3
#: How many cells the outline is cut into: more cells cost longer queries, fewer cost exact tests.
OUTLINE_CELLS = 800


@dataclass(frozen=True, slots=True)
class Covering:
    """Ranges of cell numbers, both ends included, sorted and apart from each other.

    Every point in an `inner` range is inside the geometry; a point in an `edge` range needs an
    exact test; a point in neither is outside.
    """

    inner: tuple[tuple[int, int], ...]
    edge: tuple[tuple[int, int], ...]


def cells_of(lon: Floats, lat: Floats) -> Ints:
    """Cell numbers of points in degrees; points beyond the world count for its last cells."""
    x = np.floor(_grid_x(np.asarray(lon, np.float64), LEVELS)).clip(0, _SIDE - 1)
    y = np.floor(_grid_y(np.asarray(lat, np.float64), LEVELS)).clip(0, _SIDE - 1)
    return _numbers(x.astype(np.int64), y.astype(np.int64))


def cell_of(lon: float, lat: float) -> int:
    """Cell number of one point in degrees."""
    return int(cells_of(np.array([lon]), np.array([lat]))[0])


def holds(geometry: BaseGeometry, lon: Floats, lat: Floats) -> NDArray[np.bool_]:
    """Which points are inside or on the edge; on the antimeridian 180 and -180 are one place."""
    found = shapely.intersects_xy(geometry, lon, lat)
    on_seam = np.abs(lon) == 180.0
    if on_seam.any():
        found[on_seam] |= shapely.intersects_xy(geometry, -lon[on_seam], lat[on_seam])
    return found


def cover(geometry: BaseGeometry, outline_cells: int = OUTLINE_CELLS) -> Covering:
    """Cover a geometry of any type, in degrees, with a bounded number of cell ranges.

    The outline alone is drawn into cells, at the finest level that keeps to `outline_cells` (plus
    half a cell for each vertex). Climbing from there, no edge crosses a square beside the outline,
    so one test of its centre tells whether all of it is inside.
    """
    segments = _with_seam(_segments(geometry))
    if not len(segments):
        return Covering((), ())
    level = _level(segments, outline_cells + len(segments) // 2)
    outline = _outline(segments, level)
    squares, levels = _beside(outline, level)
    shapely.prepare(geometry)
    inside = shapely.intersects_xy(geometry, *_centres(squares, levels))
    shift = 2 * (LEVELS - levels[inside])
    inner = squares[inside] << shift
    edge = outline << 2 * (LEVELS - level)
    return Covering(
        _merged(inner, inner + (np.int64(1) << shift) - 1),
        _merged(edge, edge + (1 << 2 * (LEVELS - level)) - 1),
    )


def _grid_x(lon: Floats, level: int) -> Floats:
    return (lon + 180.0) * (2.0**level / 360.0)


def _grid_y(lat: Floats, level: int) -> Floats:
    return (lat + 90.0) * (2.0**level / 180.0)


def _segments(geometry: BaseGeometry) -> Floats:
    """Every edge as (lon, lat, lon, lat), and every line's first point as an edge of no length."""
    parts = shapely.get_parts(geometry)
    while (shapely.get_type_id(parts) > _POLYGON).any():
        parts = shapely.get_parts(parts)
    flat = shapely.get_type_id(parts) == _POLYGON
    lines = np.concatenate([shapely.get_rings(parts[flat]), parts[~flat]])
    points, line = shapely.get_coordinates(lines, return_index=True)
    joined = line[1:] == line[:-1]
    first = points[np.concatenate([[True], ~joined])[: len(points)]]
    edges = np.hstack([points[:-1][joined], points[1:][joined]])
    rows: Floats = np.concatenate([edges, np.hstack([first, first])])
    finite: Floats = rows[np.isfinite(rows).all(axis=1)]
    return finite


def _with_seam(segments: Floats) -> Floats:
    """What lies on the antimeridian lies there on both sides of the map: 180 is -180."""
    ends = np.abs(segments[:, [0, 2]]) == 180.0
    if not ends.any():
        return segments
    along = segments[ends.all(axis=1)] * (-1.0, 1.0, -1.0, 1.0)
    touching = segments.reshape(-1, 2)[ends.ravel()] * (-1.0, 1.0)
    return np.concatenate([segments, along, np.hstack([touching, touching])])


_POLYGON = shapely.GeometryType.POLYGON  # types beyond it are made of parts


def _level(segments: Floats, budget: int) -> int:
    """The finest level at which the outline crosses at most `budget` sides of cells."""
    span = np.abs(segments[:, 2:] - segments[:, :2]).clip(max=360.0).sum(axis=0)
    crossed = span[0] / 360.0 + span[1] / 180.0  # at level 0, where the world is one cell
    if crossed * _SIDE <= budget:
        return LEVELS
    return max(0, int(np.floor(np.log2(budget / crossed))))


def _outline(segments: Floats, level: int) -> Ints:
    """Sorted numbers, at this level, of all cells that an edge touches or nearly touches.

    A cell is touched because an end lies in it, or because an edge enters it through a side.
    """
    x0, x1 = (_grid_x(segments[:, n], level) for n in (0, 2))
    y0, y1 = (_grid_y(segments[:, n], level) for n in (1, 3))
    upright_x, upright_y = _crossings(x0, x1, y0, y1, level)
    level_y, level_x = _crossings(y0, y1, x0, x1, level)
    x = np.concatenate([x0, x1, upright_x, level_x])
    y = np.concatenate([y0, y1, upright_y, level_y])
    # A point at exactly 180 or 90 degrees counts for the last cell: so does an edge there.
    column = np.concatenate([np.floor(x + dx) for dx in _AROUND for _ in _AROUND])
    row = np.concatenate([np.floor(y + dy) for _ in _AROUND for dy in _AROUND])
    known = (column >= 0) & (column < 2**level) & (row >= 0) & (row < 2**level)
    shift = LEVELS - level
    places = (axis[known].astype(np.int64) << shift for axis in (column, row))
    return np.unique(_numbers(*places) >> 2 * shift)


_AROUND = (-_NEAR, _NEAR)


def _crossings(a0: Floats, a1: Floats, b0: Floats, b1: Floats, level: int) -> tuple[Floats, Floats]:
    """Where edges cross whole values of `a` inside the world: those values, and `b` there."""
    low = np.ceil(np.minimum(a0, a1)).clip(0, 2.0**level + 1)
    high = np.floor(np.maximum(a0, a1)).clip(-1, 2.0**level)
    many = (high - low + 1).clip(0).astype(np.int64)
    edge = np.repeat(np.arange(len(a0)), many)
    first = np.repeat(np.cumsum(many) - many, many)
    value = low[edge] + (np.arange(len(edge)) - first)
    run = a1[edge] - a0[edge]
    share = np.divide(value - a0[edge], run, out=np.zeros_like(value), where=run != 0)
    return value, b0[edge] + share * (b1[edge] - b0[edge])


def _beside(outline: Ints, level: int) -> tuple[Ints, Ints]:
    """The squares of the quadtree that fill the world beside the outline, and their levels."""
    squares, levels = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    for at in range(level, 0, -1):
        parents = np.unique(outline >> 2)
        family = (parents[:, None] * 4 + np.arange(4)).ravel()
        beside = np.setdiff1d(family, outline, assume_unique=True)
        squares.append(beside)
        levels.append(np.full(len(beside), at, np.int64))
        outline = parents
    return np.concatenate(squares), np.concatenate(levels)


def _centres(squares: Ints, levels: Ints) -> tuple[Floats, Floats]:
    shift = LEVELS - levels
    x, y = _places(squares << 2 * shift)
    side = np.exp2(-levels.astype(np.float64))
    lon = ((x >> shift).astype(np.float64) + 0.5) * side * 360.0 - 180.0
    lat = ((y >> shift).astype(np.float64) + 0.5) * side * 180.0 - 90.0
    return lon, lat


def _merged(low: Ints, high: Ints) -> tuple[tuple[int, int], ...]:
    """Join ranges that follow each other without a gap."""
    order = np.argsort(low)
    low, high = low[order], high[order]
    starts = np.flatnonzero(np.concatenate([[True], low[1:] != high[:-1] + 1])[: len(low)])
    ends = np.concatenate([starts[1:] - 1, [len(low) - 1]])[: len(starts)]
    return tuple(zip(low[starts].tolist(), high[ends].tolist(), strict=True))


# --- the curve: in each square its four quarters follow as (0,0) (0,1) (1,1) (1,0), where the
# first quarter is drawn with its axes swapped and the last with axes swapped and turned round.
# A state is those two bits: 1 = swapped, 2 = turned.

_DIGIT = ((0, 1), (3, 2))  # [x][y]
_NEXT = (1, 0, 0, 3)  # by digit
_BITS = 4  # levels done in one look-up


def _step(state: int, x: int, y: int) -> tuple[int, int]:
    """Digit and next state for one level."""
    if state & 2:
        x, y = 1 - x, 1 - y
    if state & 1:
        x, y = y, x
    digit = _DIGIT[x][y]
    return digit, state ^ _NEXT[digit]


def _tables() -> tuple[Ints, Ints]:
    """Look-up of _BITS levels at once, each entry packed as (result << 2) | next state.

    Forward is by [state, x bits << 4 | y bits] and gives digits; back is the other way round.
    """
    size = 1 << _BITS
    forward, back = (np.zeros((4, size * size), np.int64) for _ in range(2))
    for state in range(4):
        for xy in range(size * size):
            digits, at = 0, state
            for bit in range(_BITS - 1, -1, -1):
                digit, at = _step(at, xy >> (_BITS + bit) & 1, xy >> bit & 1)
                digits = digits << 2 | digit
            forward[state, xy] = digits << 2 | at
            back[state, digits] = xy << 2 | at
    return forward, back


_FORWARD, _BACK = _tables()


def _numbers(x: Ints, y: Ints) -> Ints:
    """Cell numbers of grid places at the finest level."""
    number, state = np.zeros_like(x), np.zeros_like(x)
    for shift in range(LEVELS - _BITS, -1, -_BITS):
        key = (x >> shift & 15) << _BITS | (y >> shift & 15)
        found = _FORWARD[state, key]
        number, state = number << 2 * _BITS | found >> 2, found & 3
    return number


def _places(number: Ints) -> tuple[Ints, Ints]:
    """Grid places of cell numbers: the inverse of `_numbers`."""
    x, y, state = (np.zeros_like(number) for _ in range(3))
    for shift in range(2 * (LEVELS - _BITS), -1, -2 * _BITS):
        found = _BACK[state, number >> shift & 255]
        x, y = x << _BITS | found >> (_BITS + 2), y << _BITS | (found >> 2 & 15)
        state = found & 3
    return x, y
