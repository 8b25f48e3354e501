"""People agree, refuse and withdraw; each change is a record, and counts from that moment on."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from carealert.domain.consents import ConsentRecord, ConsentStatus, Medium, newest, running_out
from carealert.domain.people import Purpose
from carealert.services.ports.consents import PersonKind
from carealert.services.ports.store import Database

#: How long a consent is good before it is asked for again (requirements 3.4).
GOOD_FOR = timedelta(days=365)


class NotInRegister(LookupError):
    """Nobody is registered under this ref."""


def give(
    db: Database, kind: PersonKind, ref: str, records: Sequence[ConsentRecord], now: datetime
) -> None:
    """Record that somebody agrees; a consent without an end holds for a year from `now`.

    Raises NotInRegister.
    """
    dated = [replace(one, expires=one.expires or now + GOOD_FOR) for one in records]
    _record(db, kind, ref, dated, "consent_given", now)


def withdraw(
    db: Database,
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
    _record(db, kind, ref, records, "consent_withdrawn", now)


def history(db: Database, kind: PersonKind, ref: str) -> Sequence[ConsentRecord]:
    """Everything that was ever recorded of one person, oldest first."""
    with db.reading() as stores:
        return stores.consents.of(kind, [ref]).get(ref, ())


def expiring(
    db: Database, now: datetime, within: timedelta
) -> list[tuple[PersonKind, str, frozenset[Purpose], datetime]]:
    """Who has a consent that ends within this time: kind, ref, purposes, the first end."""
    found = []
    with db.reading() as stores:
        for kind in PersonKind:
            refs = stores.consents.with_an_end(kind, now, now + within)
            for ref, records in stores.consents.of(kind, refs).items():
                if purposes := running_out(records, now, within):
                    ends = (newest(records)[purpose].expires for purpose in purposes)
                    found.append((kind, ref, purposes, min(end for end in ends if end)))
    return sorted(found, key=lambda one: (one[3], one[0], one[1]))


def _record(
    db: Database,
    kind: PersonKind,
    ref: str,
    records: Sequence[ConsentRecord],
    event: str,
    now: datetime,
) -> None:
    with db.transaction() as stores:
        if stores.consents.add(kind, {ref: records}):
            raise NotInRegister(f"No {kind} has the ref '{ref}': see 'carealert people find'.")
        purposes = ",".join(sorted(one.purpose for one in records))
        stores.journal.write(now, event, f"{kind}:{ref}", purposes=purposes)
