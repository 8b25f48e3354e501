"""The spatial key and the found area follow the position on every way into the register."""

from collections.abc import Iterable
from dataclasses import replace

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from carealert.adapters.db.stores import SqlDatabase
from carealert.adapters.sealing import Sealer
from carealert.domain.cells import cell_of
from carealert.domain.people import Resident
from carealert.domain.rules import SubjectKind
from carealert.services.ports.places import CellCheck, Position
from carealert.services.registering import import_facilities, import_people
from tests.support.actors import ADMIN
from tests.support.atlas import a_country
from tests.support.builders import NOW
from tests.support.register import CLINIC, resident_at


@pytest.fixture
def db(engine: Engine, sealer: Sealer) -> SqlDatabase:
    database = SqlDatabase(engine, sealer)
    with database.transaction() as stores:
        stores.areas.put(a_country())
    return database


_ROWS = "SELECT ref, cell, located_code FROM {table}"


def _stored(db: SqlDatabase, table: str = "resident") -> dict[str, tuple[int | None, str | None]]:
    with db.engine.connect() as connection:
        rows = connection.execute(text(_ROWS.format(table=table)))
        return {ref: (cell, code) for ref, cell, code in rows}


def _put(db: SqlDatabase, people: Iterable[Resident]) -> None:
    import_people(db, ADMIN, list(people), [], NOW)


def test_an_import_gives_the_key_and_the_area_around_the_position(db: SqlDatabase) -> None:
    _put(
        db, [resident_at("R", 30.5, 2.5), resident_at("S", 5.0, 5.0), resident_at("T", None, None)]
    )
    assert _stored(db) == {
        "R": (cell_of(30.5, 2.5), "W11"),
        "S": (cell_of(5.0, 5.0), None),
        "T": (None, None),
    }


def test_a_stated_area_is_never_overwritten(db: SqlDatabase) -> None:
    _put(db, [resident_at("R", 30.5, 2.5, area_code="W24")])
    assert _stored(db)["R"] == (cell_of(30.5, 2.5), None)
    with db.reading() as stores:
        assert stores.people.residents(["R"])[0].area_code == "W24"


def test_the_found_area_is_no_part_of_the_record(db: SqlDatabase) -> None:
    """It is never taken for what somebody stated: not when it is read, matched or exported."""
    _put(db, [resident_at("R", 30.5, 2.5)])
    with db.reading() as stores:
        assert stores.people.residents(["R"])[0].area_code is None
        assert stores.people.with_area_codes(["W11"]) == frozenset()


@pytest.mark.parametrize("many", [1, 450])  # a COPY begins at 200 rows
def test_a_new_position_takes_key_and_area_along(db: SqlDatabase, many: int) -> None:
    refs = [f"R-{n}" for n in range(many)]
    _put(db, (resident_at(ref, 30.5, 2.5) for ref in refs))
    _put(db, (resident_at(ref, 33.5, 3.5) for ref in refs))
    assert set(_stored(db).values()) == {(cell_of(33.5, 3.5), "W24")}
    _put(db, (resident_at(ref, 33.5, 3.5, area_code="D2") for ref in refs))
    assert set(_stored(db).values()) == {(cell_of(33.5, 3.5), None)}
    _put(db, (resident_at(ref, None, None, area_code="D2") for ref in refs))
    assert set(_stored(db).values()) == {(None, None)}
    _put(db, (resident_at(ref, 30.5, 2.5) for ref in refs))
    assert set(_stored(db).values()) == {(cell_of(30.5, 2.5), "W11")}


def test_facilities_too(db: SqlDatabase) -> None:
    here = replace(CLINIC, lon=30.5, lat=2.5, area_code=None)
    import_facilities(db, ADMIN, [here], NOW)
    assert _stored(db, "facility") == {"F-1": (cell_of(30.5, 2.5), "W11")}
    import_facilities(db, ADMIN, [replace(here, lon=33.5)], NOW)
    assert _stored(db, "facility") == {"F-1": (cell_of(33.5, 2.5), "W22")}
    import_facilities(db, ADMIN, [replace(here, lon=None, lat=None)], NOW)
    assert _stored(db, "facility") == {"F-1": (None, None)}


