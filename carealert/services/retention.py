"""Ends what is kept for a time only: texts, answers, and whoever agrees to nothing any more.

A run takes small bites, each a transaction of its own, so that no alarm waits for it. What was
done stays done: a run that was broken off is taken up by the next one.
"""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from carealert.domain.access import Actor, Right
from carealert.domain.retention import (
    GRACE,
    Fate,
    Kept,
    Periods,
    Verdict,
    judge,
    last_night,
)
from carealert.services.access import everywhere, needs
from carealert.services.ports.consents import PersonKind
from carealert.services.ports.registry import StillSending
from carealert.services.ports.retention import Registered
from carealert.services.ports.store import Database, Stores

log = logging.getLogger(__name__)

#: Rows changed in one transaction; people are taken one by one.
BATCH = 200
#: People whose grounds are read in one go.
_PAGE = 500
_EVENT = "retention"

#: Frees what was deleted from the disk; False where it has to be tried again.
Scrub = Callable[[], bool]


@dataclass(frozen=True, slots=True)
class Keeping:
    """For how long what is kept, and how long a warning without an end holds."""

    periods: Periods
    assumed_life: timedelta


@dataclass(frozen=True, slots=True)
class Due:
    """Somebody whose time is over. `held`: an open incident keeps them all the same."""

    kind: PersonKind
    ref: str
    verdict: Verdict
    held: bool


@dataclass(frozen=True, slots=True)
class Waiting:
    """What is due at a moment, and what only an incident that is still open keeps."""

    texts: int
    answers: int
    people: tuple[Due, ...]
    held_texts: int
    held_answers: int

    @property
    def count(self) -> int:
        """How much there is to do."""
        return self.texts + self.answers + self.ready

    @property
    def ready(self) -> int:
        """How many people no open incident keeps."""
        return sum(not one.held for one in self.people)

    @property
    def held(self) -> int:
        """How much has to wait for the end of an incident."""
        return self.held_texts + self.held_answers + sum(one.held for one in self.people)


@dataclass(frozen=True, slots=True)
class Done:
    """What a run did. `held` has to wait; `nobody_left` are residents without a caregiver now."""

    texts: int = 0
    answers: int = 0
    erased: int = 0
    stripped: int = 0
    held: int = 0
    nobody_left: int = 0
    scrubbed: bool = True


@needs(Right.FORGET)
def due(db: Database, who: Actor, keeping: Keeping, now: datetime) -> Waiting:
    """What a run would do now; nothing is changed. For those who see the whole city."""
    everywhere(who, "Retention")
    return waiting(db, keeping, now)


@needs(Right.FORGET)
def keep_to(db: Database, who: Actor, keeping: Keeping, scrub: Scrub, now: datetime) -> Done:
    """End what is due now. For those who see the whole city."""
    everywhere(who, "Retention")
    return _run(db, keeping, scrub, now, who.name)


def nightly(
    db: Database, keeping: Keeping, scrub: Scrub, zone: ZoneInfo, now: datetime
) -> Done | None:
    """The run of each night, at the first call after two o'clock; None where it was done."""
    with db.reading() as stores:
        if stores.journal.since(last_night(now, zone), _EVENT):
            return None
    return _run(db, keeping, scrub, now, "nightly")


def overdue(db: Database, keeping: Keeping, now: datetime) -> Waiting:
    """What should have been ended two days ago."""
    return waiting(db, keeping, now - GRACE)


def waiting(db: Database, keeping: Keeping, now: datetime) -> Waiting:
    """What is due at this moment."""
    with db.reading() as stores:
        texts = stores.retention.texts(now - keeping.periods[Kept.TEXTS])
        answers = stores.retention.answers(now - keeping.periods[Kept.ANSWERS])
        names = {name for name in (*texts, *answers) if name is not None}
        still = {name for name in names if _is_open(stores, name, keeping, now)}
        people = tuple(_people(stores, keeping, now))
    return Waiting(
        sum(many for name, many in texts.items() if name not in still),
        sum(many for name, many in answers.items() if name not in still),
        people,
        sum(many for name, many in texts.items() if name in still),
        sum(many for name, many in answers.items() if name in still),
    )


