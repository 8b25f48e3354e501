"""Shapes in lon/lat degrees (WGS 84), and the seam of the world: the antimeridian and the poles."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

Floats = NDArray[np.float64]

#: Degrees by which a ring round the world overlaps itself where it is closed: far above the
#: rounding of doubles, and a tenth of a millimetre.
_OVERLAP = 1e-9


@dataclass(frozen=True, slots=True)
class Shape:
    """What a written shape became (None: unusable), and what was done to it."""

    geometry: BaseGeometry | None
    notes: tuple[str, ...] = ()


def union(parts: Sequence[BaseGeometry]) -> BaseGeometry | None:
    """All parts as one valid geometry; None where there are none.

    Parts that do not overlap are only put side by side: a true union costs a hundred times more.
    """
    if len(parts) < 2:
        return parts[0] if parts else None
    together = cast("MultiPolygon", shapely.multipolygons(shapely.get_parts(list(parts))))
    return together if together.is_valid else shapely.union_all(parts)


def polygons_of(geometry: BaseGeometry) -> Iterable[Polygon]:
    """The polygons with an area that a geometry of any type is made of."""
    for part in shapely.get_parts(geometry):
        if part.geom_type in ("MultiPolygon", "GeometryCollection"):
            yield from polygons_of(part)
        elif part.geom_type == "Polygon" and part.area > 0:
            yield part


def unwrapped(ring: Floats) -> tuple[Floats, bool]:
    """A closed ring with every edge the short way round the world, perhaps beyond ±180.

    True where it goes round a pole: it is then closed over the pole. A ring that would shrink
    to nothing goes round the world on purpose (a band, or a box over all of it) and stays.
    """
    steps = np.diff(ring[:, 0])
    if np.abs(steps).max() <= 180:
        return ring, False
    short = (steps + 180) % 360 - 180
    lon = ring[0, 0] + np.concatenate([[0.0], np.cumsum(short)])
    drift = lon[-1] - lon[0]
    if abs(drift) < 180:
        lon[-1] = lon[0]  # the sums carry a rounding error
        found = np.column_stack([lon, ring[:, 1]])
        return (ring, False) if _is_flat(found) else (_recentred(found), False)
    pole, first = math.copysign(90.0, ring[:, 1].mean()), ring[0, 1]
    lon[-1] = lon[0] + math.copysign(360.0, drift)
    end = lon[-1] + math.copysign(_OVERLAP, drift)
    over = [[end, first], [end, pole], [lon[0], pole], [lon[0], first]]
    return _recentred(np.vstack([np.column_stack([lon, ring[:, 1]]), over])), True


def folded(geometry: BaseGeometry) -> BaseGeometry:
    """Cut at every antimeridian, the parts brought within ±180."""
    low, _, high, _ = geometry.bounds
    parts = []
    for world in range(math.floor((low + 180) / 360), math.floor((high + 180) / 360) + 1):
        shift = 360.0 * world
        window = shapely.box(shift - 180, -90, shift + 180, 90)
        parts += [_shifted(p, -shift) for p in polygons_of(shapely.intersection(geometry, window))]
    return union(parts) or Polygon()


def _is_flat(ring: Floats) -> bool:
    return float(np.ptp(ring[:, 0])) == 0 or float(np.ptp(ring[:, 1])) == 0


def _recentred(ring: Floats) -> Floats:
    """Turn by whole worlds so that most of the ring is within ±180."""
    middle = (ring[:, 0].min() + ring[:, 0].max()) / 2
    ring[:, 0] -= 360.0 * math.floor((middle + 180) / 360)
    return ring


def _shifted(part: Polygon, by: float) -> Polygon:
    def _move(points: Floats) -> Floats:
        return np.column_stack([(points[:, 0] + by).clip(-180.0, 180.0), points[:, 1]])

    moved: Polygon = shapely.transform(part, _move)
    return moved
