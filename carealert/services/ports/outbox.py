"""The outbox, its attempts and receipts, escalation timers, subjects' states and replies."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from carealert.domain.hazards import Hazard
from carealert.domain.notices import (
    DeliveryStatus,
    Notice,
    RecipientKind,
    SubjectState,
    Text,
    Wording,
)
from carealert.domain.plan import DeskTask, IncidentHistory, Match, Plan, Timer, Told
from carealert.domain.rules import SubjectKind


@dataclass(frozen=True, slots=True)
class ClaimedNotice:
    """A notice leased to one deliverer. `number` is the recipient's phone as it is now."""

    id: str
    incident: str
    recipient_kind: RecipientKind
    recipient_ref: str
    number: str | None = field(repr=False)
    text: Text
    step: int
    priority: int
    attempts: int
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Outgoing:
    """What a channel is asked to send. `reference` comes back in every callback.

    `language` is that of the body (BCP 47); `segments` are its parts as an SMS.
    """

    reference: str  # `<notice id>.<attempt number>`
    to: str = field(repr=False)
    body: str = field(repr=False)
    valid_for: timedelta
    language: str = "en"
    segments: int = 1


@dataclass(frozen=True, slots=True)
class Accepted:
    """The gateway has the message."""

    provider_id: str
    status: DeliveryStatus


class FailureAction(StrEnum):
    """What a failed send asks for (study of Twilio's error codes; the table is in the channel)."""

    RETRY = "retry"  # certainly not submitted: try again with backoff
    THROTTLED = "throttled"  # not submitted, does not count as an attempt
    UNREACHABLE = "unreachable"  # no connection: not submitted, tried again while the text holds
    STOP_SENDER = "stop_sender"  # credentials or account: nobody can be reached, page the operator
    PERMANENT = "permanent"  # this number, this text: never again
    OPTED_OUT = "opted_out"  # the gateway knows of a STOP that we do not
    UNKNOWN = "unknown"  # posted, answer lost


class DeliveryFailed(Exception):
    """A channel could not confirm a send. `action` is the whole retry policy.

    `retry_after` is the gateway's own wish, if it stated one.
    """

    def __init__(
        self,
        message: str,
        action: FailureAction,
        code: str | None = None,
        retry_after: timedelta | None = None,
    ) -> None:
        super().__init__(message)
        self.action = action
        self.code = code
        self.retry_after = retry_after


class MessageChannel(Protocol):
    """A way out. Its contract is tested over the CHANNELS table."""

    def send(self, message: Outgoing) -> Accepted:
        """Hand one message over; raises DeliveryFailed. Never posts the same message twice."""
        ...

    def find(self, message: Outgoing, since: datetime) -> Accepted | None:
        """Look for a message that may have been posted (to, body, not before `since`)."""
        ...


@dataclass(frozen=True, slots=True)
class AttemptResult:
    """What became of one attempt; exactly one of `accepted` and `failure` is set."""

    notice: str
    number: int
    accepted: Accepted | None
    failure: DeliveryFailed | None


@dataclass(frozen=True, slots=True)
class LostAttempt:
    """An attempt whose answer never came: to be reconciled before anything is sent again."""

    notice: str
    number: int
    to: str = field(repr=False)
    body: str = field(repr=False)
    started_at: datetime
    looked_at: datetime | None


SubjectKey = tuple[SubjectKind, str]


@dataclass(frozen=True, slots=True)
class Decision:
    """A decision that is under way. Not `is_new`: another process began it and did not end it."""

    id: int
    is_new: bool
    rules_version: str


@dataclass(frozen=True, slots=True)
class ToldLine:
    """One message to a recipient, what finds the phone, and whom it was about.

    `knows`: it is the recipient's last, and does not end the story.
    """

    kind: RecipientKind
    ref: str
    phone: bytes
    about: tuple[SubjectKey, ...]
    knows: bool


