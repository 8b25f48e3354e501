"""Places that give care, and whether their service goes on."""

from dataclasses import dataclass, field
from datetime import date, datetime
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


class Cost(StrEnum):
    """What those pay who come (requirements M55)."""

    FREE = "free"
    PAID = "paid"
    SUBSIDISED = "subsidised"


@dataclass(frozen=True, slots=True)
class Contact:
    """A manager or deputy who answers for a facility."""

    name: str | None = field(repr=False)
    phone: Phone
    language: str


@dataclass(frozen=True, slots=True)
class Facility:
    """A registered care facility. Empty means not stated, never no.

    `service_hours` has (service, hours) of those services that state their own, in the words of
    `domain.opening_hours`; `opening_hours` is free text. `verified_on` is the day on which
    somebody last looked whether all this is true.
    """

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
    service_hours: tuple[tuple[str, str], ...] = ()
    cost: Cost | None = None
    languages: tuple[str, ...] = ()
    verified_on: date | None = None


@dataclass(frozen=True, slots=True)
class StatusReport:
    """What a manager said, and how long it may be believed (aware UTC).

    `service` is the one it is about; None is the whole facility.
    """

    facility_ref: str
    status: ContinuityStatus
    reported_at: datetime
    valid_until: datetime
    source: str
    service: str | None = None


#: What shuts every service of a facility, whatever was said of one of them.
_SHUTS_ALL = frozenset(
    {ContinuityStatus.CLOSED, ContinuityStatus.CLOSED_FOR_GOOD, ContinuityStatus.EVACUATING}
)


def believed(report: StatusReport | None, now: datetime) -> ContinuityStatus:
    """What a report says as long as it holds; then, and without one, UNKNOWN."""
    if report is None or now >= report.valid_until:
        return ContinuityStatus.UNKNOWN
    return report.status


def status_of_service(
    own: StatusReport | None, whole: StatusReport | None, now: datetime
) -> ContinuityStatus:
    """How one service stands: its own report, else that of the whole facility.

    A facility that is closed or moving people out has no open service. A laundry that is closed
    stays so when its facility reports to be open: it opens by its own report, or when that runs
    out. Somebody sent to an open door that is shut has lost more than the other way round.
    """
    of_all = believed(whole, now)
    if of_all in _SHUTS_ALL:
        return of_all
    of_own = believed(own, now)
    return of_all if of_own is ContinuityStatus.UNKNOWN else of_own
