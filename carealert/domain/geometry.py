"""Polygons and circles of CAP 1.2 (section 3.2.4) as shapes, with notes of what was repaired.

CAP writes "lat,lon lat,lon …" and "lat,lon radius" (km) in WGS 84 degrees. Shapes here are lon/lat,
within ±180 and ±90, split at the antimeridian, and valid. Where a repair must choose, it chooses
the larger area: somebody warned without need is better off than somebody missed.
"""

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

Floats = NDArray[np.float64]

#: More points than any real warning has; a ring of more is left out.
MAX_POINTS = 200_000
#: Corners of the polygon that stands for a circle.
CORNERS = 64
#: Smallest radius of curvature of the WGS 84 ellipsoid in km (along the meridian at the equator):
#: angles taken with it are never too small, so the true circle lies inside.
_RADIUS_KM = 6335.439
#: A circle of radius 0 marks a point; it becomes one that a shape can hold.
_TINY_KM = 0.01
#: Up to this angle and latitude (degrees) the curve is too slight to need a check of each corner.
_SMALL, _STEEP = 1.0, 70.0
_POLE_MARGIN = 1.0
_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_POINT = re.compile(rf"({_NUMBER}),({_NUMBER})(?:,{_NUMBER})?,?")
_NO_BRACKETS = str.maketrans("", "", "()")
_COMMA = re.compile(r"\s*,\s*")
_CIRCLE = re.compile(rf"\s*({_NUMBER})\s*,\s*({_NUMBER})\s*[\s,]\s*({_NUMBER})\s*")
#: Crossing pairs that one edge of a broken ring may have on average before it is taken as noise.
_TANGLED = 40


@dataclass(frozen=True, slots=True)
class Shape:
    """What one polygon or circle became (None: unusable), and what was done to it."""

    geometry: BaseGeometry | None
    notes: tuple[str, ...] = ()


def polygon(text: str) -> Shape:
    """Read a CAP polygon; never raises."""
    tokens = text.split()
    if not tokens:
        return Shape(None, ("empty: left out",))
    if "(" in text or ")" in text:
        return _bracketed(_COMMA.sub(",", text).split())
    return _clean(text, len(tokens)) or _untidy(text, tokens)


def circle(text: str) -> Shape:
    """Read a CAP circle as a polygon that contains the whole true circle; never raises."""
    found = _CIRCLE.fullmatch(text)
    if found is None:
        return Shape(None, ("not 'latitude,longitude radius': left out",))
    lat, lon, km = (float(number) for number in found.groups())
    if not (abs(lat) <= 90 and abs(lon) <= 360 and 0 <= km < math.inf):
        return Shape(None, ("outside of the world or a negative radius: left out",))
    notes = () if abs(lon) <= 180 else ("longitude beyond 180: turned round",)
    return _circle(lat, (lon + 180) % 360 - 180, max(km, _TINY_KM), notes)


def union(parts: Sequence[BaseGeometry]) -> BaseGeometry | None:
    """All parts as one valid geometry; None where there are none.

    Parts that do not overlap are only put side by side: a true union costs a hundred times more.
    """
    if len(parts) < 2:
        return parts[0] if parts else None
    together = cast("MultiPolygon", shapely.multipolygons(shapely.get_parts(list(parts))))
    return together if together.is_valid else shapely.union_all(parts)


def _clean(text: str, count: int) -> Shape | None:
    """The short way for text that needs no repair: nearly all there is. None: go the long way."""
    try:
        numbers = list(map(float, text.replace(",", " ").split()))
    except ValueError:
        return None
    if text.count(",") != count or len(numbers) != 2 * count or not 4 <= count <= MAX_POINTS:
        return None
    lat, lon = numbers[::2], numbers[1::2]
    low, high = min(lon), max(lon)
    if not (math.isfinite(sum(numbers)) and min(lat) >= -90 and max(lat) <= 90):
        return None
    if low < -180 or high > 180 or high - low > 180 or numbers[:2] != numbers[-2:]:
        return None
    ring = np.array(numbers).reshape(-1, 2)[:, ::-1]
    shape = cast("Polygon", shapely.polygons(ring))
    return Shape(shape) if shape.is_valid else None


