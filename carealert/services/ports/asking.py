"""What asking people by SMS about their own data must remember."""

from datetime import datetime
from typing import Protocol


class AskingStore(Protocol):
    """Erasures that a phone asked for, and how often people were asked lately."""

    def open_erasure(self, number: str, until: datetime) -> str:
        """A code for this phone that holds until then, in place of any before it."""
        ...

    def take_erasure(self, number: str, code: str, now: datetime) -> bool:
        """Use the code up; False where it is another, or its time is over."""
        ...

    def told_since(self, number: str, since: datetime) -> bool:
        """Whether this phone was written to about a warning since then, or still is to be."""
        ...

    def was_asked(self, incident: str, step: int) -> bool:
        """Whether this question was put into the outbox before."""
        ...

    def asked_since(self, since: datetime) -> int:
        """How many were asked for their consent since then."""
        ...
