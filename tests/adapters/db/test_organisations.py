"""The directory in the store, on both databases."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine, select, text

from carealert.adapters.db.keyring import count_old, keep_ring, load_ring, open_sealer, seal_anew
from carealert.adapters.db.organisations import SqlOrganisations
from carealert.adapters.db.stores import SqlDatabase
from carealert.adapters.db.tables import household, inbound, organisation
from carealert.adapters.sealing import Sealer
from carealert.domain.consents import ConsentRecord, ConsentStatus, Medium
from carealert.domain.organisations import Organisation
from carealert.domain.people import Consent, Phone, PhoneSharing
from carealert.services import consenting, persons
from carealert.services.ports.consents import PersonKind
from carealert.services.ports.registry import ImportCounts
from carealert.services.registering import import_people
from tests.support.actors import ADMIN
from tests.support.directory import LILA, NANI, P4, POWER, SAMITY
from tests.support.register import NOW

LATER = NOW + timedelta(hours=1)


@pytest.fixture
def db(engine: Engine, sealer: Sealer) -> SqlDatabase:
    db = SqlDatabase(engine, sealer)
    import_people(db, ADMIN, [NANI, LILA], [], NOW)
    return db


def put(db: SqlDatabase, *organisations: Organisation) -> ImportCounts:
    with db.transaction() as stores:
        return stores.organisations.put(organisations)


def messengers(db: SqlDatabase, now: datetime = NOW) -> dict[str, list[str]]:
    with db.reading() as stores:
        found = stores.organisations.messengers_of(["R-1", "R-2", "R-404"], now)
        return {home: [one.ref for one in own] for home, own in found.items()}


def test_every_field_comes_back_and_not_stated_is_never_no(db: SqlDatabase) -> None:
    assert put(db, SAMITY, POWER) == ImportCounts(2, 0, 0)
    with db.reading() as stores:
        assert stores.organisations.get(["O-2", "O-1", "O-3"]) == [SAMITY, POWER]
        assert stores.organisations.refs() == {"O-1", "O-2"}


def test_putting_twice_is_once_and_a_change_is_counted(db: SqlDatabase) -> None:
    put(db, SAMITY, POWER)
    assert put(db, POWER, SAMITY) == ImportCounts(0, 0, 2)
    assert put(db, replace(SAMITY, households=("R-2",)), POWER) == ImportCounts(0, 1, 1)
    assert put(db, replace(SAMITY, households=("R-2",), notes=None)) == ImportCounts(0, 1, 0)
    with db.reading() as stores:
        (one,) = stores.organisations.get(["O-1"])
    assert (one.households, one.notes) == (("R-2",), None)


def test_the_messengers_of_a_household_are_those_that_may_look_in_now(db: SqlDatabase) -> None:
    union = replace(SAMITY, ref="O-0", households=("R-1",))
    put(db, SAMITY, union, POWER)
    assert messengers(db) == {"R-1": ["O-0", "O-1"], "R-2": ["O-1"]}


def test_from_the_moment_of_a_withdrawal_nobody_looks_in(db: SqlDatabase) -> None:
    put(db, SAMITY)
    consenting.withdraw(db, ADMIN, PersonKind.RESIDENT, "R-1", [P4], Medium.SMS, LATER)
    assert messengers(db, LATER) == {"R-2": ["O-1"]}
    with db.reading() as stores:
        (one,) = stores.organisations.messengers_of(["R-2"], LATER)["R-2"]
        assert one.households == ("R-2",), "nor is anybody told that there was a household"
    given = ConsentRecord(P4, ConsentStatus.GIVEN, LATER, Medium.PAPER)
    with db.transaction() as stores:
        stores.consents.add(PersonKind.RESIDENT, {"R-1": [given]})
    assert messengers(db, LATER) == {"R-1": ["O-1"], "R-2": ["O-1"]}


def test_a_consent_that_has_run_out_counts_no_more(db: SqlDatabase) -> None:
    ending = replace(NANI, ref="R-2", consent=Consent(frozenset({P4}), expires=LATER))
    import_people(db, ADMIN, [ending], [], NOW)
    put(db, SAMITY)
    assert messengers(db, LATER - timedelta(seconds=1)) == {"R-1": ["O-1"], "R-2": ["O-1"]}
    assert messengers(db, LATER) == {"R-1": ["O-1"]}
    with db.reading() as stores:
        assert stores.organisations.agreed(["R-1", "R-2", "R-404"], LATER) == {"R-1"}


def test_who_is_forgotten_is_nobody_s_household_and_comes_back_only_by_an_import(
    db: SqlDatabase,
) -> None:
    put(db, SAMITY)
    persons_forgotten(db, "R-1")
    with db.engine.connect() as connection:
        assert len(connection.execute(select(household)).all()) == 1
    assert messengers(db) == {"R-2": ["O-1"]}
    import_people(db, ADMIN, [NANI], [], NOW)
    assert messengers(db) == {"R-2": ["O-1"]}
    assert put(db, SAMITY) == ImportCounts(0, 1, 0), "the same row, and the link was lost"
    assert messengers(db) == {"R-1": ["O-1"], "R-2": ["O-1"]}


def persons_forgotten(db: SqlDatabase, ref: str) -> None:
    with db.transaction() as stores:
        assert stores.people.forget(PersonKind.RESIDENT, ref, NOW) is not None
    with pytest.raises(persons.NobodyHasRef):
        persons.held_of(db, ADMIN, ref)


def test_what_an_organisation_wrote_stays_when_somebody_with_its_phone_is_forgotten(
    db: SqlDatabase,
) -> None:
    assert SAMITY.contact is not None
    shared = Phone(SAMITY.contact.phone.number, PhoneSharing.SHARED_HOUSEHOLD)
    import_people(db, ADMIN, [replace(NANI, phone=shared)], [], NOW)
    put(db, SAMITY)
    with db.transaction() as stores:
        stores.replies.keep("SM1", shared.number, "we are on our way", NOW)
        stores.people.forget(PersonKind.RESIDENT, "R-1", NOW)
    with db.engine.connect() as connection:
        assert connection.scalars(select(inbound.c.provider_id)).all() == ["SM1"]


def test_forgetting_takes_the_contact_and_the_households_along(db: SqlDatabase) -> None:
    put(db, SAMITY, POWER)
    with db.transaction() as stores:
        assert stores.organisations.forget("O-1")
        assert not stores.organisations.forget("O-1")
        assert stores.organisations.refs() == {"O-2"}
    with db.engine.connect() as connection:
        assert connection.execute(select(household)).all() == []


def test_contact_and_notes_are_sealed(db: SqlDatabase) -> None:
    put(db, SAMITY)
    with db.engine.connect() as connection:
        row = repr(connection.execute(select(organisation)).one())
        count = connection.scalar(text("SELECT count(*) FROM organisation"))
    assert count == 1
    for word in ("Rokeya", "Zztest", "5550160"):
        assert word not in row
        assert word not in repr(SAMITY)


def test_a_change_of_keys_seals_the_directory_anew(db: SqlDatabase) -> None:
    secret = b"a test secret of enough bytes"
    put(db, SAMITY)
    with db.engine.begin() as connection:
        keep_ring(connection, load_ring(db.engine, secret).with_new_key(), secret, NOW)
    new = open_sealer(db.engine, secret)
    assert count_old(db.engine, new) > 0
    assert sum(seal_anew(db.engine, new)) > 0
    assert count_old(db.engine, new) == 0
    alone = Sealer(secret, new.ring.with_current_only())
    with db.engine.connect() as connection:
        assert SqlOrganisations(connection, alone).get(["O-1"]) == [SAMITY]


def test_more_rows_than_a_statement_of_insert_likes_go_in_alike(db: SqlDatabase) -> None:
    many = [replace(SAMITY, ref=f"O-{n:04}") for n in range(250)]
    assert put(db, *many) == ImportCounts(250, 0, 0)
    assert put(db, *many) == ImportCounts(0, 0, 250)
    with db.reading() as stores:
        assert list(stores.organisations.get(one.ref for one in many)) == many
