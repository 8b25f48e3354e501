"""Polygons of CAP 1.2 (section 3.2.4): "lat,lon lat,lon …", degrees of WGS 84, as valid shapes.

A ring that crosses itself holds every place that its line goes round, however often: parts drawn
twice count once and loops stay (the even-odd rule would cut holes where two loops overlap). No
repair reaches beyond the hull of the points written.
"""

import math
import re
from collections.abc import Sequence
from typing import cast

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import Polygon
from shapely.geometry.base import BaseGeometry

from carealert.domain.shapes import Floats, Shape, folded, polygons_of, union, unwrapped

#: More points than any real warning has; a ring of more is left out.
MAX_POINTS = 200_000
#: Latitudes beyond this one have no inhabitants: numbers there are longitudes (see `_swapped`).
_LAST_HOME = 83.0
#: Possessive: digits that fit in many ways would cost a hostile text minutes.
_NUMBER = r"[-+]?(?:\d++(?:\.\d*+)?+|\.\d++)(?:[eE][-+]?\d++)?+"
_POINT = re.compile(rf"({_NUMBER}),({_NUMBER})(?:,{_NUMBER})?,?")
_HALF = re.compile(rf"{_NUMBER},?")
_BRACKETS = str.maketrans({"(": " ( ", ")": " ) "})
#: Crossing pairs that one edge of a broken ring may have on average before it is taken as noise.
_TANGLED = 40
#: Times its own width that a line may be long and still not be noise.
_LONG = 50


def polygon(text: str) -> Shape:
    """Read a CAP polygon; never raises."""
    ring, is_easy = _clean(text)
    if ring is not None:
        return _plain(ring) if is_easy else _finished(ring, ())
    if not text.strip():
        return Shape(None, ("empty: left out",))
    if "(" in text or ")" in text:
        return _bracketed(text.translate(_BRACKETS).split())
    return _untidy(text)


def _clean(text: str) -> tuple[Floats | None, bool]:
    """The short way for text that needs no mending: nearly all there is. None: go the long way.

    True where the ring stays clear of the antimeridian too.
    """
    try:
        numbers = list(map(float, text.replace(",", " ").split()))
    except ValueError:
        return None, False
    count = len(numbers) // 2
    if text.count(",") != count or len(numbers) != 2 * count or not 4 <= count <= MAX_POINTS:
        return None, False
    tokens = text.split()
    # As many commas as tokens, and one in each: the numbers are in pairs.
    if len(tokens) != count or not all("," in token for token in tokens):
        return None, False
    if numbers[:2] != numbers[-2:]:
        return None, False
    lat, lon = numbers[::2], numbers[1::2]
    west, east = min(lon), max(lon)
    if not (math.isfinite(sum(numbers)) and min(lat) >= -90 and max(lat) <= 90):
        return None, False
    if west < -180 or east > 180:
        return None, False
    return np.array(numbers).reshape(-1, 2)[:, ::-1], east - west <= 180


def _bracketed(tokens: Sequence[str]) -> Shape:
    """Remains of WKT: every pair of brackets is a ring of its own (GDACS writes them so)."""
    rings: list[list[str]] = [[]]
    for token in tokens:
        if token in "()":  # noqa: S105  a word of the text
            rings.append([])
        else:
            rings[-1].append(token)
    texts = [" ".join(ring) for ring in rings]
    shapes = [polygon(text) for text in texts if text]
    told = [note for shape in shapes for note in shape.notes]
    notes = tuple(dict.fromkeys(("brackets: each ring is taken by itself", *told)))
    return Shape(union([one.geometry for one in shapes if one.geometry is not None]), notes)


def _untidy(text: str) -> Shape:
    ring, notes = _points(text)
    if len(ring) > MAX_POINTS:
        return Shape(None, (*notes, f"more than {MAX_POINTS} points: left out"))
    ring, more = _in_range(ring)
    notes += more
    if _too_few(ring):
        return Shape(None, (*notes, "fewer than three different points: left out"))
    if not np.array_equal(ring[0], ring[-1]):
        ring = np.vstack([ring, ring[:1]])
        notes += ("not closed: closed",)
    return _finished(ring, notes)


def _too_few(ring: Floats) -> bool:
    return len(np.unique(ring[:100], axis=0)) < 3 and len(np.unique(ring, axis=0)) < 3


def _points(text: str) -> tuple[Floats, tuple[str, ...]]:
    """(lon, lat) rows of the text; the fast way for tidy text, else point by point."""
    try:
        flat = np.array([token.split(",") for token in text.split()], dtype=np.float64)
    except ValueError:
        return _tolerant_points(text)
    if flat.ndim != 2 or flat.shape[1] != 2 or not np.isfinite(flat).all():
        return _tolerant_points(text)
    return flat[:, ::-1], ()


def _tolerant_points(text: str) -> tuple[Floats, tuple[str, ...]]:
    found, bad = _matched(text.split())
    points = np.array([(float(m[2]), float(m[1])) for m in found]).reshape(-1, 2)
    finite = np.isfinite(points).all(axis=1)
    bad += int((~finite).sum())
    points = points[finite]
    return points, (
        (f"{bad} unreadable point(s): left out",) if bad else ("untidy numbers: read anyway",)
    )


