"""Which rules hold for whom."""

from typing import Any

import pytest

from carealert.domain.conditions import Needs
from carealert.domain.facilities import FacilityType
from carealert.domain.hazards import Hazard
from carealert.domain.matching import holds, match_all
from carealert.domain.people import Need
from carealert.domain.plan import Candidate, FacilityCandidate, Match, NotSent, WhyNot
from carealert.domain.rules import Rule, SubjectKind, When
from carealert.domain.warnings import (
    Certainty,
    HazardWarning,
    MsgType,
    ResponseType,
    Severity,
    Urgency,
)
from tests.support.builders import (
    NOW,
    a_candidate,
    a_facility,
    a_facility_rule,
    a_place,
    a_resident,
    a_rule,
    a_warning,
    alone,
    an_info,
)


def matched(
    warning: HazardWarning,
    rules: list[Rule],
    residents: list[Candidate] | None = None,
    facilities: list[FacilityCandidate] | None = None,
) -> tuple[list[Match], list[NotSent]]:
    active = dict(enumerate(warning.infos))
    return match_all(warning, active, rules, residents or [], facilities or [], NOW)


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ({}, True),
        ({"hazards": {Hazard.TROPICAL_CYCLONE, Hazard.FLOOD}}, True),
        ({"hazards": {Hazard.FLOOD}}, False),
        ({"severities": {Severity.SEVERE}}, True),
        ({"severities": {Severity.EXTREME}}, False),
        ({"urgencies": {Urgency.IMMEDIATE}}, False),
        ({"certainties": {Certainty.LIKELY}}, True),
        ({"certainties": {Certainty.OBSERVED}}, False),
        ({"msg_types": {MsgType.UPDATE}}, False),
        ({"response_types": {ResponseType.EVACUATE}}, False),
        ({"response_types": {ResponseType.EVACUATE, ResponseType.PREPARE}}, True),
        ({"hazards": {Hazard.TROPICAL_CYCLONE}, "severities": {Severity.MINOR}}, False),
    ],
)
def test_every_key_of_when_must_hold_and_a_list_means_any(
    when: dict[str, Any], expected: bool
) -> None:
    frozen = When(**{key: frozenset(value) for key, value in when.items()})
    assert holds(frozen, an_info(), a_warning()) is expected


@pytest.mark.parametrize("field", ["severity", "urgency", "certainty"])
def test_what_the_sender_left_out_fails_a_condition_and_is_never_guessed(field: str) -> None:
    every = {
        "severity": When(severities=frozenset(Severity)),
        "urgency": When(urgencies=frozenset(Urgency)),
        "certainty": When(certainties=frozenset(Certainty)),
    }
    info = an_info(**{field: None})
    assert not holds(every[field], info, a_warning())
    assert holds(When(), info, a_warning())


def test_a_rule_that_is_turned_off_matches_nobody() -> None:
    matches, not_sent = matched(a_warning(), [a_rule(enabled=False)], [a_candidate()])
    assert matches == []
    assert [entry.reason for entry in not_sent] == [WhyNot.NO_RULE]


def test_the_match_says_by_which_info_and_why() -> None:
    rule = a_rule(condition=Needs(frozenset({Need.DIALYSIS})))
    one = alone(a_resident(needs={Need.DIALYSIS}))
    matches, _ = matched(a_warning(), [rule], [one])
    assert matches[0].info == 0
    assert matches[0].reasons == (
        "inside tropical_cyclone (Severe, Expected, Likely): Barguna coast",
        "needs dialysis",
    )


def test_of_several_infos_the_most_severe_one_that_holds_at_the_home_is_taken() -> None:
    warning = a_warning(
        an_info(severity=Severity.MODERATE),
        an_info(severity=Severity.EXTREME),
        an_info(severity=Severity.SEVERE),
    )
    inside = {"both": (0, 2), "all": (0, 1, 2), "weak": (0,)}
    residents = [alone(a_resident(ref=ref), at) for ref, at in inside.items()]
    matches, _ = matched(warning, [a_rule()], residents)
    assert {match.ref: match.info for match in matches} == {"both": 2, "all": 1, "weak": 0}


def test_an_info_elsewhere_does_not_match_those_who_are_not_in_it() -> None:
    warning = a_warning(an_info(severity=Severity.MINOR), an_info(severity=Severity.EXTREME))
    rule = a_rule(severities={Severity.EXTREME})
    matches, not_sent = matched(warning, [rule], [alone(a_resident(), inside=(0,))])
    assert matches == []
    assert not_sent[0].reason is WhyNot.NO_RULE


def test_facilities_match_by_type_and_residents_never_by_a_facility_rule() -> None:
    rule = a_facility_rule(facility_types={FacilityType.DIALYSIS})
    places = [a_place(), a_place(a_facility(ref="f2", type=FacilityType.SHELTER))]
    matches, not_sent = matched(a_warning(), [rule], [a_candidate()], places)
    assert [(match.kind, match.ref) for match in matches] == [(SubjectKind.FACILITY, "f1")]
    assert {entry.ref for entry in not_sent} == {"r1", "f2"}


def test_all_rules_that_hold_match() -> None:
    rules = [a_rule(id="a"), a_rule(id="b"), a_rule(id="c", hazards={Hazard.FLOOD})]
    matches, _ = matched(a_warning(), rules, [a_candidate()])
    assert [match.rule for match in matches] == ["a", "b"]
