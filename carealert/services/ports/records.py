"""The journal, and the lease that keeps one leader."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from carealert.domain.chain import ChainedLine


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

    def recent(self, limit: int = 100, event: str | None = None) -> Sequence[JournalLine]:
        """The newest lines, of one kind of event or of all, newest first."""
        ...

    def since(self, start: datetime, event: str) -> Sequence[JournalLine]:
        """All lines of one kind of event from this moment on, oldest first."""
        ...

    def chain(self, limit: int = 1000) -> int:
        """Give the oldest unchained lines their place in the chain; how many got one."""
        ...

    def chained(self, after: int, limit: int = 1000) -> Sequence[ChainedLine]:
        """Lines in the order of the chain, from the number after `after` on."""
        ...

    def unchained_count(self) -> int: ...


class LeaseStore(Protocol):
    """Named leases by compare-and-set."""

    def take(self, name: str, holder: str, now: datetime, length: timedelta) -> int | None:
        """Take or extend the lease; its fence number, or None while another holds it."""
        ...
