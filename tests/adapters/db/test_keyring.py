"""The keys of personal fields changed in a full database, on both databases."""

from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select

from carealert.adapters.db import keyring as module
from carealert.adapters.db.engine import open_engine
from carealert.adapters.db.keyring import (
    count_old,
    keep_ring,
    load_ring,
    open_sealer,
    seal_anew,
)
from carealert.adapters.db.people import SqlPeople
from carealert.adapters.db.tables import metadata
from carealert.adapters.sealing import Sealer, WrongKey, derived_ring
from tests.support.builders import NOW
from tests.support.delivery import a_told, add, caregivers, send_all
from tests.support.register import AMINA, BARE, KARIM, LINKS, RAHIMA

SECRET = b"a test secret of enough bytes"


@pytest.fixture
def filled(engine: Engine, sealer: Sealer) -> Engine:
    """Residents, caregivers, a suppressed number, notices with texts."""
    db = caregivers(engine, sealer, 3)
    add(db, a_told(0), a_told(1))
    send_all(db)
    with engine.begin() as connection:
        people = SqlPeople(connection, sealer)
        people.put_residents([AMINA, BARE])
        people.put_caregivers([RAHIMA, KARIM], LINKS)
        people.suppress("+12025550177", NOW, "reply")
    return engine


def sealed_values(engine: Engine) -> list[bytes]:
    with engine.connect() as connection:
        return [
            value
            for table in metadata.sorted_tables
            for column in table.columns
            if column.name.endswith("_sealed")
            for value in connection.scalars(select(column).where(column.is_not(None)))
        ]


def change_keys(engine: Engine) -> Sealer:
    with engine.begin() as connection:
        keep_ring(connection, load_ring(engine, SECRET).with_new_key(), SECRET, NOW)
    return open_sealer(engine, SECRET)


def test_before_the_first_change_the_keys_are_those_of_the_secret(engine: Engine) -> None:
    assert load_ring(engine, SECRET) == derived_ring(SECRET)


def test_every_value_is_sealed_anew_and_means_the_same(filled: Engine) -> None:
    before = sorted(map(Sealer(SECRET).open, sealed_values(filled)))
    new = change_keys(filled)
    old = count_old(filled, new)
    assert old == len(before) > 20
    assert sum(seal_anew(filled, new)) == old
    assert count_old(filled, new) == 0
    alone = Sealer(SECRET, new.ring.with_current_only())
    assert sorted(map(alone.open, sealed_values(filled))) == before
    with filled.connect() as connection:
        people = SqlPeople(connection, alone)
        assert people.residents(["R-1", "R-2"]) == [AMINA, BARE]
        assert people.suppressed() == {"+12025550177"}
        assert people.owners_of(AMINA.phone.number if AMINA.phone else "")


def test_a_run_that_was_broken_off_is_taken_up(
    filled: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BATCH", 2)
    new = change_keys(filled)
    whole = count_old(filled, new)
    first = sum(islice(seal_anew(filled, new), 2))
    assert 0 < first < whole
    assert count_old(filled, new) == whole - first
    assert sum(seal_anew(filled, open_sealer(filled, SECRET))) == whole - first
    assert count_old(filled, new) == 0


def test_what_somebody_writes_meanwhile_stays_as_they_wrote_it(
    filled: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    new = change_keys(filled)
    late = Sealer(SECRET)  # a process that still has the old keys

    def write_between(*args: Any) -> Any:
        rows = original(*args)
        if args[1].name == "resident":
            connection = args[0]
            SqlPeople(connection, late).put_residents([replace(AMINA, name="Amina B.")])
        return rows

    original = module._next
    monkeypatch.setattr(module, "_next", write_between)
    sum(seal_anew(filled, new))
    monkeypatch.setattr(module, "_next", original)
    with filled.connect() as connection:
        (amina,) = SqlPeople(connection, new).residents(["R-1"])
    assert amina.name == "Amina B."


def test_the_secret_changes_and_the_old_one_opens_nothing_more(filled: Engine) -> None:
    ring = load_ring(filled, SECRET)
    other = b"quite another secret of bytes"
    with filled.begin() as connection:
        keep_ring(connection, ring, other, NOW)
    assert load_ring(filled, other) == ring
    with pytest.raises(WrongKey):
        load_ring(filled, SECRET)
    with filled.connect() as connection:
        (amina,) = SqlPeople(connection, open_sealer(filled, other)).residents(["R-1"])
    assert amina == AMINA


def test_no_table_yet_is_no_error(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path / 'empty.db'}")
    assert load_ring(engine, SECRET) == derived_ring(SECRET)
    engine.dispose()