SPOILT = (
    "UPDATE {table} SET lat = lat + 1",
    "UPDATE {table} SET lon = lon - 0.0002",
    "UPDATE {table} SET cell = NULL",
    "UPDATE {table} SET lat = NULL",
)


@pytest.mark.parametrize("table", ["resident", "facility"])
@pytest.mark.parametrize("statement", SPOILT)
def test_the_database_refuses_a_position_without_its_key(
    db: SqlDatabase, table: str, statement: str
) -> None:
    _put(db, [resident_at("R", 30.5, 2.5)])
    import_facilities(db, ADMIN, [replace(CLINIC, lon=30.5, lat=2.5)], NOW)
    before = _stored(db, table)
    refused = pytest.raises(DBAPIError, match="the cell does not follow the position")
    with refused, db.engine.begin() as connection:
        connection.execute(text(statement.format(table=table)))
    assert _stored(db, table) == before


def test_key_and_position_may_change_together(db: SqlDatabase) -> None:
    _put(db, [resident_at("R", 30.5, 2.5)])
    with db.engine.begin() as connection:
        moved = text("UPDATE resident SET lon = 31.5, lat = 3.5, cell = :cell")
        connection.execute(moved, {"cell": cell_of(31.5, 3.5)})
    with db.reading() as stores:
        assert stores.places.check_cells(SubjectKind.RESIDENT, 10) == CellCheck(1, 1, 0)


def _spoil(db: SqlDatabase, ref: str, by: int) -> None:
    with db.engine.begin() as connection:
        connection.execute(
            text("UPDATE resident SET cell = cell + :by WHERE ref = :ref"), {"ref": ref, "by": by}
        )


def test_wrong_keys_are_counted_and_put_right(db: SqlDatabase) -> None:
    people = [resident_at(f"R-{n}", 30 + n / 100, 2.5) for n in range(40)]
    _put(db, [*people, resident_at("nowhere", None, None)])
    good = _stored(db)
    _spoil(db, "R-7", 1)
    _spoil(db, "R-9", -(10**9))
    with db.reading() as stores:
        assert stores.places.check_cells(SubjectKind.RESIDENT, 100) == CellCheck(40, 40, 2)
    with db.transaction() as stores:
        assert stores.places.repair_cells(SubjectKind.RESIDENT, 0) == (2, None)
        assert stores.places.repair_cells(SubjectKind.FACILITY, 0) == (0, None)
    assert _stored(db) == good


def test_a_sample_is_never_larger_and_says_so(db: SqlDatabase) -> None:
    _put(db, (resident_at(f"R-{n}", 30 + n / 100, 2.5) for n in range(41)))
    with db.reading() as stores:
        check = stores.places.check_cells(SubjectKind.RESIDENT, 10)
    assert check.rows == 41
    assert 5 <= check.looked_at <= 10
    assert check.is_sample


def test_an_area_is_noted_only_where_nothing_changed_meanwhile(db: SqlDatabase) -> None:
    _put(
        db, [resident_at("R", 30.5, 2.5), resident_at("S", 30.5, 2.5), resident_at("T", 30.5, 2.5)]
    )
    was = Position("R", 30.5, 2.5, None, "W11")
    with db.transaction() as stores:
        stores.places.keep_located(
            SubjectKind.RESIDENT,
            [
                (was, "D1"),
                (replace(was, ref="S", lon=31.5), "D1"),  # somebody moved
                (replace(was, ref="T", area_code="P"), "D1"),
            ],
        )
    assert {ref: code for ref, (_, code) in _stored(db).items()} == {
        "R": "D1",
        "S": "W11",
        "T": "W11",
    }
    with db.transaction() as stores:
        stores.places.keep_located(SubjectKind.RESIDENT, [(replace(was, located_code="D1"), None)])
    assert _stored(db)["R"][1] is None


def test_positions_are_those_of_people_who_have_one(db: SqlDatabase) -> None:
    _put(
        db,
        [
            resident_at("R", 30.5, 2.5),
            resident_at("S", 33.5, 3.5, area_code="W11"),
            resident_at("T", None, None, area_code="W11"),
        ],
    )
    with db.reading() as stores:
        found = [one for batch in stores.places.positions(SubjectKind.RESIDENT) for one in batch]
    assert found == [
        Position("R", 30.5, 2.5, None, "W11"),
        Position("S", 33.5, 3.5, "W11", None),
    ]
