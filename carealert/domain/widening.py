"""The band around a warned area: everything within so many km of its outline, on WGS 84.

Pieces of the outline, each of a degree at most, are laid flat around their own middle, where
distances are true to less than a thousandth, and widened there. The band holds all that is within
the distance, and nothing that is farther by more than a hundredth of it.
"""

import math

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from carealert.domain.shapes import Floats, folded

#: WGS 84: half the longer axis in km, eccentricity squared.
_A, _E2 = 6378.137, 0.0066943799901413165
#: The corners of round ends lie on the circle and the edges between them inside it.
_ARC = 16
_WIDER = 1.004
#: Edges are straight in lon/lat: in pieces of this many degrees they are in the flat as well.
_STEP = 0.05
#: Nearer to a pole a degree is no measure of anything, and nobody is registered there.
_STEEP = 85.0


def band_around(shape: BaseGeometry, km: float) -> BaseGeometry:
    """All that is within `km` of the outline of polygons in lon/lat; the inside is part of it
    only as far as it is that near."""
    outline = shapely.boundary(shapely.get_parts(shapely.force_2d(shape)))
    lines = shapely.unary_union([line for line in outline if line is not None])
    pieces = [_widened(piece, km * _WIDER) for piece in _pieces(lines)]
    return shapely.unary_union([piece for piece in pieces if piece is not None])


def _pieces(lines: BaseGeometry) -> list[BaseGeometry]:
    """The lines cut at whole degrees."""
    low_lon, low_lat, high_lon, high_lat = shapely.bounds(lines)
    if math.isnan(low_lon):
        return []
    shapely.prepare(lines)
    corners = [
        (lon, lat)
        for lon in range(math.floor(low_lon), math.floor(high_lon) + 1)
        for lat in range(math.floor(low_lat), math.floor(high_lat) + 1)
        if abs(lat + 0.5) < _STEEP
    ]
    lons, lats = np.array(corners, float).reshape(-1, 2).T
    cells = shapely.box(lons, lats, lons + 1, lats + 1)
    near = cells[shapely.intersects(lines, cells)]
    return list(shapely.intersection(lines, near))


def _widened(piece: BaseGeometry, km: float) -> BaseGeometry | None:
    if piece.is_empty:
        return None
    low_lon, low_lat, high_lon, high_lat = piece.bounds
    middle = _Middle((low_lon + high_lon) / 2, (low_lat + high_lat) / 2)
    flat = shapely.transform(shapely.segmentize(piece, _STEP), middle.flat)
    round_ = shapely.transform(shapely.buffer(flat, km, quad_segs=_ARC), middle.round)
    low, _, high, _ = round_.bounds
    return folded(round_) if low < -180 or high > 180 else round_


class _Middle:
    """Azimuth and distance from one point, on the sphere that lies closest in each direction."""

    def __init__(self, lon: float, lat: float) -> None:
        self._lon, here = math.radians(lon), math.radians(lat)
        self._sin, self._cos = math.sin(here), math.cos(here)
        root = 1 - _E2 * self._sin**2
        self._across = _A / math.sqrt(root)
        self._along = self._across * (1 - _E2) / root

    def _curvature(self, sin: Floats, cos: Floats) -> Floats:
        """One over the radius in this direction (Euler)."""
        return cos * cos / self._along + sin * sin / self._across

    def flat(self, points: Floats) -> Floats:
        """Lon/lat in degrees as km east and north of the middle."""
        step, there = np.radians(points[:, 0]) - self._lon, np.radians(points[:, 1])
        east = np.cos(there) * np.sin(step)
        north = self._cos * np.sin(there) - self._sin * np.cos(there) * np.cos(step)
        length = np.hypot(east, north)
        up = self._sin * np.sin(there) + self._cos * np.cos(there) * np.cos(step)
        safe = np.where(length == 0, 1.0, length)
        sin, cos = east / safe, north / safe
        bend = np.where(length == 0, 1.0, self._curvature(sin, cos))  # the middle has no direction
        km = np.arctan2(length, up) / bend
        return np.column_stack([km * sin, km * cos])

    def round(self, points: Floats) -> Floats:
        """The way back."""
        km = np.hypot(points[:, 0], points[:, 1])
        safe = np.where(km == 0, 1.0, km)
        sin, cos = points[:, 0] / safe, points[:, 1] / safe
        far = km * self._curvature(sin, cos)
        lat = self._sin * np.cos(far) + self._cos * np.sin(far) * cos
        step = np.arctan2(sin * np.sin(far) * self._cos, np.cos(far) - self._sin * lat)
        degrees: Floats = np.degrees(
            np.column_stack([self._lon + step, np.arcsin(np.clip(lat, -1.0, 1.0))])
        )
        return degrees
