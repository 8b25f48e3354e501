"""Accounts: who works here, as what, and where; on both databases."""

from datetime import timedelta

import pytest
from sqlalchemy import Engine

from carealert.adapters.db.stores import SqlDatabase
from carealert.adapters.sealing import Sealer
from carealert.domain.access import Actor, Role
from carealert.services import journal, officers, registering
from carealert.services.access import NotAllowed
from carealert.services.officers import BadOfficer, NoSuchOfficer
from carealert.services.ports.registry import PlaceArea
from tests.support.actors import ADMIN
from tests.support.register import CLINIC, NOW

LATER = NOW + timedelta(hours=1)


@pytest.fixture
def db(engine: Engine, sealer: Sealer) -> SqlDatabase:
    db = SqlDatabase(engine, sealer)
    registering.import_areas(
        db, ADMIN, [PlaceArea("P-code", "BD1", 1, None, {"en": "N"}, None)], NOW
    )
    registering.import_facilities(db, ADMIN, [CLINIC], NOW)
    return db


def test_an_account_is_added_changed_and_ended(db: SqlDatabase) -> None:
    officers.put_officer(db, ADMIN, " A. Rahman ", Role.SOCIAL, ["BD1"], [], NOW)
    assert officers.actor_named(db, "A. Rahman") == Actor(
        "A. Rahman", Role.SOCIAL, frozenset({"BD1"})
    )
    changed = officers.put_officer(db, ADMIN, "A. Rahman", Role.HEALTH, [], [], LATER)
    assert changed.since == NOW
    assert officers.actor_named(db, "A. Rahman").is_everywhere
    officers.end_officer(db, ADMIN, "A. Rahman", LATER)
    with pytest.raises(NoSuchOfficer):
        officers.actor_named(db, "A. Rahman")
    with pytest.raises(NoSuchOfficer):
        officers.end_officer(db, ADMIN, "A. Rahman", LATER)
    (listed,) = officers.list_officers(db, ADMIN)
    assert listed.ended_at == LATER
    events = [line.event for line in journal.lines(db, ADMIN, 3)]
    assert events == ["officer_ended", "officer_changed", "officer_added"]
    back = officers.put_officer(db, ADMIN, "A. Rahman", Role.HEALTH, [], [], LATER)
    assert (back.since, back.ended_at) == (LATER, None)


@pytest.mark.parametrize(
    ("name", "role", "areas", "facilities", "says"),
    [
        ("", Role.OFFICER, [], [], "characters"),
        ("a" * 61, Role.OFFICER, [], [], "characters"),
        ("a\nb", Role.OFFICER, [], [], "printable"),
        ("A", Role.OFFICER, ["BD404"], [], "no area 'BD404'"),
        ("A", Role.FACILITY, [], ["F-404"], "no facility 'F-404'"),
        ("A", Role.FACILITY, [], [], "has facilities"),
        ("A", Role.OFFICER, [], ["F-1"], "no other role"),
        ("A", Role.ADMIN, ["BD1"], [], "whole city"),
    ],
)
def test_an_account_that_cannot_be_is_refused(
    db: SqlDatabase, name: str, role: Role, areas: list[str], facilities: list[str], says: str
) -> None:
    with pytest.raises(BadOfficer, match=says):
        officers.put_officer(db, ADMIN, name, role, areas, facilities, NOW)
    assert officers.list_officers(db, ADMIN) == []


def test_somebody_who_manages_access_is_always_left(db: SqlDatabase) -> None:
    officers.put_officer(db, ADMIN, "A", Role.ADMIN, [], [], NOW)
    with pytest.raises(BadOfficer, match="last"):
        officers.end_officer(db, ADMIN, "A", NOW)
    with pytest.raises(BadOfficer, match="last"):
        officers.put_officer(db, ADMIN, "A", Role.OFFICER, [], [], NOW)
    officers.put_officer(db, ADMIN, "B", Role.ADMIN, [], [], NOW)
    officers.end_officer(db, ADMIN, "A", NOW)
    with pytest.raises(BadOfficer, match="last"):
        officers.end_officer(db, ADMIN, "B", NOW)


def test_an_admin_of_a_part_does_not_manage_access(db: SqlDatabase) -> None:
    part = Actor("part", Role.ADMIN, frozenset({"BD1"}))
    with pytest.raises(NotAllowed):
        officers.put_officer(db, part, "A", Role.ADMIN, [], [], NOW)
    with pytest.raises(NotAllowed):
        officers.end_officer(db, part, "A", NOW)
    with pytest.raises(NotAllowed):
        officers.list_officers(db, part)
