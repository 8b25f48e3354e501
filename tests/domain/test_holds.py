"""Real by its status, a test by its text."""

from typing import Any

import pytest

from carealert.domain.hazards import Hazard
from carealert.domain.holds import as_real, needs_officer, why_held
from carealert.domain.warnings import MsgType, Scope, Status
from tests.support.builders import a_warning, an_info

TEST = an_info(
    hazard=Hazard.TEST_MESSAGE, hazard_if_real=Hazard.FLOOD, evidence=("headline 'this is a test'",)
)


@pytest.mark.parametrize(
    ("changes", "needed"),
    [
        ({}, True),
        ({"msg_type": MsgType.UPDATE}, True),
        ({"msg_type": MsgType.CANCEL}, True),
        ({"scope": None}, True),
        ({"msg_type": MsgType.ACK}, False),
        ({"msg_type": MsgType.ERROR}, False),
        ({"status": Status.TEST}, False),
        ({"status": Status.EXERCISE}, False),
        ({"status": Status.SYSTEM}, False),
        ({"status": Status.DRAFT}, False),
        ({"scope": Scope.RESTRICTED}, False),
        ({"scope": Scope.PRIVATE}, False),
    ],
)
def test_an_officer_is_asked_where_it_could_reach_somebody(
    changes: dict[str, Any], *, needed: bool
) -> None:
    assert needs_officer(a_warning(an_info(), TEST, **changes)) is needed


def test_nobody_is_asked_about_a_warning_that_is_plain() -> None:
    assert not needs_officer(a_warning())


def test_the_officer_is_told_what_reads_as_a_test_once() -> None:
    assert why_held(a_warning(TEST, TEST)) == "it reads as a test: headline 'this is a test'"
    assert why_held(a_warning(an_info(hazard=Hazard.TEST_MESSAGE))).endswith("an info of it does")


def test_released_it_means_what_it_would_mean_if_real() -> None:
    vague = an_info(hazard=Hazard.TEST_MESSAGE, hazard_if_real=None)
    real = as_real(a_warning(TEST, vague, an_info(hazard=Hazard.HEAT)))
    assert [info.hazard for info in real.infos] == [Hazard.FLOOD, Hazard.OTHER, Hazard.HEAT]
    assert real.infos[0].evidence[-1] == "an officer said that it is no test"
