"""Officers: who works here, as what, and where."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from carealert.domain.access import Actor


@dataclass(frozen=True, slots=True)
class Officer:
    """An account. Times are aware UTC; one that has ended may do nothing, and stays listed."""

    actor: Actor
    since: datetime
    ended_at: datetime | None = None


class OfficerStore(Protocol):
    """The accounts, by name."""

    def put(self, officer: Officer) -> None:
        """Add an account, or replace the one of this name."""
        ...

    def get(self, name: str) -> Officer | None: ...

    def all(self) -> Sequence[Officer]:
        """Every account by name, those that have ended as well."""
        ...
