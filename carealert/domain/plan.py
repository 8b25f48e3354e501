"""The result of planning: who matched, who is told what, who is not told and why."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, tzinfo
from enum import StrEnum

from carealert.domain.channels import NO_OTHER_WAYS, Ways
from carealert.domain.facilities import Facility
from carealert.domain.notices import Facts, NoticeDraft, Recipient, RecipientKind, SubjectState
from carealert.domain.organisations import Organisation
from carealert.domain.people import Caregiver, CareLink, Resident
from carealert.domain.readiness import NO_EVIDENCE, Evidence
from carealert.domain.rules import Priority, SubjectKind
from carealert.domain.warnings import HazardWarning


class WhyNot(StrEnum):
    """Why a warning, or somebody, is not told. The words are stable: reports count them."""

    NOT_ACTUAL = "not_actual"
    DRILL = "drill"  # would have been told, were the exercise real
    NOT_PUBLIC = "not_public"
    NOT_A_WARNING = "not_a_warning"
    HELD = "held"
    OVER = "over"
    SUPERSEDED = "superseded"
    AREA_UNRESOLVED = "area_unresolved"
    CANCEL_WITHOUT_ALERT = "cancel_without_alert"
    NO_RULE = "no_rule"
    NO_PHONE = "no_phone"
    NO_CONSENT = "no_consent"
    OPTED_OUT = "opted_out"
    MINOR = "minor"
    NO_SUITABLE_CHANNEL = "no_suitable_channel"
    SAME_PHONE = "same_phone"
    NOTHING_CHANGED = "nothing_changed"
    TOLD_ELSEWHERE = "told_elsewhere"
    SILENCED = "silenced"
    NO_CONTACT = "no_contact"


@dataclass(frozen=True, slots=True)
class NotSent:
    """A decision not to send. `rule` is None where no rule came into it."""

    kind: str
    ref: str
    rule: str | None
    reason: WhyNot
    detail: str

    @property
    def text(self) -> str:
        """`code: sentence`, as the Plan prints it."""
        return f"{self.reason.value}: {self.detail}"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A resident inside the warned area, or near it.

    `inside` numbers the infos whose areas hold the home; `near` has the others that came into
    question, with the geodesic distance in km. `messengers` may look in on the home; they are
    filled in only where a rule asks for them.
    """

    resident: Resident
    caregivers: tuple[tuple[Caregiver, CareLink], ...]
    inside: frozenset[int]
    area_codes: frozenset[str]
    places: Mapping[str, str]
    near: Mapping[int, float] = field(default_factory=dict)
    messengers: tuple[Organisation, ...] = ()

    @property
    def subject(self) -> tuple[SubjectKind, str]:
        """Who it is about."""
        return SubjectKind.RESIDENT, self.resident.ref


@dataclass(frozen=True, slots=True)
class FacilityCandidate:
    """A facility inside the warned area or near it, as `Candidate`.

    `evidence` is filled in only where a rule asks how ready it is.
    """

    facility: Facility
    inside: frozenset[int]
    places: Mapping[str, str]
    area_codes: frozenset[str] = frozenset()
    near: Mapping[int, float] = field(default_factory=dict)
    evidence: Evidence = NO_EVIDENCE

    @property
    def subject(self) -> tuple[SubjectKind, str]:
        """What it is about."""
        return SubjectKind.FACILITY, self.facility.ref


@dataclass(frozen=True, slots=True)
class Told:
    """What one recipient was last told in this incident; `pending` until it has gone out."""

    recipient: Recipient
    about: tuple[str, ...]
    facts: Facts
    priority: Priority
    rule: str
    pending: bool


@dataclass(frozen=True, slots=True)
class IncidentHistory:
    """What this incident has led to so far. `revision` counts its planned messages from 0.

    `round` names a later look at the same message, and `repeats` the rules that it says again.
    """

    incident: str
    revision: int
    told: Mapping[tuple[RecipientKind, str], Told] = field(default_factory=dict)
    subjects: Mapping[tuple[SubjectKind, str], SubjectState] = field(default_factory=dict)
    round: str = ""
    repeats: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Office:
    """What planning needs to know of the disaster office.

    `suppressed` are E.164 numbers that said STOP; `assumed_life` stands in for a missing
    `expires`, counted from `sent`; `ways` are those it can send by beside SMS.
    """

    default_language: str
    time_zone: tzinfo
    desk: Recipient | None
    suppressed: frozenset[str]
    assumed_life: timedelta
    ways: Ways = NO_OTHER_WAYS


@dataclass(frozen=True, slots=True)
class Match:
    """A rule holds for a resident or a facility. `info` is the number of the info that did it."""

    kind: SubjectKind
    ref: str
    rule: str
    info: int
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DeskTask:
    """Somebody whom no message can reach: a person of the city acts."""

    kind: SubjectKind
    ref: str
    reason: str


@dataclass(frozen=True, slots=True)
class Timer:
    """The next escalation step of one subject; stored as a row, never as a scheduler's job."""

    incident: str
    kind: SubjectKind
    ref: str
    rule: str
    step: int
    revision: int
    info: int
    started_at: datetime
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that one warning leads to; a dry run prints what a live run saves.

    `superseded` are recipients whose pending notices of earlier revisions must not go out any
    more. `states` are the new states of subjects. `unknown_areas` are codes (system, value)
    and names ("", name) that nobody could place; `area_notes` say what was odd about the areas.
    """

    warning: HazardWarning
    matches: tuple[Match, ...] = ()
    drafts: tuple[NoticeDraft, ...] = ()
    not_sent: tuple[NotSent, ...] = ()
    timers: tuple[Timer, ...] = ()
    tasks: tuple[DeskTask, ...] = ()
    states: Mapping[tuple[SubjectKind, str], SubjectState] = field(default_factory=dict)
    superseded: frozenset[tuple[RecipientKind, str]] = frozenset()
    unknown_areas: tuple[tuple[str, str], ...] = ()
    area_notes: tuple[str, ...] = ()

    def without_desk(self) -> "Plan":
        """What one shard of a decision leads to: the desk, and what is said of the warning itself,
        are the business of the whole."""
        desk = RecipientKind.CITY_DESK
        return replace(
            self,
            drafts=tuple(one for one in self.drafts if one.recipient.kind is not desk),
            not_sent=tuple(one for one in self.not_sent if one.kind not in ("warning", desk)),
            superseded=frozenset(one for one in self.superseded if one[0] is not desk),
        )