def _bracketed(tokens: Sequence[str]) -> Shape:
    """Remains of WKT: every pair of brackets is a ring of its own (GDACS writes them so)."""
    rings: list[list[str]] = [[]]
    for token in tokens:
        if "(" in token:
            rings.append([])
        rings[-1].append(token.translate(_NO_BRACKETS))
        if ")" in token:
            rings.append([])
    shapes = [polygon(" ".join(ring)) for ring in rings if any(ring)]
    told = [note for shape in shapes for note in shape.notes]
    notes = tuple(dict.fromkeys(("brackets: each ring is taken by itself", *told)))
    return Shape(union([one.geometry for one in shapes if one.geometry is not None]), notes)


def _untidy(text: str, tokens: Sequence[str]) -> Shape:
    ring, notes = _points(text, tokens)
    if len(ring) > MAX_POINTS:
        return Shape(None, (*notes, f"more than {MAX_POINTS} points: left out"))
    ring, more = _in_range(ring)
    notes += more
    if len(np.unique(ring, axis=0)) < 3:
        return Shape(None, (*notes, "fewer than three different points: left out"))
    if not np.array_equal(ring[0], ring[-1]):
        ring = np.vstack([ring, ring[:1]])
        notes += ("not closed: closed",)
    return _shape_of(ring, notes)


def _points(text: str, tokens: Sequence[str]) -> tuple[Floats, tuple[str, ...]]:
    """(lon, lat) rows of the text; the fast way for tidy text, else point by point."""
    try:
        flat = np.array([token.split(",") for token in tokens], dtype=np.float64)
    except ValueError:
        return _tolerant_points(text)
    if flat.shape != (len(tokens), 2) or not np.isfinite(flat).all():
        return _tolerant_points(text)
    return flat[:, ::-1], ()


def _tolerant_points(text: str) -> tuple[Floats, tuple[str, ...]]:
    tokens = _COMMA.sub(",", text).split()
    found = [_POINT.fullmatch(token.strip(";[]")) for token in tokens]
    points = np.array([(float(m[2]), float(m[1])) for m in found if m]).reshape(-1, 2)
    bad = len(found) - len(points)
    notes = (f"{bad} unreadable point(s): left out",) if bad else ("untidy numbers: read anyway",)
    return points[np.isfinite(points).all(axis=1)], notes


def _in_range(ring: Floats) -> tuple[Floats, tuple[str, ...]]:
    """Leave out impossible points; longitudes beyond 180 stay, they are folded later."""
    lon, lat = ring[:, 0], ring[:, 1]
    good = (np.abs(lat) <= 90) & (np.abs(lon) <= 540)
    if good.all():
        return ring, ()
    if (np.abs(lon) <= 90).all() and (np.abs(lat) <= 180).all() and (~good).mean() >= 0.5:
        return ring[:, ::-1], ("latitude and longitude swapped: swapped back",)
    return ring[good], (f"{int((~good).sum())} point(s) outside of the world: left out",)


def _shape_of(ring: Floats, notes: tuple[str, ...]) -> Shape:
    """A closed ring as a valid shape, folded into ±180."""
    ring, turned = _unwrapped(ring)
    outside = ring[:, 0].min() < -180 or ring[:, 0].max() > 180
    shape: BaseGeometry = Polygon(ring)
    if not shape.is_valid:
        shape, note = _repaired(shape)
        notes += (note,)
    if outside:
        notes += ("crosses the antimeridian: split there",)
        shape = _folded(shape)
    if turned:
        notes += ("goes round a pole: closed over it",)
    if shape.area == 0:
        return Shape(None, (*notes, "no area: left out"))
    return Shape(shape, notes)


def _unwrapped(ring: Floats) -> tuple[Floats, bool]:
    """Take every edge the short way round the world; a ring round a pole is closed over it."""
    steps = np.diff(ring[:, 0])
    longest = np.abs(steps).max()
    if longest <= 180 or longest == 360:  # 360: a box over the whole world means what it says
        return ring, False
    short = (steps + 180) % 360 - 180
    lon = ring[0, 0] + np.concatenate([[0.0], np.cumsum(short)])
    drift = lon[-1] - lon[0]
    if abs(drift) < 180:
        lon[-1] = lon[0]  # the sums carry a rounding error
        return _recentred(np.column_stack([lon, ring[:, 1]])), False
    pole = math.copysign(90.0, ring[:, 1].mean())
    over = [[lon[-1], pole], [lon[0], pole], [lon[0], ring[0, 1]]]
    return _recentred(np.vstack([np.column_stack([lon, ring[:, 1]]), over])), True


