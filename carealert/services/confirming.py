"""Records that somebody asked about and found to be right: they do not count as stale."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from carealert.domain.access import Actor, Right
from carealert.services.access import needs, reach, within
from carealert.services.ports.consents import PersonKind
from carealert.services.ports.store import Database


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
        every = (
            (PersonKind.RESIDENT, [one.ref for one in stores.people.residents(refs)]),
            (PersonKind.CAREGIVER, [carer.ref for carer, _ in stores.people.caregivers(refs)]),
        )
        residents, caregivers = (within(stores, theirs, kind, known) for kind, known in every)
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
