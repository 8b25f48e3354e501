"""Telling the others what somebody answered, one answer in each transaction."""

from datetime import datetime

from carealert.domain.rules import SubjectKind
from carealert.domain.settling import Answer, settle
from carealert.services.alerting import OfficeSettings
from carealert.services.candidates import Inside, load_residents
from carealert.services.ports.settling import Settled
from carealert.services.ports.store import Database, Stores
from carealert.services.ports.text import Composer, TemplateProblem

#: Answers of one round; what is left waits for the next, moments later.
BATCH = 200


def tell_the_others(db: Database, composer: Composer, office: OfficeSettings, now: datetime) -> int:
    """Tell the others of every answer that waits; return how many texts that makes.

    A crash between two answers loses and repeats nothing. An answer whose text cannot be written
    is journalled and left: the people are answered for, and the chain has stopped.
    """
    with db.reading() as stores:
        anything = stores.settling.any_waiting()
    if not anything:
        return 0
    with db.transaction() as stores:
        waiting = stores.settling.waiting(BATCH)
    told = 0
    for entry in waiting:
        with db.transaction() as stores:
            if stores.settling.done(entry):
                told += _tell(stores, composer, office, entry, now)
    return told


def _tell(
    stores: Stores, composer: Composer, settings: OfficeSettings, entry: Settled, now: datetime
) -> int:
    people = load_residents(stores, Inside({ref: frozenset() for ref in entry.refs}))
    among = [(SubjectKind.RESIDENT, ref) for ref in entry.refs]
    history = stores.outbox.history(entry.incident, entry.revision, among)
    drafts = settle(
        Answer(entry.notice, entry.answer, entry.by),
        people,
        history.told,
        entry.incident,
        entry.revision,
        settings.office(stores.people.suppressed()),
        now,
    )
    warning = f"warning:{entry.warning}"
    try:
        notices = composer.compose(drafts)
    except TemplateProblem as problem:
        stores.journal.write(now, "settling_failed", warning, problem=str(problem))
        return 0
    new = stores.outbox.add(notices, entry.warning, now) if notices else 0
    if new:
        said = {"answer": entry.answer, "notice": entry.notice, "notices": str(new)}
        stores.journal.write(now, "passed_on", warning, **said)
    return new
