"""Notices as officers look at them: where each stands and why, without what it says."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from carealert.domain.notices import NoticeState
from carealert.domain.pauses import Pause


@dataclass(frozen=True, slots=True)
class NoticeLine:
    """One notice. People stand here by their refs; moments are aware UTC."""

    id: str
    incident: str
    kind: str
    recipient: str  # kind:ref
    rule: str
    step: int
    lane: str
    channel: str
    state: str
    delivery_status: str | None
    attempts: int
    created_at: datetime
    due_at: datetime
    expires_at: datetime
    code: str | None
    answer: str | None


@dataclass(frozen=True, slots=True)
class AttemptLine:
    """One try to hand it over."""

    number: int
    sender: str | None
    started_at: datetime
    finished_at: datetime | None
    state: str
    code: str | None
    provider_id: str | None


@dataclass(frozen=True, slots=True)
class EventLine:
    """What the gateway told of it."""

    number: int
    status: str
    code: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class NoticeStory:
    """Everything that happened to a notice, and why it exists."""

    line: NoticeLine
    about: tuple[str, ...]
    language: str
    wording: str
    template: str
    segments: int
    reasons: tuple[str, ...]
    answered_at: datetime | None
    attempts: tuple[AttemptLine, ...]
    events: tuple[EventLine, ...]


@dataclass(frozen=True, slots=True)
class NotSentLine:
    """A decision not to tell somebody; `reason` is a WhyNot, `rule` None where none decided."""

    at: datetime
    kind: str
    rule: str | None
    reason: str


@dataclass(frozen=True, slots=True)
class StepLine:
    """A step that is taken where nobody answers: waiting, fired or stopped."""

    rule: str
    step: int
    due_at: datetime
    state: str


@dataclass(frozen=True, slots=True)
class PersonStory:
    """Every send and every not-send of one incident to somebody, or about them.

    `state` is where they stand since `since`; None for somebody who is only told about others.
    """

    incident: str
    ref: str
    state: str | None
    since: datetime | None
    notices: tuple[NoticeStory, ...]
    not_sent: tuple[NotSentLine, ...]
    steps: tuple[StepLine, ...]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which notices: all of what is given must hold."""

    states: frozenset[NoticeState] = frozenset()
    incident: str | None = None
    lane: str | None = None
    code: str | None = None
    recipient: str | None = None  # ref


class NoticeStore(Protocol):
    """Looks, another try, and pauses."""

    def find(self, wanted: Wanted, limit: int) -> Sequence[NoticeLine]:
        """The newest of those that are wanted."""
        ...

    def stories(self, start: str) -> Sequence[NoticeStory]:
        """The stories of notices whose id begins so; two at most, to tell one from several."""
        ...

    def about(self, ref: str, incident: str | None, most: int) -> Sequence[PersonStory]:
        """What this ref was told, or others about it, in that incident; else in the newest ones.

        At most so many incidents are looked at; one in which there is nothing is left out.
        """
        ...

    def try_again(self, notices: Collection[str], now: datetime) -> Sequence[str]:
        """Make those of them READY that have failed and are still of use; return their ids."""
        ...

    def pause(self, pause: Pause) -> None:
        """Begin or replace a pause."""
        ...

    def resume(self, what: str) -> bool:
        """End a pause; False where there is none."""
        ...

    def pauses(self, now: datetime) -> Sequence[Pause]:
        """What waits at this moment, in the order of its end."""
        ...
