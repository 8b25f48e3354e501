"""The gate in front of the services, and what areas an actor reaches."""

import pytest

from carealert.domain.access import GRANTS, Actor, Right, Role
from carealert.services.access import NotAllowed, Reach, needs


@needs(Right.REVEAL)
def _look(what: str, who: Actor, ref: str) -> str:
    return f"{what} {ref} {who.name}"


@pytest.mark.parametrize("role", Role)
def test_the_gate_lets_only_those_pass_whose_role_has_the_right(role: Role) -> None:
    actor = Actor("A", role)
    if Right.REVEAL in GRANTS[role]:
        assert _look("db", actor, "R1") == "db R1 A"
    else:
        with pytest.raises(NotAllowed, match="reveal"):
            _look("db", actor, "R1")


def test_council_and_auditor_never_see_a_person() -> None:
    personal = {Right.READ_REGISTER, Right.REVEAL, Right.EXPORT, Right.EDIT_REGISTER, Right.FORGET}
    for role in (Role.COUNCIL, Role.AUDITOR, Role.FACILITY):
        assert not GRANTS[role] & personal


def test_who_has_no_area_is_seen_by_those_without_areas_alone() -> None:
    assert Reach(None).has(None)
    assert not Reach(frozenset({"BD10"})).has(None)
    assert Reach(frozenset({"BD10"})).has("BD10")
    assert not Reach(frozenset({"BD10"})).has("BD20")


def test_a_facility_s_own_people_see_their_facilities_alone() -> None:
    reach = Reach(None, frozenset({"F1"}))
    assert reach.has_facility("F1", "BD10")
    assert not reach.has_facility("F2", "BD10")
