"""What has been kept long enough."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from carealert.services.ports.consents import PersonKind


class RetentionStore(Protocol):
    """Finds and erases; each call of `erase_…` takes so many rows at most and returns how many.

    Nothing of an incident is touched while somebody in it is still waited for, or a message waits.
    """

    def texts_due(self, before: datetime) -> int:
        """How many messages from before then still have their text."""
        ...

    def erase_texts(self, before: datetime, now: datetime, most: int) -> int:
        """Leave the template and a hash where the text was."""
        ...

    def answers_due(self, before: datetime) -> int: ...

    def erase_answers(self, before: datetime, now: datetime, most: int) -> int:
        """Leave what was understood, and nothing of who wrote what."""
        ...

    def ended_before(self, kind: PersonKind, before: datetime) -> Sequence[str]:
        """Refs of people of whom some consent ended or was withdrawn before then."""
        ...

    def drop_codes(self, now: datetime) -> int:
        """Erasures that nobody confirmed in time."""
        ...

    def compact(self) -> None:
        """Take what was erased out of the database's own files, as far as it can be asked to."""
        ...
