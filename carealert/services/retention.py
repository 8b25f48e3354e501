"""Erases what has been kept long enough, a little at a time beside the running service."""

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime

from carealert.domain.access import Actor, Right
from carealert.domain.retention import Keep, agrees_to_nothing_since
from carealert.services.access import everywhere, needs
from carealert.services.ports.consents import PersonKind
from carealert.services.ports.registry import StillSending
from carealert.services.ports.store import Database, Stores

#: Rows in one transaction: no writer waits longer than for these.
_BATCH = 500


@dataclass(frozen=True, slots=True)
class Erased:
    """How much is due, or was erased: texts of messages, answers, and people."""

    texts: int = 0
    answers: int = 0
    people: int = 0

    @property
    def is_nothing(self) -> bool:
        """True if there is nothing to do."""
        return not (self.texts or self.answers or self.people)


def due(db: Database, keep: Keep, now: datetime) -> Erased:
    """What has been kept long enough at `now`."""
    with db.reading() as stores:
        found = stores.retention
        people = sum(1 for _ in _people(stores, keep, now))
        return Erased(
            found.texts_due(now - keep.texts), found.answers_due(now - keep.answers), people
        )


def erase(db: Database, keep: Keep, now: datetime) -> Erased:
    """Erase what is due; what was begun and broken off is taken up by the next run."""
    done = Erased(
        _in_batches(db, lambda s: s.retention.erase_texts(now - keep.texts, now, _BATCH)),
        _in_batches(db, lambda s: s.retention.erase_answers(now - keep.answers, now, _BATCH)),
        _forget(db, keep, now),
    )
    with db.transaction() as stores:
        stores.retention.drop_codes(now)
        if not done.is_nothing:
            counts = {name: str(many) for name, many in asdict(done).items()}
            stores.journal.write(now, "retention", "register", **counts)
    if not done.is_nothing:
        with db.reading() as stores:
            stores.retention.compact()
    return done


@needs(Right.FORGET)
def show_due(db: Database, who: Actor, keep: Keep, now: datetime) -> Erased:
    """`due` for an officer."""
    everywhere(who, "Retention")
    return due(db, keep, now)


@needs(Right.FORGET)
def erase_now(db: Database, who: Actor, keep: Keep, now: datetime) -> Erased:
    """`erase` for an officer."""
    everywhere(who, "Retention")
    return erase(db, keep, now)


def _in_batches(db: Database, step: Callable[[Stores], int]) -> int:
    done = 0
    while True:
        with db.transaction() as stores:
            count = step(stores)
        done += count
        if count < _BATCH:
            return done


def _forget(db: Database, keep: Keep, now: datetime) -> int:
    with db.reading() as stores:
        people = list(_people(stores, keep, now))
    done = 0
    for kind, ref in people:
        try:
            with db.transaction() as stores:
                # They may have agreed again in the meantime.
                if (kind, ref) in _people(stores, keep, now, ref):
                    done += stores.people.forget(kind, ref, now) is not None
        except StillSending:
            continue  # the next run finds them again
    return done


def _people(
    stores: Stores, keep: Keep, now: datetime, only: str | None = None
) -> Iterator[tuple[PersonKind, str]]:
    """Who has agreed to nothing for so long; a resident only if nobody is told about them."""
    before = now - keep.contacts
    for kind in PersonKind:
        refs = [ref for ref in stores.retention.ended_before(kind, before) if only in (None, ref)]
        for ref, records in stores.consents.of(kind, refs).items():
            since = agrees_to_nothing_since(records, now)
            if since is not None and since <= before and not _is_cared_for(stores, kind, ref):
                yield kind, ref


def _is_cared_for(stores: Stores, kind: PersonKind, ref: str) -> bool:
    """Somebody who cares for them is told about them, and that is their own agreement."""
    return kind is PersonKind.RESIDENT and bool(stores.people.caregivers_of([ref]).get(ref))
