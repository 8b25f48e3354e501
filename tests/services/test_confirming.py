"""Who was asked and found right is not stale; all refs or none, and nobody of another area."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Engine, text

from carealert.adapters.db.stores import SqlDatabase
from carealert.adapters.sealing import Sealer
from carealert.domain.access import Actor, Role
from carealert.services.access import NotAllowed
from carealert.services.confirming import confirm
from carealert.services.registering import import_areas, import_facilities, import_people
from tests.support.atlas import a_country
from tests.support.builders import NOW
from tests.support.register import AMINA, BARE, CLINIC, KARIM, LINKS, RAHIMA

ADMIN = Actor("test", Role.ADMIN)
LATER = NOW + timedelta(days=400)


@pytest.fixture
def db(engine: Engine, sealer: Sealer) -> SqlDatabase:
    database = SqlDatabase(engine, sealer)
    import_areas(database, ADMIN, a_country(), NOW)
    amina, clinic = replace(AMINA, area_code="W11"), replace(CLINIC, area_code="W21")
    carers = [(RAHIMA, LINKS[:1]), (replace(KARIM, ref="C-9"), ())]
    import_people(database, ADMIN, [amina, BARE], carers, NOW)
    import_facilities(database, ADMIN, [clinic], NOW)
    return database


_LATER = "SELECT ref FROM {table} WHERE confirmed_at > :after"


def _confirmed_later(db: SqlDatabase) -> set[str]:
    tables = ("resident", "caregiver", "facility")
    query = " UNION ALL ".join(_LATER.format(table=table) for table in tables)
    with db.engine.connect() as connection:
        after = NOW + timedelta(days=1)
        if db.engine.dialect.name == "sqlite":
            found = connection.scalars(
                text(query), {"after": after.replace(tzinfo=None).isoformat(" ")}
            )
        else:
            found = connection.scalars(text(query), {"after": after})
        return set(found)


def test_records_of_every_kind_are_confirmed(db: SqlDatabase) -> None:
    done = confirm(db, ADMIN, ["R-1", "C-1", "F-1"], LATER)
    assert (done.records, done.unknown) == (3, ())
    assert _confirmed_later(db) == {"R-1", "C-1", "F-1"}


def test_one_unknown_ref_and_none_is(db: SqlDatabase) -> None:
    done = confirm(db, ADMIN, ["R-1", "nobody", "R-7"], LATER)
    assert (done.records, done.unknown) == (0, ("R-7", "nobody"))
    assert _confirmed_later(db) == set()


def test_the_records_of_another_area_are_as_if_they_were_not_there(db: SqlDatabase) -> None:
    officer = Actor("of district 1", Role.OFFICER, frozenset({"D1"}))
    assert confirm(db, officer, ["R-1", "C-1"], LATER).records == 2
    for ref in ("R-2", "C-9", "F-1"):
        assert confirm(db, officer, [ref], LATER).unknown == (ref,)
    assert _confirmed_later(db) == {"R-1", "C-1"}
    with pytest.raises(NotAllowed):
        confirm(db, Actor("an auditor", Role.AUDITOR), ["R-1"], LATER)


def test_an_import_confirms_what_it_changes_and_nothing_else(db: SqlDatabase) -> None:
    amina = replace(AMINA, area_code="W11")
    import_people(db, ADMIN, [amina, replace(BARE, language="bn")], [], LATER)
    assert _confirmed_later(db) == {"R-2"}
