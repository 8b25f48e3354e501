"""The outbox, its attempts and receipts, escalation timers, subjects' states and replies."""

from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol, runtime_checkable

from carealert.domain.notices import (
    Channel,
    DeliveryStatus,
    Notice,
    RecipientKind,
    Text,
)
from carealert.domain.plan import IncidentHistory, Match, Plan, Told
from carealert.domain.rules import SubjectKind

#: Looked for twice, this far apart, before a lost post counts as never submitted.
BETWEEN_LOOKS = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class ClaimedNotice:
    """A notice leased to one deliverer. `number` is the recipient's phone as it is now.

    `last_code` is what its last attempt failed with, `refused_by` are senders that never can send
    it, and `sender` is the one that is to send it now.
    """

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
    last_code: str | None = None
    refused_by: frozenset[str] = frozenset()
    sender: str = ""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """What a channel is asked to send. `reference` comes back in every callback.

    `language` is that of the body (BCP 47); `segments` are its parts as an SMS. After `post_by`
    (seconds as `clock.since_boot` counts them) it must not be posted any more: another worker may
    have taken it over. Whoever posts looks just before.
    """

    reference: str  # `<notice id>.<attempt number>`
    to: str = field(repr=False)
    body: str = field(repr=False)
    valid_for: timedelta
    language: str = "en"
    segments: int = 1
    post_by: float | None = None


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
    OTHER_SENDER = "other_sender"  # not from this sender: another one of the channel may
    OTHER_CHANNEL = "other_channel"  # this phone takes no messages of this kind: a call may do
    PERMANENT = "permanent"  # this number, this text: never again
    OUR_FAULT = "our_fault"  # a text or a setting of ours is wrong: never again, page the operator
    EXPIRED = "expired"  # its useful life ended at the gateway
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


class CannotLook(Exception):
    """The gateway has no way of being asked for a message."""


class MessageChannel(Protocol):
    """A way out. Its contract is tested over the CHANNELS table."""

    def send(self, message: Outgoing) -> Accepted:
        """Hand one message over; raises DeliveryFailed. Never posts the same message twice."""
        ...

    def find(self, message: Outgoing, since: datetime) -> Sequence[Accepted]:
        """Every message that may be this one (to, body, not before `since`), oldest first.

        Raises DeliveryFailed where the gateway is out of reach, CannotLook where it has no way of
        being asked.
        """
        ...


@runtime_checkable
class QuickChannel(MessageChannel, Protocol):
    """A way out that needs no thread for each message under way."""

    def begin(self, message: Outgoing) -> Future[Accepted]:
        """As `send`, without waiting; the future has what `send` returns or raises."""
        ...


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a message has come; the code of one that did not arrive, and what that asks for."""

    status: DeliveryStatus
    code: str | None = None
    action: FailureAction | None = None


@runtime_checkable
class AskedChannel(MessageChannel, Protocol):
    """A way out that can be asked what became of a message that it took."""

    def ask(self, provider_id: str) -> "Progress":
        """How far it has come; raises DeliveryFailed."""
        ...


@dataclass(frozen=True, slots=True)
class AttemptResult:
    """What became of one attempt; exactly one of `accepted` and `failure` is set.

    `wait` is how long a notice that goes back waits; without it what its failure asks for.
    """

    notice: str
    number: int
    accepted: Accepted | None
    failure: DeliveryFailed | None
    wait: timedelta | None = None


@dataclass(frozen=True, slots=True)
class LostAttempt:
    """An attempt whose answer never came: to be reconciled before anything is sent again."""

    notice: str
    number: int
    to: str = field(repr=False)
    body: str = field(repr=False)
    started_at: datetime
    looked_at: datetime | None
    sender: str = ""
    priority: int = 0


@dataclass(frozen=True, slots=True)
class OpenEnd:
    """A message that the gateway took, and of which no callback told the end."""

    reference: str
    provider_id: str
    sender: str


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

    def rules_version(self, warning_id: int) -> str | None:
        """The version of the rules that this warning was decided by; None before it was."""
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
        self,
        worker: str,
        now: datetime,
        lease: timedelta,
        limit: int,
        channel: Channel = Channel.SMS,
        segments: float | None = None,
    ) -> Sequence[ClaimedNotice]:
        """Lease ready, due notices by priority, then age; each to one worker only.

        No more than `limit`, and none after `segments` are used up; the last one may go beyond.
        Notices past their end become EXPIRED, those whose subjects all answered (reminders) or
        whose phone said STOP become CANCELLED; neither is returned. What is paused stays.
        """
        ...

    def refusals(self, notices: Collection[str]) -> Mapping[str, frozenset[str]]:
        """The senders that refused these notices for good, of those that were refused."""
        ...

    def still_leased(self, notice: str, worker: str, now: datetime) -> bool:
        """True while the worker may post it: its lease holds and nobody stopped it."""
        ...

    def end_overdue(self, now: datetime) -> int:
        """End the notices whose useful life is over while they waited; return how many."""
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

    def lost(self, now: datetime, older_than: timedelta, apart: timedelta) -> Sequence[LostAttempt]:
        """Posts of unknown outcome that began so long ago and were not looked for since `apart`."""
        ...

    def reconcile(
        self,
        attempt: LostAttempt,
        found: Sequence[Accepted],
        now: datetime,
        apart: timedelta = BETWEEN_LOOKS,
    ) -> None:
        """Adopt the first that is no other notice's; none twice, so far apart: READY again."""
        ...

    def give_up_looking(self, attempt: LostAttempt, now: datetime) -> None:
        """Nobody can be asked: a life-threatening message is READY again, others have FAILED."""
        ...

    def open_ends(
        self, senders: Collection[str], now: datetime, older_than: timedelta, limit: int
    ) -> Sequence[OpenEnd]:
        """Messages of these senders, taken so long ago and within a day, without an end.

        Each is named once in `older_than`; the longest unasked first.
        """
        ...

    def is_due(self, now: datetime, channel: Channel) -> bool:
        """True where a notice of this channel waits to go out."""
        ...

    def receipt(
        self,
        reference: str,
        provider_id: str,
        status: DeliveryStatus,
        code: str | None,
        now: datetime,
        action: FailureAction | None = None,
    ) -> bool:
        """Record a status callback; never lowers a rank; False for an unknown reference.

        `action` is what the code of a message that did not arrive asks for: RETRY sends it again
        once more after some minutes, and OPTED_OUT is kept. The next step is taken at once in
        any case.
        """
        ...

    def cancel_to(self, number: str, now: datetime) -> int:
        """Cancel what still waits for this number, because it said STOP; return how many."""
        ...

    def call_off_drill(self, incident: str) -> int:
        """Cancel what still waits of an exercise, because it ended; return how many."""
        ...

    def pending_count(self) -> int: ...
