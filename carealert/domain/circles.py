"""Circles of CAP 1.2 (section 3.2.4): "lat,lon radius", degrees and km, on the WGS 84 ellipsoid.

The polygon that stands for a circle holds all of it, and no point of it is farther from the centre
than the radius and half a hundredth: distances are those along the ellipsoid.
"""

import math
import re

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from carealert.domain.shapes import Floats, Shape, folded, unwrapped

#: A radius of 0 marks a point. Positions are rarely known better, and a point warns nobody: it
#: stands for this many km around it.
POINT_KM = 1.0
#: No warning is so large: such a radius is likely to be in metres.
MOST_KM = 5000.0

#: Possessive: digits that fit in many ways would cost a hostile text minutes.
_NUMBER = r"[-+]?(?:\d++(?:\.\d*+)?+|\.\d++)(?:[eE][-+]?\d++)?+"
_CIRCLE = re.compile(rf"\s*({_NUMBER})\s*,\s*({_NUMBER})\s*[\s,]\s*({_NUMBER})\s*")
#: WGS 84: half the longer axis in km, flattening, eccentricity squared.
_A, _F = 6378.137, 1 / 298.257223563
_B, _E2 = _A * (1 - _F), _F * (2 - _F)
#: Up to this radius (km) and latitude the earth is a sphere with the centre's own curvatures, to
#: less than a thousandth; beyond, the geodesics are solved.
_NEAR_KM, _STEEP = 111.0, 70.0
_CORNERS = 64
_DEGREES = 180 / math.pi
_BEARINGS = np.arange(_CORNERS + 1) * (2 * math.pi / _CORNERS)
_BEARINGS[-1] = 0.0  # closed to the last digit
_SIN, _COS = np.sin(_BEARINGS), np.cos(_BEARINGS)
#: The corners stand out so that the edges between them touch the circle from outside.
_WIDER = 1.0005 / math.cos(math.pi / _CORNERS)


def circle(text: str) -> Shape:
    """Read a CAP circle; never raises."""
    found = _CIRCLE.fullmatch(text)
    if found is None:
        return Shape(None, ("not 'latitude,longitude radius': left out",))
    lat, lon, km = map(float, found.groups())
    notes: tuple[str, ...] = ()
    if 90 < abs(lat) <= 180 and abs(lon) < 90:
        lat, lon, notes = lon, lat, ("latitude and longitude swapped: swapped back",)
    if not (abs(lat) <= 90 and abs(lon) <= 360 and km >= 0):
        return Shape(None, ("outside of the world or a negative radius: left out",))
    if km > MOST_KM:
        return Shape(None, (f"a radius of more than {MOST_KM:g} km, perhaps in metres: left out",))
    if abs(lon) > 180:
        lon, notes = (lon + 180) % 360 - 180, (*notes, "longitude beyond 180: turned round")
    if km == 0:
        km, notes = POINT_KM, (*notes, f"radius 0, a point: taken as {POINT_KM:g} km around it")
    return _shape(lat, lon, max(km, _TINY_KM), notes)


#: Smaller circles would be lost in the rounding of degrees.
_TINY_KM = 0.001


def _shape(lat: float, lon: float, km: float, notes: tuple[str, ...]) -> Shape:
    if km > _NEAR_KM or abs(lat) > _STEEP:
        ring, over_pole = _far(lat, lon, km)
        if over_pole:
            notes = (*notes, "reaches over a pole: closed over it")
    else:
        ring = _near(lat, lon, km * _WIDER)
    low, high = ring[:, 0].min(), ring[:, 0].max()
    shape: BaseGeometry = shapely.polygons(ring)  # type: ignore[assignment]
    if low < -180 or high > 180:
        return Shape(folded(shape), (*notes, "crosses the antimeridian: split there"))
    return Shape(shape, notes)


