"""What is known of facilities beside their records: when they were heard of, who can be reached."""

from collections.abc import Iterable

from carealert.domain.facilities import Contact, ContinuityStatus, Facility
from carealert.domain.notices import DeliveryStatus
from carealert.domain.readiness import Evidence
from carealert.services.ports.store import Stores

_NOT_ARRIVED = frozenset({DeliveryStatus.FAILED.value, DeliveryStatus.UNDELIVERED.value})


def evidence_of(stores: Stores, facilities: Iterable[Facility]) -> dict[str, Evidence]:
    """By the refs of the facilities."""
    stopped = stores.people.suppressed()
    reports = stores.facilities.latest_reports()
    found = {}
    for one in facilities:
        report = reports.get(one.ref)
        heard = report if report and report.status is not ContinuityStatus.UNKNOWN else None
        found[one.ref] = Evidence(
            heard.reported_at if heard else None,
            _is_unreachable(stores, one.manager, stopped),
            _is_unreachable(stores, one.deputy, stopped),
        )
    return found


def _is_unreachable(stores: Stores, contact: Contact | None, stopped: frozenset[str]) -> bool:
    if contact is None:
        return False
    if contact.phone.number in stopped:
        return True
    last = stores.people.last_sent(contact.phone.number)
    return last is not None and last.delivery in _NOT_ARRIVED
