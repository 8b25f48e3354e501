"""When a warning is looked at again: the lead time that has passed, and what is said again."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carealert.domain.condition_parts import Range, warning_facts
from carealert.domain.conditions import AllOf, AnyOf, Not, Test
from carealert.domain.looks import Look, LookKind, afterwards, next_look
from carealert.domain.matching import early_infos_for, infos_for
from carealert.domain.rules import Rule, When
from carealert.domain.warnings import HazardWarning, Severity
from tests.support.builders import NOW, a_rule, a_warning, an_info, hours

LIFE = hours(12)
SECOND = timedelta(seconds=1)


def coming(lead: float = 20, lasts: float = 20) -> HazardWarning:
    return a_warning(an_info(onset=NOW + hours(lead), expires=NOW + hours(lead + lasts)))


def look(warning: HazardWarning, *rules: Rule, now: datetime = NOW, number: int = 1) -> Look | None:
    active = dict(enumerate(warning.infos))
    return next_look(rules, warning, active, number, NOW, now, LIFE)


def test_nothing_is_due_where_time_changes_nothing() -> None:
    assert look(coming(), a_rule(), a_rule(severity={Severity.EXTREME})) is None
    assert look(a_warning(), a_rule(lead_time=Range(None, 12.0), enabled=False)) is None


def test_a_rule_for_a_short_lead_time_is_looked_at_when_it_is_short() -> None:
    found = look(coming(20), a_rule(lead_time=Range(None, 12.0)))
    assert found == Look(LookKind.AGAIN, 1, NOW + hours(8) + SECOND)


def test_those_who_need_help_have_a_moment_of_their_own_before_it() -> None:
    rule = a_rule(lead_time=Range(None, 12.0), start_earlier=hours(6))
    first = look(coming(20), rule)
    assert first is not None
    assert first.due_at == NOW + hours(2) + SECOND
    second = look(coming(20), rule, now=first.due_at, number=2)
    assert second == Look(LookKind.AGAIN, 2, NOW + hours(8) + SECOND)
    assert look(coming(20), rule, now=NOW + hours(9)) is None


def test_what_is_said_again_counts_from_the_first_time_and_ends_with_the_warning() -> None:
    rule = a_rule(id="again", repeat_every=hours(12))
    late = NOW + hours(13)
    assert look(coming(20, 20), rule) == Look(
        LookKind.AGAIN, 1, NOW + hours(12), frozenset({"again"})
    )
    found = look(coming(20, 20), rule, now=late, number=2)
    assert found is not None
    assert found.due_at == NOW + hours(24)
    assert look(coming(20, 20), rule, now=NOW + hours(37)) is None


def test_a_rule_about_other_warnings_says_nothing_again() -> None:
    rule = a_rule(repeat_every=hours(12), severity={Severity.MINOR})
    assert look(coming(), rule) is None


def test_looks_of_a_kind_have_rounds_of_their_own() -> None:
    assert Look(LookKind.AGAIN, 2, NOW).round == "again2"
    assert Look(LookKind.AFTERWARDS, 24, NOW).round == "afterwards24"


def test_people_are_asked_so_long_after_the_last_end() -> None:
    rules = [
        a_rule(id="a", check_after=(hours(24), hours(72))),
        a_rule(id="b", check_after=(hours(24),)),
        a_rule(id="c", check_after=(hours(48),), severity={Severity.MINOR}),
    ]
    infos = (an_info(expires=NOW + hours(5)), an_info(expires=NOW + hours(9)))
    warning = a_warning(*infos)
    found = afterwards(rules, warning, dict(enumerate(infos)), NOW, LIFE)
    assert [(one.number, one.due_at) for one in found] == [
        (24, NOW + hours(33)),
        (72, NOW + hours(81)),
    ]


bounds = st.sampled_from([1.0, 6.0, 12.0, 24.0])
tests_of_time = st.one_of(
    bounds.map(lambda b: Test("lead_time", Range(None, b))),
    bounds.map(lambda b: Test("lead_time", Range(b, None))),
)
conditions = st.recursive(
    tests_of_time,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(tuple).map(AllOf),
        st.lists(inner, min_size=1, max_size=3).map(tuple).map(AnyOf),
        inner.map(Not),
    ),
    max_leaves=4,
)


@given(conditions, st.sampled_from([0, 3, 6]), st.integers(1, 30), st.integers(1, 3600 * 30))
def test_between_two_looks_no_rule_begins_to_hold(
    condition: AllOf | AnyOf | Not | Test, earlier: int, lead: int, seconds: int
) -> None:
    """Whoever is told at some moment is told at the look before it."""
    rule = a_rule(when=When(condition), start_earlier=hours(earlier))
    warning = coming(lead)
    moment = NOW + timedelta(seconds=seconds)
    looks, at = [NOW], NOW
    while (found := look(warning, rule, now=at)) is not None and found.due_at <= moment:
        at = found.due_at
        looks.append(at)

    def held(when: datetime) -> tuple[list[int], list[int]]:
        facts = {0: warning_facts(warning, warning.infos[0], LIFE, when)}
        return infos_for(rule, facts), early_infos_for(rule, facts)

    everybody, helped = held(moment)
    if everybody and moment < NOW + hours(lead + 20):
        assert any(held(one)[0] for one in looks)
    if (everybody or helped) and moment < NOW + hours(lead + 20):
        assert any(any(held(one)) for one in looks)


@pytest.mark.parametrize("lead", [0.5, 11.9])
def test_what_holds_at_once_needs_no_look(lead: float) -> None:
    assert look(coming(lead), a_rule(lead_time=Range(None, 12.0))) is None
