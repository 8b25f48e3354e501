"""Facilities as lists show them: how each stands, and each of its services; and which to show."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from carealert.domain.facilities import (
    ContinuityStatus,
    Cost,
    Facility,
    FacilityType,
    StatusReport,
    believed,
    status_of_service,
)
from carealert.domain.opening_hours import UnclearHours, is_open, read_hours


@dataclass(frozen=True, slots=True)
class ServiceLine:
    """One service. `reported_at` is that of its own newest report.

    `open_by_hours` says whether it would be open now in an ordinary week; None where no hours are
    stated, or nobody can read them.
    """

    name: str
    status: ContinuityStatus
    hours: str | None
    open_by_hours: bool | None
    reported_at: datetime | None


@dataclass(frozen=True, slots=True)
class FacilityLine:
    """A facility as lists show it; a report past its time counts as unknown."""

    ref: str
    name: str
    type: FacilityType
    area_code: str | None
    status: ContinuityStatus
    reported_at: datetime | None
    services: tuple[ServiceLine, ...] = ()
    cost: Cost | None = None
    languages: tuple[str, ...] = ()
    ramp: bool | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for (requirements M55). None asks nothing; what is not stated is no match.

    `status` is that of the service, where one is named. A language of `bn` finds `bn-BD`, too.
    """

    type: FacilityType | None = None
    service: str | None = None
    status: ContinuityStatus | None = None
    cost: Cost | None = None
    language: str | None = None
    ramp: bool | None = None

    def fits(self, line: FacilityLine) -> bool:
        """Whether this is one of those that are looked for."""
        plain = ((self.type, line.type), (self.cost, line.cost), (self.ramp, line.ramp))
        return (
            all(wanted in (None, stated) for wanted, stated in plain)
            and self._fits_language(line)
            and self._fits_status(line)
        )

    def _fits_language(self, line: FacilityLine) -> bool:
        wanted = self.language.casefold() if self.language else None
        return wanted is None or any(
            tag.casefold() == wanted or tag.casefold().startswith(f"{wanted}-")
            for tag in line.languages
        )

    def _fits_status(self, line: FacilityLine) -> bool:
        statuses = [line.status]
        if self.service is not None:
            name = self.service.casefold()
            statuses = [one.status for one in line.services if one.name.casefold() == name]
        return any(self.status in (None, status) for status in statuses)


def facility_line(
    one: Facility,
    report: StatusReport | None,
    of_services: Mapping[str, StatusReport],
    now: datetime,
) -> FacilityLine:
    """The line of one facility. `now` is aware, and in the zone in which its hours are meant."""
    own_hours = dict(one.service_hours)
    services = []
    for name in one.services:
        own, hours = of_services.get(name), own_hours.get(name) or one.opening_hours
        services.append(
            ServiceLine(
                name,
                status_of_service(own, report, now),
                hours,
                _open_by(hours, now),
                own.reported_at if own else None,
            )
        )
    return FacilityLine(
        one.ref,
        one.name,
        one.type,
        one.area_code,
        believed(report, now),
        report.reported_at if report else None,
        tuple(services),
        one.cost,
        one.languages,
        one.ramp,
    )


def _open_by(hours: str | None, now: datetime) -> bool | None:
    """The hours of a whole facility are free text, which may be anything."""
    try:
        return is_open(read_hours(hours), now) if hours else None
    except UnclearHours:
        return None
