"""Points in memory, in the order of the curve: who is inside many shapes, within milliseconds.

For what asks again and again of one register: replays, dry runs, and feeds of hundreds of polygons.
It is a copy of the positions at one moment; whoever holds it says how old it may be.
"""

from collections.abc import Sequence

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from carealert.domain.cells import LEVELS, Floats, Ints, cells_of, grid_x, grid_y, numbers_at
from carealert.domain.covering import MOST_AT_ONCE, Ranges, cover_each, each_holds

#: A shape with fewer points around it is tested point by point: covering it costs more.
_FEW = 3000
#: How the outline's cells grow with the points around the shape: more cells cost the covering,
#: fewer cost exact tests; between the two the square root is least (docs/benchmarks.md).
_CELLS_PER_ROOT = 3.0


class PointIndex:
    """Points (degrees, WGS 84) with the numbers they are known by. Immutable."""

    def __init__(self, ids: Ints, lon: Floats, lat: Floats) -> None:
        cells = cells_of(lon, lat)
        order = np.argsort(cells, kind="stable")
        self._cells = cells[order]
        self._ids = np.asarray(ids)[order]
        self._lon, self._lat = np.asarray(lon)[order], np.asarray(lat)[order]

    def __len__(self) -> int:
        """How many points."""
        return len(self._ids)

    def inside(self, geometry: BaseGeometry) -> NDArray[np.int64]:
        """Numbers of the points inside the geometry or on its edge; exact, in no special order."""
        return self.inside_each([geometry])[0]

    def inside_each(self, geometries: Sequence[BaseGeometry]) -> list[NDArray[np.int64]]:
        """The same for each geometry, in their order."""
        found: list[NDArray[np.int64]] = []
        for start in range(0, len(geometries), MOST_AT_ONCE):
            found += self._inside_each(geometries[start : start + MOST_AT_ONCE])
        return found

    def _inside_each(self, geometries: Sequence[BaseGeometry]) -> list[NDArray[np.int64]]:
        shapes = np.empty(len(geometries), object)
        shapes[:] = geometries
        shapely.prepare(shapes)
        around = self._around(shapes)
        many = np.bincount(around.owner, self._count(around.low, around.high), len(shapes))
        is_small = many < _FEW
        budget = (_CELLS_PER_ROOT * np.sqrt(many[~is_small])).astype(np.int64)
        coverings = cover_each(list(shapes[~is_small]), budget)
        large = np.flatnonzero(~is_small)
        keep = is_small[around.owner]
        owner = np.concatenate([around.owner[keep], large[coverings.edge.owner]])
        low = np.concatenate([around.low[keep], coverings.edge.low])
        high = np.concatenate([around.high[keep], coverings.edge.high])
        places, owners = self._spread(owner, low, high)
        tested = each_holds(shapes, owners, self._lon[places], self._lat[places])
        inner = coverings.inner
        return self._gathered(
            len(shapes),
            Ranges(large[inner.owner], inner.low, inner.high),
            owners[tested],
            self._ids[places[tested]],
        )

    def _gathered(
        self, many: int, inner: Ranges, owners: Ints, ids: NDArray[np.int64]
    ) -> list[NDArray[np.int64]]:
        """All of the inner ranges, and those of the edges that passed, by their shape."""
        order = np.argsort(owners, kind="stable")
        ids = ids[order]
        cuts = np.searchsorted(owners[order], np.arange(many + 1)).tolist()
        starts = np.searchsorted(self._cells, inner.low, "left").tolist()
        ends = np.searchsorted(self._cells, inner.high, "right").tolist()
        of = np.searchsorted(inner.owner, np.arange(many + 1)).tolist()
        whole = self._ids
        return [
            np.concatenate(
                [
                    ids[cuts[n] : cuts[n + 1]],
                    *[whole[starts[k] : ends[k]] for k in range(of[n], of[n + 1])],
                ]
            )
            for n in range(many)
        ]

    def _count(self, low: Ints, high: Ints) -> Ints:
        found: Ints = np.searchsorted(self._cells, high, "right") - np.searchsorted(
            self._cells, low, "left"
        )
        return found

    def _spread(self, owner: Ints, low: Ints, high: Ints) -> tuple[Ints, Ints]:
        """Every place of the points in these ranges, with the owner of its range."""
        first = np.searchsorted(self._cells, low, "left")
        many = np.searchsorted(self._cells, high, "right") - first
        before = np.cumsum(many) - many
        places = np.arange(int(many.sum())) + np.repeat(first - before, many)
        return places, np.repeat(owner, many)

    def _around(self, shapes: NDArray[np.object_]) -> Ranges:
        """The few squares of the quadtree that each shape lies in.

        Four around its box; two more beyond the antimeridian for one that touches it.
        """
        bounds = shapely.bounds(shapes)
        real = np.isfinite(bounds).all(axis=1)
        owner = np.flatnonzero(real)
        west, south, east, north = bounds[real].T
        low_x, high_x = (grid_x(x, LEVELS) for x in (west, east))
        low_y, high_y = (grid_y(y, LEVELS) for y in (south, north))
        wide = np.maximum(high_x - low_x, high_y - low_y)
        shift = np.ceil(np.log2(wide.clip(1))).clip(0, LEVELS).astype(np.int64)
        beyond_x = np.where(east >= 180.0, 0.0, np.where(west <= -180.0, 2.0**LEVELS, low_x))
        corners = [
            self._square(x, y, shift) for x in (low_x, high_x, beyond_x) for y in (low_y, high_y)
        ]
        key = np.concatenate([owner << 2 * LEVELS | corner for corner in corners])
        order = np.argsort(key)
        order = order[np.concatenate([[True], np.diff(key[order]) != 0])[: len(key)]]
        key, size = key[order], np.int64(1) << 2 * np.tile(shift, len(corners))[order]
        low = key & ((1 << 2 * LEVELS) - 1)
        return Ranges(key >> 2 * LEVELS, low, low + size - 1)

    @staticmethod
    def _square(x: Floats, y: Floats, shift: Ints) -> Ints:
        """The first cell of the square of this size in which a corner lies."""
        last = (1 << LEVELS) - 1
        column = np.floor(x).clip(0, last).astype(np.int64) >> shift << shift
        row = np.floor(y).clip(0, last).astype(np.int64) >> shift << shift
        return numbers_at(column, row) >> 2 * shift << 2 * shift
