"""One person of the register: found, shown, revealed, forgotten; and all of them taken out."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from carealert.domain.access import Actor, Right
from carealert.domain.consents import ConsentRecord
from carealert.domain.duplicates import name_key
from carealert.domain.facilities import Facility
from carealert.domain.people import Caregiver, CareLink, Resident
from carealert.domain.reasons import demand
from carealert.services.access import Reach, needs, reach, within
from carealert.services.ports.consents import PersonKind
from carealert.services.ports.registry import Forgotten, Owner, Sent
from carealert.services.ports.store import Database, Stores

#: Names are opened one by one to be compared: no more than so many, and no more hits than so.
MOST_NAMES = 250_000
MOST_FOUND = 25
_BATCH = 2000


class NobodyHasRef(LookupError):
    """Nobody is registered under this ref."""


@dataclass(frozen=True, slots=True)
class Found:
    """Refs that a search led to.

    `looked_at` counts the names that were opened for it, of those in the actor's areas.
    """

    hits: tuple[tuple[str, str], ...]
    looked_at: int = 0
    more: bool = False


@dataclass(frozen=True, slots=True)
class Held:
    """Everything that is held of one person; `links` are both ways."""

    kind: PersonKind
    person: Resident | Caregiver
    links: tuple[CareLink, ...]
    consents: Sequence[ConsentRecord]
    stopped: bool
    last_sent: Sent | None


class RegisterFiles(Protocol):
    """Where an export goes."""

    def residents(self, people: Iterable[Resident]) -> None:
        """Take all residents."""
        ...

    def caregivers(self, people: Iterable[tuple[Caregiver, Sequence[CareLink]]]) -> None:
        """Take all caregivers with whom each cares for."""
        ...

    def facilities(self, places: Iterable[Facility]) -> None:
        """Take all facilities."""
        ...


@needs(Right.READ_REGISTER)
def find_by_ref(db: Database, who: Actor, text: str) -> Found:
    """Refs that are this text or begin with it, of those in the actor's areas."""
    with db.reading() as stores:
        theirs = reach(stores, who)
        refs = [(kind.value, ref) for kind, ref in _refs(stores, theirs) if ref.startswith(text)]
    return Found(tuple(refs[:MOST_FOUND]), more=len(refs) > MOST_FOUND)


@needs(Right.READ_REGISTER)
def find_by_phone(db: Database, who: Actor, number: str) -> Found:
    """Everybody in the actor's areas who is told on this E.164 number, found by its keyed hash."""
    with db.reading() as stores:
        theirs = reach(stores, who)
        owners = [one for one in stores.people.owners_of(number) if _is_theirs(stores, theirs, one)]
    return Found(tuple((one.kind, one.ref) for one in owners))


def _is_theirs(stores: Stores, theirs: Reach, owner: Owner) -> bool:
    if owner.kind in list(PersonKind):
        return bool(within(stores, theirs, PersonKind(owner.kind), [owner.ref]))
    return any(
        theirs.has_facility(one.ref, one.area_code) for one in stores.facilities.get([owner.ref])
    )


@needs(Right.READ_REGISTER)
def find_by_name(db: Database, who: Actor, text: str) -> Found:
    """People in the actor's areas in whose name every word of the text is, or begins a word.

    All names are opened for it.
    """
    wanted = (name_key(text) or "").split()
    hits: list[tuple[str, str]] = []
    opened = looked = 0
    with db.reading() as stores:
        theirs = reach(stores, who)
        for kind in PersonKind:
            named, found = [], []
            for ref, name in stores.people.names(kind, MOST_NAMES - opened):
                named.append(ref)
                words = (name_key(name) or "").split()
                if wanted and all(any(w.startswith(part) for w in words) for part in wanted):
                    found.append(ref)
            opened += len(named)
            mine = within(stores, theirs, kind, named)
            looked += len(mine)
            hits += [(kind.value, ref) for ref in found if ref in mine]
    return Found(tuple(hits[:MOST_FOUND]), looked, len(hits) > MOST_FOUND)


@needs(Right.READ_REGISTER)
def held_of(db: Database, who: Actor, ref: str) -> list[Held]:
    """What is held under this ref, of a resident, a caregiver or both; raises NobodyHasRef.

    Somebody outside the actor's areas is answered as nobody.
    """
    return _all_held(db, who, ref)


def _all_held(db: Database, who: Actor, ref: str) -> list[Held]:
    with db.reading() as stores:
        theirs = reach(stores, who)
        found = [
            one
            for kind in PersonKind
            if within(stores, theirs, kind, [ref])
            for one in _held(stores, kind, ref, theirs)
        ]
    if not found:
        raise NobodyHasRef(f"Nobody has the ref '{ref}': see 'carealert people find'.")
    return found


