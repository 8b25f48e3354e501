"""What the shipped rules promise together, whatever file a rule stands in."""

from datetime import timedelta

import pytest

from carealert.domain.hazards import Hazard
from carealert.domain.people import Need
from carealert.domain.plan import Candidate
from carealert.domain.planning import plan
from carealert.domain.rules import Audience, Priority, SubjectKind
from carealert.domain.warnings import Severity, Urgency
from tests.support.builders import (
    NOW,
    a_candidate,
    a_history,
    a_resident,
    a_warning,
    an_info,
    an_office,
)
from tests.support.shipped_rules import HAZARDS, RULES, decided

#: Hazards for which everybody is told at Severe in the first lane.
DEADLY = (
    Hazard.TROPICAL_CYCLONE,
    Hazard.STORM_SURGE,
    Hazard.FLOOD,
    Hazard.FLASH_FLOOD,
    Hazard.EARTHQUAKE,
    Hazard.TSUNAMI,
    Hazard.WILDFIRE,
)
YOUNG = a_candidate(a_resident(ref="young", birth_year=1995))
NEEDS_HELP = a_candidate(
    a_resident(ref="helped", birth_year=1995, needs=frozenset({Need.MOBILITY}))
)


def lane(hazard: Hazard, severity: Severity, person: Candidate) -> Priority | None:
    return min((d.priority for d in decided(hazard, severity, person).drafts), default=None)


@pytest.mark.parametrize("hazard", HAZARDS)
def test_an_extreme_danger_tells_everybody_in_the_person_s_and_all_caregivers_wave(
    hazard: Hazard,
) -> None:
    found = decided(hazard, Severity.EXTREME, YOUNG)
    assert {draft.recipient.ref for draft in found.drafts} == {"young", "c1"}
    assert {draft.due_at for draft in found.drafts} == {NOW}


@pytest.mark.parametrize("hazard", DEADLY)
def test_a_severe_deadly_danger_tells_everybody_in_the_first_lane(hazard: Hazard) -> None:
    assert lane(hazard, Severity.SEVERE, YOUNG) is Priority.LIFE_THREATENING


@pytest.mark.parametrize("hazard", HAZARDS)
@pytest.mark.parametrize("severity", Severity)
def test_a_need_never_makes_the_lane_worse(hazard: Hazard, severity: Severity) -> None:
    without = lane(hazard, severity, YOUNG)
    if without is not None:
        for need in Need:
            person = a_candidate(a_resident(birth_year=1995, needs=frozenset({need})))
            found = lane(hazard, severity, person)
            assert found is not None, need
            assert found <= without, need


@pytest.mark.parametrize("hazard", HAZARDS)
def test_every_hazard_asks_facilities_whether_they_go_on(hazard: Hazard) -> None:
    found = decided(hazard, Severity.SEVERE)
    assert [draft.template for draft in found.drafts] == ["facility_confirm"]
    assert dict(found.drafts[0].expected_replies) == {
        "open": "1",
        "limited": "2",
        "evacuating": "3",
        "closed": "4",
    }


@pytest.mark.parametrize("rule", RULES.rules, ids=lambda rule: rule.id)
def test_every_chain_ends_at_the_desk_in_time_and_the_rule_says_why(rule) -> None:  # type: ignore[no-untyped-def]
    assert rule.why
    assert rule.do.escalate[-1].to == (Audience.CITY_DESK,)
    limits = {
        Priority.LIFE_THREATENING: timedelta(minutes=90),
        Priority.URGENT: timedelta(hours=4),
    }
    assert rule.do.escalate[-1].after <= limits[rule.do.priority]
    if rule.who.kind is SubjectKind.RESIDENT:
        assert set(rule.do.to) == {Audience.CAREGIVERS, Audience.RESIDENT}


@pytest.mark.parametrize("hazard", DEADLY)
def test_what_is_here_runs_on_the_short_timers(hazard: Hazard) -> None:
    info = an_info(hazard=hazard, severity=Severity.SEVERE, urgency=Urgency.IMMEDIATE)
    found = plan(a_warning(info), RULES, [YOUNG], [], a_history(), an_office(), NOW)
    assert [timer.due_at for timer in found.timers] == [NOW + timedelta(minutes=10)]
