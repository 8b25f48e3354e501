"""What asking people by SMS about their own data must remember."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Protocol

from carealert.services.ports.consents import PersonKind


class AskingStore(Protocol):
    """Erasures that a phone asked for, and how often people were asked lately."""

    def open_erasure(self, number: str, now: datetime, until: datetime) -> str | None:
        """A code for this phone that holds until then, in place of any before it.

        None where an officer has to call: somebody guessed at codes, or the phone is not theirs
        alone.
        """
        ...

    def take_erasure(self, number: str, code: str, now: datetime) -> bool:
        """Use the code up; False where it is another, which is counted, or its time is over."""
        ...

    def leave_to_office(self, number: str, until: datetime) -> None:
        """An officer calls this phone before anything is erased."""
        ...

    def left_to_office(self, now: datetime) -> Sequence[tuple[PersonKind, str]]:
        """Whose phone an officer has to call about an erasure."""
        ...

    def close_erasure(self, kind: PersonKind, ref: str) -> bool:
        """The call about this person's phone is done; False where none was to be made."""
        ...

    def nobody_to_tell(self) -> Sequence[str]:
        """Residents with neither a caregiver nor a phone; the first thousand by ref."""
        ...

    def told_since(self, number: str, since: datetime, now: datetime) -> bool:
        """Whether this phone was written to about a warning since then, or one still holds."""
        ...

    def asked(self, incidents: Iterable[str]) -> frozenset[tuple[str, int]]:
        """Which questions were put into the outbox before: incident and step."""
        ...

    def asked_since(self, since: datetime) -> int:
        """How many were asked for their consent since then."""
        ...
