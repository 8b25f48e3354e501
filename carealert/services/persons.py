"""One person of the register: found, shown, revealed, forgotten; and all of them taken out."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from carealert.domain.consents import ConsentRecord
from carealert.domain.duplicates import name_key
from carealert.domain.facilities import Facility
from carealert.domain.people import Caregiver, CareLink, Resident
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
    """Refs that a search led to. `looked_at` counts the names that were opened for it."""

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


def find_by_ref(db: Database, text: str) -> Found:
    """Refs that are this text or begin with it."""
    with db.reading() as stores:
        refs = [(kind.value, ref) for kind, ref in _refs(stores) if ref.startswith(text)]
    return Found(tuple(refs[:MOST_FOUND]), more=len(refs) > MOST_FOUND)


def find_by_phone(db: Database, number: str) -> Found:
    """Everybody who is told on this E.164 number, found by its keyed hash."""
    with db.reading() as stores:
        owners: Sequence[Owner] = stores.people.owners_of(number)
    return Found(tuple((one.kind, one.ref) for one in owners))


def find_by_name(db: Database, text: str) -> Found:
    """People in whose name every word of the text is, or begins a word; names are opened for it."""
    wanted = (name_key(text) or "").split()
    hits: list[tuple[str, str]] = []
    looked = 0
    with db.reading() as stores:
        for kind in PersonKind:
            for ref, name in stores.people.names(kind, MOST_NAMES - looked):
                looked += 1
                words = (name_key(name) or "").split()
                if wanted and all(any(w.startswith(part) for w in words) for part in wanted):
                    hits.append((kind.value, ref))
    return Found(tuple(hits[:MOST_FOUND]), looked, len(hits) > MOST_FOUND)


def held_of(db: Database, ref: str) -> list[Held]:
    """What is held under this ref, of a resident, a caregiver or both; raises NobodyHasRef."""
    with db.reading() as stores:
        found = [one for kind in PersonKind for one in _held(stores, kind, ref)]
    if not found:
        raise NobodyHasRef(f"Nobody has the ref '{ref}': see 'carealert people find'.")
    return found


def reveal(db: Database, ref: str, reason: str, now: datetime) -> list[Held]:
    """As `held_of`, and the journal says that somebody looked, and why."""
    found = held_of(db, ref)
    with db.transaction() as stores:
        for one in found:
            stores.journal.write(now, "revealed", f"{one.kind.value}:{ref}", reason=reason)
    return found


def forget(db: Database, kind: PersonKind, ref: str, reason: str, now: datetime) -> Forgotten:
    """Take somebody out of the register and of everything written about them.

    Counts stay; the journal says that somebody was forgotten, and not who. Raises NobodyHasRef
    and StillSending.
    """
    with db.transaction() as stores:
        done = stores.people.forget(kind, ref, now)
        if done is None:
            raise NobodyHasRef(f"No {kind.value} has the ref '{ref}': see 'carealert people find'.")
        stores.journal.write(now, "forgotten", "register", kind=kind.value, reason=reason)
    return done


def export(db: Database, files: RegisterFiles, reason: str, now: datetime) -> dict[str, int]:
    """Write the whole register out; how many of each. The journal says so before it happens."""
    with db.reading() as stores:
        refs = {
            "residents": sorted(stores.people.resident_refs()),
            "caregivers": sorted(stores.people.caregiver_refs()),
            "facilities": sorted(stores.facilities.refs()),
        }
    counts = {noun: len(own) for noun, own in refs.items()}
    with db.transaction() as stores:
        details = {noun: str(many) for noun, many in counts.items()}
        stores.journal.write(now, "exported", "register", reason=reason, **details)
    with db.reading() as stores:
        files.residents(
            one for some in _batches(refs["residents"]) for one in stores.people.residents(some)
        )
        files.caregivers(
            one for some in _batches(refs["caregivers"]) for one in stores.people.caregivers(some)
        )
        files.facilities(
            one for some in _batches(refs["facilities"]) for one in stores.facilities.get(some)
        )
    return counts


def _batches(refs: Sequence[str]) -> Iterator[Sequence[str]]:
    return (refs[start : start + _BATCH] for start in range(0, len(refs), _BATCH))


def _refs(stores: Stores) -> Iterator[tuple[PersonKind, str]]:
    for ref in sorted(stores.people.resident_refs()):
        yield PersonKind.RESIDENT, ref
    for ref in sorted(stores.people.caregiver_refs()):
        yield PersonKind.CAREGIVER, ref


def _held(stores: Stores, kind: PersonKind, ref: str) -> Iterator[Held]:
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
        tuple(links),
        stores.consents.of(kind, [ref]).get(ref, ()),
        number is not None and number in stores.people.suppressed(),
        stores.people.last_sent(number) if number else None,
    )