class OutboxStore(Protocol):
    """Notices on their way. The unique idempotency key refuses repeats in the database."""

    def history(
        self, incident: str, revision: int, among: Collection[SubjectKey] | None = None
    ) -> IncidentHistory:
        """What the incident has led to: who was told, in which state each subject is.

        With `among` only what concerns these subjects.
        """
        ...

    def told_groups(self, incident: str) -> Mapping[str, Told]:
        """What each community group was told last; they are no part of `history`."""
        ...

    def told_lines(self, incident: str) -> Sequence[ToldLine]:
        """On which lines the incident was told, and of whom."""
        ...

    def begin(self, warning_id: int, rules_version: str, now: datetime) -> Decision | None:
        """Begin the decision about a warning or take it up again; None where it has ended.

        Whoever else would work on it waits for the end of the transaction.
        """
        ...

    def decided(
        self, decision: int, among: Collection[SubjectKey] | None = None
    ) -> frozenset[SubjectKey]:
        """The subjects, of these where given, of whom a decision says what comes of it."""
        ...

    def decided_matches(self, decision: int, rules: Collection[str]) -> Sequence[Match]:
        """What was recorded of these rules' matches, by subject; its reasons are discreet."""
        ...

    def matched_in(self, incident: str, rules: Collection[str]) -> Sequence[Match]:
        """Whom these rules matched in any decision of an incident, once each, without reasons."""
        ...

    def save_part(
        self, decision: int, plan: Plan, notices: Sequence[Notice], warning_id: int, now: datetime
    ) -> int:
        """Write a part of a decision whole; return how many notices are new.

        Matches, not-sent decisions, notices, first timers, desk tasks and states go in together;
        pending notices of superseded recipients are superseded; timers of subjects that changed
        state are stopped.
        """
        ...

    def decision_of(self, warning_id: int) -> int | None:
        """The decision about a warning that has ended, or None."""
        ...

    def save_look(
        self, decision: int, plan: Plan, notices: Sequence[Notice], warning_id: int, now: datetime
    ) -> int:
        """`save_part` for a later look: what is recorded already stays as it is.

        Waiting notices of the same message are superseded too, and a chain that was run begins
        anew.
        """
        ...

    def save_plan(
        self,
        plan: Plan,
        notices: Sequence[Notice],
        warning_id: int,
        rules_version: str,
        now: datetime,
    ) -> int:
        """Write a decision in one part; 0 and nothing written where it was begun before."""
        ...

    def add(self, notices: Sequence[Notice], warning_id: int | None, now: datetime) -> int:
        """Put further notices (escalation, answers) in; repeats are refused; return how many."""
        ...

    def claim(
        self, worker: str, now: datetime, lease: timedelta, limit: int
    ) -> Sequence[ClaimedNotice]:
        """Lease ready, due notices by priority, then age; each to one worker only.

        Notices past their end become EXPIRED, those whose subjects all answered (reminders) or
        whose phone said STOP become CANCELLED; neither is returned.
        """
        ...

    def open_attempts(self, notices: Sequence[ClaimedNotice], now: datetime) -> None:
        """Write an attempt row for each before anything is posted."""
        ...

    def close_attempts(self, results: Sequence[AttemptResult], now: datetime) -> None:
        """Record results; a retry goes back to READY with backoff, up to five attempts."""
        ...

    def reap(self, now: datetime) -> int:
        """Expired leases: without an open attempt back to READY, with one to UNKNOWN."""
        ...

    def lost(self, now: datetime, older_than: timedelta) -> Sequence[LostAttempt]: ...

    def reconcile(self, attempt: LostAttempt, found: Accepted | None, now: datetime) -> None:
        """Adopt a found message; not found twice, a minute apart, makes it READY again."""
        ...

    def receipt(
        self,
        reference: str,
        provider_id: str,
        status: DeliveryStatus,
        code: str | None,
        now: datetime,
    ) -> bool:
        """Record a status callback; never lowers a rank; False for an unknown reference."""
        ...

    def cancel_to(self, number: str, now: datetime) -> int:
        """Cancel what still waits for this number, because it said STOP; return how many."""
        ...

    def call_off_drill(self, incident: str) -> int:
        """Cancel what still waits of an exercise, because it ended; return how many."""
        ...

    def pending_count(self) -> int: ...


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

    def states(self, incident: str) -> Mapping[tuple[SubjectKind, str], SubjectState]: ...


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
