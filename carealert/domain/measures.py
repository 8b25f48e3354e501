"""Areas and distances on the earth of shapes in lon/lat degrees (WGS 84)."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from carealert.domain.shapes import Floats

#: WGS 84: half the longer axis in km, and the square of the eccentricity.
_A, _E2 = 6378.137, (1 / 298.257223563) * (2 - 1 / 298.257223563)
_E = math.sqrt(_E2)
#: The radius of the globe with the same area.
_RADIUS = 6371.0072


def km2_of(shapes: Sequence[BaseGeometry]) -> Floats:
    """Their areas in square kilometres on the ellipsoid.

    Edges count as straight on the equal-area map (Lambert's cylinder of 1772, with authalic
    latitudes): for an edge of 100 km that is less than a ten-thousandth of the area.
    """
    flat = shapely.transform(np.asarray(shapes, dtype=object), _equal_area)
    found: Floats = shapely.area(flat)
    return found


def _equal_area(points: Floats) -> Floats:
    sine = np.sin(np.radians(points[:, 1]))
    q = (1 - _E2) * (sine / (1 - _E2 * sine**2) + np.arctanh(_E * sine) / _E)
    return np.column_stack([_A * np.radians(points[:, 0]), _A * q / 2])


@dataclass(frozen=True, slots=True)
class Plane:
    """A flat map in km around a place, good for a few hundred km; lines stay straight."""

    lon: float
    lat: float

    @property
    def scale(self) -> tuple[float, float]:
        """How many km one degree is, to the east and to the north."""
        sine, cosine = (f(math.radians(self.lat)) for f in (math.sin, math.cos))
        prime = _A / math.sqrt(1 - _E2 * sine**2)
        meridian = prime * (1 - _E2) / (1 - _E2 * sine**2)
        return math.radians(1) * prime * max(cosine, 1e-6), math.radians(1) * meridian

    def onto(self, shape: BaseGeometry) -> BaseGeometry:
        """From degrees to km."""
        found: BaseGeometry = shapely.transform(
            shape, lambda points: (points - (self.lon, self.lat)) * self.scale
        )
        return found

    def back(self, shape: BaseGeometry) -> BaseGeometry:
        """From km to degrees."""
        found: BaseGeometry = shapely.transform(
            shape, lambda points: points / self.scale + (self.lon, self.lat)
        )
        return found


def plane_at(shape: BaseGeometry) -> Plane:
    """The map around the middle of a shape's box."""
    west, south, east, north = shape.bounds
    return Plane((west + east) / 2, (south + north) / 2)


def km_outside(shape: BaseGeometry, lon: Floats, lat: Floats) -> Floats:
    """How far each point lies outside of the shape, in km; 0 inside and on its edge.

    Good to a tenth, and never too short by more than a two-hundredth. The antimeridian is no
    border: the short way round the world counts.
    """
    found = np.zeros(len(lon))
    shapely.prepare(shape)
    away = ~shapely.intersects_xy(shape, lon, lat)
    if not away.any():
        return found
    plane = plane_at(shape)
    drawn = plane.onto(shape)
    ways = [
        _km_to(plane, drawn, np.column_stack([x, lat[away]]))
        for x in (lon[away], lon[away] - 360.0, lon[away] + 360.0)
    ]
    found[away] = np.minimum.reduce(ways)
    return found


def _km_to(plane: Plane, drawn: BaseGeometry, points: Floats) -> Floats:
    """From each point to what is nearest to it on the map, measured on the globe."""
    there = (points - (plane.lon, plane.lat)) * plane.scale
    lines = shapely.shortest_line(shapely.points(there), drawn)
    nearest = shapely.get_coordinates(lines).reshape(-1, 2, 2)[:, 1]
    return _on_globe(points, nearest / plane.scale + (plane.lon, plane.lat))


def _on_globe(one: Floats, other: Floats) -> Floats:
    """Great-circle distances in km (haversine)."""
    (x1, y1), (x2, y2) = np.radians(one).T, np.radians(other).T
    half = np.sin((y2 - y1) / 2) ** 2 + np.cos(y1) * np.cos(y2) * np.sin((x2 - x1) / 2) ** 2
    found: Floats = 2 * _RADIUS * np.arcsin(np.sqrt(half.clip(0.0, 1.0)))
    return found
