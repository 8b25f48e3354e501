"""Conditions on residents: what holds, why, and what can never be asked."""

from dataclasses import fields

import pytest

from carealert.domain.conditions import (
    VOCABULARY,
    Age,
    AllOf,
    AnyOf,
    Condition,
    Homes,
    InAreas,
    Needs,
    Not,
    Subject,
)
from carealert.domain.people import Exposure, Need
from tests.support.builders import NOW, a_resident

DIALYSIS = Needs(frozenset({Need.DIALYSIS}))
OLD = Age(at_least=70)
ALONE = Homes(frozenset({Exposure.LIVES_ALONE, Exposure.GROUND_FLOOR}))
IN_BARGUNA = InAreas(frozenset({"BD1004"}))


def subject(**changes: object) -> Subject:
    return Subject(a_resident(**changes), frozenset({"BD100428", "BD1004", "BD10"}), NOW)


@pytest.mark.parametrize(
    ("condition", "changes", "reason"),
    [
        (DIALYSIS, {"needs": {Need.DIALYSIS, Need.MOBILITY}}, "needs dialysis"),
        (DIALYSIS, {"needs": {Need.MOBILITY}}, None),
        (
            Needs(frozenset(Need)),
            {"needs": {Need.MOBILITY, Need.DEMENTIA}},
            "needs dementia, mobility",
        ),
        (OLD, {"birth_year": 1956}, "age 70"),
        (OLD, {"birth_year": 1957}, None),
        (OLD, {"birth_year": None}, None),
        (Age(below=18), {"birth_year": 2009}, "age 17"),
        (Age(below=18), {"birth_year": 2008}, None),
        (Age(at_least=60, below=70), {"birth_year": 1961}, "age 65"),
        (IN_BARGUNA, {}, "lives in BD1004"),
        (InAreas(frozenset({"BD30"})), {}, None),
        (ALONE, {"exposures": {Exposure.NO_LIFT}}, None),
        (ALONE, {}, None),
        (ALONE, {"exposures": set(Exposure)}, "home ground_floor, lives_alone"),
        (AllOf((DIALYSIS, OLD)), {"needs": {Need.DIALYSIS}}, "needs dialysis; age 70"),
        (AllOf((DIALYSIS, OLD)), {}, None),
        (AnyOf((DIALYSIS, OLD)), {}, "age 70"),
        (AnyOf((DIALYSIS, OLD)), {"birth_year": 2000}, None),
        (Not(DIALYSIS, "needs dialysis"), {}, "not needs dialysis"),
        (Not(DIALYSIS), {"needs": {Need.DIALYSIS}}, None),
    ],
)
def test_a_condition_holds_with_its_reason(
    condition: Condition, changes: dict[str, object], reason: str | None
) -> None:
    assert condition.reason(subject(**changes)) == reason


def test_an_unknown_age_is_neither_old_nor_young() -> None:
    unknown = subject(birth_year=None)
    assert Age(at_least=0).reason(unknown) is None
    assert Age(below=200).reason(unknown) is None


def test_no_condition_reads_gender() -> None:
    """Gender measures reach and never decides it; the vocabulary is closed to it (rule G10)."""
    named = {name for kind in VOCABULARY.values() for name in kind.__annotations__}  # type: ignore[attr-defined]
    assert set(VOCABULARY) == {"needs", "age", "areas", "exposures"}
    assert not {name for name in named if "gender" in name or "sex" in name}
    assert "gender" not in {field.name for field in fields(Subject)}