def _recentred(ring: Floats) -> Floats:
    """Turn by whole worlds so that most of the ring is within ±180."""
    middle = (ring[:, 0].min() + ring[:, 0].max()) / 2
    ring[:, 0] -= 360.0 * math.floor((middle + 180) / 360)
    return ring


def _folded(shape: BaseGeometry) -> BaseGeometry:
    """Cut at every antimeridian and bring the parts within ±180."""
    low, _, high, _ = shape.bounds
    parts = []
    for world in range(math.floor((low + 180) / 360), math.floor((high + 180) / 360) + 1):
        shift = 360.0 * world
        window = shapely.box(shift - 180, -90, shift + 180, 90)
        part = shapely.intersection(shape, window)
        parts += [_shifted(p, -shift) for p in _polygons(part)]
    return union(parts) or Polygon()


def _shifted(part: Polygon, by: float) -> Polygon:
    def _move(points: Floats) -> Floats:
        return np.column_stack([(points[:, 0] + by).clip(-180.0, 180.0), points[:, 1]])

    moved: Polygon = shapely.transform(part, _move)
    return moved


def _repaired(shape: BaseGeometry) -> tuple[BaseGeometry, str]:
    """Every part of a self-crossing ring; noise becomes its hull, which holds all of it."""
    if _tangles(shapely.get_coordinates(shape)) > _TANGLED:
        return shape.convex_hull, "crosses itself all over: its hull is taken"
    valid = shapely.make_valid(shape, method="structure", keep_collapsed=False)
    return union(list(_polygons(valid))) or Polygon(), "crosses itself: repaired"


def _tangles(points: Floats) -> float:
    """How many other edges' boxes an edge's box meets on average, from at most 200 edges."""
    lines = shapely.linestrings(np.stack([points[:-1], points[1:]], axis=1))
    edges = cast("NDArray[np.object_]", lines)
    if len(edges) < 500:  # few enough to repair whatever they are
        return 0.0
    asked = edges[:: max(1, len(edges) // 200)]
    return float(shapely.STRtree(edges.tolist()).query(asked).shape[1]) / len(asked)


def _polygons(shape: BaseGeometry) -> Iterable[Polygon]:
    for part in shapely.get_parts(shape):
        if part.geom_type in ("MultiPolygon", "GeometryCollection"):
            yield from _polygons(part)
        elif part.geom_type == "Polygon" and part.area > 0:
            yield part


def _circle(lat: float, lon: float, km: float, notes: tuple[str, ...]) -> Shape:
    angle = math.degrees(km / _RADIUS_KM)
    if abs(lat) + angle >= 90 - _POLE_MARGIN:
        return Shape(_polar_band(lat, angle), (*notes, "reaches a pole: the whole band around it"))
    # An edge is straight in lon/lat where the circle is curved: it must be drawn a little wider.
    widen = 1.002 / math.cos(math.pi / CORNERS)
    ring = _around(lat, lon, angle * widen, CORNERS)
    if angle > _SMALL or abs(lat) > _STEEP:
        truth = _around(lat, lon, angle, CORNERS * 8)
        while not shapely.contains_xy(Polygon(ring), truth).all():
            widen *= 1.002
            if abs(lat) + angle * widen >= 90:
                return Shape(_polar_band(lat, angle * widen), (*notes, "reaches a pole"))
            ring = _around(lat, lon, angle * widen, CORNERS)
    return _shape_of(np.vstack([ring, ring[:1]]), notes)


def _around(lat: float, lon: float, angle: float, many: int) -> Floats:
    """Points at this angle (degrees) from a centre, not folded, so that the ring is in one piece.

    The direct problem on a sphere; the pole must not be inside.
    """
    bearing = np.arange(many) * (2 * math.pi / many)
    far, here = math.radians(angle), math.radians(lat)
    there = np.arcsin(
        math.sin(here) * math.cos(far) + math.cos(here) * math.sin(far) * np.cos(bearing)
    )
    step = np.arctan2(
        np.sin(bearing) * math.sin(far) * math.cos(here),
        math.cos(far) - math.sin(here) * np.sin(there),
    )
    return np.column_stack([lon + np.degrees(step), np.degrees(there)])


def _polar_band(lat: float, angle: float) -> BaseGeometry:
    """All longitudes between the circle's side away from the pole and the pole."""
    low, high = (lat - angle, 90.0) if lat >= 0 else (-90.0, lat + angle)
    if lat - angle <= -90 and lat + angle >= 90:
        low, high = -90.0, 90.0
    return shapely.box(-180.0, max(low, -90.0), 180.0, min(high, 90.0))
