"""Records that somebody asked about and found to be right: they do not count as stale."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from carealert.domain.access import Actor, Right
from carealert.services.access import Reach, needs, reach
from carealert.services.ports.consents import PersonKind
from carealert.services.ports.store import Database, Stores


@dataclass(frozen=True, slots=True)
class Confirmed:
    """How many records were confirmed. `unknown` are refs of nobody: then none was."""

    records: int
    unknown: tuple[str, ...] = ()


@needs(Right.EDIT_REGISTER)
def confirm(db: Database, who: Actor, refs: Sequence[str], now: datetime) -> Confirmed:
    """Note for all records with these refs that they are right as they stand, or for none.

    A ref may be of a resident, a caregiver and a facility at once. A ref outside the actor's areas
    is answered as one that does not exist.
    """
    with db.transaction() as stores:
        theirs = reach(stores, who)
        residents, caregivers = _people(stores, theirs, refs)
        facilities = [
            one.ref
            for one in stores.facilities.get(refs)
            if theirs.has_facility(one.ref, one.area_code)
        ]
        known = {*residents, *caregivers, *facilities}
        if unknown := tuple(sorted(set(refs) - known)):
            return Confirmed(0, unknown)
        records = (
            stores.people.confirm(PersonKind.RESIDENT, residents, now)
            + stores.people.confirm(PersonKind.CAREGIVER, caregivers, now)
            + stores.facilities.confirm(facilities, now)
        )
        stores.journal.write(now, "confirmed", "register", by=who.name, records=str(records))
    return Confirmed(records)


def _people(stores: Stores, theirs: Reach, refs: Iterable[str]) -> tuple[list[str], list[str]]:
    """Those of these refs that are residents, and caregivers, within reach."""
    wanted = list(refs)
    residents = [one.ref for one in stores.people.residents(wanted) if theirs.has(one.area_code)]
    carers = stores.people.caregivers(wanted)
    if theirs.codes is None:
        return residents, [who.ref for who, _ in carers]
    homes = stores.people.residents(link.resident_ref for _, links in carers for link in links)
    near = {one.ref for one in homes if theirs.has(one.area_code)}
    return residents, [
        who.ref for who, links in carers if any(link.resident_ref in near for link in links)
    ]
