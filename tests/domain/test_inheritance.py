"""Rules of areas: a city tightens what holds above it, and loosens nothing in silence."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carealert.domain.condition_parts import Range
from carealert.domain.explaining import Answer, explain_rules
from carealert.domain.inheritance import is_no_weaker, replaced_in
from carealert.domain.matching import match_all
from carealert.domain.people import Need
from carealert.domain.plan import Candidate
from carealert.domain.rules import Audience, EscalationStep, Override, Priority, Rule
from carealert.domain.warnings import Severity
from tests.support.builders import (
    NOW,
    a_candidate,
    a_chain,
    a_resident,
    a_rule,
    a_warning,
    an_info,
    hours,
    minutes,
)

LIFE = hours(12)
ABOVE: dict[str, Any] = {
    "id": "metro",
    "severity": {Severity.EXTREME, Severity.SEVERE},
    "needs": {Need.MOBILITY, Need.DIALYSIS},
    "lead_time": Range(None, 12.0),
    "priority": Priority.URGENT,
    "to": (Audience.CAREGIVERS,),
    "escalate": a_chain(),
    "repeat_every": hours(12),
    "check_after": (hours(24),),
    "start_earlier": hours(3),
    "within_km": 1.0,
    "programme": "top-up",
}


def metro() -> Rule:
    return a_rule(**ABOVE)


def city(**changes: Any) -> Rule:
    return a_rule(**{**ABOVE, "id": "city", "of_area": "C1", "replaces": "metro", **changes})


def home(ref: str, *areas: str, need: Need = Need.DIALYSIS) -> Candidate:
    one = a_resident(ref=ref, needs=frozenset({need}))
    return replace(a_candidate(one), area_codes=frozenset(areas))


def told(rules: list[Rule], *homes: Candidate) -> set[tuple[str, str]]:
    warning = a_warning(an_info(severity=Severity.SEVERE))
    active = dict(enumerate(warning.infos))
    matches, _ = match_all(warning, active, rules, homes, [], NOW, LIFE)
    return {(match.ref, match.rule) for match in matches}


HOMES = (home("in", "C1", "METRO"), home("out", "C2", "METRO"))


def test_a_rule_of_an_area_is_about_those_registered_there() -> None:
    assert told([a_rule(id="own", of_area="C1")], *HOMES) == {("in", "own")}
    assert told([a_rule(id="own", of_area="METRO")], *HOMES) == {("in", "own"), ("out", "own")}


def test_a_rule_that_is_no_weaker_stands_in_the_place_of_the_one_above() -> None:
    tighter = city(priority=Priority.LIFE_THREATENING)
    assert told([metro(), tighter], *HOMES) == {("in", "city"), ("out", "metro")}


@pytest.mark.parametrize(
    "tighter",
    [
        {},
        {"severity": set(Severity)},
        {"needs": {*Need}},
        {"lead_time": Range(None, 24.0)},
        {"priority": Priority.LIFE_THREATENING},
        {"to": (Audience.CAREGIVERS, Audience.RESIDENT)},
        {"repeat_every": hours(6)},
        {"check_after": (hours(24), hours(72))},
        {"start_earlier": hours(6)},
        {"within_km": 3.0},
        {"escalate": (EscalationStep(minutes(1), (Audience.CAREGIVERS,), "reminder"), *a_chain())},
    ],
)
def test_whatever_is_as_strong_or_stronger_is_no_weaker(tighter: dict[str, Any]) -> None:
    assert is_no_weaker(city(**tighter), metro())


@pytest.mark.parametrize(
    "weaker",
    [
        {"severity": {Severity.EXTREME}},
        {"needs": {Need.MOBILITY}},
        {"lead_time": Range(None, 6.0)},
        {"priority": Priority.ROUTINE},
        {"to": (Audience.RESIDENT,)},
        {"repeat_every": None},
        {"repeat_every": hours(24)},
        {"check_after": ()},
        {"start_earlier": hours(1)},
        {"within_km": 0.0},
        {"programme": None},
        {"expect_reply": {"safe": "1"}},
        {"escalate": ()},
        {"escalate": a_chain()[1:]},
        {"escalate_by_severity": {Severity.SEVERE: a_chain()[1:]}},
    ],
)
def test_what_is_weaker_in_anything_holds_beside_the_rule_above(weaker: dict[str, Any]) -> None:
    loose = city(**weaker)
    assert not is_no_weaker(loose, metro())
    assert ("in", "metro") in told([metro(), loose], *HOMES)
    allowed = city(**weaker, override=Override("A. Officer", "SOP 9", NOW + hours(1)))
    assert ("in", "metro") not in told([metro(), allowed], *HOMES)
    assert ("out", "metro") in told([metro(), allowed], *HOMES)
    ended = city(**weaker, override=Override("A. Officer", "SOP 9", NOW))
    assert ("in", "metro") in told([metro(), ended], *HOMES)


def test_a_replacement_that_is_off_or_of_no_area_takes_nothing_away() -> None:
    for one in (city(enabled=False), city(of_area=None)):
        assert replaced_in([metro(), one], NOW) == {}


def test_somebody_of_no_area_keeps_the_rule_that_holds_everywhere() -> None:
    assert told([metro(), city()], home("nowhere")) == {("nowhere", "metro")}


def test_explain_says_which_rule_stands_in_the_place_of_which() -> None:
    warning = a_warning(an_info(severity=Severity.SEVERE))
    active = dict(enumerate(warning.infos))
    answers = {
        (one.subject[1], found.rule.id): found.answer
        for one in HOMES
        for found in explain_rules([metro(), city()], warning, active, one, NOW, LIFE)
    }
    assert answers == {
        ("in", "metro"): Answer.REPLACED,
        ("in", "city"): Answer.MATCHES,
        ("out", "metro"): Answer.MATCHES,
        ("out", "city"): Answer.OTHER_AREA,
    }


changes = st.fixed_dictionaries(
    {},
    optional={
        "severity": st.sets(st.sampled_from(Severity), min_size=1),
        "needs": st.sets(st.sampled_from(Need), min_size=1),
        "lead_time": st.sampled_from([Range(None, 6.0), Range(None, 24.0), Range(1.0, 48.0)]),
        "priority": st.sampled_from(Priority),
        "to": st.sampled_from([(Audience.CAREGIVERS,), (Audience.RESIDENT,)]),
        "within_km": st.sampled_from([0.0, 1.0, 5.0]),
    },
)


@given(changes, st.sampled_from(Severity), st.sampled_from(Need), st.integers(0, 30))
@settings(max_examples=300)
def test_whoever_was_told_is_told_at_least_as_urgently_without_an_override(
    change: dict[str, Any], severity: Severity, need: Need, lead: int
) -> None:
    warning = a_warning(
        an_info(severity=severity, onset=NOW + hours(lead), expires=NOW + hours(lead + 10))
    )
    active = dict(enumerate(warning.infos))
    who = [home("in", "C1", "METRO", need=need)]
    before, _ = match_all(warning, active, [metro()], who, [], NOW, LIFE)
    rules = {"metro": metro(), "city": city(**change)}
    after, _ = match_all(warning, active, list(rules.values()), who, [], NOW, LIFE)
    for match in before:
        lanes = [rules[one.rule].do.priority for one in after if one.ref == match.ref]
        assert lanes
        assert min(lanes) <= metro().do.priority
        told = {audience for one in after for audience in rules[one.rule].do.to}
        assert told >= set(metro().do.to)
