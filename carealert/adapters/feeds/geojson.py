"""What the GeoJSON formats share (RFC 7946): their features, and single fields read with mercy.

Values come from anywhere: nothing here raises for a value of another kind than was hoped for.
"""

import math
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import shapely
from shapely.geometry import mapping
from shapely.geometry.base import BaseGeometry

from carealert.adapters.feeds import shapes
from carealert.adapters.feeds.reading import Notes, clip
from carealert.domain.shapes import Shape
from carealert.domain.warnings import Named

Members = dict[str, Any]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_YEARS = range(1900, 2200)
#: Larger numbers mean nothing in these documents, and do not fit a float.
_LARGEST = 10**15
#: NUL cannot be stored in PostgreSQL; a lone surrogate cannot be written as UTF-8.
_UNFIT = {0: None, **dict.fromkeys(range(0xD800, 0xE000), "\N{REPLACEMENT CHARACTER}")}


def features(value: Any) -> list[Any] | None:
    """The features of a collection, or the one feature; None for any other JSON value."""
    if not isinstance(value, dict):
        return None
    if value.get("type") == "Feature":
        return [value]
    found = value.get("features")
    return found if value.get("type") == "FeatureCollection" and isinstance(found, list) else None


def members(value: Any) -> Members:
    """The value if it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def properties_of(found: list[Any]) -> Iterator[Members]:
    """The properties of those features that have some."""
    for feature in found:
        properties = members(members(feature).get("properties"))
        if properties:
            yield properties


def text(value: Any) -> str | None:
    """A trimmed text that can be stored and written; None for an empty one and other values."""
    if not isinstance(value, str):
        return None
    unfit = "\0" in value or not value.isascii()
    return (value.translate(_UNFIT) if unfit else value).strip() or None


def texts(value: Any) -> tuple[str, ...]:
    """The texts of a list, or the text that stands for a list of one."""
    found = value if isinstance(value, list) else [value]
    return tuple(one for one in map(text, found) if one)


def named(value: Any, where: str, notes: Notes) -> Named:
    """`{"VTEC": ["…", "…"]}` as pairs; numbers are written out, and what else there is, is left."""
    pairs: list[tuple[str, str]] = []
    for name, values in members(value).items():
        for one in values if isinstance(values, list) else [values]:
            found = _written(one)
            if found is not None and text(name):
                pairs.append((text(name) or "", found))
            elif one is not None:
                notes.notice(f"{where}/{clip(name)}", "holds no text: left out")
    return tuple(pairs)


def _written(value: Any) -> str | None:
    plain = number(value)
    if isinstance(value, bool):
        return str(value).lower()
    return f"{plain:.12g}" if plain is not None else text(value)


def number(value: Any) -> float | None:
    """A finite number of a sensible size; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if -_LARGEST < value < _LARGEST else None


def measure(value: Any, where: str, notes: Notes) -> float | None:
    """A number, or a text that is one; None with a notice for anything else that is given."""
    found = number(value)
    if found is None and isinstance(value, str):
        try:
            found = float(value)
        except ValueError:
            found = math.nan
        found = found if math.isfinite(found) and abs(found) < _LARGEST else None
        if found is not None:
            notes.notice(where, "is a number written as text: read anyway")
    if found is None and value is not None:
        notes.notice(where, "is not a number: left out")
    return found


def instant(value: Any) -> datetime | None:
    """Milliseconds since 1970 as an aware time in UTC; None outside of 1900 to 2199."""
    milliseconds = number(value)
    if milliseconds is None:
        return None
    try:
        found = _EPOCH + timedelta(milliseconds=milliseconds)
    except OverflowError:
        return None
    return found if found.year in _YEARS else None


def point(value: Any, where: str, notes: Notes) -> tuple[float, float, float | None] | None:
    """Longitude, latitude, and what stands third in a Point; None where it is no place on earth."""
    coordinates = members(value).get("coordinates")
    given = coordinates if isinstance(coordinates, list) else []
    found = [measure(one, f"{where}/coordinates", notes) for one in given[:3]]
    if len(found) < 2 or found[0] is None or found[1] is None:
        return None
    if abs(found[0]) > 360 or abs(found[1]) > 90:
        return None
    return found[0], found[1], found[2] if len(found) > 2 else None


def outline(value: Any, where: str, notes: Notes) -> BaseGeometry | None:
    """The shape of a GeoJSON geometry, or of one in WKT as JSON-LD has it; None for null."""
    if value is None:
        return None
    shape = _of_wkt(value) if isinstance(value, str) else shapes.of_geojson(value)
    for note in shape.notes:
        notes.notice(f"{where}/geometry", note)
    return shape.geometry


def _of_wkt(value: str) -> Shape:
    try:
        found = mapping(shapely.from_wkt(value))
    except (shapely.GEOSException, ValueError, TypeError, AttributeError):
        return Shape(None, ("WKT that cannot be read: left out",))
    return shapes.of_geojson(found)
