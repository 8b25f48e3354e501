"""What the console shows: the views, the reader that gives them, and what each number means.

No view holds a name, a phone or a need. A *recipient* is somebody who is told; a *person* is a
matched resident; both are counted once, however many messages they got. Moments are aware UTC.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol

from carealert.domain.facilities import ContinuityStatus
from carealert.domain.notices import SubjectState
from carealert.services.ports.drills import DrillCounts
from carealert.services.ports.feeds import UnmappedEvent
from carealert.services.ports.holds import HeldRow
from carealert.services.ports.languages import NO_TEXTS, TextsRow
from carealert.services.ports.registry import UnknownArea

#: A feed that has not answered for this many of its intervals has stopped.
MISSED_POLLS = 3
_NEVER = datetime.min.replace(tzinfo=UTC)


class BoardUnavailable(Exception):
    """The board cannot be read now; the message says what to look at."""


class Phase(StrEnum):
    """Whether an incident's warning still holds."""

    ACTIVE = "active"
    ENDED = "ended"


class ServiceStatus(StrEnum):
    """A facility's continuity as the board shows it; the order is who needs the officer first."""

    EVACUATING = "evacuating"
    NO_RESPONSE = "no_response"
    CLOSED = "closed"
    LIMITED = "limited"
    ASKED = "asked"
    UNKNOWN = "unknown"
    OPEN = "open"
    CLOSED_FOR_GOOD = "closed_for_good"


@dataclass(frozen=True, slots=True)
class PeopleCounts:
    """Matched residents by where they stand; `matched` is the sum of the rest."""

    matched: int = 0
    safe: int = 0
    needs_help: int = 0
    with_desk: int = 0
    waiting: int = 0
    stood_down: int = 0
    relayed: int = 0


@dataclass(frozen=True, slots=True)
class MessageCounts:
    """Recipients by how far their messages came.

    `told`: the gateway took one; `undelivered`: one failed and none arrived.
    """

    recipients: int = 0
    told: int = 0
    delivered: int = 0
    answered: int = 0
    undelivered: int = 0


@dataclass(frozen=True, slots=True)
class IncidentSummary:
    """One incident as a card. CAP words are the sender's; `ends_at` is never None.

    `status` is CAP's: anything but Actual reached no resident. `planned` is False while the
    newest message waits to be planned. `drill` is there for an Exercise: its numbers are none of
    the others.
    """

    id: str
    phase: Phase
    status: str | None
    msg_type: str | None
    hazard: str
    event: str
    headline: str | None
    language: str | None
    sender_name: str
    severity: str | None
    urgency: str | None
    certainty: str | None
    areas: tuple[str, ...]
    sent: datetime
    onset: datetime | None
    expires: datetime | None
    ends_at: datetime
    planned: bool
    people: PeopleCounts
    messages: MessageCounts
    facilities: Mapping[ServiceStatus, int]
    not_sent: Mapping[str, int]
    open_tasks: int
    drill: DrillCounts | None = None

    @property
    def concerns_us(self) -> bool:
        """True if somebody registered is touched, or an officer must look for themselves.

        Never for an exercise: those are listed apart.
        """
        return self.drill is None and (
            self.people.matched > 0
            or bool(self.facilities)
            or self.open_tasks > 0
            or not self.planned
            or "area_unresolved" in self.not_sent
        )


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """What happened `n` times between `at` and `until`; `what` is a stable word."""

    at: datetime
    until: datetime
    what: str
    n: int
    detail: str | None = None
    step: int | None = None


@dataclass(frozen=True, slots=True)
class OfficialText:
    """One language of the newest message, as sent."""

    language: str | None
    event: str
    headline: str | None
    description: str | None
    instruction: str | None
    web: str | None
    contact: str | None


@dataclass(frozen=True, slots=True)
class SubjectRow:
    """One matched person or facility by its ref: where it stands and why it was told."""

    kind: str
    ref: str
    state: SubjectState
    since: datetime
    messages: int
    delivered_at: datetime | None
    answer: str | None
    answered_at: datetime | None
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SubjectPage:
    """A page of subjects, those who need the officer first; `total` counts all pages."""

    rows: tuple[SubjectRow, ...]
    total: int
    page: int
    pages: int


@dataclass(frozen=True, slots=True)
class Group:
    """A line of a break-down; small counts are text such as "<10". `behind`: see `left_behind`."""

    name: str
    told: str
    delivered: str
    answered: str
    behind: bool


@dataclass(frozen=True, slots=True)
class Reach:
    """Who among the recipients was reached: caregivers and residents, not managers.

    `half_by` and `nine_in_ten_by`: when that share of those reached had their first message.
    `own_language` counts recipients told in their first language, of `told`; `otherwise` notices
    in another one, by first language.
    """

    told: int
    own_language: int
    half_by: datetime | None
    nine_in_ten_by: datetime | None
    by_gender: tuple[Group, ...]
    by_language: tuple[Group, ...]
    by_phone_sharing: tuple[Group, ...]
    otherwise: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RuleCount:
    """How many subjects a rule matched, as text (small groups of people are hidden)."""

    rule: str
    kind: str
    matched: str


