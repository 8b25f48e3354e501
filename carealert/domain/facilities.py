"""Places that give care, and whether their service goes on."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from carealert.domain.people import Phone


class FacilityType(StrEnum):
    """Kinds of care facility (requirements 1D)."""

    DIALYSIS = "dialysis"
    CLINIC = "clinic"
    DAY_CARE = "day_care"
    ELDER_HOME = "elder_home"
    SHELTER = "shelter"
    COMMUNITY_KITCHEN = "community_kitchen"
    LAUNDROMAT = "laundromat"
    CARE_BLOCK = "care_block"
    MOTHERS_CENTRE = "mothers_centre"
    SOCIAL_HOUSING = "social_housing"
    MOBILE_SERVICE = "mobile_service"


class ContinuityStatus(StrEnum):
    """Does the service go on (requirements 3.2; mapped to HeRAMS and EDXL-HAVE there)."""

    OPEN = "open"
    LIMITED = "limited"
    EVACUATING = "evacuating"
    CLOSED = "closed"
    CLOSED_FOR_GOOD = "closed_for_good"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Contact:
    """A manager or deputy who answers for a facility."""

    name: str | None
    phone: Phone
    language: str


@dataclass(frozen=True, slots=True)
class Facility:
    """A registered care facility. Empty means not stated, never no."""

    ref: str
    name: str
    type: FacilityType
    services: tuple[str, ...]
    lat: float | None
    lon: float | None
    area_code: str | None
    capacity: int | None = None
    backup_power_hours: float | None = None
    water_hours: float | None = None
    cold_chain: bool | None = None
    ramp: bool | None = None
    women_staff: bool | None = None
    lit_separate_toilets: bool | None = None
    manager: Contact | None = None
    deputy: Contact | None = None
    opening_hours: str | None = None


@dataclass(frozen=True, slots=True)
class StatusReport:
    """What a manager said, and how long it may be believed (aware UTC)."""

    facility_ref: str
    status: ContinuityStatus
    reported_at: datetime
    valid_until: datetime
    source: str
