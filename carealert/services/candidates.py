"""Who is inside a warning's areas, with all that deciding about them takes.

The ladder from an area to people is docs/decisions/0004-cap-words-and-the-area-ladder.md.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from shapely.geometry.base import BaseGeometry

from carealert.domain.plan import Candidate, FacilityCandidate
from carealert.domain.rules import SubjectKind
from carealert.domain.warnings import Area, Info
from carealert.services.ports.store import Stores

#: Neighbouring areas share a border, drawn a little differently by each agency.
SLIVER = 0.01


@dataclass(frozen=True, slots=True)
class Inside:
    """Ref -> numbers of the infos that hold there.

    `names` is what the sender calls the area, by language, for subjects whose own area is not in
    the register; `unresolved` are infos with an area that nobody can place.
    """

    residents: Mapping[str, frozenset[int]] = field(default_factory=dict)
    facilities: Mapping[str, frozenset[int]] = field(default_factory=dict)
    names: Mapping[tuple[SubjectKind, str], Mapping[str, str]] = field(default_factory=dict)
    unresolved: frozenset[int] = frozenset()


def find_inside(stores: Stores, infos: Mapping[int, Info]) -> Inside:
    """Everybody and every place inside the areas of these infos."""
    residents: dict[str, set[int]] = {}
    facilities: dict[str, set[int]] = {}
    names: dict[tuple[SubjectKind, str], dict[str, str]] = {}
    unresolved: set[int] = set()
    known: dict[object, _Found | None] = {}
    unplaced = _Unplaced(stores)
    for number, info in infos.items():
        for area in info.areas or (_NOWHERE,):
            key = area.geometry.wkb if area.geometry is not None else area.geocodes
            if key not in known:  # infos in several languages have the same areas
                known[key] = _found(stores, area, unplaced)
            found = known[key]
            if found is None:
                unresolved.add(number)
                continue
            for ref in found.residents:
                residents.setdefault(ref, set()).add(number)
            for ref in found.facilities:
                facilities.setdefault(ref, set()).add(number)
            _name(names, found, area, info)
    return Inside(_frozen(residents), _frozen(facilities), names, frozenset(unresolved))


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
    residents: frozenset[str]
    facilities: frozenset[str]


#: An info without any area says nothing about where it holds.
_NOWHERE = Area("", None, (), None, None)


def _found(stores: Stores, area: Area, unplaced: "_Unplaced") -> _Found | None:
    """Who is inside `area`, or None where nobody can say where it is."""
    if area.geometry is not None:
        return _either(_inside(stores, [area.geometry]), unplaced.under(area.geometry))
    resolved = stores.areas.resolve(area.geocodes)
    geometries = [one.geometry for one in resolved if one.geometry is not None]
    codes = {value for _, value in area.geocodes} | {one.code for one in resolved}
    by_code = _Found(stores.people.with_area_codes(codes), stores.facilities.with_area_codes(codes))
    if not resolved and not by_code.residents and not by_code.facilities:
        return None
    by_place = _inside(stores, geometries)
    return _either(by_code, by_place)


def _inside(stores: Stores, geometries: Iterable[BaseGeometry]) -> _Found:
    residents: set[str] = set()
    facilities: set[str] = set()
    for geometry in geometries:
        residents |= stores.people.inside(geometry)
        facilities |= stores.facilities.inside(geometry)
    return _Found(frozenset(residents), frozenset(facilities))


def _either(one: _Found, other: _Found) -> _Found:
    return _Found(one.residents | other.residents, one.facilities | other.facilities)


class _Unplaced:
    """Those registered with an area only: warned where the polygon takes in a part of it.

    Nobody can say on which side of the line they live; to leave them out could cost a life.
    """

    def __init__(self, stores: Stores) -> None:
        self._stores = stores

    @cached_property
    def _areas(self) -> list[tuple[BaseGeometry, _Found]]:
        people, places = self._stores.people.unplaced(), self._stores.facilities.unplaced()
        found = []
        for code in sorted(people.keys() | places.keys()):
            areas = self._stores.areas.with_ancestors(code)
            home = next((one.geometry for one in areas if one.geometry is not None), None)
            if home is not None:
                nobody = frozenset[str]()
                found.append((home, _Found(people.get(code, nobody), places.get(code, nobody))))
        return found

    def under(self, geometry: BaseGeometry) -> _Found:
        """Those whose area, or the nearest one around it with a boundary, is partly inside."""
        found = _Found(frozenset(), frozenset())
        for home, there in self._areas:
            if _overlap(home, geometry):
                found = _either(found, there)
        return found


def _overlap(home: BaseGeometry, warned: BaseGeometry) -> bool:
    """More than the sliver that two drawings of one border have in common."""
    if not home.intersects(warned):
        return False
    common: float = home.intersection(warned).area
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
