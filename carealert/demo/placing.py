"""Moves the synthetic register to where somebody else's warnings are.

`carealert demo --warnings DIR` replays captured warnings of any country; the people of the
shipped register live in Bangladesh, so their homes move into the warned areas.
"""

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from shapely.geometry.base import BaseGeometry

from carealert.demo.drawing import Row, point_inside
from carealert.demo.register import Register
from carealert.domain.warnings import Area, HazardWarning, MsgType, Status
from carealert.services.ports.registry import PlaceArea


class NowhereToPlace(Exception):
    """None of the warnings has an area with a polygon, a circle or a geocode."""


@dataclass(frozen=True, slots=True)
class Placed:
    """The moved register, and the areas that must be known for its `area_code`s to match."""

    register: Register
    areas: tuple[PlaceArea, ...]


def place_inside(register: Register, warnings: Sequence[HazardWarning], seed: int) -> Placed:
    """Spread homes and facilities evenly over the areas of `warnings`; the same seed, the same.

    Where some are actual warnings, their areas alone count: nobody is told of the others.
    In an area with a geometry, the homes are points inside it. In an area with geocodes alone,
    they have one of its codes and no point; each such code comes back as a PlaceArea without a
    geometry, named by the warning. Raises NowhereToPlace.
    """
    named = [
        (area, info.language or "en")
        for warning in _that_warn(warnings)
        for info in warning.infos
        for area in info.areas
    ]
    coded = _coded(named)
    spots: list[BaseGeometry | PlaceArea] = [*_shapes(area for area, _ in named), *coded]
    if not spots:
        raise NowhereToPlace(
            "no warning in the folder has an area with a polygon, a circle or a geocode: "
            "nobody of the demo register can live there; replay other documents"
        )
    rng = random.Random(seed)  # noqa: S311  a seeded draw, not a secret
    rng.shuffle(spots)
    residents = _moved(rng, register.residents, spots)
    homes = {row["ref"]: row for row in residents}
    return Placed(
        replace(
            register,
            residents=residents,
            facilities=_moved(rng, register.facilities, spots),
            caregivers=tuple(_along(row, homes) for row in register.caregivers),
        ),
        tuple(coded),
    )


def _that_warn(warnings: Sequence[HazardWarning]) -> Sequence[HazardWarning]:
    actual = [
        warning
        for warning in warnings
        if warning.status is Status.ACTUAL and warning.msg_type in (MsgType.ALERT, MsgType.UPDATE)
    ]
    return actual or warnings


def _shapes(areas: Iterable[Area]) -> list[BaseGeometry]:
    """Each geometry once: the languages of a warning repeat its areas."""
    found = {
        area.geometry.wkb: area.geometry
        for area in areas
        if area.geometry is not None and not area.geometry.is_empty
    }
    return list(found.values())


def _coded(named: Iterable[tuple[Area, str]]) -> list[PlaceArea]:
    """The codes of areas that have nothing else, with their names in every language given."""
    names: dict[tuple[str, str], dict[str, str]] = {}
    for area, language in named:
        if area.geometry is None or area.geometry.is_empty:
            for pair in area.geocodes:
                names.setdefault(pair, {}).setdefault(language, area.area_desc)
    return [PlaceArea(system, code, 0, None, name, None) for (system, code), name in names.items()]


def _moved(
    rng: random.Random, rows: Sequence[Row], spots: Sequence[BaseGeometry | PlaceArea]
) -> tuple[Row, ...]:
    return tuple({**row, **_home(rng, spots[n % len(spots)])} for n, row in enumerate(rows))


def _home(rng: random.Random, spot: BaseGeometry | PlaceArea) -> Row:
    if isinstance(spot, PlaceArea):
        return {"lat": "", "lon": "", "area_code": spot.code}
    lat, lon = point_inside(rng, spot)
    return {"lat": lat, "lon": lon, "area_code": ""}


def _along(row: Row, homes: dict[str, Row]) -> Row:
    """A caregiver who lived with the first resident still does."""
    home = homes.get(row["cares_for"].partition(";")[0])
    if not row.get("lat") or home is None:
        return row
    return {**row, "lat": home["lat"], "lon": home["lon"]}
