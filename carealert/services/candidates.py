"""Who is inside a warning's areas, with all that deciding about them takes.

The ladder from an area to people is docs/decisions/0013-geometry-and-areas.md.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property

import shapely
from shapely.geometry import GeometryCollection
from shapely.geometry.base import BaseGeometry

from carealert.domain.geometry import unswap
from carealert.domain.plan import Candidate, FacilityCandidate, Plan
from carealert.domain.rules import SubjectKind
from carealert.domain.warnings import Area, Info
from carealert.services.ports.registry import Placed
from carealert.services.ports.store import Stores

#: Neighbouring areas share a border, drawn a little differently by each agency.
SLIVER = 0.01


@dataclass(frozen=True, slots=True)
class Inside:
    """Ref -> numbers of the infos that hold there.

    `names` is what the sender calls the area, by language, for subjects whose own area is not in
    the register; `unresolved` are infos with an area that nobody can place, or not with certainty.
    `unknown` are the codes (system, code) and names ("", name) that the register lacks, `notes`
    what was odd about the areas.
    """

    residents: Mapping[str, frozenset[int]] = field(default_factory=dict)
    facilities: Mapping[str, frozenset[int]] = field(default_factory=dict)
    names: Mapping[tuple[SubjectKind, str], Mapping[str, str]] = field(default_factory=dict)
    unresolved: frozenset[int] = frozenset()
    unknown: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()


def find_inside(stores: Stores, infos: Mapping[int, Info]) -> Inside:
    """Everybody and every place inside the areas of these infos."""
    residents: dict[str, set[int]] = {}
    facilities: dict[str, set[int]] = {}
    names: dict[tuple[SubjectKind, str], dict[str, str]] = {}
    unresolved: set[int] = set()
    known: dict[object, _Found] = {}
    finder = _Finder(stores)
    # One question for the codes of all areas: there can be hundreds with one code each.
    stores.areas.place(code for info in infos.values() for a in info.areas for code in a.geocodes)
    for number, info in infos.items():
        for area in info.areas or (_NOWHERE,):
            key = _key(area)
            if key not in known:  # infos in several languages have the same areas
                known[key] = finder.find(area)
            found = known[key]
            if not found.is_certain:
                unresolved.add(number)
            for ref in found.residents:
                residents.setdefault(ref, set()).add(number)
            for ref in found.facilities:
                facilities.setdefault(ref, set()).add(number)
            _name(names, found, area, info)
    return Inside(
        _frozen(residents),
        _frozen(facilities),
        names,
        frozenset(unresolved),
        tuple(dict.fromkeys(pair for found in known.values() for pair in found.unknown)),
        tuple(dict.fromkeys(found.note for found in known.values() if found.note)),
    )


def note_areas(stores: Stores, decided: Plan, warning_id: int, now: datetime) -> None:
    """Keep what could not be placed, for the officer to import, and say what was odd."""
    sender = decided.warning.sender
    stores.unknown_areas.note(sender, decided.unknown_areas, warning_id, now)
    for note in decided.area_notes:
        stores.journal.write(now, "area_odd", f"warning:{warning_id}", note=note)


def load_residents(stores: Stores, found: Inside) -> tuple[Candidate, ...]:
    """The residents of `found`, by ref, with caregivers and places."""
    inside = found.residents
    caregivers = stores.people.caregivers_of(inside)
    places = _Places(stores)
    return tuple(
        Candidate(
            resident,
            tuple(caregivers.get(resident.ref, ())),
            inside[resident.ref],
            places.codes(resident.area_code),
            places.names(resident.area_code)
            or found.names.get((SubjectKind.RESIDENT, resident.ref), {}),
        )
        for resident in sorted(stores.people.residents(inside), key=lambda one: one.ref)
    )


def load_facilities(stores: Stores, found: Inside) -> tuple[FacilityCandidate, ...]:
    """The facilities of `found`, by ref, with their places."""
    inside = found.facilities
    places = _Places(stores)
    return tuple(
        FacilityCandidate(
            facility,
            inside[facility.ref],
            places.names(facility.area_code)
            or found.names.get((SubjectKind.FACILITY, facility.ref), {}),
        )
        for facility in sorted(stores.facilities.get(inside), key=lambda one: one.ref)
    )


def _name(
    names: dict[tuple[SubjectKind, str], dict[str, str]], found: "_Found", area: Area, info: Info
) -> None:
    """Note what this info's language calls the place; CAP takes a missing language as English."""
    if not area.area_desc:
        return
    language = (info.language or "en").partition("-")[0].lower()
    for kind, refs in (
        (SubjectKind.RESIDENT, found.residents),
        (SubjectKind.FACILITY, found.facilities),
    ):
        for ref in refs:
            names.setdefault((kind, ref), {}).setdefault(language, area.area_desc)


@dataclass(frozen=True, slots=True)
class _Found:
    """Who is in an area. Not certain: nobody can say where it is, or where all of it is."""

    residents: frozenset[str] = frozenset()
    facilities: frozenset[str] = frozenset()
    is_certain: bool = True
    unknown: tuple[tuple[str, str], ...] = ()
    note: str | None = None

    @property
    def is_empty(self) -> bool:
        return not (self.residents or self.facilities)


