"""Answers that the others who were told are still to hear of."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from carealert.domain.notices import RecipientKind


@dataclass(frozen=True, slots=True)
class Settled:
    """What somebody answered about residents (`refs`), with the warning that asked. `at` is UTC."""

    notice: str
    answer: str
    refs: tuple[str, ...]
    at: datetime
    incident: str
    revision: int
    warning: int
    by: tuple[RecipientKind, str]


class SettlingStore(Protocol):
    """A queue: an entry is there until the others are told."""

    def note(self, notice: str, answer: str, refs: Collection[str], now: datetime) -> None:
        """Keep that this notice was answered so; a repeated answer changes nothing."""
        ...

    def any_waiting(self) -> bool:
        """True where there is an entry."""
        ...

    def waiting(self, limit: int) -> Sequence[Settled]:
        """The oldest entries; those whose notice is gone are dropped."""
        ...

    def done(self, entry: Settled) -> bool:
        """Take an entry off; False if another worker did."""
        ...
