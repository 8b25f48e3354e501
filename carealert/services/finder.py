"""Who is in an area: the ladder from its outline, its codes or its name to people and places.

docs/decisions/0013-geometry-and-areas.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import shapely
from shapely.geometry import GeometryCollection
from shapely.geometry.base import BaseGeometry

from carealert.domain.geometry import unswap
from carealert.domain.warnings import Area
from carealert.domain.widening import band_around
from carealert.services.ports.registry import Placed
from carealert.services.ports.store import Stores

#: Neighbouring areas share a border, drawn a little differently by each agency.
SLIVER = 0.01


@dataclass(frozen=True, slots=True)
class Found:
    """Who is in an area. Not certain: nobody can say where it is, or where all of it is."""

    residents: frozenset[str] = frozenset()
    facilities: frozenset[str] = frozenset()
    is_certain: bool = True
    unknown: tuple[tuple[str, str], ...] = ()
    note: str | None = None

    @property
    def is_empty(self) -> bool:
        """True where nobody is."""
        return not (self.residents or self.facilities)


#: An info without any area says nothing about where it holds.
NOWHERE = Area("", None, (), None, None)


def key_of(area: Area) -> tuple[object, ...]:
    """What decides where an area is: its outline, else its codes, else its name."""
    if area.geometry is not None:
        return (area.geometry.wkb, area.geocodes)
    return (area.geocodes, area.area_desc)


@dataclass(frozen=True, slots=True)
class _Sought:
    """What an area comes down to: a shape, those under codes, or neither."""

    shape: BaseGeometry | None = None
    found: Found = Found()


class Finder:
    """The ladder from an area to people: outline, codes, name; else an officer must look.

    Every question is asked for all areas at once: there can be hundreds, of one code each.
    """

    def __init__(self, stores: Stores) -> None:
        self._stores = stores
        self._unplaced = _Unplaced(stores)
        self._shapes: list[BaseGeometry | None] = []

    def find_each(self, areas: Sequence[Area]) -> list[Found]:
        """Who is in each of these areas."""
        self._stores.areas.place(code for area in areas for code in area.geocodes)
        sought = self._sought(areas)
        self._shapes = [one.shape for one in sought]
        shapes = [one.shape for one in sought if one.shape is not None]
        inside = iter(self._inside(shapes))
        return [
            one.found
            if one.shape is None
            else _with(one.found, next(inside), self._unplaced.under(one.shape))
            for one in sought
        ]

    def around(self, km: float) -> list[Found]:
        """Who is within `km` of the outline of each area that was found, on either side."""
        bands = [None if one is None else band_around(one, km) for one in self._shapes]
        found = iter(self._inside([band for band in bands if band is not None]))
        return [
            Found() if band is None else _with(next(found), self._unplaced.under(band))
            for band in bands
        ]

    def _sought(self, areas: Sequence[Area]) -> list[_Sought]:
        placed = [
            Placed() if area.geometry is not None else self._stores.areas.place(area.geocodes)
            for area in areas
        ]
        by_code = self._under([one.codes for one in placed])
        named: dict[int, Placed] = {}
        for n, area in enumerate(areas):
            if area.geometry is None and not placed[n].areas and by_code[n].is_empty:
                named[n] = self._stores.areas.named(area.area_desc)
        by_name = dict(zip(named, self._under([one.codes for one in named.values()]), strict=True))
        found = []
        for n, area in enumerate(areas):
            if area.geometry is not None:
                found.append(self._by_outline(area.geometry, area))
            elif n not in named:
                found.append(_sought_of(placed[n], by_code[n], placed[n].unknown))
            else:
                # Codes that nobody knows are the better clue to what is missing.
                unknown = placed[n].unknown or named[n].unknown
                found.append(_sought_of(named[n], by_name[n], unknown))
        return found

    def _by_outline(self, geometry: BaseGeometry, area: Area) -> _Sought:
        region = self._region(area)
        if region is None:
            return _Sought(geometry)
        shape = unswap(geometry, region)
        note = f"{area.area_desc or 'an area'}: {shape.notes[0]}" if shape.notes else None
        return _Sought(shape.geometry or geometry, Found(note=note))

    def _region(self, area: Area) -> BaseGeometry | None:
        """Where the outline must be as the area's own codes say; None where they do not say."""
        placed = self._stores.areas.place(area.geocodes)
        if placed.unknown:
            return None
        return _together([one.geometry for one in placed.areas if one.geometry is not None])

    def _under(self, groups: Sequence[frozenset[str]]) -> list[Found]:
        if not any(groups):
            return [Found()] * len(groups)
        stores = self._stores
        people = stores.people.with_area_codes_each(groups)
        places = stores.facilities.with_area_codes_each(groups)
        return [Found(*both) for both in zip(people, places, strict=True)]

    def _inside(self, shapes: Sequence[BaseGeometry]) -> list[Found]:
        if not shapes:
            return []
        people = self._stores.people.inside_each(shapes)
        places = self._stores.facilities.inside_each(shapes)
        return [Found(*both) for both in zip(people, places, strict=True)]


def _sought_of(placed: Placed, under: Found, unknown: tuple[tuple[str, str], ...]) -> _Sought:
    """The areas that codes or a name mean, with those registered under them."""
    if not placed.areas and under.is_empty:
        return _Sought(None, Found(is_certain=False, unknown=unknown))
    shape = _together([one.geometry for one in placed.areas if one.geometry is not None])
    return _Sought(shape, replace(under, is_certain=not placed.doubtful, unknown=unknown))


def _with(known: Found, *others: Found) -> Found:
    """What is known of an area, with more who are in it."""
    return replace(
        known,
        residents=known.residents.union(*(one.residents for one in others)),
        facilities=known.facilities.union(*(one.facilities for one in others)),
    )


def _together(geometries: Sequence[BaseGeometry]) -> BaseGeometry | None:
    """All of them as one, to be asked for once; neighbours overlap, so they stay apart in it."""
    if len(geometries) < 2:
        return geometries[0] if geometries else None
    return GeometryCollection(list(geometries))


class _Unplaced:
    """Those registered with an area only: warned where the outline takes in a part of it.

    Nobody can say on which side of the line they live; to leave them out could cost a life.
    """

    def __init__(self, stores: Stores) -> None:
        self._stores = stores

    @cached_property
    def _areas(self) -> list[tuple[BaseGeometry, Found]]:
        people, places = self._stores.people.unplaced(), self._stores.facilities.unplaced()
        codes = sorted(people.keys() | places.keys())
        homes = self._stores.areas.homes(codes)
        nobody = frozenset[str]()
        return [
            (homes[code], Found(people.get(code, nobody), places.get(code, nobody)))
            for code in codes
            if code in homes
        ]

    def under(self, geometry: BaseGeometry) -> Found:
        """Those whose area, or the nearest one around it with a boundary, is partly inside."""
        found = Found()
        for home, there in self._areas:
            if _overlap(home, geometry):
                found = _with(found, there)
        return found


def _overlap(home: BaseGeometry, warned: BaseGeometry) -> bool:
    """More than the sliver that two drawings of one border have in common."""
    if not home.intersects(warned):
        return False
    # Part by part: the areas of several codes may overlap.
    common = float(shapely.area(shapely.intersection(home, shapely.get_parts(warned))).sum())
    return common >= SLIVER * min(home.area, warned.area)
