"""How good the register is: who may be in it twice, what is missing, and what has gone stale."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta

from carealert.domain.access import Actor, Right
from carealert.domain.duplicates import Likeness, Trace, alike, trace_of
from carealert.domain.people import Caregiver, Resident
from carealert.services.access import Reach, everywhere, needs, reach, within
from carealert.services.ports.consents import PersonKind
from carealert.services.ports.registry import Quality, QualityLimits
from carealert.services.ports.store import Database, Stores


@needs(Right.READ_REGISTER)
def find_duplicates(db: Database, who: Actor) -> Mapping[str, Likeness]:
    """Pairs in the actor's areas that may be one person, by noun; nobody is named but by ref."""
    with db.reading() as stores:
        theirs = reach(stores, who)
        return {f"{kind.value}s": alike(_traces(stores, theirs, kind)) for kind in PersonKind}


def _traces(stores: Stores, theirs: Reach, kind: PersonKind) -> Iterator[Trace]:
    """Of those within reach."""
    every = stores.people.traces(kind)
    if theirs.codes is None:
        return every
    found = list(every)
    mine = within(stores, theirs, kind, [one.ref for one in found])
    return (one for one in found if one.ref in mine)


def alike_in(
    stores: Stores, theirs: Reach, kind: PersonKind, people: Iterable[Resident | Caregiver]
) -> Likeness:
    """Pairs of which at least one is among these people; the other may be registered in reach."""
    own = [trace_of(one) for one in people]
    if not own:
        return Likeness(())
    refs = {one.ref for one in own}
    others = (one for one in _traces(stores, theirs, kind) if one.ref not in refs)
    return alike([*own, *others], refs)


@needs(Right.READ_REGISTER)
def measure(
    db: Database,
    who: Actor,
    now: datetime,
    soon: timedelta = timedelta(days=30),
    limits: QualityLimits = QualityLimits(),  # noqa: B008 - frozen
) -> Quality:
    """How complete the register is; `soon` is how near the end of a consent is worth saying.

    It is of the whole city: raises NotAllowed for an actor with areas of their own.
    """
    everywhere(who, "The quality of the register")
    with db.reading() as stores:
        return stores.people.quality(now, soon, limits)
