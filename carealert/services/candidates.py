"""Who is inside a warning's areas, with all that deciding about them takes.

The ladder from an area to people is docs/decisions/0013-geometry-and-areas.md.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeVar

from carealert.domain.organisations import Organisation
from carealert.domain.plan import Candidate, FacilityCandidate, Plan
from carealert.domain.readiness import NO_EVIDENCE
from carealert.domain.rules import SubjectKind
from carealert.domain.warnings import Area, Info
from carealert.services.evidence import evidence_of
from carealert.services.finder import NOWHERE, Finder, Found, key_of
from carealert.services.ports.store import Stores

Subject = tuple[SubjectKind, str]

_NAMELESS: Mapping[str, str] = {}
_NOWHERE_INSIDE: frozenset[int] = frozenset()
_NOWHERE_NEAR: Mapping[int, float] = {}


@dataclass(frozen=True, slots=True)
class Inside:
    """Ref -> numbers of the infos that hold there.

    `names` is what the sender calls the area, by language, for subjects whose own area is not in
    the register; `unresolved` are infos with an area that nobody can place, or not with certainty.
    `unknown` are the codes (system, code) and names ("", name) that the register lacks, `notes`
    what was odd about the areas. `near_residents` and `near_facilities` are those outside an
    area that were asked for, with the distance in km that takes them in.
    """

    residents: Mapping[str, frozenset[int]] = field(default_factory=dict)
    facilities: Mapping[str, frozenset[int]] = field(default_factory=dict)
    names: Mapping[tuple[SubjectKind, str], Mapping[str, str]] = field(default_factory=dict)
    unresolved: frozenset[int] = frozenset()
    unknown: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()
    near_residents: Mapping[str, Mapping[int, float]] = field(default_factory=dict)
    near_facilities: Mapping[str, Mapping[int, float]] = field(default_factory=dict)

    def subjects(self) -> set[Subject]:
        """Everybody and every place in it."""
        people, places = self.residents.keys() | self.near_residents, self.facilities.keys()
        return {(SubjectKind.RESIDENT, ref) for ref in people} | {
            (SubjectKind.FACILITY, ref) for ref in places | self.near_facilities.keys()
        }

    def among(self, subjects: Iterable[Subject]) -> "Inside":
        """The part of it that these are."""
        refs: dict[SubjectKind, list[str]] = {kind: [] for kind in SubjectKind}
        for kind, ref in subjects:
            refs[kind].append(ref)
        people, places = refs[SubjectKind.RESIDENT], refs[SubjectKind.FACILITY]
        return replace(
            self,
            residents=_of(self.residents, people),
            facilities=_of(self.facilities, places),
            near_residents=_of(self.near_residents, people),
            near_facilities=_of(self.near_facilities, places),
        )


def find_inside(
    stores: Stores, infos: Mapping[int, Info], distances: Collection[float] = ()
) -> Inside:
    """Everybody and every place inside the areas of these infos, or so many km from them.

    Only an area with a known outline can be looked around: one known by its code alone reaches
    those registered under the code.
    """
    residents: dict[str, set[int]] = {}
    facilities: dict[str, set[int]] = {}
    names: dict[tuple[SubjectKind, str], dict[str, str]] = {}
    unresolved: set[int] = set()
    # Infos in several languages have the same areas.
    areas = {key_of(area): area for info in infos.values() for area in info.areas or (NOWHERE,)}
    finder = Finder(stores)
    known = dict(zip(areas, finder.find_each(tuple(areas.values())), strict=True))
    for number, info in infos.items():
        for area in info.areas or (NOWHERE,):
            found = known[key_of(area)]
            if not found.is_certain:
                unresolved.add(number)
            for ref in found.residents:
                residents.setdefault(ref, set()).add(number)
            for ref in found.facilities:
                facilities.setdefault(ref, set()).add(number)
            _name(names, found, area, info)
    near = [(km, dict(zip(areas, finder.around(km), strict=True))) for km in sorted(distances)]
    return Inside(
        _frozen(residents),
        _frozen(facilities),
        _shared(names),
        frozenset(unresolved),
        tuple(dict.fromkeys(pair for found in known.values() for pair in found.unknown)),
        tuple(dict.fromkeys(found.note for found in known.values() if found.note)),
        _near(infos, near, residents, lambda found: found.residents),
        _near(infos, near, facilities, lambda found: found.facilities),
    )


def note_areas(stores: Stores, decided: Plan, warning_id: int, now: datetime) -> None:
    """Keep what could not be placed, for the officer to import, and say what was odd."""
    sender = decided.warning.sender
    stores.unknown_areas.note(sender, decided.unknown_areas, warning_id, now)
    for note in decided.area_notes:
        stores.journal.write(now, "area_odd", f"warning:{warning_id}", note=note)


def load_residents(
    stores: Stores,
    found: Inside,
    known: "Places | None" = None,
    *,
    messengers_at: datetime | None = None,
) -> tuple[Candidate, ...]:
    """The residents of `found`, by ref, with caregivers and places; `known` is added to.

    With the messengers who may look in on them at that moment, if one is given.
    """
    inside, near = found.residents, found.near_residents
    if not inside and not near:
        return ()
    messengers: Mapping[str, Sequence[Organisation]] = {}
    if messengers_at is not None:
        messengers = stores.organisations.messengers_of(inside.keys() | near.keys(), messengers_at)
    places = _Look(stores, known)
    return tuple(
        Candidate(
            resident,
            tuple(caregivers),
            inside.get(resident.ref, _NOWHERE_INSIDE),
            places.codes(resident.area_code),
            places.names(resident.area_code)
            or found.names.get((SubjectKind.RESIDENT, resident.ref), _NAMELESS),
            near.get(resident.ref, _NOWHERE_NEAR),
            tuple(messengers.get(resident.ref, ())),
        )
        for resident, caregivers in stores.people.for_planning(inside.keys() | near.keys())
    )


def load_facilities(
    stores: Stores, found: Inside, known: "Places | None" = None, *, evidence: bool = False
) -> tuple[FacilityCandidate, ...]:
    """The facilities of `found`, by ref, with their places; `known` is added to.

    With what is known beside their records, where `evidence` is asked for.
    """
    inside, near = found.facilities, found.near_facilities
    refs = inside.keys() | near.keys()
    if not refs:
        return ()
    places = _Look(stores, known)
    facilities = sorted(stores.facilities.get(refs), key=lambda one: one.ref)
    beside = evidence_of(stores, facilities) if evidence else {}
    return tuple(
        FacilityCandidate(
            facility,
            inside.get(facility.ref, frozenset()),
            places.names(facility.area_code)
            or found.names.get((SubjectKind.FACILITY, facility.ref), _NAMELESS),
            places.codes(facility.area_code),
            near.get(facility.ref, _NOWHERE_NEAR),
            beside.get(facility.ref, NO_EVIDENCE),
        )
        for facility in facilities
    )


def _name(
    names: dict[tuple[SubjectKind, str], dict[str, str]], found: "Found", area: Area, info: Info
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


def _near(
    infos: Mapping[int, Info],
    near: Iterable[tuple[float, Mapping[tuple[object, ...], Found]]],
    inside: Mapping[str, set[int]],
    refs_of: Callable[[Found], frozenset[str]],
) -> dict[str, dict[int, float]]:
    """Ref -> info -> the shortest of the distances asked for that takes it in from outside."""
    found: dict[str, dict[int, float]] = {}
    for km, around in near:
        for number, info in infos.items():
            for area in info.areas or (NOWHERE,):
                for ref in refs_of(around[key_of(area)]):
                    if number not in inside.get(ref, ()):
                        found.setdefault(ref, {}).setdefault(number, km)
    return found


_Any = TypeVar("_Any")


def _of(found: Mapping[str, _Any], refs: Iterable[str]) -> dict[str, _Any]:
    return {ref: found[ref] for ref in refs if ref in found}


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
