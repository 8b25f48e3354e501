"""A rule or an area kept quiet for a while, with author, reason and end."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from carealert.domain.access import Actor, Right
from carealert.domain.reasons import demand
from carealert.domain.rules import RuleSet
from carealert.domain.silences import LONGEST, Silence
from carealert.services.access import NotAllowed, everywhere, needs, reach
from carealert.services.ports.store import Database, Stores


class BadSilence(ValueError):
    """A silence that cannot be as it is asked for: says why, and what to do."""


@needs(Right.EDIT_RULES)
def silence(
    db: Database,
    who: Actor,
    rules: RuleSet,
    rule: str | None,
    area: str | None,
    until: datetime,
    reason: str,
    now: datetime,
) -> Silence:
    """Keep one rule, or all rules in one area, quiet from now on.

    Raises BadSilence, BadReason, and NotAllowed for an area or a rule that is not the actor's.
    """
    said = demand(reason)
    if (rule is None) == (area is None):
        raise BadSilence("Name a rule or an area, one of the two.")
    if rule is not None and rules.by_id(rule) is None:
        raise BadSilence(f"There is no rule '{rule}': see 'carealert rules list'.")
    if not timedelta() < until - now <= LONGEST:
        raise BadSilence(
            f"A silence ends within {LONGEST.days} days: what should be quiet for longer is a "
            "change of the rules."
        )
    with db.transaction() as stores:
        _must_be_theirs(stores, who, area)
        made = stores.silences.add(Silence(0, rule, area, who.name, said, now, until))
        subject = f"silence:{made.id}"
        what = {"rule": rule} if rule is not None else {"area": area or ""}
        stores.journal.write(
            now, "silenced", subject, by=who.name, until=until.isoformat(), reason=said, **what
        )
    return made


@needs(Right.EDIT_RULES)
def unsilence(db: Database, who: Actor, number: int, now: datetime) -> Silence:
    """End a silence before its time; raises LookupError, and NotAllowed as `silence` does."""
    with db.transaction() as stores:
        found = stores.silences.get(number)
        if found is None or not found.runs(now):
            raise LookupError(number)
        _must_be_theirs(stores, who, found.area)
        stores.silences.end(number, now)
        stores.journal.write(now, "silence_ended", f"silence:{number}", by=who.name)
    return found


@needs(Right.READ_BOARD)
def silences(
    db: Database,
    who: Actor,  # noqa: ARG001 - what is quiet is everybody's to know
    now: datetime,
) -> Sequence[Silence]:
    """What is quiet at this moment, oldest first."""
    return running(db, now)


def running(db: Database, now: datetime) -> Sequence[Silence]:
    """The same for the machine."""
    with db.reading() as stores:
        return stores.silences.running(now)


def _must_be_theirs(stores: Stores, who: Actor, area: str | None) -> None:
    if area is None:
        everywhere(who, "To silence a rule")
        return
    if not stores.areas.with_ancestors(area):
        raise BadSilence(f"There is no area '{area}': see 'carealert areas list'.")
    if not reach(stores, who).has(area):
        raise NotAllowed(f"The area '{area}' is not among those of {who.name}.")
