"""What people write back, and the questions that it answers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from carealert.domain.hazards import Hazard
from carealert.domain.notices import RecipientKind, Wording


@dataclass(frozen=True, slots=True)
class OpenQuestion:
    """The newest notice that a phone may be answering. Moments are aware UTC.

    `is_drill`: an exercise asks, and its answer counts for nothing but the exercise. `is_consent`:
    it asks whether we may go on telling them.
    """

    notice: str
    incident: str
    recipient_kind: RecipientKind
    recipient_ref: str
    about: tuple[str, ...]
    expected_replies: Mapping[str, str]
    language: str
    asked_at: datetime
    expires_at: datetime
    is_drill: bool = False
    is_consent: bool = False


@dataclass(frozen=True, slots=True)
class ToldText:
    """What a notice said, and how much it was allowed to say. The repr leaves the body out."""

    hazard: Hazard
    wording: Wording
    second_language: str | None
    body: str = field(repr=False)


class ReplyStore(Protocol):
    """Inbound messages."""

    def told_in(self, notice: str) -> ToldText | None:
        """The text of a notice; None once it was taken out after its time (retention)."""
        ...

    def pages_sent(self, notice: str) -> int:
        """How many times further steps were sent after this notice."""
        ...

    def keep(self, provider_id: str, number: str, body: str, now: datetime) -> bool:
        """Keep an inbound message; False if this one was kept before (a repeated webhook)."""
        ...

    def understood(
        self, provider_id: str, meaning: str, notice: str | None, *, replied: bool = True
    ) -> None:
        """Note what was meant, which notice it answers, and whether an automatic answer went."""
        ...

    def open_question(self, number: str) -> OpenQuestion | None:
        """The last notice sent to this number that expects an answer, answered or not.

        Questions of exercises are no part of it.
        """
        ...

    def open_consent(self, number: str) -> OpenQuestion | None:
        """The last question to this number whether a consent goes on."""
        ...

    def open_drill(self, number: str, now: datetime) -> OpenQuestion | None:
        """The last question of an exercise sent to this number that holds at `now`."""
        ...

    def answered(self, notice: str, answer: str, now: datetime) -> None:
        """Record the answer and cancel every pending notice about the same people."""
        ...

    def answers_sent(self, number: str, since: datetime) -> int:
        """How many automatic answers this number got since then: reply loops are capped.

        Further steps do not count: they must not use up the answer to a call for help.
        """
        ...