def _near(lat: float, lon: float, km: float) -> Floats:
    """The ring of a small circle: a sphere whose radius in each direction is Euler's."""
    here = math.radians(lat)
    sin, cos = math.sin(here), math.cos(here)
    root = 1 - _E2 * sin * sin
    across = _A / math.sqrt(root)
    along = across * (1 - _E2) / root
    far = km * (_COS * _COS / along + _SIN * _SIN / across)
    sin_far, cos_far = np.sin(far), np.cos(far)
    sin_there = sin * cos_far + cos * sin_far * _COS
    step = np.arctan2(_SIN * sin_far * cos, cos_far - sin * sin_there)
    ring = np.column_stack([math.radians(lon) + step, np.arcsin(sin_there)])
    return ring * _DEGREES


def _far(lat: float, lon: float, km: float) -> tuple[Floats, bool]:
    """The ring of any circle, with as many corners and as little extra as hold all of it.

    Edges are straight in lon/lat where the circle is curved, most of all near a pole.
    """
    for corners in (128, 512):
        truth = _ring(lat, lon, km, 8 * corners)
        for wider in (1.0005, 1.001, 1.002):
            ring = _ring(lat, lon, km * wider / math.cos(math.pi / corners), corners)
            if _holds(ring, truth):
                return unwrapped(ring)
    return unwrapped(_ring(lat, lon, km * 1.002, 4096))


def _holds(ring: Floats, truth: Floats) -> bool:
    """True if no step is so wide that a pole is near, and the whole circle is inside."""
    if np.abs(np.diff(ring[:, 0])).max() > 90:
        return False
    return bool(shapely.contains_xy(shapely.polygons(ring), truth).all())


def _ring(lat: float, lon: float, km: float, corners: int) -> Floats:
    """Closed ring of points at this distance: the direct problem on the ellipsoid.

    T. Vincenty, "Direct and inverse solutions of geodesics on the ellipsoid with application of
    nested equations", Survey Review 23 (1975), equations 1 to 11.
    """
    bearing = np.arange(corners + 1) * (2 * math.pi / corners)
    sin_b, cos_b = np.sin(bearing), np.cos(bearing)
    reduced = math.atan((1 - _F) * math.tan(math.radians(lat)))
    sin_u, cos_u = math.sin(reduced), math.cos(reduced)
    sigma_1 = np.arctan2(math.tan(reduced), cos_b)
    sin_alpha = cos_u * sin_b
    cos2_alpha = 1 - sin_alpha**2
    u2 = cos2_alpha * (_A**2 - _B**2) / _B**2
    big_a = 1 + u2 / 16384 * (4096 + u2 * (-768 + u2 * (320 - 175 * u2)))
    big_b = u2 / 1024 * (256 + u2 * (-128 + u2 * (74 - 47 * u2)))
    sigma = km / (_B * big_a)
    for _ in range(5):  # each round gains about three digits
        middle = np.cos(2 * sigma_1 + sigma)
        sin_s, cos_s = np.sin(sigma), np.cos(sigma)
        third = big_b / 6 * middle * (4 * sin_s**2 - 3) * (4 * middle**2 - 3)
        inner = cos_s * (2 * middle**2 - 1) - third
        sigma = km / (_B * big_a) + big_b * sin_s * (middle + big_b / 4 * inner)
    middle = np.cos(2 * sigma_1 + sigma)
    sin_s, cos_s = np.sin(sigma), np.cos(sigma)
    down = sin_u * sin_s - cos_u * cos_s * cos_b
    north = np.arctan2(
        sin_u * cos_s + cos_u * sin_s * cos_b, (1 - _F) * np.sqrt(sin_alpha**2 + down**2)
    )
    east = np.arctan2(sin_s * sin_b, cos_u * cos_s - sin_u * sin_s * cos_b)
    c = _F / 16 * cos2_alpha * (4 + _F * (4 - 3 * cos2_alpha))
    more = sigma + c * sin_s * (middle + c * cos_s * (2 * middle**2 - 1))
    east -= (1 - c) * _F * sin_alpha * more
    ring = np.column_stack([math.radians(lon) + east, north])
    ring[-1] = ring[0]
    return ring * _DEGREES
