"""What other rules would have made of warnings: said, and nothing sent."""

import pytest
from sqlalchemy import Engine

from carealert.adapters.db.stores import SqlDatabase
from carealert.adapters.sealing import Sealer
from carealert.domain.access import Actor, Role
from carealert.domain.rule_versions import Step, StepKind, VersionState, shadow_of, state_of
from carealert.domain.rules import Audience, Priority, RuleSet
from carealert.domain.warnings import MsgType
from carealert.services.access import NotAllowed
from carealert.services.replaying import Difference, replay, shadow
from tests.services.test_alerting import OFFICE, follows, outbox, plan_waiting, stored, two_homes
from tests.support.actors import ADMIN
from tests.support.builders import NOW, a_facility_rule, a_rule, a_warning, hours, minutes, rules_of
from tests.support.fakes import PlainComposer

IN_FORCE = rules_of(a_rule(to=(Audience.CAREGIVERS,)), a_facility_rule())


@pytest.fixture
def db(engine: Engine, sealer: Sealer) -> SqlDatabase:
    """A home and a clinic that were told of one warning."""
    made = SqlDatabase(engine, sealer)
    two_homes(made)
    stored(made, a_warning())
    plan_waiting(made, IN_FORCE, PlainComposer(), OFFICE, NOW)
    return made


def replayed(db: SqlDatabase, new: RuleSet, start: float = 0, end: float = 1) -> list[Difference]:
    return list(replay(db, ADMIN, IN_FORCE, new, OFFICE, NOW + hours(start), NOW + hours(end)))


def test_the_same_rules_make_no_difference(db: SqlDatabase) -> None:
    (found,) = replayed(db, IN_FORCE)
    assert found.is_none


def test_who_is_added_dropped_and_told_otherwise_is_named(db: SqlDatabase) -> None:
    (found,) = replayed(db, rules_of(a_rule(within_km=100.0, priority=Priority.URGENT)))
    assert found.changed == ("caregiver/c1",)
    assert found.dropped == ("facility_manager/f1",)
    assert found.added == ()
    (found,) = replayed(
        db,
        rules_of(
            a_rule(to=(Audience.CAREGIVERS,)),
            a_facility_rule(to=(Audience.FACILITY_MANAGER, Audience.DEPUTY_MANAGER)),
        ),
    )
    assert found.added == ("deputy_manager/f1",)


def test_only_what_was_planned_in_that_time_is_looked_at(db: SqlDatabase) -> None:
    assert replayed(db, IN_FORCE, 0.01, 1) == []
    assert replayed(db, IN_FORCE, -1, 0) == []


def test_an_update_is_decided_as_if_nobody_had_been_told(db: SqlDatabase) -> None:
    update = follows(a_warning(), identifier="w2", msg_type=MsgType.UPDATE)
    stored(db, update)
    plan_waiting(db, IN_FORCE, PlainComposer(), OFFICE, NOW + minutes(40))
    found = replayed(db, rules_of(a_rule(id="other", to=(Audience.CAREGIVERS,))), 0.5, 1)
    assert [one.changed for one in found] == [("caregiver/c1",)]


def test_replaying_and_shadowing_send_nothing(db: SqlDatabase) -> None:
    before = outbox(db)
    new = rules_of(a_rule(), a_facility_rule(to=(Audience.DEPUTY_MANAGER,)))
    replayed(db, new)
    shadow(db, IN_FORCE, new, OFFICE, NOW, NOW + minutes(1))
    assert outbox(db) == before
    with db.reading() as stores:
        (line,) = [one for one in stores.journal.recent() if one.event == "shadowed"]
    assert {name: line.details[name] for name in ("added", "dropped", "changed")} == {
        "added": "1",
        "dropped": "1",
        "changed": "0",
    }


def test_an_officer_of_a_part_replays_nothing_of_the_whole(db: SqlDatabase) -> None:
    local = Actor("L", Role.OFFICER, areas=frozenset({"BD1004"}))
    with pytest.raises(NotAllowed):
        replay(db, local, IN_FORCE, IN_FORCE, OFFICE, NOW, NOW + hours(1))


def test_what_decides_in_the_shadow_stands_where_it_stood() -> None:
    a, b = "a" * 64, "b" * 64
    steps = [
        Step(a, StepKind.APPROVED, "das", NOW, NOW),
        Step(b, StepKind.PROPOSED, "das", NOW, NOW),
        Step(b, StepKind.SHADOWED, "das", NOW, NOW),
    ]
    assert shadow_of(steps) == b
    assert state_of(b, steps, NOW) is VersionState.PROPOSED
    assert shadow_of([*steps, Step(b, StepKind.UNSHADOWED, "das", NOW, NOW)]) is None
    assert shadow_of(steps[:2]) is None
