"""What of an import is an actor's to write, and what of others' data it must leave as it is."""

from collections.abc import Collection, Sequence

from carealert.domain.people import Caregiver, CareLink, Resident
from carealert.services.access import NotAllowed, Reach, within
from carealert.services.ports.consents import PersonKind
from carealert.services.ports.store import Stores

#: A caregiver and whom this person cares for.
CaregiverWithLinks = tuple[Caregiver, Sequence[CareLink]]

#: Refs that a refusal names.
NAMED = 5


class NotTheirs(NotAllowed):
    """Rows are of people outside the actor's areas; `refs` are as the files have them, sorted."""

    def __init__(self, refs: Collection[str]) -> None:
        self.refs = tuple(sorted(set(refs)))
        many = len(self.refs)
        rows = "row is" if many == 1 else "rows are"
        super().__init__(
            f"{many} {rows} of people outside your areas, such as "
            f"{', '.join(self.refs[:NAMED])}: nothing was imported. Leave them out, or ask "
            "somebody who sees the whole city."
        )


def must_be_theirs(
    stores: Stores,
    theirs: Reach,
    residents: Sequence[Resident],
    caregivers: Sequence[CaregiverWithLinks],
) -> None:
    """Raise NotTheirs where a row is, or was until now, of somebody outside the actor's areas.

    A caregiver is where those live whom they care for: by the files, else by the register.
    """
    if theirs.codes is None:
        return
    mine = {one.ref for one in residents if theirs.has(one.area_code)}
    outside = [one.ref for one in residents if one.ref not in mine]
    outside += _elsewhere(stores, theirs, PersonKind.RESIDENT, mine)
    homes = {link.resident_ref for _, links in caregivers for link in links} - mine
    mine |= within(stores, theirs, PersonKind.RESIDENT, homes)
    carers = {carer.ref for carer, _ in caregivers}
    outside += [
        carer.ref
        for carer, links in caregivers
        if not links or any(link.resident_ref not in mine for link in links)
    ]
    outside += _elsewhere(stores, theirs, PersonKind.CAREGIVER, carers)
    if outside:
        raise NotTheirs(outside)


def with_links_elsewhere(
    stores: Stores, theirs: Reach, caregivers: Sequence[CaregiverWithLinks]
) -> Sequence[CaregiverWithLinks]:
    """The caregivers with whom they care for outside the actor's areas, by the register, too.

    The actor is not told of these homes, so a file of theirs cannot name them: what it leaves out
    must not take somebody's caregiver away.
    """
    if theirs.codes is None:
        return caregivers
    known = {
        carer.ref: links for carer, links in stores.people.caregivers(c.ref for c, _ in caregivers)
    }
    homes = {link.resident_ref for links in known.values() for link in links}
    mine = within(stores, theirs, PersonKind.RESIDENT, homes)
    return [
        (
            carer,
            [
                *links,
                *(link for link in known.get(carer.ref, ()) if link.resident_ref not in mine),
            ],
        )
        for carer, links in caregivers
    ]


def _elsewhere(stores: Stores, theirs: Reach, kind: PersonKind, refs: Collection[str]) -> list[str]:
    """Those of these refs that the register knows, and knows outside the actor's areas."""
    known = stores.people.homes(kind, refs).keys()
    return sorted(known - within(stores, theirs, kind, known))
