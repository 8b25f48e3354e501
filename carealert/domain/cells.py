"""Points as integers along a Hilbert curve.

The world in WGS 84 lon/lat degrees is a grid of 2^24 by 2^24 cells (2.4 m by 1.2 m at the
equator). A cell's number is its place on a Hilbert curve (D. Hilbert, 1891), so that every square
of the quadtree is one range of numbers, and an ordinary B-tree answers "who is in this shape".
"""

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

#: Levels of the quadtree; a cell number has twice as many bits.
LEVELS = 24
_SIDE = 1 << LEVELS


def cells_of(lon: Floats, lat: Floats) -> Ints:
    """Cell numbers of points in degrees; points beyond the world count for its last cells."""
    x = np.floor(grid_x(np.asarray(lon, np.float64), LEVELS)).clip(0, _SIDE - 1)
    y = np.floor(grid_y(np.asarray(lat, np.float64), LEVELS)).clip(0, _SIDE - 1)
    return numbers_at(x.astype(np.int64), y.astype(np.int64))


def cell_of(lon: float, lat: float) -> int:
    """Cell number of one point in degrees."""
    return int(cells_of(np.array([lon]), np.array([lat]))[0])


def grid_x(lon: Floats, level: int | Ints) -> Floats:
    """Where on the grid of this level, in cells from the west; fractions count within a cell."""
    return (lon + 180.0) * (2.0**level / 360.0)


def grid_y(lat: Floats, level: int | Ints) -> Floats:
    """The same in cells from the south."""
    return (lat + 90.0) * (2.0**level / 180.0)


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


def numbers_at(x: Ints, y: Ints) -> Ints:
    """The numbers of the cells at these columns and rows of the finest grid."""
    number, state = np.zeros_like(x), np.zeros_like(x)
    for shift in range(LEVELS - _BITS, -1, -_BITS):
        key = (x >> shift & 15) << _BITS | (y >> shift & 15)
        found = _FORWARD[state, key]
        number, state = number << 2 * _BITS | found >> 2, found & 3
    return number


def places_of(number: Ints) -> tuple[Ints, Ints]:
    """Column and row of cells on the finest grid: the inverse of `numbers_at`."""
    x, y, state = (np.zeros_like(number) for _ in range(3))
    for shift in range(2 * (LEVELS - _BITS), -1, -2 * _BITS):
        found = _BACK[state, number >> shift & 255]
        x, y = x << _BITS | found >> (_BITS + 2), y << _BITS | (found >> 2 & 15)
        state = found & 3
    return x, y
