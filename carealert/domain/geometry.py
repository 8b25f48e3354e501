"""Polygons and circles of CAP 1.2 (section 3.2.4) as shapes, with notes of what was repaired.

Shapes are lon/lat in WGS 84 degrees, within ±180 and ±90, split at the antimeridian, and valid.
A repair never reaches beyond what the points written span, and loses nobody inside them.
"""

import shapely
from shapely.geometry.base import BaseGeometry

from carealert.domain.circles import circle
from carealert.domain.rings import polygon
from carealert.domain.shapes import Floats, Shape, union

__all__ = ["Shape", "circle", "polygon", "union", "unswap"]

#: Of the region's own size, how far a shape may stand out of the region that it belongs to:
#: outlines are drawn by different hands.
_MARGIN = 0.1


def unswap(geometry: BaseGeometry, region: BaseGeometry) -> Shape:
    """Turn a shape with latitude and longitude exchanged, if `region` makes that certain.

    `region` is where the shape must be: the areas that its own sender names beside it. Certain is
    that nothing of the shape is near there as written, and all of it is when turned. Otherwise
    the shape stays as it is; a note says so where it is nowhere near.
    """
    west, south, east, north = region.bounds
    by = _MARGIN * max(east - west, north - south)
    near = shapely.box(west - by, south - by, east + by, north + by)
    if geometry.intersects(near):
        return Shape(geometry)
    turned = _turned(geometry)
    if turned is not None and near.covers(turned):
        return Shape(turned, ("latitude and longitude swapped: swapped back",))
    return Shape(geometry, ("is nowhere near the areas that are named with it",))


def _turned(geometry: BaseGeometry) -> BaseGeometry | None:
    """The shape with its axes exchanged; None where that is off the world."""
    west, _, east, _ = geometry.bounds
    if west < -90 or east > 90:
        return None

    def _exchange(points: Floats) -> Floats:
        return points[:, ::-1]

    turned: BaseGeometry = shapely.transform(geometry, _exchange)
    return turned
