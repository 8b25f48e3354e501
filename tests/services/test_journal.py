"""The journal's chain, on both databases: whoever touches a line is found out."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DatabaseError

from carealert.adapters.db.stores import SqlDatabase
from carealert.adapters.sealing import Sealer
from carealert.domain.chain import GENESIS
from carealert.services import journal
from tests.support.actors import ADMIN
from tests.support.builders import NOW

SECOND = timedelta(seconds=1)


@pytest.fixture
def db(engine: Engine, sealer: Sealer) -> SqlDatabase:
    return SqlDatabase(engine, sealer)


def write(db: SqlDatabase, *events: str) -> None:
    with db.transaction() as stores:
        for number, event in enumerate(events):
            stores.journal.write(NOW + number * SECOND, event, "warning:1", zeta="ä", alpha="1")


def force(db: SqlDatabase, statement: str) -> None:
    """Change the journal as somebody with the database's own password can."""
    off = {
        "sqlite": ("DROP TRIGGER journal_is_kept", "DROP TRIGGER journal_is_not_changed"),
        "postgresql": ("ALTER TABLE journal DISABLE TRIGGER USER",),
    }[db.engine.dialect.name]
    with db.engine.begin() as connection:
        for line in (*off, statement):
            connection.execute(text(line))


def test_an_empty_journal_is_whole(db: SqlDatabase) -> None:
    assert journal.chain(db) == 0
    proof = journal.verify(db, ADMIN)
    assert (proof.lines, proof.head, proof.unchained, proof.broken) == (0, GENESIS, 0, None)


def test_lines_are_chained_once_and_in_order(
    db: SqlDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "BATCH", 2)
    write(db, "a", "b", "c", "d", "e")
    assert journal.verify(db, ADMIN).unchained == 5
    assert journal.chain(db) == 5
    first = journal.verify(db, ADMIN)
    assert (first.lines, first.unchained, first.broken) == (5, 0, None)
    write(db, "f")
    assert journal.chain(db) == 1
    second = journal.verify(db, ADMIN, first.head)
    assert (second.lines, second.broken, second.head_found) == (6, None, True)
    assert second.head != first.head


@pytest.mark.parametrize(
    ("statement", "number", "what"),
    [
        ("UPDATE journal SET event = 'x' WHERE number = 3", 3, "changed"),
        ("UPDATE journal SET subject = 'warning:2' WHERE number = 2", 2, "changed"),
        ('UPDATE journal SET details = \'{"zeta": "ä"}\' WHERE number = 4', 4, "changed"),
        ("UPDATE journal SET at = '2020-01-01 00:00:00' WHERE number = 1", 1, "changed"),
        ("DELETE FROM journal WHERE number = 2", 2, "lines 2 to 2 are missing"),
    ],
)
def test_a_touched_line_is_found(db: SqlDatabase, statement: str, number: int, what: str) -> None:
    write(db, "a", "b", "c", "d")
    journal.chain(db)
    force(db, statement)
    broken = journal.verify(db, ADMIN).broken
    assert broken is not None
    assert broken.number == number
    assert what in broken.what


def test_a_tail_that_was_cut_off_is_found_by_its_head(db: SqlDatabase) -> None:
    write(db, "a", "b", "c")
    journal.chain(db)
    head = journal.verify(db, ADMIN).head
    force(db, "DELETE FROM journal WHERE number = 3")
    proof = journal.verify(db, ADMIN, head)
    assert proof.broken is None
    assert proof.head_found is False


@pytest.mark.parametrize("statement", ["DELETE FROM journal", "UPDATE journal SET event = 'x'"])
@pytest.mark.parametrize("prepare", [journal.chain, lambda _db: None])
def test_the_database_itself_refuses_to_change_the_journal(
    db: SqlDatabase, statement: str, prepare: Callable[[SqlDatabase], object]
) -> None:
    write(db, "a")
    prepare(db)
    with pytest.raises(DatabaseError, match="append-only"), db.engine.begin() as connection:
        connection.execute(text(statement))


def test_a_chained_line_keeps_its_place(db: SqlDatabase) -> None:
    write(db, "a")
    journal.chain(db)
    with pytest.raises(DatabaseError, match="append-only"), db.engine.begin() as connection:
        connection.execute(text("UPDATE journal SET number = 9"))
