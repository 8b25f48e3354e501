"""How often people's sealed data was opened, by day and officer: a habit shows, a need does too."""

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from carealert.domain.access import Actor, Right
from carealert.services.access import everywhere, needs
from carealert.services.ports.store import Database

#: Events of the journal that stand for opening: a whole phone, the whole register, a deletion.
EVENTS = ("revealed", "exported", "forgotten")
#: Under which name of `details` a line says who did it.
DOER = "by"
_MACHINE = "command line"


@dataclass(frozen=True, slots=True)
class Opening:
    """On one day of the office's time zone an officer opened something so many times."""

    day: date
    officer: str
    event: str
    times: int


@needs(Right.READ_JOURNAL)
def openings(db: Database, who: Actor, start: datetime, zone: ZoneInfo) -> list[Opening]:
    """Since `start` (aware), the newest day first and on it who did most first.

    Raises NotAllowed for an actor with areas of their own.
    """
    everywhere(who, "The count of openings")
    counts: Counter[tuple[date, str, str]] = Counter()
    with db.reading() as stores:
        for event in EVENTS:
            for line in stores.journal.since(start, event):
                officer = line.details.get(DOER, _MACHINE)
                counts[line.at.astimezone(zone).date(), officer, event] += 1
    found = [Opening(day, officer, event, times) for (day, officer, event), times in counts.items()]
    return sorted(found, key=lambda one: (-one.day.toordinal(), -one.times, one.officer, one.event))
