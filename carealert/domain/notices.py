"""What one recipient is told about one incident, and how far its delivery has come."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from carealert.domain.hazards import Hazard
from carealert.domain.people import Need, Phone, PhoneSharing
from carealert.domain.rules import Priority
from carealert.domain.warnings import Severity


class RecipientKind(StrEnum):
    """In which role somebody is told."""

    RESIDENT = "resident"
    CAREGIVER = "caregiver"
    FACILITY_MANAGER = "facility_manager"
    DEPUTY_MANAGER = "deputy_manager"
    RELAY = "relay"  # a trusted messenger who goes to a home
    COMMUNITY_GROUP = "community_group"
    CITY_DESK = "city_desk"


class Wording(StrEnum):
    """How much a text may say, by who else reads the phone (rule G01)."""

    PRIVATE = "private"
    NEUTRAL = "neutral"
    CARE_CARD = "care_card"  # borrowed phones: the hazard only, the steps are on the person's card


class Channel(StrEnum):
    """The ways out. A new one is a file in `adapters/channels/` and a line in its table."""

    SMS = "sms"
    VOICE = "voice"
    WHATSAPP = "whatsapp"
    EMAIL = "email"


class NoticeState(StrEnum):
    """Where a notice stands in the outbox."""

    READY = "ready"  # waiting for a deliverer (or for its due time)
    CLAIMED = "claimed"  # leased by a deliverer
    SENT = "sent"  # the gateway took it; delivery status tells the rest
    UNKNOWN = "unknown"  # posted, answer lost: never posted again before it is reconciled
    FAILED = "failed"  # will not be tried again
    EXPIRED = "expired"  # its useful life ended before it went out
    SUPERSEDED = "superseded"  # a later message of the incident took its place before it went out
    CANCELLED = "cancelled"  # stopped before the send: answered, opted out, or called off


class DeliveryStatus(StrEnum):
    """Twilio's message status, word for word."""

    ACCEPTED = "accepted"
    SCHEDULED = "scheduled"
    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    FAILED = "failed"
    CANCELED = "canceled"
    READ = "read"

    @property
    def rank(self) -> int:
        """How far along; a status never goes back to a lower rank (late, unordered callbacks)."""
        return _RANKS[self]


_RANKS = {
    DeliveryStatus.ACCEPTED: 0,
    DeliveryStatus.SCHEDULED: 0,
    DeliveryStatus.QUEUED: 1,
    DeliveryStatus.SENDING: 2,
    DeliveryStatus.SENT: 3,
    DeliveryStatus.UNDELIVERED: 4,
    DeliveryStatus.FAILED: 4,
    DeliveryStatus.CANCELED: 4,
    DeliveryStatus.DELIVERED: 5,  # above undelivered: a late delivery receipt still counts
    DeliveryStatus.READ: 6,
}


class Encoding(StrEnum):
    """How an SMS travels (3GPP TS 23.038)."""

    GSM_7 = "GSM-7"
    UCS_2 = "UCS-2"


class MessageKind(StrEnum):
    """Which part of an incident's story a notice tells."""

    ALERT = "alert"
    UPDATE = "update"
    STAND_DOWN = "stand_down"  # cancelled, over, or no longer in the area
    REMINDER = "reminder"
    SETTLED = "settled"  # somebody else has answered about the same people
    FOLLOW_UP = "follow_up"  # asks what is missing, after the end
    FACILITY_CONFIRM = "facility_confirm"
    DESK = "desk"
    HELD = "held"  # the desk is called about a hold that is overdue
    CONSENT = "consent"  # asks whether we may go on telling somebody; no part of an incident
    DRILL = "drill"  # part of an exercise: never counted or answered as a real message


@dataclass(frozen=True, slots=True)
class About:
    """One person or facility that a notice is about, in the words its recipient chose.

    The repr is the ref alone.
    """

    ref: str
    label: str = field(repr=False)
    needs: frozenset[Need] = field(default=frozenset(), repr=False)


@dataclass(frozen=True, slots=True)
class Facts:
    """What a template may say of the warning.

    Times are aware; `places` is language -> name, `instructions` language -> the sender's words.
    """

    hazard: Hazard
    event: str
    severity: Severity | None
    sender_name: str
    places: Mapping[str, str]
    onset: datetime | None
    expires: datetime | None
    instructions: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Recipient:
    """Somebody who is told, with everything that choosing words and channel takes."""

    kind: RecipientKind
    ref: str
    phone: Phone
    language: str
    second_language: str | None


@dataclass(frozen=True, slots=True)
class NoticeDraft:
    """A decided notice without its text yet. `about` is in a stable order.

    `numbers` are counts that its template tells, by name; `round` names a later look at the same
    message of an authority.
    """

    incident: str
    recipient: Recipient
    about: tuple[About, ...]
    about_self: bool
    rule: str
    step: int
    revision: int
    kind: MessageKind
    priority: Priority
    channel: Channel
    wording: Wording
    template: str
    checklist: str | None
    facts: Facts
    expected_replies: Mapping[str, str]
    due_at: datetime
    expires_at: datetime
    reasons: tuple[str, ...]
    numbers: Mapping[str, int] = field(default_factory=dict)
    round: str = ""

    @property
    def idempotency_key(self) -> str:
        """`incident:rule:recipient:step:revision[:round]`: the database refuses a second one."""
        recipient = f"{self.recipient.kind.value}/{self.recipient.ref}"
        later = f":{self.round}" if self.round else ""
        return f"{self.incident}:{self.rule}:{recipient}:{self.step}:{self.revision}{later}"


@dataclass(frozen=True, slots=True)
class Text:
    """A rendered message: the language it came out in, its encoding and its SMS parts.

    `left_out` names what was shed to keep the budget of segments, first shed first. The repr
    leaves the body out.
    """

    body: str = field(repr=False)
    language: str
    encoding: Encoding
    segments: int
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Notice:
    """A draft with its text: what the outbox keeps."""

    draft: NoticeDraft
    text: Text


def wording_for(phone: Phone) -> Wording:
    """The most that may be said on this phone; unknown sharing counts as shared."""
    return _WORDINGS[phone.sharing]


def may_get_list(phone: Phone) -> bool:
    """True where the steps for a facility, which name illnesses, may be read: its own phone."""
    return phone.sharing in (PhoneSharing.FACILITY, PhoneSharing.PRIVATE)


_WORDINGS = {
    "private": Wording.PRIVATE,
    "shared_household": Wording.NEUTRAL,
    "facility": Wording.NEUTRAL,
    "unknown": Wording.NEUTRAL,
    "borrowed": Wording.CARE_CARD,
}


class SubjectState(StrEnum):
    """Where a matched person or facility stands; none is left without one (rule G22)."""

    WAITING = "waiting"  # told or about to be; nobody has answered
    SAFE = "safe"
    NEEDS_HELP = "needs_help"
    RELAYED = "relayed"  # a messenger says that the household knows (rule G14)
    CONFIRMED = "confirmed"  # a facility manager answered
    WITH_DESK = "with_desk"  # nobody answered or nobody can be reached: a person of the city acts
    STOOD_DOWN = "stood_down"  # the warning ended

    @property
    def is_answered(self) -> bool:
        """True where somebody entitled has said how things are."""
        return self in _ANSWERED


_ANSWERED = (
    SubjectState.SAFE,
    SubjectState.NEEDS_HELP,
    SubjectState.RELAYED,
    SubjectState.CONFIRMED,
)
