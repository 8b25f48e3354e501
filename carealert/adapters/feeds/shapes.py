"""Outlines that a warning only links to: GeoJSON (RFC 7946), or CAP polygons in an XML file.

SACHET (India) keeps them in a second document: an `alert` without namespace or info, with
`polygon` elements alone.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import shapely
from shapely.geometry import shape as geometry_of
from shapely.geometry.base import BaseGeometry

from carealert.adapters.feeds.reading import Document
from carealert.adapters.feeds.xml import local_name, text_of
from carealert.domain import geometry
from carealert.domain.geometry import Shape
from carealert.domain.rings import MAX_POINTS, valid_shape

#: Objects inside objects; GeoJSON advises against any (RFC 7946, section 3.1.8).
_DEEPEST = 5
#: What Shapely and NumPy raise for coordinates of other kinds, sizes and depths.
_UNUSABLE = (
    ValueError,
    TypeError,
    LookupError,
    ArithmeticError,
    AttributeError,
    RecursionError,
    shapely.GEOSException,
)


def read(body: bytes, where: str) -> Shape:
    """The outline in a linked document, None with a note where it has none.

    Raises UnreadableDocument where it is neither JSON nor XML.
    """
    document = Document(body, where)
    return _together(list(_geojson(document.json) if document.is_json else _cap(document)))


def of_geojson(value: Any) -> Shape:
    """The outline of a GeoJSON object that was read before; never raises."""
    return _together(list(_geojson(value)))


def _together(shapes: list[Shape]) -> Shape:
    parts = [one.geometry for one in shapes if one.geometry is not None]
    notes = tuple(dict.fromkeys(note for one in shapes for note in one.notes))
    return Shape(geometry.union(parts), notes if shapes else ("holds no outline",))


def _cap(document: Document) -> Iterator[Shape]:
    for element in document.root.iter("{*}*"):
        name = local_name(element.tag)
        if name == "polygon":
            yield geometry.polygon(text_of(element) or "")
        elif name == "circle":
            yield geometry.circle(text_of(element) or "")


def _geojson(value: Any, depth: int = 0) -> Iterator[Shape]:
    """Every polygon of any GeoJSON object; points and lines have no inside and are left out."""
    if not isinstance(value, dict) or depth > _DEEPEST:
        yield Shape(None, ("not a GeoJSON object: left out",))
        return
    kind = value.get("type")
    inner = {"FeatureCollection": "features", "GeometryCollection": "geometries"}.get(str(kind))
    if inner is not None:
        members = value.get(inner)
        for member in members if isinstance(members, list) else ():
            yield from _geojson(member, depth + 1)
    elif kind == "Feature":
        yield from _geojson(value.get("geometry"), depth + 1)
    elif kind in ("Polygon", "MultiPolygon"):
        yield _outline(value)
    else:
        yield Shape(None, (f"a {str(kind)[:40]} has no inside: left out",))


def _outline(value: dict[str, Any]) -> Shape:
    if _has_words(value.get("coordinates")):
        return Shape(None, ("coordinates that are no numbers: left out",))
    try:
        with np.errstate(invalid="ignore"):
            found = shapely.force_2d(geometry_of(value))
    except _UNUSABLE:
        return Shape(None, ("coordinates that cannot be read: left out",))
    return _checked(found)


def _has_words(coordinates: Any) -> bool:
    """True if anything in it is no number: `true` and "1" would be read as one."""
    waiting = [coordinates]
    while waiting:
        value = waiting.pop()
        if isinstance(value, list | tuple):
            waiting += value
        elif isinstance(value, bool) or not isinstance(value, int | float):
            return True
    return False


def _checked(found: BaseGeometry) -> Shape:
    if found.is_empty or shapely.get_num_coordinates(found) > MAX_POINTS:
        return Shape(None, (f"empty, or of more than {MAX_POINTS} points: left out",))
    if not np.isfinite(shapely.get_coordinates(found)).all():
        return Shape(None, ("coordinates that cannot be read: left out",))
    west, south, east, north = found.bounds
    if not (west >= -180 and east <= 180 and south >= -90 and north <= 90):
        return Shape(None, ("not in degrees of longitude and latitude: left out",))
    return valid_shape(found)