@dataclass(frozen=True, slots=True)
class FacilityRow:
    """A facility and whether its service goes on. `asked_at`: when the open question went out."""

    ref: str
    name: str
    type: str
    services: tuple[str, ...]
    status: ServiceStatus
    reported_as: ContinuityStatus | None
    reported_at: datetime | None
    valid_until: datetime | None
    asked_at: datetime | None
    backup_power_hours: float | None


@dataclass(frozen=True, slots=True)
class TaskRow:
    """Something that a person of the city desk must do. `state` is the subject's, if it has one."""

    incident: str
    kind: str
    ref: str
    what: str
    state: SubjectState | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class IncidentView:
    """Everything about one incident but its subjects, which come in pages."""

    summary: IncidentSummary
    texts: tuple[OfficialText, ...]
    timeline: tuple[TimelineEntry, ...]
    reach: Reach
    rules: tuple[RuleCount, ...]
    facilities: tuple[FacilityRow, ...]
    tasks: tuple[TaskRow, ...]


@dataclass(frozen=True, slots=True)
class FeedRow:
    """A feed and how it has been answering; its address is shown without query."""

    name: str
    format: str
    address: str
    interval: timedelta
    enabled: bool
    heard: bool
    last_ok_at: datetime | None
    last_error: str | None
    failures: int
    next_poll_at: datetime | None


@dataclass(frozen=True, slots=True)
class UnreadableRow:
    """A document from which nothing could be read: itself a warning to the officer."""

    feed: str | None
    address: str
    fetched_at: datetime
    problem: str


@dataclass(frozen=True, slots=True)
class JournalRow:
    """A line of the journal."""

    at: datetime
    event: str
    subject: str


@dataclass(frozen=True, slots=True)
class Pulse:
    """Whether the machine is alive: feeds, the way out, and what could not be read lately.

    `failed` counts notices of the incidents on the board; `unread` documents of the last day;
    `unplanned` warnings have waited for a minute;
    `alarms` are the journal's events of the last quarter of an hour that stop the work.
    """

    feeds: tuple[FeedRow, ...]
    waiting: int
    later: int
    unknown: int
    failed: int
    unread: int
    unplanned: int
    alarms: tuple[str, ...] = ()

    @property
    def polled(self) -> tuple[FeedRow, ...]:
        """The feeds that are switched on."""
        return tuple(feed for feed in self.feeds if feed.enabled)

    @property
    def silent(self) -> tuple[FeedRow, ...]:
        """The feeds that have stopped, longest silence first."""
        silent = [feed for feed in self.polled if not feed.heard]
        return tuple(sorted(silent, key=lambda feed: (feed.last_ok_at or _NEVER, feed.name)))


@dataclass(frozen=True, slots=True)
class Now:
    """The first screen, read at one moment. Incidents are worst first, facilities neediest.

    `tasks` are the first few; the incidents' `open_tasks` count them all.
    """

    incidents: tuple[IncidentSummary, ...]
    facilities: tuple[FacilityRow, ...]
    tasks: tuple[TaskRow, ...]
    pulse: Pulse
    unknown_areas: tuple[UnknownArea, ...] = ()
    held: tuple[HeldRow, ...] = ()
    unmapped: tuple[UnmappedEvent, ...] = ()
    texts: TextsRow = NO_TEXTS


@dataclass(frozen=True, slots=True)
class FeedsView:
    """Feeds, unreadable documents and the newest journal lines."""

    pulse: Pulse
    unreadable: tuple[UnreadableRow, ...]
    journal: tuple[JournalRow, ...]


GeoJson = dict[str, Any]


class BoardReader(Protocol):
    """Read models of the console: each call reads one consistent state and writes nothing.

    Every method may raise BoardUnavailable.
    """

    def now(self, now: datetime) -> Now:
        """The first screen: incidents that hold, or ended lately, or still have open ends."""
        ...

    def incident(self, incident: str, now: datetime) -> IncidentView | None:
        """One incident, or None where there is none with this id."""
        ...

    def subjects(self, incident: str, state: SubjectState | None, page: int) -> SubjectPage:
        """A page of the incident's people (facilities have a board of their own)."""
        ...

    def facilities(self, now: datetime) -> Sequence[FacilityRow]:
        """Every facility, neediest first."""
        ...

    def tasks(self, now: datetime) -> Sequence[TaskRow]:
        """Open desk tasks: who asked for help first, then oldest first; at most 500."""
        ...

    def feeds(self, now: datetime) -> FeedsView:
        """What comes in."""
        ...

    def warned_areas(self, now: datetime, incident: str | None = None) -> GeoJson:
        """GeoJSON features: warned areas that hold, and facilities with their status."""
        ...

    def places(self) -> GeoJson:
        """GeoJSON features: outlines of the office's own areas, for the map's ground."""
        ...

    def answers(self) -> None:
        """Return if the database answers."""
        ...


def is_heard(
    last_ok_at: datetime | None, interval: timedelta, failures: int, due: datetime, now: datetime
) -> bool:
    """True while a feed answers; a new one, first `due` then, has three intervals to do so."""
    if last_ok_at is None and failures:
        return False
    return now - (last_ok_at or due) <= MISSED_POLLS * interval
