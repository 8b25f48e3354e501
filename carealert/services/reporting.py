"""What a manager says to an officer on the telephone: how a facility, or one service, stands."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from carealert.domain.access import Actor, Right
from carealert.domain.facilities import (
    ContinuityStatus,
    Facility,
    StatusReport,
    believed,
    status_of_service,
)
from carealert.services.access import needs, reach
from carealert.services.ports.store import Database, Stores

#: A report is believed for no longer: who has not been asked for a month knows nothing.
LONGEST = timedelta(days=31)
_SOURCE = "officer"


class NoFacilityHasRef(LookupError):
    """No facility has this ref, or none within the actor's reach."""


class CannotReport(ValueError):
    """The report makes no sense; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Reported:
    """What was kept, and what now counts: a closed facility outweighs one service's report."""

    report: StatusReport
    counts_as: ContinuityStatus


@needs(Right.EDIT_FACILITIES)
def report_status(
    db: Database,
    who: Actor,
    ref: str,
    status: ContinuityStatus,
    now: datetime,
    *,
    service: str | None = None,
    valid_for: timedelta,
) -> Reported:
    """Keep a report that holds for `valid_for` from `now` (aware), and write it in the journal.

    Raises NoFacilityHasRef, and CannotReport for a service that the facility does not have, or a
    time that is too long or none.
    """
    if not timedelta(0) < valid_for <= LONGEST:
        raise CannotReport(f"A report holds for up to {LONGEST.days * 24} hours.")
    with db.transaction() as stores:
        one = facility_within(stores, who, ref)
        if service is not None and service not in one.services:
            raise CannotReport(_no_such(one))
        report = StatusReport(ref, status, now, now + valid_for, _SOURCE, service)
        stores.facilities.report(report)
        stores.journal.write(
            now,
            "facility_reported",
            f"facility:{ref}",
            by=who.name,
            status=status.value,
            valid_until=report.valid_until.isoformat(),
            **({"service": service} if service is not None else {}),
        )
        return Reported(report, _counts_as(stores, report, now))


def facility_within(stores: Stores, who: Actor, ref: str) -> Facility:
    """The facility; raises NoFacilityHasRef, also where it is out of the actor's reach."""
    theirs = reach(stores, who)
    for one in stores.facilities.get([ref]):
        if theirs.has_facility(one.ref, one.area_code):
            return one
    raise NoFacilityHasRef(f"No facility has the ref '{ref}': see 'carealert facilities list'.")


def _counts_as(stores: Stores, report: StatusReport, now: datetime) -> ContinuityStatus:
    whole = stores.facilities.latest_reports().get(report.facility_ref)
    if report.service is None:
        return believed(whole, now)
    own = stores.facilities.service_reports()[report.facility_ref][report.service]
    return status_of_service(own, whole, now)


def _no_such(one: Facility) -> str:
    if not one.services:
        return f"'{one.ref}' states no services: import it with the column services."
    return f"'{one.ref}' has no such service: it has {', '.join(one.services)}."
