"""Every minute somebody looks whether all of it still moves, and tells a watcher outside.

A worker that died, a clock that stands still, a sender that refuses: none of it raises an error
anywhere. So what must not be is asked for, and a watcher elsewhere hears that nothing was found;
what it does not hear is its alarm (a dead man's switch).
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol

from carealert.services.ports.audit import Found
from carealert.services.ports.store import Database

EVENT, CLEAR = "audited", "nothing"
#: The lease that nobody competes for: when it ran out is when somebody looked last.
BEAT = "auditor"


class Heartbeat(Protocol):
    """A watcher outside."""

    def beat(self, found: Sequence[Found]) -> None:
        """Tell it that we live, and what was found; never raises, and takes seconds at most."""
        ...


def audit(db: Database, heartbeat: Heartbeat | None, now: datetime) -> Sequence[Found]:
    """Look at everything; what was found is journalled when it changes, and the watcher told.

    That somebody looked is written down each time: no other sign is there of a leader that died.
    """
    with db.reading() as stores:
        found = stores.audit.look(now)
        last = stores.journal.recent(1, EVENT)
    said = ",".join(one.what.value for one in found) or CLEAR
    with db.transaction() as stores:
        stores.leases.take(BEAT, BEAT, now, timedelta())
        if said != (last[0].details.get("found") if last else CLEAR):
            stores.journal.write(now, EVENT, "outbox", found=said)
    if heartbeat is not None:
        heartbeat.beat(found)
    return found
