"""Who is inside a warning's areas, with all that deciding about them takes.

The ladder from an area to people is docs/decisions/0013-geometry-and-areas.md.
"""

from collections.abc import Iterable, Mapping, Sequence
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

Subject = tuple[SubjectKind, str]

_NAMELESS: Mapping[str, str] = {}

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

    def subjects(self) -> set[Subject]:
        """Everybody and every place in it."""
        people = {(SubjectKind.RESIDENT, ref) for ref in self.residents}
        return people | {(SubjectKind.FACILITY, ref) for ref in self.facilities}

    def among(self, subjects: Iterable[Subject]) -> "Inside":
        """The part of it that these are."""
        refs: dict[SubjectKind, list[str]] = {kind: [] for kind in SubjectKind}
        for kind, ref in subjects:
            refs[kind].append(ref)
        people, places = self.residents, self.facilities
        return replace(
            self,
            residents={ref: people[ref] for ref in refs[SubjectKind.RESIDENT] if ref in people},
            facilities={ref: places[ref] for ref in refs[SubjectKind.FACILITY] if ref in places},
        )


def find_inside(stores: Stores, infos: Mapping[int, Info]) -> Inside:
    """Everybody and every place inside the areas of these infos."""
    residents: dict[str, set[int]] = {}
    facilities: dict[str, set[int]] = {}
    names: dict[tuple[SubjectKind, str], dict[str, str]] = {}
    unresolved: set[int] = set()
    # Infos in several languages have the same areas.
    areas = {_key(area): area for info in infos.values() for area in info.areas or (_NOWHERE,)}
    known = dict(zip(areas, _Finder(stores).find_each(tuple(areas.values())), strict=True))
    for number, info in infos.items():
        for area in info.areas or (_NOWHERE,):
            found = known[_key(area)]
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
        _shared(names),
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


def load_residents(
    stores: Stores, found: Inside, known: "Places | None" = None
) -> tuple[Candidate, ...]:
    """The residents of `found`, by ref, with caregivers and places; `known` is added to."""
    inside = found.residents
    places = _Look(stores, known)
    return tuple(
        Candidate(
            resident,
            tuple(caregivers),
            inside[resident.ref],
            places.codes(resident.area_code),
            places.names(resident.area_code)
            or found.names.get((SubjectKind.RESIDENT, resident.ref), _NAMELESS),
        )
        for resident, caregivers in stores.people.for_planning(inside)
    )


def load_facilities(
    stores: Stores, found: Inside, known: "Places | None" = None
) -> tuple[FacilityCandidate, ...]:
    """The facilities of `found`, by ref, with their places; `known` is added to."""
    inside = found.facilities
    places = _Look(stores, known)
    return tuple(
        FacilityCandidate(
            facility,
            inside[facility.ref],
            places.names(facility.area_code)
            or found.names.get((SubjectKind.FACILITY, facility.ref), _NAMELESS),
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


@dataclass(frozen=True, slots=True)
class _Sought:
    """What an area comes down to: a shape, those under codes, or neither."""

    shape: BaseGeometry | None = None
    found: _Found = _Found()


class _Finder:
    """The ladder from an area to people: outline, codes, name; else an officer must look.

    Every question is asked for all areas at once: there can be hundreds, of one code each.
    """

    def __init__(self, stores: Stores) -> None:
        self._stores = stores
        self._unplaced = _Unplaced(stores)

    def find_each(self, areas: Sequence[Area]) -> list[_Found]:
        """Who is in each of these areas."""
        self._stores.areas.place(code for area in areas for code in area.geocodes)
        sought = self._sought(areas)
        shapes = [one.shape for one in sought if one.shape is not None]
        inside = iter(self._inside(shapes))
        return [
            one.found
            if one.shape is None
            else _with(one.found, next(inside), self._unplaced.under(one.shape))
            for one in sought
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
        return _Sought(shape.geometry or geometry, _Found(note=note))

    def _region(self, area: Area) -> BaseGeometry | None:
        """Where the outline must be as the area's own codes say; None where they do not say."""
        placed = self._stores.areas.place(area.geocodes)
        if placed.unknown:
            return None
        return _together([one.geometry for one in placed.areas if one.geometry is not None])

    def _under(self, groups: Sequence[frozenset[str]]) -> list[_Found]:
        if not any(groups):
            return [_Found()] * len(groups)
        stores = self._stores
        people = stores.people.with_area_codes_each(groups)
        places = stores.facilities.with_area_codes_each(groups)
        return [_Found(*both) for both in zip(people, places, strict=True)]

    def _inside(self, shapes: Sequence[BaseGeometry]) -> list[_Found]:
        if not shapes:
            return []
        people = self._stores.people.inside_each(shapes)
        places = self._stores.facilities.inside_each(shapes)
        return [_Found(*both) for both in zip(people, places, strict=True)]


def _sought_of(placed: Placed, under: _Found, unknown: tuple[tuple[str, str], ...]) -> _Sought:
    """The areas that codes or a name mean, with those registered under them."""
    if not placed.areas and under.is_empty:
        return _Sought(None, _Found(is_certain=False, unknown=unknown))
    shape = _together([one.geometry for one in placed.areas if one.geometry is not None])
    return _Sought(shape, replace(under, is_certain=not placed.doubtful, unknown=unknown))


def _with(known: _Found, *others: _Found) -> _Found:
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
                found = _with(found, there)
        return found


def _overlap(home: BaseGeometry, warned: BaseGeometry) -> bool:
    """More than the sliver that two drawings of one border have in common."""
    if not home.intersects(warned):
        return False
    # Part by part: the areas of several codes may overlap.
    common = float(shapely.area(shapely.intersection(home, shapely.get_parts(warned))).sum())
    return common >= SLIVER * min(home.area, warned.area)


class Places:
    """What areas of the register are called and part of: each is looked up once."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[frozenset[str], Mapping[str, str]]] = {}

    def look_up(self, stores: Stores, code: str) -> tuple[frozenset[str], Mapping[str, str]]:
        """The codes of an area and its parents, and language -> name of the area itself."""
        if code not in self._known:
            areas = stores.areas.with_ancestors(code)
            names = areas[0].names if areas and areas[0].code == code else {}
            self._known[code] = frozenset({code, *(area.code for area in areas)}), names
        return self._known[code]


class _Look:
    """`Places` in one transaction; somebody without an area is nowhere."""

    def __init__(self, stores: Stores, known: Places | None) -> None:
        self._stores = stores
        self._places = known or Places()

    def codes(self, code: str | None) -> frozenset[str]:
        """The code itself and those of its parents."""
        return frozenset() if code is None else self._places.look_up(self._stores, code)[0]

    def names(self, code: str | None) -> Mapping[str, str]:
        """language -> name of the area itself."""
        return {} if code is None else self._places.look_up(self._stores, code)[1]


def _frozen(found: Mapping[str, set[int]]) -> dict[str, frozenset[int]]:
    """One set for all who are in the same areas."""
    known: dict[frozenset[int], frozenset[int]] = {}
    sets = ((ref, frozenset(numbers)) for ref, numbers in found.items())
    return {ref: known.setdefault(numbers, numbers) for ref, numbers in sets}


def _shared(
    names: Mapping[tuple[SubjectKind, str], dict[str, str]],
) -> dict[tuple[SubjectKind, str], dict[str, str]]:
    """One object for all whose place has the same names."""
    known: dict[tuple[tuple[str, str], ...], dict[str, str]] = {}
    return {key: known.setdefault(tuple(own.items()), own) for key, own in names.items()}
