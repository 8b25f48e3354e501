"""Keeps the journal's chain, and proves that nobody has touched it."""

from collections.abc import Sequence
from dataclasses import dataclass

from carealert.domain.access import Actor, Right
from carealert.domain.chain import Break, Verifier
from carealert.services.access import everywhere, needs
from carealert.services.ports.records import JournalLine
from carealert.services.ports.store import Database

#: Lines read or chained in one go.
BATCH = 1000


@dataclass(frozen=True, slots=True)
class Proof:
    """What a walk along the chain found. `head` is the hash of its last good line."""

    lines: int
    head: bytes
    unchained: int
    broken: Break | None
    head_found: bool | None = None


def chain(db: Database) -> int:
    """Chain every line that is not chained yet; how many there were. For one leader."""
    done = 0
    while True:
        with db.transaction() as stores:
            count = stores.journal.chain(BATCH)
        done += count
        if count < BATCH:
            return done


@needs(Right.READ_JOURNAL)
def lines(
    db: Database,
    who: Actor,
    limit: int,
    event: str | None = None,
) -> Sequence[JournalLine]:
    """What happened, newest first; of one event, if it is named.

    Lines name people of the whole city by ref: raises NotAllowed for an actor with areas.
    """
    everywhere(who, "The journal")
    with db.reading() as stores:
        return stores.journal.recent(limit, event)


@needs(Right.READ_JOURNAL)
def verify(db: Database, who: Actor, head: bytes | None = None) -> Proof:  # noqa: ARG001
    """Walk along the whole chain; `head` is one that was written down and must still be in it."""
    verifier = Verifier()
    found = head is None
    with db.reading() as stores:
        while some := stores.journal.chained(verifier.number, BATCH):
            found = found or any(line.hash == head for line in some)
            if broken := verifier.follow(some):
                return Proof(verifier.number, verifier.head, 0, broken, found if head else None)
        unchained = stores.journal.unchained_count()
    return Proof(verifier.number, verifier.head, unchained, None, found if head else None)
