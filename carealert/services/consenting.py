"""People agree, refuse and withdraw; each change is a record, and counts from that moment on."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum

from carealert.domain.access import Actor, Right
from carealert.domain.consents import ConsentRecord, ConsentStatus, Medium, newest, running_out
from carealert.domain.people import Purpose
from carealert.services.access import needs, reach, within
from carealert.services.ports.consents import PersonKind
from carealert.services.ports.store import Database, Stores

#: How long a consent is good before it is asked for again (requirements 3.4).
GOOD_FOR = timedelta(days=365)


#: Whose consent ends: kind, ref, purposes, the first end (aware).
Ending = tuple[PersonKind, str, frozenset[Purpose], datetime]


class Call(StrEnum):
    """Why somebody has to be called."""

    ERASURE = "asked to be erased on a phone that is not theirs alone"
    NOBODY = "has no caregiver and no phone: a warning would reach nobody"


class NotInRegister(LookupError):
    """Nobody is registered under this ref."""


@needs(Right.RECORD_CONSENTS)
def give(
    db: Database,
    who: Actor,
    kind: PersonKind,
    ref: str,
    records: Sequence[ConsentRecord],
    now: datetime,
) -> None:
    """Record that somebody agrees; a consent without an end holds for a year from `now`.

    Raises NotInRegister.
    """
    dated = [replace(one, expires=one.expires or now + GOOD_FOR) for one in records]
    _record(db, who, kind, ref, dated, "consent_given", now)


@needs(Right.RECORD_CONSENTS)
def withdraw(
    db: Database,
    who: Actor,
    kind: PersonKind,
    ref: str,
    purposes: Iterable[Purpose],
    medium: Medium,
    now: datetime,
) -> None:
    """Record that somebody agrees no more.

    What waits to be sent is not sent: each message asks for the consent again just before it
    goes. Raises NotInRegister.
    """
    records = [ConsentRecord(purpose, ConsentStatus.WITHDRAWN, now, medium) for purpose in purposes]
    _record(db, who, kind, ref, records, "consent_withdrawn", now)


@needs(Right.READ_CONSENTS)
def history(db: Database, who: Actor, kind: PersonKind, ref: str) -> Sequence[ConsentRecord]:
    """Everything that was ever recorded of one person, oldest first; nothing of others' people."""
    with db.reading() as stores:
        if not within(stores, reach(stores, who), kind, [ref]):
            return ()
        return stores.consents.of(kind, [ref]).get(ref, ())


@needs(Right.READ_CONSENTS)
def expiring(db: Database, who: Actor, now: datetime, soon: timedelta) -> list[Ending]:
    """Whose consent ends within this time, the first to end first, in the actor's areas."""
    with db.reading() as stores:
        theirs = reach(stores, who)
        found = ending(stores, now, soon)
        mine = {
            kind: within(stores, theirs, kind, [ref for one, ref, *_ in found if one is kind])
            for kind in PersonKind
        }
    return [one for one in found if one[1] in mine[one[0]]]


def ending(
    stores: Stores, now: datetime, soon: timedelta, of: frozenset[Purpose] = frozenset(Purpose)
) -> list[Ending]:
    """The same of everybody, of these purposes: for what asks people again by itself."""
    found = []
    for kind in PersonKind:
        refs = stores.consents.with_an_end(kind, now, now + soon)
        for ref, records in stores.consents.of(kind, refs).items():
            if purposes := running_out(records, now, soon) & of:
                ends = (newest(records)[purpose].expires for purpose in purposes)
                found.append((kind, ref, purposes, min(end for end in ends if end)))
    return sorted(found, key=lambda one: (one[3], one[0], one[1]))


@needs(Right.READ_CONSENTS)
def calls(db: Database, who: Actor, now: datetime) -> list[tuple[PersonKind, str, Call]]:
    """Whom an officer has to call, and why; by kind and ref, in the actor's areas."""
    with db.reading() as stores:
        theirs = reach(stores, who)
        found = [
            *((kind, ref, Call.ERASURE) for kind, ref in stores.asking.left_to_office(now)),
            *((PersonKind.RESIDENT, ref, Call.NOBODY) for ref in stores.asking.nobody_to_tell()),
        ]
        mine = {
            kind: within(stores, theirs, kind, [ref for one, ref, _ in found if one is kind])
            for kind in PersonKind
        }
    return sorted(one for one in found if one[1] in mine[one[0]])


@needs(Right.RECORD_CONSENTS)
def called(db: Database, who: Actor, kind: PersonKind, ref: str, now: datetime) -> None:
    """Record that somebody who asked to be erased was called, and what they said is done.

    Raises NotInRegister where nobody of this ref waits for it.
    """
    with db.transaction() as stores:
        mine = within(stores, reach(stores, who), kind, [ref])
        if not mine or not stores.asking.close_erasure(kind, ref):
            raise NotInRegister(
                f"No {kind} '{ref}' waits for a call: see 'carealert consents calls'."
            )
        stores.journal.write(now, "erasure_called", f"{kind}:{ref}", by=who.name)


def _record(
    db: Database,
    who: Actor,
    kind: PersonKind,
    ref: str,
    records: Sequence[ConsentRecord],
    event: str,
    now: datetime,
) -> None:
    with db.transaction() as stores:
        mine = within(stores, reach(stores, who), kind, [ref])
        if not mine or stores.consents.add(kind, {ref: records}):
            raise NotInRegister(f"No {kind} has the ref '{ref}': see 'carealert people find'.")
        purposes = ",".join(sorted(one.purpose for one in records))
        stores.journal.write(now, event, f"{kind}:{ref}", purposes=purposes, by=who.name)
