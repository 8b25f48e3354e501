"""Which rules hold for whom."""

from typing import Any

import pytest

from carealert.domain.condition_parts import Range, WarningFacts, warning_facts
from carealert.domain.facilities import FacilityType
from carealert.domain.hazards import Hazard
from carealert.domain.matching import infos_for, match_all
from carealert.domain.people import Functioning, Need
from carealert.domain.plan import Candidate, FacilityCandidate, Match, NotSent, WhyNot
from carealert.domain.rules import Rule, SubjectKind
from carealert.domain.warnings import (
    Certainty,
    HazardWarning,
    Info,
    MsgType,
    ResponseType,
    Severity,
    Urgency,
)
from carealert.services.discretion import discreet_reasons, recorded_reasons
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
    hours,
)


def matched(
    warning: HazardWarning,
    rules: list[Rule],
    residents: list[Candidate] | None = None,
    facilities: list[FacilityCandidate] | None = None,
) -> tuple[list[Match], list[NotSent]]:
    active = dict(enumerate(warning.infos))
    return match_all(warning, active, rules, residents or [], facilities or [], NOW)


def warned(info: Info) -> dict[int, WarningFacts]:
    return {0: warning_facts(a_warning(), info, hours(12), NOW)}


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ({}, True),
        ({"hazard": {Hazard.TROPICAL_CYCLONE, Hazard.FLOOD}}, True),
        ({"hazard": {Hazard.FLOOD}}, False),
        ({"severity": {Severity.SEVERE}}, True),
        ({"severity": {Severity.EXTREME}}, False),
        ({"urgency": {Urgency.IMMEDIATE}}, False),
        ({"certainty": {Certainty.LIKELY}}, True),
        ({"certainty": {Certainty.OBSERVED}}, False),
        ({"msg_type": {MsgType.UPDATE}}, False),
        ({"response_type": {ResponseType.EVACUATE}}, False),
        ({"response_type": {ResponseType.EVACUATE, ResponseType.PREPARE}}, True),
        ({"hazard": {Hazard.TROPICAL_CYCLONE}, "severity": {Severity.MINOR}}, False),
    ],
)
def test_every_key_of_when_must_hold_and_a_list_means_any(
    when: dict[str, Any], expected: bool
) -> None:
    assert bool(infos_for(a_rule(**when), warned(an_info()))) is expected


@pytest.mark.parametrize("field", ["severity", "urgency", "certainty"])
def test_what_the_sender_left_out_fails_a_condition_and_is_never_guessed(field: str) -> None:
    every: dict[str, Any] = {
        "severity": set(Severity),
        "urgency": set(Urgency),
        "certainty": set(Certainty),
    }
    unsaid = warned(an_info(**{field: None}))
    assert not infos_for(a_rule(**{field: every[field]}), unsaid)
    assert infos_for(a_rule(), unsaid) == [0]


def test_people_who_need_help_to_move_are_matched_earlier_and_nobody_else_is() -> None:
    rule = a_rule(lead_time=Range(None, 12.0), start_earlier=hours(6))
    homes = [
        a_candidate(a_resident(ref="r1", needs=frozenset({Need.MOBILITY}))),
        a_candidate(a_resident(ref="r2", needs=frozenset({Need.INFANT}))),
        a_candidate(a_resident(ref="r3", needs=frozenset(), functioning=Functioning(walking=3))),
        a_candidate(a_resident(ref="r4", needs=frozenset(), functioning=Functioning(walking=2))),
    ]

    def told(lead: float) -> list[str]:
        warning = a_warning(an_info(onset=NOW + hours(lead), expires=NOW + hours(40)))
        return [match.ref for match in matched(warning, [rule], homes)[0]]

    assert told(18.5) == []
    assert told(17.5) == ["r1", "r3"]
    assert told(12.5) == ["r1", "r3"]
    assert told(11.5) == ["r1", "r2", "r3", "r4"]


def test_what_is_recorded_of_an_early_start_gives_no_need_away() -> None:
    rule = a_rule(lead_time=Range(None, 12.0), start_earlier=hours(6), needs={Need.MOBILITY})
    warning = a_warning(an_info(onset=NOW + hours(15), expires=NOW + hours(40)))
    home = a_candidate(a_resident(ref="r1", needs=frozenset({Need.MOBILITY})))
    [match], _ = matched(warning, [rule], [home])
    assert match.reasons[1] == "needs help to move, so told 6 h earlier; needs mobility"
    for kept in (discreet_reasons("resident", match.reasons), recorded_reasons(match.reasons)):
        assert not any("move" in reason or "mobility" in reason for reason in kept)


def test_a_rule_that_is_turned_off_matches_nobody() -> None:
    matches, not_sent = matched(a_warning(), [a_rule(enabled=False)], [a_candidate()])
    assert matches == []
    assert [entry.reason for entry in not_sent] == [WhyNot.NO_RULE]


def test_the_match_says_by_which_info_and_why() -> None:
    rule = a_rule(needs={Need.DIALYSIS})
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
    rule = a_rule(severity={Severity.EXTREME})
    matches, not_sent = matched(warning, [rule], [alone(a_resident(), inside=(0,))])
    assert matches == []
    assert not_sent[0].reason is WhyNot.NO_RULE


def test_facilities_match_by_type_and_residents_never_by_a_facility_rule() -> None:
    rule = a_facility_rule(facility_type={FacilityType.DIALYSIS})
    places = [a_place(), a_place(a_facility(ref="f2", type=FacilityType.SHELTER))]
    matches, not_sent = matched(a_warning(), [rule], [a_candidate()], places)
    assert [(match.kind, match.ref) for match in matches] == [(SubjectKind.FACILITY, "f1")]
    assert {entry.ref for entry in not_sent} == {"r1", "f2"}


def test_all_rules_that_hold_match() -> None:
    rules = [a_rule(id="a"), a_rule(id="b"), a_rule(id="c", hazard={Hazard.FLOOD})]
    matches, _ = matched(a_warning(), rules, [a_candidate()])
    assert [match.rule for match in matches] == ["a", "b"]
