"""Rules that never matter are found, and none that matters is named."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carealert.domain.condition_parts import Range, ResidentFacts, warning_facts
from carealert.domain.conditions import AllOf, AnyOf, Condition, Not, Test, holds
from carealert.domain.hazards import Hazard
from carealert.domain.people import Exposure, Need
from carealert.domain.rule_shadows import implies, shadow_of
from carealert.domain.rules import Audience, Priority
from carealert.domain.warnings import Severity
from tests.support.builders import (
    NOW,
    a_chain,
    a_facility_rule,
    a_resident,
    a_rule,
    a_warning,
    an_info,
    hours,
)

WIDE: dict[str, Any] = {"id": "wide", "severity": {Severity.EXTREME, Severity.SEVERE}}
NARROW: dict[str, Any] = {"id": "narrow", "severity": {Severity.EXTREME}, "needs": {Need.INFANT}}


def is_shadowed(narrow: dict[str, Any], wide: dict[str, Any] | None = None) -> bool:
    first, second = a_rule(**{**WIDE, **(wide or {})}), a_rule(**{**NARROW, **narrow})
    return shadow_of(second, [first, second]) is first


def test_a_narrower_rule_behind_a_wider_one_never_matters() -> None:
    assert is_shadowed({})
    assert is_shadowed({"priority": Priority.URGENT})


@pytest.mark.parametrize(
    ("narrow", "wide"),
    [
        ({"severity": {Severity.EXTREME, Severity.MODERATE}}, {}),
        ({}, {"needs": {Need.DIALYSIS}}),
        ({}, {"priority": Priority.URGENT}),
        ({"to": (Audience.CAREGIVERS, Audience.CITY_DESK)}, {}),
        ({"escalate": a_chain()}, {}),
        ({"within_km": 5.0}, {}),
        ({"repeat_every": hours(12)}, {}),
        ({"check_after": (hours(24),)}, {}),
        ({"programme": "cash-for-care"}, {}),
        ({"start_earlier": hours(6)}, {}),
        ({"escalate": a_chain()}, {"escalate_by_severity": {Severity.EXTREME: a_chain()}}),
        ({}, {"enabled": False}),
        ({}, {"hazard": {Hazard.FLOOD}}),
    ],
)
def test_a_rule_that_can_change_anything_is_not_named(
    narrow: dict[str, Any], wide: dict[str, Any]
) -> None:
    assert not is_shadowed(narrow, wide)


def test_people_are_not_shadowed_by_places_nor_the_first_of_equals_by_the_second() -> None:
    place, rule = a_facility_rule(id="place"), a_rule()
    assert shadow_of(rule, [place, rule]) is None
    twin = a_rule(id="twin")
    assert shadow_of(rule, [rule, twin]) is None
    assert shadow_of(twin, [rule, twin]) is rule


tests = st.one_of(
    st.sets(st.sampled_from(list(Need)[:3]), min_size=1).map(
        lambda words: Test("needs", frozenset(words))
    ),
    st.sets(st.sampled_from(list(Exposure)[:3]), min_size=1).map(
        lambda words: Test("exposures", frozenset(words))
    ),
    st.tuples(st.sampled_from([None, 5, 60]), st.sampled_from([None, 18, 70]))
    .filter(any)
    .map(lambda pair: Test("age", Range(*pair))),
)
conditions: st.SearchStrategy[Condition] = st.recursive(
    tests,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: AllOf(tuple(parts))),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: AnyOf(tuple(parts))),
        inner.map(Not),
    ),
    max_leaves=5,
)
people = st.tuples(
    st.sets(st.sampled_from(list(Need)[:3])),
    st.sets(st.sampled_from(list(Exposure)[:3])),
    st.sampled_from([None, 2, 17, 30, 65, 80]),
)


@given(conditions, conditions, people)
def test_what_is_implied_holds(one: Condition, other: Condition, person: Any) -> None:
    needs, exposures, age = person
    resident = a_resident(
        needs=needs, exposures=exposures, birth_year=None if age is None else NOW.year - age
    )
    facts = ResidentFacts(
        resident, (), frozenset(), warning_facts(a_warning(), an_info(), hours(12), NOW)
    )
    if implies(one, other) and holds(one, facts):
        assert holds(other, facts)
