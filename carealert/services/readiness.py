"""How ready facilities are, worst first, from the register and what was heard of them."""

from dataclasses import dataclass
from datetime import datetime

from carealert.domain.access import Actor, Right
from carealert.domain.facilities import Contact, ContinuityStatus, Facility, FacilityType
from carealert.domain.notices import DeliveryStatus
from carealert.domain.readiness import Evidence, Readiness, readiness
from carealert.services.access import needs, reach
from carealert.services.ports.store import Database, Stores
from carealert.services.reporting import facility_within

_NOT_ARRIVED = frozenset({DeliveryStatus.FAILED.value, DeliveryStatus.UNDELIVERED.value})


@dataclass(frozen=True, slots=True)
class ReadinessLine:
    """One facility with its readiness."""

    ref: str
    name: str
    type: FacilityType
    area_code: str | None
    readiness: Readiness


@needs(Right.READ_FACILITIES)
def list_readiness(
    db: Database, who: Actor, now: datetime, ref: str | None = None
) -> list[ReadinessLine]:
    """Facilities by their score, the least ready first; or the one with this ref.

    `now` is aware, and its day is the office's. Raises NoFacilityHasRef.
    """
    with db.reading() as stores:
        if ref is None:
            theirs = reach(stores, who)
            known = stores.facilities.get(stores.facilities.refs())
            wanted = [one for one in known if theirs.has_facility(one.ref, one.area_code)]
        else:
            wanted = [facility_within(stores, who, ref)]
        stopped = stores.people.suppressed()
        reports = stores.facilities.latest_reports()
        lines = []
        for one in wanted:
            report = reports.get(one.ref)
            heard = report if report and report.status is not ContinuityStatus.UNKNOWN else None
            evidence = Evidence(
                heard.reported_at if heard else None,
                _is_unreachable(stores, one.manager, stopped),
                _is_unreachable(stores, one.deputy, stopped),
            )
            lines.append(_line(one, readiness(one, evidence, now)))
    return sorted(lines, key=lambda line: (line.readiness.score, line.ref))


def _is_unreachable(stores: Stores, contact: Contact | None, stopped: frozenset[str]) -> bool:
    if contact is None:
        return False
    if contact.phone.number in stopped:
        return True
    last = stores.people.last_sent(contact.phone.number)
    return last is not None and last.delivery in _NOT_ARRIVED


def _line(one: Facility, found: Readiness) -> ReadinessLine:
    return ReadinessLine(one.ref, one.name, one.type, one.area_code, found)
