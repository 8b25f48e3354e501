"""Many rows at once are what the same rows are one by one, on both databases."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, select

from carealert.adapters.db.bulk import Alike, Bulk
from carealert.adapters.db.tables import match, metadata, subject
from tests.support.builders import NOW

_SUBJECT = ("incident", "kind", "ref", "state", "since")
#: More than are worth a COPY on PostgreSQL.
MANY = 450


@pytest.fixture
def connection(engine: Engine) -> Iterator[Connection]:
    metadata.create_all(engine)
    with engine.begin() as connection:
        yield connection
        connection.rollback()


def states(connection: Connection) -> dict[str, str]:
    query = select(subject.c.ref, subject.c.state)
    return {row.ref: row.state for row in connection.execute(query)}


def a_state(number: int, state: str = "waiting") -> dict[str, Any]:
    ref = f"R{number:04}"
    return {"incident": "i", "kind": "resident", "ref": ref, "state": state, "since": NOW}


def test_rows_that_are_new_are_all_written(connection: Connection) -> None:
    bulk = Bulk(connection, subject, _SUBJECT, keep_first=True)
    bulk.write(connection, [bulk.ready(a_state(n)) for n in range(MANY)])
    assert states(connection) == {f"R{n:04}": "waiting" for n in range(MANY)}


@pytest.mark.parametrize("known", [0, MANY // 2, MANY - 1])
def test_where_a_key_is_there_the_first_row_stays_and_the_others_come(
    connection: Connection, known: int
) -> None:
    bulk = Bulk(connection, subject, _SUBJECT, keep_first=True)
    bulk.write(connection, [bulk.ready(a_state(known, "safe"))])
    bulk.write(connection, [bulk.ready(a_state(n)) for n in range(MANY)])
    bulk.write(connection, [bulk.ready(a_state(n, "late")) for n in range(MANY, 2 * MANY)])
    found = states(connection)
    assert len(found) == 2 * MANY
    assert found.pop(f"R{known:04}") == "safe"
    assert list(found.values()).count("waiting") == MANY - 1


def test_one_key_twice_among_the_rows_is_one_row(connection: Connection) -> None:
    bulk = Bulk(connection, subject, _SUBJECT, keep_first=True)
    rows = [a_state(n) for n in range(MANY)] + [a_state(5, "safe")]
    bulk.write(connection, [bulk.ready(row) for row in rows])
    assert states(connection)["R0005"] == "waiting"


def test_what_the_transaction_did_before_stays_when_a_key_was_there(
    connection: Connection,
) -> None:
    bulk = Bulk(connection, subject, _SUBJECT, keep_first=True)
    bulk.write(connection, [bulk.ready(a_state(n)) for n in range(MANY)])
    bulk.write(connection, [bulk.ready(a_state(n)) for n in range(1, MANY + 1)])
    assert len(states(connection)) == MANY + 1


def test_rows_that_are_alike_are_the_rows_made_one_by_one(connection: Connection) -> None:
    names = ("decision_id", "kind", "ref", "rule", "info", "reasons")
    rows = [
        {
            "decision_id": 1,
            "kind": "resident",
            "ref": f"R{number}",
            "rule": f"rule-{number % 3}",
            "info": number % 2,
            "reasons": ["inside", f"class {number % 3}"],
        }
        for number in range(20)
    ]
    bulk = Bulk(connection, match, names)
    alike = Alike(bulk, ("ref",))
    asked: list[str] = []

    def shared(row: dict[str, Any]) -> dict[str, Any]:
        asked.append(row["ref"])
        return row

    made = [
        alike.ready((row["rule"], row["info"]), (row["ref"],), lambda row=row: shared(row))
        for row in rows
    ]
    assert made == [bulk.ready(row) for row in rows]
    assert len(asked) == 6


def test_own_values_keep_their_columns_whatever_their_order(connection: Connection) -> None:
    bulk = Bulk(connection, subject, _SUBJECT)
    alike = Alike(bulk, ("since", "ref"))
    row = a_state(1)
    later = bulk.value("since", NOW + timedelta(hours=1))
    assert alike.ready("a", (later, "R9"), lambda: row) == bulk.ready(
        row | {"ref": "R9", "since": NOW + timedelta(hours=1)}
    )
