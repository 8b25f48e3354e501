"""Residents whose daily care must not stop, and the people who care for them.

Needs are functions, never diagnoses. Gender is recorded for measuring reach and is never read
when deciding who is told (docs/decisions/0005-gender-never-decides.md).
"""

from dataclasses import dataclass, field
from datetime import datetime, time
from enum import StrEnum


class Need(StrEnum):
    """What daily care depends on (requirements 3.1)."""

    DIALYSIS = "dialysis"
    POWER_DEPENDENT_BREATHING = "power_dependent_breathing"
    OTHER_POWER_DEVICE = "other_power_device"
    COLD_CHAIN_MEDICINE = "cold_chain_medicine"
    DAILY_MEDICINE = "daily_medicine"
    DEMENTIA = "dementia"
    INFANT = "infant"
    PREGNANCY_POSTPARTUM = "pregnancy_postpartum"
    MOBILITY = "mobility"
    SENSORY_SEEING = "sensory_seeing"
    SENSORY_HEARING = "sensory_hearing"
    RESPIRATORY = "respiratory"
    HEAT_COLD_SENSITIVE = "heat_cold_sensitive"
    SUPERVISION = "supervision"
    TRANSPORT = "transport"
    OTHER = "other"


class Gender(StrEnum):
    """Optional and self-described; used in reports only."""

    WOMAN = "woman"
    MAN = "man"
    NON_BINARY = "non_binary"
    SELF_DESCRIBED = "self_described"
    PREFER_NOT_TO_SAY = "prefer_not_to_say"
    NOT_STATED = "not_stated"


class AgeBand(StrEnum):
    """Age where no birth year is stated, in years (Sendai and IASC disaggregation)."""

    UNDER_2 = "0-1"
    UNDER_6 = "2-5"
    UNDER_12 = "6-11"
    UNDER_18 = "12-17"
    UNDER_60 = "18-59"
    UNDER_70 = "60-69"
    UNDER_80 = "70-79"
    OLDEST = "80+"

    @property
    def years(self) -> tuple[int, int | None]:
        """The youngest and the oldest age in the band; no oldest in the last."""
        low, _, high = self.value.rstrip("+").partition("-")
        return int(low), int(high) if high else None


def band_of(age: int) -> AgeBand:
    """The band of an age in whole years."""
    return [band for band in AgeBand if band.years[0] <= max(age, 0)][-1]


class Exposure(StrEnum):
    """What about a home makes a hazard worse (requirements M56)."""

    GROUND_FLOOR = "ground_floor"
    LIVES_ALONE = "lives_alone"
    NO_LIFT = "no_lift"
    INFORMAL = "informal"


class Administration(StrEnum):
    """Who answered the Washington Group questions: proxies answer otherwise than people do."""

    SELF = "self"
    PROXY = "proxy"
    ASSISTED = "assisted"
    MIXED = "mixed"


class PhoneSharing(StrEnum):
    """Who else reads this phone. All but PRIVATE get neutral words; UNKNOWN counts as shared."""

    PRIVATE = "private"
    SHARED_HOUSEHOLD = "shared_household"
    BORROWED = "borrowed"
    FACILITY = "facility"
    UNKNOWN = "unknown"


class ChannelPreference(StrEnum):
    """How a person takes a message in."""

    TEXT = "text"
    VOICE = "voice"
    RELAY = "relay"
    VISIT = "visit"


class CareRole(StrEnum):
    """A caregiver's part for one resident; it never orders the first wave (rule G09)."""

    PRIMARY = "primary"
    BACKUP = "backup"
    RELAY = "relay"


class Purpose(StrEnum):
    """What a person agreed to (requirements 3.4); one consent record per purpose."""

    ALERT_ME = "P1"
    ALERT_CARER = "P2"
    SHARE_WITH_FACILITY = "P3"
    SHARE_WITH_RESPONDERS = "P4"
    SOCIAL_PROTECTION = "P5"
    STATISTICS = "P6"


@dataclass(frozen=True, slots=True)
class Phone:
    """A number in E.164 and who reads it. Its repr hides the number."""

    number: str
    sharing: PhoneSharing

    def __repr__(self) -> str:
        """Show the last two digits only: a repr ends up in logs."""
        return f"Phone(…{self.number[-2:]}, {self.sharing.value})"


@dataclass(frozen=True, slots=True)
class Consent:
    """Purposes agreed to, by whom, until when (aware UTC; None = until withdrawn).

    `ends` has the purposes that end at a time of their own. The repr leaves the giver out.
    """

    purposes: frozenset[Purpose]
    giver: str | None = field(default=None, repr=False)
    expires: datetime | None = None
    ends: tuple[tuple[Purpose, datetime], ...] = ()

    def allows(self, purpose: Purpose, now: datetime) -> bool:
        """True if `purpose` was agreed to and the consent has not run out."""
        end = dict(self.ends).get(purpose, self.expires)
        return purpose in self.purposes and (end is None or now < end)


@dataclass(frozen=True, slots=True)
class Functioning:
    """Washington Group Short Set: 1 no difficulty to 4 cannot do at all; None was not asked."""

    seeing: int | None = None
    hearing: int | None = None
    walking: int | None = None
    remembering: int | None = None
    selfcare: int | None = None
    communicating: int | None = None
    administration: Administration | None = None


@dataclass(frozen=True, slots=True)
class Resident:
    """A registered person whose care a hazard can interrupt. `lat`/`lon` in WGS 84 degrees.

    `critical_after_h` is how many hours without care become dangerous; `backup_hours` how long
    the home's own reserve lasts. The repr is the ref alone.
    """

    ref: str
    name: str | None
    label: str
    birth_year: int | None
    gender: Gender
    lat: float | None
    lon: float | None
    area_code: str | None
    language: str
    second_language: str | None
    needs: frozenset[Need]
    functioning: Functioning
    phone: Phone | None
    channel: ChannelPreference
    consent: Consent
    next_due: datetime | None = None
    backup_hours: float | None = None
    notes: str | None = None
    age_band: AgeBand | None = None
    exposures: frozenset[Exposure] = frozenset()
    critical_after_h: float | None = None

    def __repr__(self) -> str:
        """Show who is meant and nothing about them: a repr ends up in logs and tracebacks."""
        return f"Resident({self.ref!r})"


@dataclass(frozen=True, slots=True)
class Caregiver:
    """A person told on residents' behalf, paid or unpaid. Times of day are local to the office.

    In `quiet` hours routine messages wait; in `never` hours they are not for this person at all.
    `capacity` is how many more people they could help; `responder_gender` and `companion` are
    wishes for who comes to help, never a gate (requirements 9). The repr is the ref alone.
    """

    ref: str
    name: str | None
    phone: Phone | None
    channel: ChannelPreference
    literacy: str | None
    gender: Gender
    language: str
    second_language: str | None
    paid: bool | None
    consent: Consent
    quiet_from: time | None = None
    quiet_to: time | None = None
    lat: float | None = None
    lon: float | None = None
    is_minor: bool | None = None
    hours_band: str | None = None
    capacity: int | None = None
    never_from: time | None = None
    never_to: time | None = None
    responder_gender: Gender | None = None
    companion: bool | None = None

    def __repr__(self) -> str:
        """Show who is meant and nothing about them: a repr ends up in logs and tracebacks."""
        return f"Caregiver({self.ref!r})"


@dataclass(frozen=True, slots=True)
class CareLink:
    """This caregiver cares for this resident."""

    caregiver_ref: str
    resident_ref: str
    relation: str | None
    role: CareRole