#: An info without any area says nothing about where it holds.
_NOWHERE = Area("", None, (), None, None)


def _key(area: Area) -> tuple[object, ...]:
    """What decides where an area is: its outline, else its codes, else its name."""
    if area.geometry is not None:
        return (area.geometry.wkb, area.geocodes)
    return (area.geocodes, area.area_desc)


class _Finder:
    """The ladder from an area to people: outline, codes, name; else an officer must look."""

    def __init__(self, stores: Stores) -> None:
        self._stores = stores
        self._unplaced = _Unplaced(stores)

    def find(self, area: Area) -> _Found:
        if area.geometry is not None:
            return self._by_outline(area.geometry, area)
        placed = self._stores.areas.place(area.geocodes)
        by_code = self._of(placed)
        if placed.areas or not by_code.is_empty:
            return by_code
        named = self._stores.areas.named(area.area_desc)
        # Codes that nobody knows are the better clue to what is missing.
        unknown = placed.unknown or named.unknown
        if not named.areas:
            return _Found(is_certain=False, unknown=unknown)
        return replace(self._of(named), unknown=unknown)

    def _by_outline(self, geometry: BaseGeometry, area: Area) -> _Found:
        note = None
        region = self._region(area)
        if region is not None:
            shape = unswap(geometry, region)
            geometry = shape.geometry or geometry
            note = f"{area.area_desc or 'an area'}: {shape.notes[0]}" if shape.notes else None
        found = _either(_inside(self._stores, geometry), self._unplaced.under(geometry))
        return replace(found, note=note)

    def _region(self, area: Area) -> BaseGeometry | None:
        """Where the outline must be as the area's own codes say; None where they do not say."""
        placed = self._stores.areas.place(area.geocodes)
        if placed.unknown:
            return None
        return _together([one.geometry for one in placed.areas if one.geometry is not None])

    def _of(self, placed: Placed) -> _Found:
        stores = self._stores
        together = _together([one.geometry for one in placed.areas if one.geometry is not None])
        by_code = _Found(
            stores.people.with_area_codes(placed.codes),
            stores.facilities.with_area_codes(placed.codes),
        )
        found = by_code
        if together is not None:
            there = _either(_inside(stores, together), self._unplaced.under(together))
            found = _either(by_code, there)
        return replace(found, is_certain=not placed.doubtful, unknown=placed.unknown)


def _together(geometries: Sequence[BaseGeometry]) -> BaseGeometry | None:
    """All of them as one, to be asked for once; neighbours overlap, so they stay apart in it."""
    if len(geometries) < 2:
        return geometries[0] if geometries else None
    return GeometryCollection(list(geometries))


def _inside(stores: Stores, geometry: BaseGeometry) -> _Found:
    return _Found(stores.people.inside(geometry), stores.facilities.inside(geometry))


def _either(one: _Found, other: _Found) -> _Found:
    return _Found(one.residents | other.residents, one.facilities | other.facilities)


class _Unplaced:
    """Those registered with an area only: warned where the outline takes in a part of it.

    Nobody can say on which side of the line they live; to leave them out could cost a life.
    """

    def __init__(self, stores: Stores) -> None:
        self._stores = stores

    @cached_property
    def _areas(self) -> list[tuple[BaseGeometry, _Found]]:
        people, places = self._stores.people.unplaced(), self._stores.facilities.unplaced()
        codes = sorted(people.keys() | places.keys())
        homes = self._stores.areas.homes(codes)
        nobody = frozenset[str]()
        return [
            (homes[code], _Found(people.get(code, nobody), places.get(code, nobody)))
            for code in codes
            if code in homes
        ]

    def under(self, geometry: BaseGeometry) -> _Found:
        """Those whose area, or the nearest one around it with a boundary, is partly inside."""
        found = _Found()
        for home, there in self._areas:
            if _overlap(home, geometry):
                found = _either(found, there)
        return found


def _overlap(home: BaseGeometry, warned: BaseGeometry) -> bool:
    """More than the sliver that two drawings of one border have in common."""
    if not home.intersects(warned):
        return False
    # Part by part: the areas of several codes may overlap.
    common = float(shapely.area(shapely.intersection(home, shapely.get_parts(warned))).sum())
    return common >= SLIVER * min(home.area, warned.area)


class _Places:
    """Areas of the register, each looked up once."""

    def __init__(self, stores: Stores) -> None:
        self._stores = stores
        self._known: dict[str, tuple[frozenset[str], Mapping[str, str]]] = {}

    def codes(self, code: str | None) -> frozenset[str]:
        """The code itself and those of its parents."""
        return self._look_up(code)[0]

    def names(self, code: str | None) -> Mapping[str, str]:
        """language -> name of the area itself."""
        return self._look_up(code)[1]

    def _look_up(self, code: str | None) -> tuple[frozenset[str], Mapping[str, str]]:
        if code is None:
            return frozenset(), {}
        if code not in self._known:
            areas = self._stores.areas.with_ancestors(code)
            names = areas[0].names if areas and areas[0].code == code else {}
            self._known[code] = frozenset({code, *(area.code for area in areas)}), names
        return self._known[code]


def _frozen(found: Mapping[str, set[int]]) -> dict[str, frozenset[int]]:
    return {ref: frozenset(numbers) for ref, numbers in found.items()}