def _run(db: Database, keeping: Keeping, scrub: Scrub, now: datetime, by: str) -> Done:
    """Everything that is due, then one line of counts for the journal."""
    held = waiting(db, keeping, now).held
    done = Done(texts=end_texts(db, keeping, now), answers=end_answers(db, keeping, now), held=held)
    done = end_contacts(db, keeping, now, done)
    counts = {
        name: str(getattr(done, name))
        for name in ("texts", "answers", "erased", "stripped", "held", "nobody_left")
    }
    with db.transaction() as stores:
        stores.retention.drop_codes(now)
        stores.journal.write(now, _EVENT, "register", by=by, **counts)
    if not (scrubbed := scrub()):
        log.warning("deleted texts are still in the database's log: the next run empties it")
    return replace(done, scrubbed=scrubbed)


def end_texts(db: Database, keeping: Keeping, now: datetime) -> int:
    """Reduce the texts whose time is over; how many."""
    before = now - keeping.periods[Kept.TEXTS]
    with db.reading() as stores:
        incidents = list(stores.retention.texts(before))

    def bite(stores: Stores, incident: str) -> int:
        if _is_open(stores, incident, keeping, now):
            return 0
        return stores.retention.reduce_texts(incident, before, now, BATCH)

    return sum(_bites(db, partial(bite, incident=incident)) for incident in incidents)


def end_answers(db: Database, keeping: Keeping, now: datetime) -> int:
    """Delete the texts of answers whose time is over; how many."""
    before = now - keeping.periods[Kept.ANSWERS]
    with db.reading() as stores:
        incidents = list(stores.retention.answers(before))

    def bite(stores: Stores, incident: str | None) -> int:
        if incident is not None and _is_open(stores, incident, keeping, now):
            return 0
        return stores.retention.clear_answers(incident, before, now, BATCH)

    return sum(_bites(db, partial(bite, incident=incident)) for incident in incidents)


def end_contacts(db: Database, keeping: Keeping, now: datetime, done: Done = Done()) -> Done:
    """Forget or strip whose grounds ended long enough ago; the counts are added to `done`."""
    with db.reading() as stores:
        people = [one for one in _people(stores, keeping, now) if not one.held]
    for one in people:
        with db.transaction() as stores:
            person = stores.retention.person(one.kind, one.ref)
            # They may have agreed again, or been told of a warning, since the list was made.
            again = _due(stores, person, keeping, now) if person else None
            if again is not None and not again.held:
                done = _end_person(stores, again, now, done)
    return done


def _end_person(stores: Stores, one: Due, now: datetime, done: Done) -> Done:
    homes = _homes(stores, one)
    try:
        if one.verdict.fate is Fate.STRIP:
            stores.retention.strip(one.ref, now)
            return replace(done, stripped=done.stripped + 1)
        stores.people.forget(one.kind, one.ref, now)
    except StillSending:
        return replace(done, held=done.held + 1)
    left = sum(not stores.people.caregivers_of([ref]).get(ref) for ref in homes)
    return replace(done, erased=done.erased + 1, nobody_left=done.nobody_left + left)


def _homes(stores: Stores, one: Due) -> list[str]:
    if one.kind is PersonKind.RESIDENT:
        return []
    return [link.resident_ref for _, links in stores.people.caregivers([one.ref]) for link in links]


def _people(stores: Stores, keeping: Keeping, now: datetime) -> Iterator[Due]:
    for kind in PersonKind:
        after = ""
        while some := stores.retention.people(kind, after, _PAGE):
            after = some[-1].own.ref
            for person in some:
                if found := _due(stores, person, keeping, now):
                    yield found


def _due(stores: Stores, person: Registered, keeping: Keeping, now: datetime) -> Due | None:
    """None for somebody who stays."""
    verdict = judge(person.own, person.carers, keeping.periods[Kept.CONTACTS], now)
    if verdict.fate is Fate.KEEP:
        return None
    incidents = stores.retention.incidents_of(person.kind, person.own.ref)
    held = any(_is_open(stores, incident, keeping, now) for incident in sorted(incidents))
    return Due(person.kind, person.own.ref, verdict, held)


def _is_open(stores: Stores, incident: str, keeping: Keeping, now: datetime) -> bool:
    return stores.retention.is_open(incident, now, keeping.assumed_life)


def _bites(db: Database, bite: Callable[[Stores], int]) -> int:
    """One transaction after the other until there is nothing left."""
    total = 0
    while True:
        with db.transaction() as stores:
            done = bite(stores)
        total += done
        if done < BATCH:
            return total
