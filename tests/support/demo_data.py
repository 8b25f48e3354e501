"""The demo's shipped data, read independently of the product."""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from lxml import etree
from shapely.geometry import Polygon, shape
from shapely.geometry.base import BaseGeometry
from shapely.ops import unary_union

DEMO = Path(__file__).resolve().parents[2] / "db" / "demo"
CAP = "{urn:oasis:names:tc:emergency:cap:1.2}"


@dataclass(frozen=True)
class Place:
    """A boundary of `db/demo/areas`."""

    properties: dict[str, Any]
    geometry: BaseGeometry


@cache
def places() -> dict[str, Place]:
    """Every shipped boundary by its code."""
    found: dict[str, Place] = {}
    for path in sorted((DEMO / "areas").glob("*.geojson")):
        for feature in json.loads(path.read_text(encoding="utf-8"))["features"]:
            properties = feature["properties"]
            assert properties["code"] not in found, f"{properties['code']} twice"
            found[properties["code"]] = Place(properties, shape(feature["geometry"]))
    return found


def document_names() -> list[str]:
    """The shipped warnings."""
    return sorted(path.name for path in (DEMO / "warnings").glob("*.xml"))


def document(name: str) -> etree._Element:
    """The root of a shipped warning."""
    return etree.parse(DEMO / "warnings" / name).getroot()


def text(element: etree._Element, name: str) -> str:
    """The text of the only child of this CAP name; it must be there."""
    (child,) = element.findall(f"{CAP}{name}")
    return str(child.text)


def texts(element: etree._Element, path: str) -> list[str]:
    """The texts at a path of CAP names, anywhere below `element`."""
    return [str(e.text) for e in element.iterfind("/".join(f"{CAP}{p}" for p in path.split("/")))]


def rings(area: etree._Element) -> list[list[tuple[float, float]]]:
    """The polygons of an area as lists of (lat, lon)."""
    return [
        [(float(lat), float(lon)) for lat, lon in (pair.split(",") for pair in polygon.split())]
        for polygon in texts(area, "polygon")
    ]


def shape_of(area: etree._Element) -> BaseGeometry:
    """The union of an area's polygons in lon/lat."""
    return unary_union([Polygon([(lon, lat) for lat, lon in ring]) for ring in rings(area)])
