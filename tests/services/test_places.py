"""Areas are checked, positions get their area, and the register's coverage is that of plain SQL."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from shapely.geometry import box
from sqlalchemy import Engine, text

from carealert.adapters.db.stores import SqlDatabase
from carealert.adapters.sealing import Sealer
from carealert.domain.access import Actor, Role
from carealert.domain.atlas import Fault
from carealert.domain.rules import SubjectKind
from carealert.services import places
from carealert.services.access import NotAllowed
from carealert.services.ports.registry import PlaceArea
from carealert.services.registering import import_areas, import_facilities, import_people
from tests.support.atlas import a_country, an_area, put_in, without
from tests.support.builders import NOW
from tests.support.register import BARE, CLINIC, resident_at

ADMIN = Actor("test", Role.ADMIN)
OF_D1 = Actor("of district 1", Role.OFFICER, frozenset({"D1"}))
COUNTRY = a_country()
#: From 30.5 E, 2.5 N to 33 E, 3 N.
KM = 283.2


@pytest.fixture
def db(engine: Engine, sealer: Sealer) -> SqlDatabase:
    return SqlDatabase(engine, sealer)


def _located(db: SqlDatabase) -> dict[str, str | None]:
    with db.engine.connect() as connection:
        rows = connection.execute(text("SELECT ref, located_code FROM resident"))
        return {ref: code for ref, code in rows}  # noqa: C416 - rows are no pairs to mypy


def _put(db: SqlDatabase, areas: list[PlaceArea]) -> tuple[str, ...]:
    return import_areas(db, ADMIN, areas, NOW).notes


def test_areas_that_come_later_are_found_for_people_who_are_there(db: SqlDatabase) -> None:
    people = [
        resident_at("R", 30.5, 2.5),
        resident_at("S", 30.5, 2.5, area_code="X"),
        resident_at("T", 5.0, 5.0),
        BARE,
    ]
    import_people(db, ADMIN, people, [], NOW)
    assert set(_located(db).values()) == {None}
    notes = _put(db, COUNTRY[:2])
    assert _located(db) == {"R": "D1", "S": None, "T": None, "R-2": None}
    assert [note.partition(" ")[0] for note in notes] == ["1", "1"]
    assert "areas astray" in notes[1]
    _put(db, COUNTRY)
    assert _located(db)["R"] == "W11"
    assert _put(db, COUNTRY)[0].startswith("1 with a position that lies in no known area")


def test_an_area_that_is_drawn_anew_loses_and_wins_people(db: SqlDatabase) -> None:
    _put(db, COUNTRY)
    import_people(db, ADMIN, [resident_at("R", 30.5, 2.5), resident_at("S", 31.5, 2.5)], [], NOW)
    assert _located(db) == {"R": "W11", "S": "W12"}
    smaller, wider = (
        replace(COUNTRY[2], geometry=box(30, 2, 30.2, 3)),
        replace(COUNTRY[3], geometry=box(30.2, 2, 32, 3)),
    )
    _put(db, [smaller, wider])
    assert _located(db) == {"R": "W12", "S": "W12"}
    again = places.relocate(db)
    assert (again.found, again.nowhere, again.changed) == (2, 0, 0)


def test_a_dry_run_of_areas_changes_nobody(db: SqlDatabase) -> None:
    import_people(db, ADMIN, [resident_at("R", 30.5, 2.5)], [], NOW)
    import_areas(db, ADMIN, COUNTRY, NOW, dry_run=True)
    assert _located(db) == {"R": None}


def test_areas_without_an_outline_move_nobody_and_say_nothing(db: SqlDatabase) -> None:
    import_people(db, ADMIN, [resident_at("R", 30.5, 2.5)], [], NOW)
    assert _put(db, [an_area("P", 1, None, None)]) == ()


def test_an_import_says_who_is_where(db: SqlDatabase) -> None:
    _put(db, COUNTRY)
    people = [
        resident_at("R", 30.5, 2.5),
        resident_at("S", 5.0, 5.0),
        resident_at("T", 30.5, 2.5, area_code="W24"),
        resident_at("U", 30.99, 2.5, area_code="W12"),  # a km off: outlines are rough
    ]
    for dry_run in (True, False):
        notes = import_people(db, ADMIN, people, [], NOW, dry_run=dry_run).notes
        assert notes[:3] == (
            "1 without a stated area: the one around the position is noted beside it.",
            "1 with a position that lies in no known area: S.",
            (
                f"1 with a position more than 2 km outside of the stated area: T ({KM} km). Both "
                "are kept, and a warning for either finds them: ask which is right."
            ),
        )


def test_who_is_astray_is_listed_the_farthest_first(db: SqlDatabase) -> None:
    _put(db, put_in(COUNTRY, replace(COUNTRY[2], geometry=None)))
    people = [
        resident_at("R", 30.5, 2.5),
        resident_at("S", 5.0, 5.0),
        resident_at("T", 30.5, 2.5, area_code="W24"),
        resident_at("U", 32.1, 2.5, area_code="W11"),  # which has no outline, but D1 has
        resident_at("V", 33.0, 2.5, area_code="unheard of"),
        BARE,
    ]
    import_people(db, ADMIN, people, [], NOW)
    import_facilities(db, ADMIN, [replace(CLINIC, lon=30.5, lat=2.5, area_code="D2")], NOW)
    found = [
        (one.kind.value, one.ref, one.area_code, one.km) for one in places.find_astray(db, ADMIN)
    ]
    assert found == [
        ("resident", "T", "W24", KM),
        ("facility", "F-1", "D2", pytest.approx(166.7, rel=0.01)),
        ("resident", "U", "W11", pytest.approx(11.1, rel=0.01)),
        ("resident", "S", None, None),
    ]
    theirs = places.find_astray(db, OF_D1)
    assert [one.ref for one in theirs] == ["U"], "who states another area, or none, is not theirs"


NOWHERE = "SELECT count(*) FROM resident WHERE area_code IS NULL AND located_code IS NULL"
BELOW = """
    WITH RECURSIVE below(code) AS (
        SELECT CAST(:code AS TEXT)
        UNION SELECT a.code FROM area a JOIN below b ON a.parent_code = b.code
    )
    SELECT count(*) FROM {table} WHERE coalesce(area_code, located_code) IN (SELECT code FROM below)
