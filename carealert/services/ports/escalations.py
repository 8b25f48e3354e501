"""Timers, states and tasks: what happens when nobody answers."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from carealert.domain.notices import SubjectState
from carealert.domain.plan import DeskTask, Timer
from carealert.domain.rules import SubjectKind


class EscalationStore(Protocol):
    """Timers, states and tasks: what happens when nobody answers."""

    def due(self, now: datetime, limit: int = 500) -> Sequence[tuple[Timer, int]]:
        """Due timers whose subject has not answered, each with the id of its warning.

        In the order of due time, then incident: follow-up takes whole steps by it.
        """
        ...

    def advance(self, timer: Timer, following: Timer | None, now: datetime) -> None:
        """Mark `timer` fired and write the one that follows; repeats are harmless."""
        ...

    def advance_all(self, advances: Sequence[tuple[Timer, Timer | None]], now: datetime) -> None:
        """`advance` for many at once."""
        ...

    def hand_over(self, incident: str, tasks: Sequence[DeskTask], now: datetime) -> None:
        """Open these tasks and put their subjects WITH_DESK, all at once."""
        ...

    def set_state(
        self, incident: str, kind: SubjectKind, ref: str, state: SubjectState, now: datetime
    ) -> None: ...

    def add_task(
        self, incident: str, kind: SubjectKind, ref: str, what: str, now: datetime
    ) -> None:
        """Ask the city desk to act; one open task for a subject and a reason."""
        ...

    def states(
        self, incident: str, among: Collection[tuple[SubjectKind, str]] | None = None
    ) -> Mapping[tuple[SubjectKind, str], SubjectState]:
        """How everybody of the incident stands, or these."""
        ...
