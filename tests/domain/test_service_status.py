"""How one service of a facility stands: its own word, its facility's, and how long they hold."""

from datetime import timedelta

import pytest

from carealert.domain.facilities import (
    ContinuityStatus,
    StatusReport,
    believed,
    status_of_service,
)
from tests.support.register import NOW

OPEN, LIMITED, CLOSED = ContinuityStatus.OPEN, ContinuityStatus.LIMITED, ContinuityStatus.CLOSED
GOOD, AWAY, UNKNOWN = (
    ContinuityStatus.CLOSED_FOR_GOOD,
    ContinuityStatus.EVACUATING,
    ContinuityStatus.UNKNOWN,
)


def said(status: ContinuityStatus | None, hours_left: float = 1) -> StatusReport | None:
    if status is None:
        return None
    until = NOW + timedelta(hours=hours_left)
    return StatusReport("F-1", status, NOW - timedelta(hours=1), until, "sms")


@pytest.mark.parametrize(
    ("own", "whole", "stands"),
    [
        (None, None, UNKNOWN),
        (None, OPEN, OPEN),
        (None, LIMITED, LIMITED),
        (CLOSED, None, CLOSED),
        (CLOSED, OPEN, CLOSED),
        (OPEN, LIMITED, OPEN),
        (UNKNOWN, OPEN, OPEN),
        (OPEN, CLOSED, CLOSED),
        (OPEN, GOOD, GOOD),
        (OPEN, AWAY, AWAY),
        (OPEN, UNKNOWN, OPEN),
    ],
)
def test_its_own_report_counts_unless_the_whole_facility_is_shut(
    own: ContinuityStatus | None, whole: ContinuityStatus | None, stands: ContinuityStatus
) -> None:
    assert status_of_service(said(own), said(whole), NOW) is stands


def test_what_is_out_of_date_is_not_believed() -> None:
    assert believed(said(OPEN, 0), NOW) is UNKNOWN
    assert status_of_service(said(CLOSED, 0), said(OPEN), NOW) is OPEN
    assert status_of_service(said(OPEN), said(CLOSED, 0), NOW) is OPEN
    assert status_of_service(said(CLOSED, 0), None, NOW) is UNKNOWN
