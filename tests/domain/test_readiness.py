"""Readiness: what is known and good earns points, what is missing is named, the stale is less."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carealert.domain.facilities import Contact, Facility, FacilityType
from carealert.domain.people import Phone, PhoneSharing
from carealert.domain.readiness import WEIGHTS, Evidence, Item, Readiness, State, readiness
from tests.support.register import CLINIC, NOW

TODAY = NOW.date()
MANAGER = Contact("M", Phone("+12025550150", PhoneSharing.FACILITY), "en")
DEPUTY = Contact("D", Phone("+12025550151", PhoneSharing.FACILITY), "en")
GOOD = replace(
    CLINIC,
    type=FacilityType.CLINIC,
    backup_power_hours=72,
    water_hours=96,
    cold_chain=True,
    ramp=True,
    women_staff=True,
    lit_separate_toilets=True,
    manager=MANAGER,
    deputy=DEPUTY,
    verified_on=TODAY,
)
HEARD = Evidence(NOW)
UNKNOWN = Facility("F-0", "Hall", FacilityType.CLINIC, (), None, None, None)


def state(found: Readiness, item: Item) -> State:
    return next(one.state for one in found.reasons if one.item is item)


@pytest.mark.parametrize("kind", FacilityType)
def test_all_good_is_a_hundred_and_nothing_known_is_nought(kind: FacilityType) -> None:
    best = readiness(replace(GOOD, type=kind), HEARD, NOW)
    assert (best.score, best.next_step, best.is_stale) == (100, None, False)
    worst = readiness(replace(UNKNOWN, type=kind), Evidence(), NOW)
    assert worst.score == 0
    assert {one.state for one in worst.reasons} == {State.MISSING}
    assert all(one.to_do for one in worst.reasons)


@pytest.mark.parametrize("kind", FacilityType)
def test_the_points_of_each_type_are_a_hundred_and_a_manager_is_worth_more_than_a_deputy(
    kind: FacilityType,
) -> None:
    own = WEIGHTS[kind]
    assert sum(own.values()) == 100
    assert own[Item.MANAGER] > own[Item.DEPUTY]


def test_the_type_decides_what_counts() -> None:
    assert Item.COLD_CHAIN not in WEIGHTS[FacilityType.LAUNDROMAT]
    assert Item.COLD_CHAIN in WEIGHTS[FacilityType.CLINIC]
    dialysis = WEIGHTS[FacilityType.DIALYSIS]
    rest = [points for item, points in dialysis.items() if item not in (Item.POWER, Item.WATER)]
    assert min(dialysis[Item.POWER], dialysis[Item.WATER]) > 3 * max(rest)


def test_a_no_is_lacking_and_an_empty_cell_is_missing() -> None:
    found = readiness(replace(GOOD, ramp=False, women_staff=None), HEARD, NOW)
    assert state(found, Item.RAMP) is State.LACKING
    assert state(found, Item.WOMEN) is State.MISSING
    assert found.score == 100 - 8 - 6


@pytest.mark.parametrize(
    ("hours", "points"), [(0, 0), (12, 4.8), (24, 9.6), (48, 12.8), (72, 16), (500, 16)]
)
def test_reserves_are_held_against_one_day_and_three(hours: float, points: float) -> None:
    found = readiness(replace(GOOD, backup_power_hours=hours), HEARD, NOW)
    assert found.score == round(84 + points)


def test_what_gains_most_comes_first_and_is_the_next_thing_to_do() -> None:
    found = readiness(replace(GOOD, ramp=False, cold_chain=None), HEARD, NOW)
    assert [one.item for one in found.reasons][:2] == [Item.COLD_CHAIN, Item.RAMP]
    assert found.next_step == found.reasons[0].to_do
    assert "cold" in (found.next_step or "")
    mended = readiness(replace(GOOD, ramp=False), HEARD, NOW)
    assert mended.score - found.score == found.reasons[0].gain


@pytest.mark.parametrize(("days", "stale"), [(0, False), (183, False), (184, True), (None, True)])
def test_a_record_that_nobody_has_looked_at_for_half_a_year_counts_for_less(
    days: int | None, stale: bool
) -> None:
    seen = None if days is None else TODAY - timedelta(days=days)
    found = readiness(replace(GOOD, verified_on=seen), HEARD, NOW)
    assert (found.is_stale, found.verified_days) == (stale, days)
    assert found.score == (round(92 * 0.8) if stale else 100)
    if days == 184:
        verified = next(one for one in found.reasons if one.item is Item.VERIFIED)
        assert "184 days ago, stale" in verified.said
        assert found.next_step == verified.to_do


@pytest.mark.parametrize(("days", "points"), [(0, 9), (30, 9), (105, 4.5), (180, 0), (400, 0)])
def test_a_status_is_fresh_for_a_month_and_tells_nothing_after_half_a_year(
    days: int, points: float
) -> None:
    found = readiness(GOOD, Evidence(NOW - timedelta(days=days)), NOW)
    assert found.score == round(91 + points)


def test_who_cannot_be_reached_does_not_count() -> None:
    gone = readiness(GOOD, replace(HEARD, manager_unreachable=True), NOW)
    assert (gone.score, state(gone, Item.MANAGER)) == (90, State.LACKING)
    assert readiness(GOOD, replace(HEARD, deputy_unreachable=True), NOW).score == 93
    same = readiness(replace(GOOD, deputy=replace(MANAGER, name="D")), HEARD, NOW)
    assert (same.score, state(same, Item.DEPUTY)) == (93, State.LACKING)


def test_a_reason_never_names_a_contact_or_a_phone() -> None:
    for evidence in (HEARD, replace(HEARD, manager_unreachable=True, deputy_unreachable=True)):
        said = repr(readiness(replace(CLINIC, ramp=None), evidence, NOW))
        assert "Shirin" not in said
        assert "555" not in said


hours = st.none() | st.floats(0, 200)
yes_no = st.none() | st.booleans()
FIELDS = {
    "backup_power_hours": hours,
    "water_hours": hours,
    "cold_chain": yes_no,
    "ramp": yes_no,
    "women_staff": yes_no,
    "lit_separate_toilets": yes_no,
    "manager": st.sampled_from([None, MANAGER]),
    "deputy": st.sampled_from([None, MANAGER, DEPUTY]),
    "verified_on": st.none() | st.dates(date(2024, 1, 1), TODAY),
}
BEST: dict[str, Any] = {name: getattr(GOOD, name) for name in FIELDS}
moments = st.none() | st.integers(0, 500).map(lambda days: NOW - timedelta(days=days))
evidence = st.builds(Evidence, moments, st.booleans(), st.booleans())


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(FacilityType),
    st.fixed_dictionaries(FIELDS),
    evidence,
    st.sampled_from(sorted(FIELDS)),
)
def test_more_that_is_known_to_be_good_never_lowers_the_score(
    kind: FacilityType, fields: dict[str, Any], known: Evidence, name: str
) -> None:
    before = replace(UNKNOWN, type=kind, **fields)
    after = replace(before, **{name: BEST[name]})
    if name in ("manager", "deputy"):  # somebody who can be reached
        known = replace(known, **{f"{name}_unreachable": False})
    found = readiness(before, known, NOW)
    assert 0 <= found.score <= readiness(after, known, NOW).score <= 100
    assert found.score <= readiness(before, replace(known, heard_at=NOW), NOW).score
    reached = replace(known, manager_unreachable=False, deputy_unreachable=False)
    assert found.score <= readiness(before, reached, NOW).score


@settings(max_examples=100, deadline=None)
@given(st.floats(0, 200), st.floats(0, 200))
def test_more_hours_are_never_worth_less(one: float, other: float) -> None:
    low, high = sorted((one, other))
    scores = [
        readiness(replace(GOOD, water_hours=hours), HEARD, NOW).score for hours in (low, high)
    ]
    assert scores == sorted(scores)
