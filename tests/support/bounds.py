"""How far a written shape can reach at most, worked out from its numbers and nothing else.

It stands beside the reader as a check: no rule of the reader's repairs is used here, only that a
polygon lies in the hull of its points and a circle within its radius.
"""

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry

#: Possessive: a long row of digits costs no more than its length.
_NUMBER = r"[-+]?(?:\d++(?:\.\d*+)?+|\.\d++)(?:[eE][-+]?\d++)?+"
_PAIR = re.compile(rf"(?=(?<![\d.eE+-])({_NUMBER})[()\[\]\s]*,[()\[\]\s]*({_NUMBER}))")
_ALL = re.compile(_NUMBER)
_SPACED = re.compile(rf"({_NUMBER})\s+({_NUMBER})")
_TIDY = re.compile(rf"{_NUMBER},{_NUMBER}")
#: A radius of 0 is a point; the reader says that it takes it as 1 km around.
POINT_KM = 1.0
_SLACK = 1e-6  # degrees, 0.1 m
Point = tuple[float, float]  # lon, lat


def of_polygon(text: str) -> BaseGeometry:
    """Where a polygon of CAP ("lat,lon lat,lon") may be, whatever is wrong with it."""
    found = [(float(m[2]), float(m[1])) for m in _PAIR.finditer(text)]
    points = [p for p in found if math.isfinite(p[0]) and math.isfinite(p[1])]
    is_tidy = all(map(_TIDY.fullmatch, text.split())) and all(abs(lat) <= 90 for _, lat in points)
    as_written = of_points([p for p in points if abs(p[1]) <= 90], is_certain=is_tidy)
    if any(abs(lat) > 90 for _, lat in points):  # perhaps swapped
        turned = of_points([(lat, lon) for lon, lat in points if abs(lon) <= 90])
        return shapely.union(as_written, turned)
    return as_written


def of_wkt(text: str) -> BaseGeometry:
    """Where a shape written as WKT may be: the hull of each of its rings."""
    rings = ([(float(lon), float(lat)) for lon, lat in _SPACED.findall(r)] for r in text.split(")"))
    return shapely.union_all(
        [of_points([p for p in r if abs(p[1]) <= 90], is_certain=False) for r in rings]
    )


def of_points(points: Sequence[Point], *, is_certain: bool = True) -> BaseGeometry:
    """The hull of these points, every edge the short way round the world.

    It is that of the points as written too where it is not certain which of them are points, or
    where they go round the world on purpose: the short way would leave nothing of them.
    """
    points = [p for p in points if abs(p[0]) <= 540]
    if not points:
        return shapely.Polygon()
    hulls = []
    closed = [*points, points[0]]
    walked = list(_walked(closed))
    is_short = all(abs(b[0] - a[0]) <= 180 for a, b in pairwise(closed))
    if not is_short:
        hulls.append(_hull(walked))
        if abs(walked[-1][0] - walked[0][0]) > 180:  # round a pole
            hulls.append(_cap([lat for _, lat in points]))
    if is_short or not is_certain or shapely.MultiPoint(walked).convex_hull.area == 0:
        hulls.append(_hull(points))
    return shapely.union_all([part for hull in hulls for part in _folded(hull)]).buffer(_SLACK)


def of_circle(text: str) -> BaseGeometry:
    """Where a circle of CAP ("lat,lon km") may be."""
    numbers = [float(number) for number in _ALL.findall(text)]
    if len(numbers) < 3 or not all(map(math.isfinite, numbers[:3])):
        return shapely.Polygon()
    lat, lon, km = numbers[:3]
    lon, lat = (lon, lat) if abs(lat) <= 90 else (lat, lon)
    places = [(lon, lat)] if abs(lat) <= 90 and abs(lon) <= 540 and km >= 0 else []
    rings = [_round(place, (km or POINT_KM) * 1.015 + 0.002) for place in places]
    return shapely.union_all([part for ring in rings for part in _folded(ring)]).buffer(_SLACK)


def of_geojson(value: Any) -> BaseGeometry:
    """Where the shapes of a GeoJSON value may be: the hull of each ring in it, edges as written.

    RFC 7946 (3.1.9) asks writers to cut at the antimeridian; some go the short way all the same.
    """
    return shapely.union_all([of_points(ring, is_certain=False) for ring in _rings(value)])


def exceeds(shape: BaseGeometry, bound: BaseGeometry) -> float:
    """How much of a shape (square degrees) is where its text does not reach."""
    return float(shape.difference(bound).area)


def _hull(points: Iterable[Point]) -> BaseGeometry:
    return shapely.MultiPoint(list(points)).convex_hull.buffer(_SLACK)


def _walked(points: Sequence[Point]) -> Iterator[Point]:
    """Every step the short way round, perhaps beyond ±180."""
    lon = points[0][0]
    yield points[0]
    for before, after in pairwise(points):
        lon += (after[0] - before[0] + 180) % 360 - 180
        yield lon, after[1]


def _cap(lats: Sequence[float]) -> BaseGeometry:
    """All the world from the lowest of these latitudes to the pole."""
    if sum(lats) >= 0:
        return shapely.box(-180, min(lats), 180, 90)
    return shapely.box(-180, -90, 180, max(lats))


def _folded(shape: BaseGeometry) -> Iterator[BaseGeometry]:
    if shape.is_empty:
        return
    west, _, east, _ = shape.bounds
    for world in range(math.floor((west + 180) / 360), math.floor((east + 180) / 360) + 1):
        window = shapely.box(360 * world - 180.001, -90, 360 * world + 180.001, 90)
        yield shapely.affinity.translate(shape.intersection(window), -360 * world)


def _round(place: Point, km: float) -> BaseGeometry:
    """The places within this distance on a sphere that is smaller than the earth anywhere."""
    lon, lat = place
    far = km / 6335.4  # km to a radian, where the meridian is bent most
    highest = abs(lat) + math.degrees(far)
    if highest >= 89.9:
        return (
            shapely.box(-180, max(-90, lat - math.degrees(far)), 180, 90)
            if lat >= 0
            else (shapely.box(-180, -90, 180, min(90, lat + math.degrees(far))))
        )
    ring = []
    for bearing in (math.radians(degree) for degree in range(0, 360, 2)):
        here, out = math.radians(lat), far / math.cos(math.radians(1))
        there = math.asin(
            math.sin(here) * math.cos(out) + math.cos(here) * math.sin(out) * math.cos(bearing)
        )
        step = math.atan2(
            math.sin(bearing) * math.sin(out) * math.cos(here),
            math.cos(out) - math.sin(here) * math.sin(there),
        )
        ring.append((lon + math.degrees(step), math.degrees(there)))
    # Edges are straight in degrees and the circle is not: the hull, and a little more.
    return shapely.MultiPoint(ring).convex_hull.buffer(0.002 * math.degrees(far))


def _rings(value: Any) -> Iterator[list[Point]]:
    if isinstance(value, dict):
        for inside in value.values():
            yield from _rings(inside)
    elif isinstance(value, list):
        points = [(p[0], p[1]) for p in value if _is_point(p)]
        if len(points) >= 3:
            yield points
        for inside in value:
            yield from _rings(inside)


def _is_point(value: Any) -> bool:
    return (
        isinstance(value, list)
        and len(value) >= 2
        and all(type(number) in (int, float) and abs(number) <= 540 for number in value[:2])
        and abs(value[1]) <= 90
    )