@needs(Right.REVEAL)
def reveal(db: Database, who: Actor, ref: str, reason: str, now: datetime) -> list[Held]:
    """As `held_of`, and the journal says that somebody looked, and why. Raises BadReason, too."""
    found = _all_held(db, who, ref)
    reason = demand(reason, (one.person.name for one in found))
    with db.transaction() as stores:
        for one in found:
            subject = f"{one.kind.value}:{ref}"
            stores.journal.write(now, "revealed", subject, reason=reason, by=who.name)
    return found


@needs(Right.FORGET)
def forget(
    db: Database, who: Actor, kind: PersonKind, ref: str, reason: str, now: datetime
) -> Forgotten:
    """Take somebody out of the register and of everything written about them.

    Counts stay; the journal says that somebody was forgotten, and not who. Raises NobodyHasRef,
    StillSending and BadReason.
    """
    with db.transaction() as stores:
        theirs = reach(stores, who)
        reason = demand(reason, (one.person.name for one in _held(stores, kind, ref, theirs)))
        mine = within(stores, theirs, kind, [ref])
        done = stores.people.forget(kind, ref, now) if mine else None
        if done is None:
            raise NobodyHasRef(f"No {kind.value} has the ref '{ref}': see 'carealert people find'.")
        stores.journal.write(
            now, "forgotten", "register", kind=kind.value, reason=reason, by=who.name
        )
    return done


@needs(Right.EXPORT)
def export(
    db: Database, who: Actor, files: RegisterFiles, reason: str, now: datetime
) -> dict[str, int]:
    """Write out whatever of the register is in the actor's areas; how many of each.

    The journal says so before it happens. Raises BadReason.
    """
    reason = demand(reason)
    with db.reading() as stores:
        theirs = reach(stores, who)
        refs = {
            f"{kind.value}s": [ref for one, ref in _refs(stores, theirs) if one is kind]
            for kind in PersonKind
        }
        refs["facilities"] = [
            one.ref
            for some in _batches(sorted(stores.facilities.refs()))
            for one in stores.facilities.get(some)
            if theirs.has_facility(one.ref, one.area_code)
        ]
    counts = {noun: len(own) for noun, own in refs.items()}
    with db.transaction() as stores:
        details = {noun: str(many) for noun, many in counts.items()}
        stores.journal.write(now, "exported", "register", reason=reason, by=who.name, **details)
    with db.reading() as stores:
        files.residents(
            one for some in _batches(refs["residents"]) for one in stores.people.residents(some)
        )
        files.caregivers(
            (carer, _links_within(stores, theirs, links))
            for some in _batches(refs["caregivers"])
            for carer, links in stores.people.caregivers(some)
        )
        files.facilities(
            one for some in _batches(refs["facilities"]) for one in stores.facilities.get(some)
        )
    return counts


def _links_within(stores: Stores, theirs: Reach, links: Sequence[CareLink]) -> tuple[CareLink, ...]:
    """Whom somebody cares for elsewhere is not the actor's to know."""
    homes = [link.resident_ref for link in links]
    mine = within(stores, theirs, PersonKind.RESIDENT, homes)
    return tuple(link for link in links if link.resident_ref in mine)


def _batches(refs: Sequence[str]) -> Iterator[Sequence[str]]:
    return (refs[start : start + _BATCH] for start in range(0, len(refs), _BATCH))


def _refs(stores: Stores, theirs: Reach) -> Iterator[tuple[PersonKind, str]]:
    every = {
        PersonKind.RESIDENT: stores.people.resident_refs(),
        PersonKind.CAREGIVER: stores.people.caregiver_refs(),
    }
    for kind, refs in every.items():
        yield from ((kind, ref) for ref in sorted(within(stores, theirs, kind, refs)))


def _held(stores: Stores, kind: PersonKind, ref: str, theirs: Reach) -> Iterator[Held]:
    person: Resident | Caregiver
    links: Sequence[CareLink]
    if kind is PersonKind.RESIDENT:
        residents = stores.people.residents([ref])
        if not residents:
            return
        person = residents[0]
        links = [link for _, link in stores.people.caregivers_of([ref])[ref]]
    else:
        carers = stores.people.caregivers([ref])
        if not carers:
            return
        person, links = carers[0]
    number = person.phone.number if person.phone else None
    yield Held(
        kind,
        person,
        _links_within(stores, theirs, links),
        stores.consents.of(kind, [ref]).get(ref, ()),
        number is not None and number in stores.people.suppressed(),
        stores.people.last_sent(number) if number else None,
    )
