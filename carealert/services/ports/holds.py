"""Messages that an officer must decide about: real by their status, a test by their text."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from carealert.domain.warnings import HazardWarning


class HoldDecision(StrEnum):
    """How a hold ended. Only RELEASE lets the message reach anybody."""

    RELEASE = "release"
    DISCARD = "discard"
    REPLACED = "replaced"  # a later message took its place first
    OVER = "over"  # it was over first


@dataclass(frozen=True, slots=True)
class HeldWarning:
    """A message that is or was held. Times are aware UTC; `decided_by` is an officer's name.

    `warning` is as the sender sent it, whatever was decided. `is_replaced`: a later message took
    its place. `alarmed_at` is when the desk was last called.
    """

    warning_id: int
    incident: str
    warning: HazardWarning
    reason: str
    held_at: datetime
    deadline: datetime
    alarmed_at: datetime | None
    is_replaced: bool
    decision: HoldDecision | None = None
    decided_at: datetime | None = None
    decided_by: str | None = None


@dataclass(frozen=True, slots=True)
class HeldRow:
    """A message that waits for an officer, as the board shows it; the words are the sender's."""

    warning_id: int
    incident: str
    sender: str
    event: str
    language: str | None
    reason: str
    held_at: datetime
    deadline: datetime


class HoldStore(Protocol):
    """Holds, one for a warning."""

    def open(self, warning_id: int, reason: str, now: datetime, deadline: datetime) -> None:
        """Hold a warning; one that was ever held is not held again.

        Where it takes the place of another that is held, the officer has no more time for it
        than for that one, and is not alarmed twice.
        """
        ...

    def get(self, warning_id: int) -> HeldWarning | None:
        """The hold of a warning, open or not; None if it was never held."""
        ...

    def waiting(self) -> Sequence[HeldWarning]:
        """Every open hold, the first deadline first."""
        ...

    def alarmed(self, warning_id: int, now: datetime) -> None:
        """Note that the desk was called now; the last call counts."""
        ...

    def decide(
        self, warning_id: int, decision: HoldDecision, by: str | None, now: datetime
    ) -> bool:
        """Close a hold; False if it is not open."""
        ...

    def ask_desk(self, warning_id: int, what: str, now: datetime) -> None:
        """Open a task of the city desk about a held warning; it is opened once."""
        ...

    def desk_done(self, warning_id: int, now: datetime) -> None:
        """Close the desk's tasks about a held warning; texts still waiting to go are cancelled."""
        ...
