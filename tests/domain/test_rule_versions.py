"""Which rules hold when, and who had to agree."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carealert.domain.access import Role
from carealert.domain.rule_versions import (
    OVERRIDE_LASTS,
    NotAgreed,
    SignOff,
    Step,
    StepKind,
    VersionState,
    demand_approval,
    in_force,
    override_of,
    state_of,
)
from tests.support.builders import NOW, hours

A, B, C = "a" * 64, "b" * 64, "c" * 64
DAY = timedelta(days=1)


def step(
    version: str, kind: StepKind, at: datetime = NOW, effective: datetime | None = None
) -> Step:
    return Step(version, kind, "rahima", at, effective or at)


def approved(version: str, at: datetime = NOW, effective: datetime | None = None) -> Step:
    return step(version, StepKind.APPROVED, at, effective)


def test_before_anything_was_approved_nothing_holds() -> None:
    assert in_force([], NOW) is None
    assert in_force([step(A, StepKind.PROPOSED)], NOW) is None
    assert in_force([approved(A, effective=NOW + DAY)], NOW) is None


def test_an_approval_for_later_begins_on_its_day() -> None:
    steps = [approved(A), approved(B, NOW + hours(1), NOW + DAY)]
    assert in_force(steps, NOW + DAY - timedelta(seconds=1)) == A
    assert in_force(steps, NOW + DAY) == B
    assert state_of(B, steps, NOW + hours(2)) is VersionState.APPROVED
    assert state_of(A, steps, NOW + DAY) is VersionState.RETIRED


def test_an_override_ends_by_itself_and_the_approved_version_holds_again() -> None:
    steps = [approved(A), step(B, StepKind.OVERRIDDEN, NOW + hours(1))]
    last = NOW + hours(1) + OVERRIDE_LASTS
    assert in_force(steps, last - timedelta(seconds=1)) == B
    assert state_of(B, steps, last - timedelta(seconds=1)) is VersionState.OVERRIDE
    assert in_force(steps, last) == A
    assert override_of(steps, last) is None
    assert state_of(B, steps, last) is VersionState.RETIRED


def test_of_two_that_begin_at_one_moment_the_last_written_holds() -> None:
    assert in_force([approved(A), approved(B)], NOW) == B


def test_what_was_rejected_and_proposed_again_is_proposed() -> None:
    steps = [approved(A), step(B, StepKind.PROPOSED), step(B, StepKind.REJECTED)]
    assert state_of(B, steps, NOW) is VersionState.REJECTED
    assert state_of(B, [*steps, step(B, StepKind.PROPOSED)], NOW) is VersionState.PROPOSED


@pytest.mark.parametrize(
    ("sign_off", "name", "role", "agreed"),
    [
        (SignOff.OFF, "rahima", Role.OFFICER, True),
        (SignOff.SECOND_OFFICER, "rahima", Role.OFFICER, False),
        (SignOff.SECOND_OFFICER, "das", Role.OFFICER, True),
        (SignOff.COUNCIL, "das", Role.OFFICER, False),
        (SignOff.COUNCIL, "das", Role.ADMIN, False),
        (SignOff.COUNCIL, "das", Role.COUNCIL, True),
        (SignOff.COUNCIL, "rahima", Role.COUNCIL, False),
    ],
)
def test_who_may_approve(sign_off: SignOff, name: str, role: Role, agreed: bool) -> None:
    steps = [step(B, StepKind.PROPOSED)]
    if agreed:
        demand_approval(B, steps, sign_off, name, role)
    else:
        with pytest.raises(NotAgreed):
            demand_approval(B, steps, sign_off, name, role)


def test_what_nobody_proposed_is_not_approved() -> None:
    for sign_off in SignOff:
        with pytest.raises(NotAgreed, match="never proposed"):
            demand_approval(A, [step(B, StepKind.PROPOSED)], sign_off, "das", Role.COUNCIL)


steps_of = st.lists(
    st.builds(
        lambda version, kind, at, later: Step(
            version, kind, "somebody", NOW + hours(at), NOW + hours(at + later)
        ),
        st.sampled_from([A, B, C]),
        st.sampled_from(StepKind),
        st.integers(0, 72),
        st.sampled_from([0, 0, 5, 30]),
    ),
    max_size=8,
).map(lambda steps: sorted(steps, key=lambda one: one.at))


@given(steps_of, st.integers(-1, 120))
def test_never_two_hold_and_never_one_without_agreement_but_for_a_day(
    steps: list[Step], later: int
) -> None:
    now = NOW + hours(later)
    states = [state_of(version, steps, now) for version in (A, B, C)]
    holding = [s for s in states if s in (VersionState.IN_FORCE, VersionState.OVERRIDE)]
    assert len(holding) == (in_force(steps, now) is not None)
    version = in_force(steps, now)
    if version is not None and override_of(steps, now) is None:
        assert any(
            one.version == version and one.kind is StepKind.APPROVED and one.effective <= now
            for one in steps
        )
