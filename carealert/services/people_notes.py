"""What somebody should look at after people were imported; nobody is named but by ref."""

from collections.abc import Collection, Iterable, Sequence

from carealert.domain.facilities import Facility
from carealert.domain.people import Caregiver, CareLink, Resident
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
    notes = [f"{nowhere} have neither a position nor an area: no warning finds them."]
    codes = {one.area_code for one in placed if one.area_code}
    unknown = codes - {one.code for one in stores.areas.all()} if codes else set()
    return [*(notes if nowhere else ()), *codes_note("Areas", unknown)]


def codes_note(what: str, unknown: Iterable[str]) -> list[str]:
    """Codes that no area file has explained yet."""
    codes = sorted(unknown)
    if not codes:
        return []
    more = f" and {len(codes) - _SPELLED} more" if len(codes) > _SPELLED else ""
    spelled = ", ".join(codes[:_SPELLED])
    return [f"{what} that are not known yet: {spelled}{more}. Import them with 'areas import'."]


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
