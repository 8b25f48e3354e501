"""How a facility stands, from its report and the question that is open."""

from datetime import datetime

from carealert.domain.facilities import StatusReport
from carealert.services.watching import ServiceStatus


def service_status(
    report: StatusReport | None, asked_at: datetime | None, with_desk: bool, now: datetime
) -> ServiceStatus:
    """How a facility stands: an unanswered question outweighs an older report.

    `asked_at` is the moment of the open question of an incident, None without one; `with_desk`
    says that it went unanswered for so long that the desk has it.
    """
    fresh = report is not None and now < report.valid_until
    if asked_at is not None and (report is None or report.reported_at < asked_at):
        return ServiceStatus.NO_RESPONSE if with_desk else ServiceStatus.ASKED
    if report is None or not fresh:
        return ServiceStatus.UNKNOWN
    return ServiceStatus(report.status.value)
