"""Moments at which a warning is looked at again."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from carealert.domain.looks import Look


@dataclass(frozen=True, slots=True)
class DueLook:
    """A look of a stored warning."""

    warning: int
    look: Look


class LookStore(Protocol):
    """Looks, each a row: a worker that was down does late what was due."""

    def put(self, warning_id: int, looks: Iterable[Look]) -> None:
        """Keep these; one that is there already stays as it is."""
        ...

    def due(self, now: datetime, limit: int = 20) -> Sequence[DueLook]:
        """Those whose time has come, the oldest first."""
        ...

    def waits(self, due: DueLook) -> bool:
        """True until it is done; whoever else would do it waits for this transaction's end."""
        ...

    def done(self, due: DueLook, now: datetime) -> None:
        """Mark it done."""
        ...

    def postpone(self, due: DueLook, until: datetime) -> None:
        """Let it be due at another time."""
        ...

    def ended(self, incident: str, now: datetime, length: timedelta) -> None:
        """A Cancel came: what was to be asked after the end counts from now.

        `length` is the unit of the numbers of looks AFTERWARDS.
        """
        ...
