"""How a facility's continuity is read, and when a feed has stopped."""

from datetime import UTC, datetime, timedelta

import pytest

from carealert.domain.facilities import ContinuityStatus, StatusReport
from carealert.services.service_status import service_status
from carealert.services.watching import ServiceStatus, is_heard

NOW = datetime(2026, 5, 26, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


def _report(hours_ago: float, holds: float = 48) -> StatusReport:
    at = NOW - hours_ago * HOUR
    return StatusReport("F", ContinuityStatus.LIMITED, at, at + holds * HOUR, "sms")


@pytest.mark.parametrize(
    ("report", "asked_hours_ago", "with_desk", "status"),
    [
        (None, None, False, ServiceStatus.UNKNOWN),
        (_report(1), None, False, ServiceStatus.LIMITED),
        (_report(50), None, False, ServiceStatus.UNKNOWN),  # 50 h old, holds for 48 h
        (_report(48), None, False, ServiceStatus.UNKNOWN),  # its last moment is over
        (None, 1, False, ServiceStatus.ASKED),
        (None, 1, True, ServiceStatus.NO_RESPONSE),
        (_report(2), 1, False, ServiceStatus.ASKED),  # said before the question
        (_report(2), 1, True, ServiceStatus.NO_RESPONSE),
        (_report(1), 2, True, ServiceStatus.LIMITED),  # said after the question
    ],
)
def test_an_open_question_outweighs_an_older_report(
    report: StatusReport | None,
    asked_hours_ago: float | None,
    with_desk: bool,
    status: ServiceStatus,
) -> None:
    asked = None if asked_hours_ago is None else NOW - asked_hours_ago * HOUR
    assert service_status(report, asked, with_desk, NOW) is status


def test_every_continuity_status_has_a_place_on_the_board() -> None:
    places = {place.value for place in ServiceStatus}
    assert {status.value for status in ContinuityStatus} <= places


@pytest.mark.parametrize(
    ("minutes_silent", "heard"),
    [(0, True), (3, True), (3.1, False)],  # every minute: three may be missed
)
def test_a_feed_has_stopped_after_three_missed_polls(minutes_silent: float, heard: bool) -> None:
    last = NOW - timedelta(minutes=minutes_silent)
    assert is_heard(last, MINUTE, 1, NOW, NOW) is heard


@pytest.mark.parametrize(
    ("failures", "minutes_due", "heard"),
    [(0, 0, True), (0, 3, True), (0, 4, False), (1, 0, False)],
)
def test_a_new_feed_may_take_its_time_but_not_fail(
    failures: int,
    minutes_due: int,
    heard: bool,
) -> None:
    assert is_heard(None, MINUTE, failures, NOW - minutes_due * MINUTE, NOW) is heard
