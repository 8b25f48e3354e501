"""The official message, normalised: CAP 1.2 names and enumerations, word for word.

Source of names and meanings: OASIS Common Alerting Protocol 1.2, section 3.2. An element that
is absent stays None or empty; nothing is invented. `raw` text that is not in an enumeration is
read as None and reported by the parser.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import cast

from shapely.geometry.base import BaseGeometry

from carealert.domain.drawings import Drawing
from carealert.domain.hazards import Hazard


class Status(StrEnum):
    """CAP `status`: only Actual may ever reach residents."""

    ACTUAL = "Actual"
    EXERCISE = "Exercise"
    SYSTEM = "System"
    TEST = "Test"
    DRAFT = "Draft"


class MsgType(StrEnum):
    """CAP `msgType`."""

    ALERT = "Alert"
    UPDATE = "Update"
    CANCEL = "Cancel"
    ACK = "Ack"
    ERROR = "Error"


class Scope(StrEnum):
    """CAP `scope`."""

    PUBLIC = "Public"
    RESTRICTED = "Restricted"
    PRIVATE = "Private"


class Urgency(StrEnum):
    """CAP `urgency`, most urgent first."""

    IMMEDIATE = "Immediate"
    EXPECTED = "Expected"
    FUTURE = "Future"
    PAST = "Past"
    UNKNOWN = "Unknown"


class Severity(StrEnum):
    """CAP `severity`, most severe first."""

    EXTREME = "Extreme"
    SEVERE = "Severe"
    MODERATE = "Moderate"
    MINOR = "Minor"
    UNKNOWN = "Unknown"


#: The most severe first; a missing severity counts as Unknown.
SEVERITY_ORDER = tuple(Severity)


class Certainty(StrEnum):
    """CAP `certainty`, most certain first."""

    OBSERVED = "Observed"
    LIKELY = "Likely"
    POSSIBLE = "Possible"
    UNLIKELY = "Unlikely"
    UNKNOWN = "Unknown"


class ResponseType(StrEnum):
    """CAP `responseType`."""

    SHELTER = "Shelter"
    EVACUATE = "Evacuate"
    PREPARE = "Prepare"
    EXECUTE = "Execute"
    AVOID = "Avoid"
    MONITOR = "Monitor"
    ASSESS = "Assess"
    ALL_CLEAR = "AllClear"
    NONE = "None"


class Category(StrEnum):
    """CAP `category`."""

    GEO = "Geo"
    MET = "Met"
    SAFETY = "Safety"
    SECURITY = "Security"
    RESCUE = "Rescue"
    FIRE = "Fire"
    HEALTH = "Health"
    ENV = "Env"
    TRANSPORT = "Transport"
    INFRA = "Infra"
    CBRNE = "CBRNE"
    OTHER = "Other"


#: A CAP name-value list (`geocode`, `parameter`, `eventCode`): names may repeat, order is kept.
Named = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Reference:
    """One earlier message that this one refers to; feeds may give the identifier alone."""

    sender: str | None
    identifier: str
    sent: datetime | None


@dataclass(frozen=True, slots=True)
class Resource:
    """A file that comes with an info; its bytes are not kept."""

    resource_desc: str | None
    mime_type: str | None
    size: int | None
    uri: str | None
    digest: str | None


@dataclass(frozen=True)
class Area:
    """Where an info holds.

    `altitude` and `ceiling` are feet above mean sea level. `geometry` is the
    union of the usable polygons and circles in WGS 84 lon/lat degrees, or None;
    `geocodes` keeps every name and value as sent (white space trimmed).
    """

    area_desc: str
    geometry: BaseGeometry | None
    geocodes: Named
    altitude: float | None
    ceiling: float | None
    #: Where the sender keeps the shape, if it is not in the message itself (http or https).
    shape_url: str | None = None

    @property
    def drawing_notes(self) -> tuple[tuple[str, str], ...]:
        """(where, what) of all that was odd about its written polygons and circles."""
        held = self.__dict__["geometry"]
        return held.notes if isinstance(held, Drawing) else ()


class _Geometry:
    """The field `Area.geometry`: a shape, or a `Drawing` that becomes one when it is read."""

    def __get__(self, area: Area, owner: type[Area]) -> BaseGeometry | None:
        held: Drawing | BaseGeometry | None = area.__dict__["geometry"]
        return held.geometry if isinstance(held, Drawing) else held

    def __set__(self, area: Area, value: Drawing | BaseGeometry | None) -> None:
        area.__dict__["geometry"] = value


# Set here and not in the class, where it would pass for the field's default.
Area.geometry = _Geometry()  # type: ignore[assignment]


def undrawn(drawing: Drawing | None) -> BaseGeometry | None:
    """A drawing as the `geometry` of an Area, which draws it when somebody reads that field."""
    return cast("BaseGeometry | None", drawing)


@dataclass(frozen=True, slots=True)
class Info:
    """One language or one hazard of a warning. Times are aware and keep the sender's offset.

    `severity` is the sender's own word; `assessed_severity` what the office's table of sources
    makes of it, where it knows better. `hazard_if_real` is set where the text reads as a test:
    what it would warn of if an officer says that it is none. `evidence` says what decided.
    """

    language: str | None
    categories: tuple[Category, ...]
    event: str
    hazard: Hazard
    response_types: tuple[ResponseType, ...]
    urgency: Urgency | None
    severity: Severity | None
    certainty: Certainty | None
    audience: str | None
    event_codes: Named
    effective: datetime | None
    onset: datetime | None
    expires: datetime | None
    sender_name: str | None
    headline: str | None
    description: str | None
    instruction: str | None
    web: str | None
    contact: str | None
    parameters: Named
    resources: tuple[Resource, ...]
    areas: tuple[Area, ...]
    assessed_severity: Severity | None = None
    hazard_if_real: Hazard | None = None
    evidence: tuple[str, ...] = ()

    @property
    def effective_severity(self) -> Severity | None:
        """The severity that rules and messages go by."""
        return self.assessed_severity or self.severity


@dataclass(frozen=True, slots=True)
class HazardWarning:
    """One official message. Its identity is `key`: agencies re-use identifiers.

    `event_keys` name the event itself in its source's own numbering (`vtec:KTAE.FL.W.0012.2026`,
    `gdacs:TC1001234`), which ties messages together that do not refer to each other. `feed` is
    the feed that brought it, and no part of what it says.
    """

    identifier: str
    sender: str
    sent: datetime
    status: Status | None
    msg_type: MsgType | None
    scope: Scope | None
    source: str | None
    restriction: str | None
    addresses: tuple[str, ...]
    codes: tuple[str, ...]
    note: str | None
    references: tuple[Reference, ...]
    incidents: tuple[str, ...]
    infos: tuple[Info, ...]
    event_keys: tuple[str, ...] = ()
    feed: str | None = field(default=None, compare=False)

    @property
    def key(self) -> tuple[str, str, datetime]:
        """(sender, identifier, sent): what makes two documents the same message."""
        return (self.sender, self.identifier, self.sent)


def refers_to(later: HazardWarning, earlier: HazardWarning) -> bool:
    """True if `later` names `earlier` in its references.

    The sender is only a hint (some agencies update another's message), and a reference may hold
    the identifier alone; a `sent` that is given must agree.
    """
    return any(
        reference.identifier == earlier.identifier
        and (reference.sent is None or reference.sent == earlier.sent)
        for reference in later.references
    )


def is_over(info: Info, now: datetime) -> bool:
    """True if nobody is to be warned by this info any more: expired, past or an all-clear."""
    if info.expires is not None and info.expires <= now:
        return True
    return info.urgency is Urgency.PAST or ResponseType.ALL_CLEAR in info.response_types
