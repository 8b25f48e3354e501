"""What officers see of the outbox, and what they may do to it: another try, a pause."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from carealert.domain.access import Actor, Right
from carealert.domain.notices import NoticeState
from carealert.domain.pauses import ALL, LANES, SENDER, Pause, is_pausable, longest
from carealert.domain.reasons import demand
from carealert.services.access import everywhere, needs
from carealert.services.ports.notices import NoticeLine, NoticeStory, PersonStory, Wanted
from carealert.services.ports.store import Database

MOST_LISTED = 1000
#: How far back it is looked where no incident is named.
NEWEST_INCIDENTS = 5
#: Fewer letters of an id may name several notices.
LEAST_LETTERS = 4


class BadPause(ValueError):
    """A pause that cannot be as it is asked for: says why, and what to do."""


class NoSuchNotice(LookupError):
    """No notice, or more than one, has an id that begins so."""


@needs(Right.READ_BOARD)
def notices(db: Database, who: Actor, wanted: Wanted, limit: int = 50) -> Sequence[NoticeLine]:
    """The newest notices that are wanted, without what they say; MOST_LISTED at most."""
    everywhere(who, "To list messages")
    with db.reading() as stores:
        return stores.notices.find(wanted, min(limit, MOST_LISTED))


@needs(Right.READ_BOARD)
def story(db: Database, who: Actor, id_start: str) -> NoticeStory:
    """Everything that happened to the one notice whose id begins so; raises NoSuchNotice."""
    everywhere(who, "To look at a message")
    if len(id_start) < LEAST_LETTERS:
        raise NoSuchNotice(f"Give at least {LEAST_LETTERS} letters of the id.")
    with db.reading() as stores:
        found = stores.notices.stories(id_start)
    if len(found) != 1:
        what = "Several notices have" if found else "There is no notice with"
        raise NoSuchNotice(f"{what} an id that begins with '{id_start}': see 'notices list'.")
    return found[0]


@needs(Right.DECIDE_WARNINGS)
def try_again(
    db: Database, who: Actor, ids: Collection[str], wanted: Wanted | None, now: datetime
) -> Sequence[str]:
    """Send failed notices again, by their ids or those that are wanted; return which.

    Only those that are still of use, and everything is looked at again before they go: consent,
    STOP, who answered meanwhile.
    """
    everywhere(who, "To send messages again")
    with db.transaction() as stores:
        chosen = set(ids)
        if wanted is not None:
            failed = Wanted(
                frozenset({NoticeState.FAILED}), wanted.incident, wanted.lane, wanted.code
            )
            chosen |= {line.id for line in stores.notices.find(failed, MOST_LISTED)}
        again = stores.notices.try_again(chosen, now)
        if again:
            stores.journal.write(now, "sent_again", "notices", by=who.name, notices=str(len(again)))
    return again


@needs(Right.DECIDE_WARNINGS)
def pause(db: Database, who: Actor, what: str, length: timedelta, why: str, now: datetime) -> Pause:
    """Hold a lane, a sender or everything back for a while; raises BadPause and BadReason.

    What holds life-threatening messages back ends after a quarter of an hour at the latest.
    """
    everywhere(who, "To pause messages")
    said = demand(why)
    if not is_pausable(what):
        known = ", ".join((ALL, *LANES, f"{SENDER}NAME"))
        raise BadPause(f"'{what}' cannot be paused: name one of {known}.")
    if not timedelta() < length <= longest(what):
        minutes = int(longest(what).total_seconds() // 60)
        raise BadPause(f"'{what}' may be paused for {minutes} minutes at most.")
    made = Pause(what, now, now + length, who.name, said)
    with db.transaction() as stores:
        stores.notices.pause(made)
        stores.journal.write(
            now, "sending_paused", what, by=who.name, until=made.until.isoformat(), reason=said
        )
    return made


@needs(Right.DECIDE_WARNINGS)
def resume(db: Database, who: Actor, what: str, now: datetime) -> bool:
    """End a pause before its time; False where nothing is paused by this name."""
    everywhere(who, "To resume messages")
    with db.transaction() as stores:
        ended = stores.notices.resume(what)
        if ended:
            stores.journal.write(now, "sending_resumed", what, by=who.name)
    return ended


@needs(Right.READ_BOARD)
def pauses(
    db: Database,
    who: Actor,  # noqa: ARG001 - what waits is everybody's to know
    now: datetime,
) -> Sequence[Pause]:
    """What is paused at this moment."""
    with db.reading() as stores:
        return stores.notices.pauses(now)


@needs(Right.READ_REGISTER)
def why(
    db: Database, who: Actor, ref: str, incident: str | None, now: datetime
) -> Sequence[PersonStory]:
    """Every send and every not-send to this ref or about it; the journal says who asked.

    Of that incident, else of the newest ones. Raises NoSuchNotice where there is nothing.
    """
    everywhere(who, "To see why somebody was told")
    with db.reading() as stores:
        found = stores.notices.about(ref, incident, NEWEST_INCIDENTS)
    if not found:
        where = f"in incident {incident}" if incident else "in the newest incidents"
        raise NoSuchNotice(
            f"Nothing was decided about '{ref}' {where}: no warning reached them, or the ref is "
            "another one. See 'carealert rules explain'."
        )
    with db.transaction() as stores:
        stores.journal.write(now, "explained", f"notices:{ref}", by=who.name)
    return found
