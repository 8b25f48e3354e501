"""What is kept for a time only, and its end."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from carealert.domain.retention import Standing
from carealert.services.ports.consents import PersonKind


@dataclass(frozen=True, slots=True)
class Registered:
    """Somebody with their grounds, and those of whoever cares for them (none for a caregiver)."""

    kind: PersonKind
    own: Standing
    carers: tuple[Standing, ...] = ()


class RetentionStore(Protocol):
    """Each change is small, touches nothing younger than `before`, and done twice is done once."""

    def is_open(self, incident: str, now: datetime, assumed_life: timedelta) -> bool:
        """Whether something may still happen in it.

        A warning of it holds (one without an end: for `assumed_life`), a notice is pending, or a
        subject waits whose escalation goes on.
        """
        ...

    def texts(self, before: datetime) -> Mapping[str, int]:
        """incident -> how many of its notices from before then still have their text."""
        ...

    def reduce_texts(self, incident: str, before: datetime, now: datetime, limit: int) -> int:
        """Leave template and hash of so many of them; how many it were."""
        ...

    def answers(self, before: datetime) -> Mapping[str | None, int]:
        """incident -> how many inbound texts from before then are still there; None for no one."""
        ...

    def clear_answers(
        self, incident: str | None, before: datetime, now: datetime, limit: int
    ) -> int:
        """Delete the texts of so many of them, and who wrote; how many it were."""
        ...

    def drop_codes(self, now: datetime) -> None:
        """Delete the codes of erasures that nobody confirmed in time."""
        ...

    def people(self, kind: PersonKind, after: str, limit: int) -> Sequence[Registered]:
        """The next people by ref, of those with a consent that may have ended or with a STOP."""
        ...

    def person(self, kind: PersonKind, ref: str) -> Registered | None:
        """One of them."""
        ...

    def incidents_of(self, kind: PersonKind, ref: str) -> frozenset[str]:
        """The incidents in which they were told, or others were told about them."""
        ...

    def strip(self, ref: str, now: datetime) -> None:
        """Take a resident's name, phone and notes out, wherever they stand. Raises StillSending."""
        ...
