"""What a look over the whole outbox finds."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class Finding(StrEnum):
    """What must not be, while everything works."""

    STUCK = "stuck"  # a message is due for long, and nobody paused it
    DEAD_LEASE = "dead_lease"  # held by a worker that is gone, and nobody took it back
    LOST = "lost"  # nobody found out what became of a post
    LATE_TIMER = "late_timer"  # somebody did not answer, and the next step is overdue
    UNPLANNED = "unplanned"  # a warning that nobody decided about
    SENDER_DOWN = "sender_down"  # a sender that fails again and again


@dataclass(frozen=True, slots=True)
class Found:
    """So many of a kind, the oldest since `since` (aware UTC)."""

    what: Finding
    many: int
    since: datetime | None


class AuditStore(Protocol):
    """Looks at everything and changes nothing."""

    def look(self, now: datetime) -> Sequence[Found]:
        """What is wrong at this moment, in the order of `Finding`."""
        ...
