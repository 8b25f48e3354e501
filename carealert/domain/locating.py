"""Which area a point lies in, for very many points at once."""

from collections.abc import Iterable
from typing import Generic, TypeVar

import numpy as np
import shapely

from carealert.domain.atlas import Mapped, key_of
from carealert.domain.measures import km2_of
from carealert.domain.shapes import Floats

#: How far, in km, a point may lie outside of the area that somebody states for it: outlines are
#: drawn roughly, and a position is often that of the street.
MISPLACED_KM = 2.0

Area = TypeVar("Area", bound=Mapped)


class Locator(Generic[Area]):
    """Areas with outlines, the smallest level first; of one level the smaller area counts."""

    def __init__(self, areas: Iterable[Area]) -> None:
        drawn = [one for one in areas if one.geometry is not None]
        sizes = km2_of([one.geometry for one in drawn if one.geometry is not None]).tolist()
        ranked = sorted(
            zip(drawn, sizes, strict=True),
            key=lambda pair: (-pair[0].level, pair[1], key_of(pair[0])),
        )
        self._areas = [one for one, _ in ranked]
        self._shapes = np.array([one.geometry for one in self._areas], dtype=object)

    @property
    def is_empty(self) -> bool:
        """Whether no area has an outline."""
        return not self._areas

    def find(self, lon: Floats, lat: Floats) -> list[Area | None]:
        """The area that holds each point, in degrees; its edge counts, and 180 is -180."""
        if self.is_empty or not len(lon):
            return [None] * len(lon)
        lon, lat = np.asarray(lon, np.float64), np.asarray(lat, np.float64)
        seam = np.flatnonzero(np.abs(lon) == 180.0)
        there = np.column_stack([lon, lat])
        points = np.asarray(shapely.points(np.vstack([there, there[seam] * (-1.0, 1.0)])))
        whose = np.concatenate([np.arange(len(lon)), seam])
        rank, point = shapely.STRtree(points).query(self._shapes, predicate="intersects")
        best = np.full(len(lon), len(self._areas))
        np.minimum.at(best, whose[point], rank)
        return [self._areas[n] if n < len(self._areas) else None for n in best.tolist()]
