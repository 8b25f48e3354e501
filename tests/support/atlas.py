"""A small country of squares: a province of two districts, each of four wards."""

from collections.abc import Mapping

from shapely.geometry import box
from shapely.geometry.base import BaseGeometry

from carealert.services.ports.registry import PlaceArea

_NAMES: Mapping[str, str] = {"en": "Place"}


def an_area(
    code: str,
    level: int,
    parent: str | None,
    geometry: BaseGeometry | None,
    system: str = "P-code",
    names: Mapping[str, str] = _NAMES,
) -> PlaceArea:
    """An area with a name in English."""
    return PlaceArea(system, code, level, parent, names, geometry)


def a_country() -> list[PlaceArea]:
    """Everything in its place: P (30..34 E, 2..4 N), districts D1 and D2, wards W11 to W24."""
    areas = [an_area("P", 1, None, box(30, 2, 34, 4))]
    for d in (1, 2):
        west = 28 + 2 * d
        areas.append(an_area(f"D{d}", 2, "P", box(west, 2, west + 2, 4)))
        for w, (x, y) in enumerate([(0, 0), (1, 0), (0, 1), (1, 1)], start=1):
            ward = box(west + x, 2 + y, west + x + 1, 3 + y)
            areas.append(an_area(f"W{d}{w}", 3, f"D{d}", ward))
    return areas


def without(areas: list[PlaceArea], *codes: str) -> list[PlaceArea]:
    """The others."""
    return [one for one in areas if one.code not in codes]


def put_in(areas: list[PlaceArea], *changed: PlaceArea) -> list[PlaceArea]:
    """The same with these in place of those of their codes."""
    return [*without(areas, *(one.code for one in changed)), *changed]
