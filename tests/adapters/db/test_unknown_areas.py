"""What nobody could place is kept once, counted by warnings, on both databases."""

import pytest
from sqlalchemy import Engine

from carealert.adapters.sealing import Sealer
from carealert.services.ports.registry import UnknownArea
from tests.support.builders import NOW, hours
from tests.support.register_db import RegisterDatabase, put_warnings

MET = "met@example.org"


@pytest.fixture
def db(engine: Engine, sealer: Sealer) -> RegisterDatabase:
    """A store with warnings 1 and 2."""
    put_warnings(engine, 1, 2)
    return RegisterDatabase(engine, sealer)


def test_each_warning_counts_once(db: RegisterDatabase) -> None:
    with db.transaction() as stores:
        stores.unknown_areas.note(MET, [("UGC", "TXZ1"), ("", "Khulna"), ("UGC", "TXZ1")], 1, NOW)
        stores.unknown_areas.note(MET, [("UGC", "TXZ1")], 1, NOW)
        stores.unknown_areas.note(MET, [("UGC", "TXZ1")], 2, NOW + hours(1))
        stores.unknown_areas.note("b@example.org", [("UGC", "TXZ1")], 2, NOW)
        stores.unknown_areas.note(MET, [], 2, NOW)
    with db.reading() as stores:
        assert stores.unknown_areas.all() == [
            UnknownArea(MET, "UGC", "TXZ1", 2, NOW, NOW + hours(1), 2),
            UnknownArea("b@example.org", "UGC", "TXZ1", 1, NOW, NOW, 2),
            UnknownArea(MET, "", "Khulna", 1, NOW, NOW, 1),
        ]


def test_long_texts_are_cut_and_still_counted_as_one(db: RegisterDatabase) -> None:
    with db.transaction() as stores:
        for number in (1, 2):
            stores.unknown_areas.note("s" * 900, [("n" * 900, "v" * 900)], number, NOW)
        (one,) = stores.unknown_areas.all()
    assert (len(one.sender), len(one.system), len(one.value), one.times) == (200, 100, 200, 2)


def test_what_is_known_now_is_forgotten(db: RegisterDatabase) -> None:
    with db.transaction() as stores:
        stores.unknown_areas.note(MET, [("UGC", f"TXZ{n}") for n in range(450)], 1, NOW)
        every = stores.unknown_areas.all()
        stores.unknown_areas.forget(every[1:])
        assert stores.unknown_areas.all() == every[:1]
        stores.unknown_areas.forget([])
