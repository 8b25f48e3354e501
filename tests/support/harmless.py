"""What a reading promises whatever was read: shapes of this world, no wider than their text."""

import json
from collections.abc import Callable, Iterator
from typing import Any
from xml.etree import ElementTree

import shapely
from shapely.geometry.base import BaseGeometry

from carealert.domain.warnings import Area, HazardWarning
from carealert.services.ports.feeds import Reading
from tests.support import bounds


def check(body: bytes, reading: Reading) -> None:
    """Raise AssertionError where the reading of these bytes breaks a promise."""
    for shape in shapes_of(reading.warnings):
        assert shape.is_valid
        assert not shape.is_empty
        west, south, east, north = shape.bounds
        assert west >= -180
        assert south >= -90
        assert east <= 180
        assert north <= 90
    check_width(body, reading)


def shapes_of(warnings: tuple[HazardWarning, ...]) -> list[BaseGeometry]:
    areas = [area for warning in warnings for info in warning.infos for area in info.areas]
    return [area.geometry for area in areas if area.geometry is not None]


def check_width(body: bytes, reading: Reading) -> None:
    """No area reaches where the numbers of the text do not."""
    if reading.format == "cap":
        check_cap(body, reading.warnings)
    elif reading.format in ("nws", "cap_json"):
        bound = json_bound(json.loads(body.decode("utf-8-sig")))
        for shape in shapes_of(reading.warnings):
            assert bounds.exceeds(shape, bound) < 1e-6


def json_bound(value: Any) -> BaseGeometry:
    """All that the document's shapes may cover, as GeoJSON or as CAP's texts."""
    found = [bounds.of_geojson(value)]
    for name, text in texts(value):
        if name in LIMITS:
            found.append(LIMITS[name](text))
    return shapely.union_all(found)


def texts(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, inside in value.items():
            yield from texts(inside, key)
    elif isinstance(value, list):
        for inside in value:
            yield from texts(inside, name)
    elif isinstance(value, str):
        yield name, value


LIMITS: dict[str, Callable[[str], BaseGeometry]] = {
    "polygon": bounds.of_polygon,
    "circle": bounds.of_circle,
    "geometry": bounds.of_wkt,
}


def check_cap(body: bytes, warnings: tuple[HazardWarning, ...]) -> None:
    try:
        root = ElementTree.fromstring(body.lstrip(b"\xef\xbb\xbf \t\r\n"))
    except (ElementTree.ParseError, ValueError, LookupError):
        return  # in an encoding that the reader guessed: no second opinion
    areas = [area for w in warnings for info in w.infos for area in info.areas]
    found = [
        (alert, area)
        for alert in root.iter()
        if name_of(alert) == "alert" and any(is_of(alert, warning) for warning in warnings)
        for info in children(alert, "info")
        for area in children(info, "area")
    ]
    if len(areas) == len(found):
        for area, (alert, element) in zip(areas, found, strict=True):
            check_area(area, limit([element, *homeless(alert)]))
    else:  # two messages of one name: at least not wider than both
        for area in areas:
            check_area(area, limit(list(root.iter())))


def homeless(alert: ElementTree.Element) -> list[ElementTree.Element]:
    """The parents of shapes that stand outside of any area: whose they are is open."""
    return [
        element
        for element in alert.iter()
        if name_of(element) != "area" and any(name_of(child) in LIMITS for child in element)
    ]


def check_area(area: Area, bound: BaseGeometry) -> None:
    if area.geometry is not None:
        assert bounds.exceeds(area.geometry, bound) < 1e-6


def limit(elements: list[ElementTree.Element]) -> BaseGeometry:
    """All that the polygons and circles of these elements may cover."""
    return shapely.union_all(
        [
            LIMITS[name_of(shape)]("".join(shape.itertext()))
            for element in elements
            for shape in element
            if name_of(shape) in LIMITS
        ]
    )


def name_of(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]


def children(element: ElementTree.Element, name: str) -> list[ElementTree.Element]:
    return [child for child in element if name_of(child) == name]


def is_of(alert: ElementTree.Element, warning: HazardWarning) -> bool:
    return any(
        "".join(child.itertext()).strip() == warning.identifier
        for child in children(alert, "identifier")
    )