def _matched(tokens: Sequence[str]) -> tuple[list[re.Match[str]], int]:
    """The points that tokens stand for, and how many tokens stand for none.

    A point may be torn at its comma ("22.1, 90.2"); two numbers without a comma are never joined.
    """
    found: list[re.Match[str]] = []
    bad, torn = 0, ""
    for token in tokens:
        plain = token.strip(";[]")
        whole = _POINT.fullmatch(plain.lstrip(","))
        joined = torn + plain if torn.endswith(",") or (torn and plain[:1] == ",") else ""
        if whole is None and joined and (mended := _POINT.fullmatch(joined)):
            found.append(mended)
            torn = ""
        elif whole is None and joined and _HALF.fullmatch(joined):
            torn = joined
        else:
            bad += bool(torn)
            torn = plain if whole is None and _HALF.fullmatch(plain) else ""
            if whole is not None:
                found.append(whole)
            bad += whole is None and not torn
    return found, bad + bool(torn)


def _in_range(ring: Floats) -> tuple[Floats, tuple[str, ...]]:
    """Leave out impossible points; longitudes beyond 180 stay, they are folded later."""
    lon, lat = ring[:, 0], ring[:, 1]
    good = (np.abs(lat) <= 90) & (np.abs(lon) <= 540)
    if good.all():
        return ring, ()
    if _swapped(lon, lat):
        return ring[:, ::-1], ("latitude and longitude swapped: swapped back",)
    return ring[good], (f"{int((~good).sum())} point(s) outside of the world: left out",)


def _swapped(lon: Floats, lat: Floats) -> bool:
    """True if the numbers are certain to be the other way round.

    Some latitudes are impossible, swapping mends every point, and what looks like a latitude is
    impossible for half of the points or near a pole for all the others (a ring written lon,lat
    over the meridian of 90 degrees): one mistyped point is no reason to turn the others.
    """
    size = np.abs(lat)
    beyond = size > 90
    if not (beyond.any() and (np.abs(lon) <= 90).all() and (size <= 180).all()):
        return False
    return bool(beyond.mean() >= 0.5 or (size[~beyond] > _LAST_HOME).all())


def valid_shape(shape: BaseGeometry) -> Shape:
    """A shape of any polygons as a valid one; None where nothing of it has an area."""
    if shape.is_valid:
        return Shape(shape)
    valid = _valid(shape)
    return Shape(None if valid.is_empty else valid, ("crosses itself: repaired",))


def _plain(ring: Floats) -> Shape:
    """A ring that is closed and clear of the antimeridian: most often it is valid as it is."""
    shape = cast("BaseGeometry", shapely.polygons(ring))
    if shape.is_valid:
        return Shape(shape)
    shape, note = _repaired(shape, ring)
    return Shape(None, (note, "no area: left out")) if shape.is_empty else Shape(shape, (note,))


def _finished(ring: Floats, notes: tuple[str, ...]) -> Shape:
    """A closed ring as a valid shape, folded into ±180."""
    ring, over_pole = unwrapped(ring)
    outside = ring[:, 0].min() < -180 or ring[:, 0].max() > 180
    shape = cast("BaseGeometry", shapely.polygons(ring))
    if not shape.is_valid:
        shape, note = _repaired(shape, ring)
        notes += (note,)
    if shape.is_empty:
        return Shape(None, (*notes, "no area: left out"))
    if outside:
        notes += ("crosses the antimeridian: split there",)
        shape = folded(shape)
    if over_pole:
        notes += ("goes round a pole: closed over it",)
    if shape.area == 0:
        return Shape(None, (*notes, "no area: left out"))
    return Shape(shape, notes)


def _repaired(shape: BaseGeometry, ring: Floats) -> tuple[BaseGeometry, str]:
    """Every part of a self-crossing ring; noise becomes its hull, which holds all of it."""
    if _is_noise(ring):
        return shape.convex_hull, "crosses itself all over: its hull is taken"
    return _valid(shape), "crosses itself: repaired"


def _valid(shape: BaseGeometry) -> BaseGeometry:
    valid = shapely.make_valid(shape, method="structure", keep_collapsed=False)
    # What comes out has been seen to touch itself along a line: `union` looks again.
    return union(list(polygons_of(valid))) or Polygon()


def _is_noise(ring: Floats) -> bool:
    """True if the line goes to and fro all over; a coast, however long, does not."""
    edges = np.hypot(*np.diff(ring, axis=0).T)
    if len(edges) < 500 or edges.sum() < _LONG * np.hypot(*np.ptp(ring, axis=0)):
        return False
    return _tangles(ring) > _TANGLED


def _tangles(points: Floats) -> float:
    """How many other edges' boxes an edge's box meets on average, from at most 200 edges."""
    lines = shapely.linestrings(np.stack([points[:-1], points[1:]], axis=1))
    edges = cast("NDArray[np.object_]", lines)
    asked = edges[:: max(1, len(edges) // 200)]
    return float(shapely.STRtree(edges.tolist()).query(asked).shape[1]) / len(asked)
