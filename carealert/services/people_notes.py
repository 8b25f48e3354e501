"""What somebody should look at after people were imported; nobody is named but by ref."""

from collections.abc import Collection, Iterable, Iterator, Sequence

from carealert.domain.facilities import Facility
from carealert.domain.locating import MISPLACED_KM, Locator
from carealert.domain.people import Caregiver, CareLink, Resident
from carealert.domain.rules import SubjectKind
from carealert.services.places import astray_among
from carealert.services.ports.places import Position
from carealert.services.ports.registry import PlaceArea
from carealert.services.ports.store import Stores

#: How many codes a note spells out.
_SPELLED = 10


def strangers(
    stores: Stores, residents: Sequence[Resident], links: Iterable[CareLink]
) -> list[str]:
    """Refs of residents who are cared for and are in neither the file nor the register."""
    named = {link.resident_ref for link in links}
    if named:
        named -= {one.ref for one in residents}
    return sorted(named - stores.people.resident_refs()) if named else []


def place_notes(stores: Stores, placed: Sequence[Resident] | Sequence[Facility]) -> list[str]:
    """Who is found by no warning at all, or only by an area that nobody has described."""
    nowhere = sum(1 for one in placed if one.lat is None and one.area_code is None)
    have = "has" if nowhere == 1 else "have"
    notes = [f"{nowhere} {have} neither a position nor an area: no warning finds them."]
    codes = {one.area_code for one in placed if one.area_code}
    areas = stores.areas.all() if placed else ()
    unknown = codes - {one.code for one in areas}
    return [
        *(notes if nowhere else ()),
        *codes_note("Areas", unknown),
        *_position_notes(stores, placed, Locator(areas)),
    ]


def _position_notes(
    stores: Stores,
    placed: Sequence[Resident] | Sequence[Facility],
    locator: Locator[PlaceArea],
) -> Iterator[str]:
    """Whose area was found by the position, who is in none, and whose stated area is elsewhere."""
    if locator.is_empty:
        return
    positions = [
        Position(one.ref, one.lon, one.lat, one.area_code, None)
        for one in placed
        if one.lon is not None and one.lat is not None
    ]
    unstated = sum(one.area_code is None for one in positions)
    astray = list(astray_among(stores, SubjectKind.RESIDENT, positions, locator))
    lost = [one for one in astray if one.area_code is None]
    if unstated > len(lost):
        found = unstated - len(lost)
        yield f"{found} without a stated area: the one around the position is noted beside it."
    if lost:
        refs = _spelled([one.ref for one in lost])
        yield f"{len(lost)} with a position that lies in no known area: {refs}."
    away = sorted((one for one in astray if one.km is not None), key=lambda one: -(one.km or 0))
    if away:
        refs = _spelled([f"{one.ref} ({one.km:g} km)" for one in away])
        yield (
            f"{len(away)} with a position more than {MISPLACED_KM:g} km outside of the stated "
            f"area: {refs}. Both are kept, and a warning for either finds them: ask which is right."
        )


def _spelled(words: Sequence[str]) -> str:
    """The first of them, and how many more."""
    more = f" and {len(words) - _SPELLED} more" if len(words) > _SPELLED else ""
    return ", ".join(words[:_SPELLED]) + more


def codes_note(what: str, unknown: Iterable[str]) -> list[str]:
    """Codes that no area file has explained yet."""
    codes = _spelled(sorted(unknown))
    if not codes:
        return []
    return [f"{what} that are not known yet: {codes}. Import them with 'areas import'."]


def telling_notes(
    stores: Stores,
    residents: Sequence[Resident],
    caregivers: Sequence[tuple[Caregiver, Collection[CareLink]]],
) -> list[str]:
    """Whom nobody can tell, and who was registered as a caregiver of nobody."""
    silent = {one.ref for one in residents if one.phone is None}
    silent -= {link.resident_ref for who, links in caregivers if who.phone for link in links}
    if silent:
        given = (who.ref for who, _ in caregivers)  # what the register says of them is over
        silent -= stores.people.with_phoned_carers(silent, given)
    alone = len(silent)
    idle = sum(1 for _, cares_for in caregivers if not cares_for)
    notes = [f"{alone} residents have no phone and no caregiver with one: only a visit finds them."]
    idlers = [f"{idle} caregivers care for nobody: they are never told anything."]
    return [*(notes if alone else ()), *(idlers if idle else ())]
