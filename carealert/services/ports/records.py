"""The journal, and the lease that keeps one leader."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol


@dataclass(frozen=True, slots=True)
class JournalLine:
    """What happened, when, and about what. `details` never holds a name, phone or need."""

    at: datetime
    event: str
    subject: str
    details: Mapping[str, str]


class JournalStore(Protocol):
    """Append-only."""

    def write(self, at: datetime, event: str, subject: str, **details: str) -> None: ...
    def recent(self, limit: int = 100) -> Sequence[JournalLine]: ...


class LeaseStore(Protocol):
    """Named leases by compare-and-set."""

    def take(self, name: str, holder: str, now: datetime, length: timedelta) -> int | None:
        """Take or extend the lease; its fence number, or None while another holds it."""
        ...