"""  # fmt: skip


def test_coverage_is_what_plain_sql_counts(db: SqlDatabase) -> None:
    alias = an_area("S11", 3, "D1", COUNTRY[2].geometry, "SAME")
    circle = [an_area("Q1", 1, "Q2", None), an_area("Q2", 1, "Q1", None)]
    _put(db, [*COUNTRY, alias, *circle])
    people = [
        *(resident_at(f"R-{n}", 30 + n / 10, 2.5) for n in range(25)),
        *(resident_at(f"S-{code}", None, None, area_code=code) for code in ("P", "D1", "Q1", "Z")),
        resident_at("T", 5.0, 5.0),
    ]
    import_people(db, ADMIN, people, [], NOW)
    import_facilities(db, ADMIN, [replace(CLINIC, lon=33.5, lat=3.5, area_code=None)], NOW)
    lines = places.coverage(db, ADMIN)
    with db.engine.connect() as connection:
        for line in lines:
            for table, many in (("resident", line.residents), ("facility", line.facilities)):
                if line.code is not None:
                    query = text(BELOW.format(table=table))
                    assert many == connection.scalar(query, {"code": line.code}), line.code
        nowhere = connection.scalar(text(NOWHERE))
    by_code = {line.code: line for line in lines}
    assert by_code[None].residents == nowhere == 1
    assert by_code["Z"].area is None
    empty = {code for code, line in by_code.items() if line.is_empty}
    assert empty == {"W13", "W14", "W22", "W23", "W24"}
    assert by_code["S11"].residents == 0, "everybody there is registered under the other code"
    assert {line.code for line in places.coverage(db, OF_D1)} == {
        *("D1", "W11", "W12", "W13", "W14", "S11")
    }


def test_an_import_of_areas_is_checked_beside_those_that_are_there(db: SqlDatabase) -> None:
    _put(db, without(COUNTRY, "W11"))
    wide = replace(COUNTRY[2], geometry=box(30, 2, 31.5, 3))
    found = places.check_before_import(db, ADMIN, [wide], "en")
    assert [one.fault for one in found] == [Fault.OVERLAP]
    assert [one.fault for one in places.check_imported(db, ADMIN, "en")] == [Fault.GAP]
    _put(db, [wide])
    assert [one.fault for one in places.check_imported(db, ADMIN, "en")] == [Fault.OVERLAP]
    assert len(places.check_imported(db, OF_D1, "en")) == 1
    of_d2 = replace(OF_D1, areas=frozenset({"D2"}))
    assert places.check_imported(db, of_d2, "en") == []


@pytest.mark.parametrize(
    ("role", "call"),
    [
        (Role.COUNCIL, lambda db, who: places.check_before_import(db, who, [], "en")),
        (Role.FACILITY, lambda db, who: places.check_imported(db, who, "en")),
        (Role.COUNCIL, places.find_astray),
        (Role.FACILITY, places.coverage),
        (Role.HEALTH, lambda db, who: places.repair_cells(db, who, NOW)),
        (Role.SOCIAL, lambda db, who: places.locate(db, who, NOW)),
    ],
)
def test_each_asks_for_its_right(
    db: SqlDatabase, role: Role, call: Callable[[SqlDatabase, Actor], object]
) -> None:
    with pytest.raises(NotAllowed):
        call(db, Actor("somebody", role))
    call(db, ADMIN)


def test_wrong_cells_are_put_right_everywhere_and_the_journal_says_so(db: SqlDatabase) -> None:
    import_people(db, ADMIN, [resident_at("R", 30.5, 2.5), resident_at("S", 31.5, 2.5)], [], NOW)
    with db.engine.begin() as connection:
        connection.execute(text("UPDATE resident SET cell = cell + 1 WHERE ref = 'S'"))
    assert places.check_cells(db)[SubjectKind.RESIDENT].wrong == 1
    assert places.repair_cells(db, ADMIN, NOW) == {SubjectKind.RESIDENT: 1, SubjectKind.FACILITY: 0}
    assert places.check_cells(db)[SubjectKind.RESIDENT].wrong == 0
    with db.reading() as stores:
        assert stores.people.inside(box(31, 2, 32, 3)) == {"S"}
    with db.engine.connect() as connection:
        query = text("SELECT count(*) FROM journal WHERE event = 'cells_repaired'")
        assert connection.scalar(query) == 1
