"""How good the register is: who may be in it twice, what is missing, and what has gone stale."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from carealert.domain.duplicates import Likeness, alike, trace_of
from carealert.domain.people import Caregiver, Resident
from carealert.services.ports.consents import PersonKind
from carealert.services.ports.registry import Quality
from carealert.services.ports.store import Database, Stores


def find_duplicates(db: Database) -> Mapping[str, Likeness]:
    """Pairs in the register that may be one person, by noun; nobody is named but by ref."""
    with db.reading() as stores:
        return {f"{kind.value}s": alike(stores.people.traces(kind)) for kind in PersonKind}


def alike_in(stores: Stores, kind: PersonKind, people: Iterable[Resident | Caregiver]) -> Likeness:
    """Pairs of which at least one is among these people; the other may be in the register."""
    own = [trace_of(one) for one in people]
    if not own:
        return Likeness(())
    refs = {one.ref for one in own}
    others = (one for one in stores.people.traces(kind) if one.ref not in refs)
    return alike([*own, *others], refs)


def measure(db: Database, now: datetime, soon: timedelta = timedelta(days=30)) -> Quality:
    """How complete the register is; `soon` is how near the end of a consent is worth saying."""
    with db.reading() as stores:
        return stores.people.quality(now, soon)
