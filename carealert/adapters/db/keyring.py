"""The key ring in the database, wrapped by the office's secret; and its keys changed."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, Row, Table, and_, func, inspect, select, tuple_, update

from carealert.adapters.db.conflicts import insert_into
from carealert.adapters.db.tables import keyring, metadata
from carealert.adapters.sealing import KeyRing, Sealer, derived_ring, unwrap, wrap

#: Rows sealed anew in one transaction.
BATCH = 500
_ONLY = 1
_SEALED = "_sealed"


def open_sealer(engine: Engine, secret: bytes) -> Sealer:
    """A sealer with the office's ring; raises WrongKey, and ValueError for a short secret."""

    def load() -> KeyRing:
        return load_ring(engine, secret)

    return Sealer(secret, load(), load)


def load_ring(engine: Engine, secret: bytes) -> KeyRing:
    """The stored ring; the derived one where the keys were never changed, or there is no table."""
    derived = derived_ring(secret)
    with _reading(engine) as connection:
        if not inspect(connection).has_table(keyring.name):
            return derived
        wrapped = connection.scalar(select(keyring.c.wrapped))
    return derived if wrapped is None else unwrap(wrapped, secret)


def keep_ring(connection: Connection, ring: KeyRing, secret: bytes, now: datetime) -> None:
    """Store the ring, wrapped by `secret`, in place of the one before."""
    values = {"wrapped": wrap(ring, secret), "changed_at": now}
    statement = insert_into(connection, keyring).values(id=_ONLY, **values)
    connection.execute(statement.on_conflict_do_update(index_elements=["id"], set_=values))


def count_old(engine: Engine, sealer: Sealer) -> int:
    """How many values are not sealed under the current key."""
    prefix = bytes((sealer.ring.current,))
    total = 0
    with _reading(engine) as connection:
        for table, names in _sealed_columns():
            for name in names:
                column = table.c[name]
                old = and_(column.is_not(None), func.substr(column, 1, 1) != prefix)
                total += connection.scalar(select(func.count()).where(old)) or 0
    return total


def seal_anew(engine: Engine, sealer: Sealer) -> Iterator[int]:
    """Seal every value under the current key, batch by batch; how many were changed in each.

    It may be broken off and begun again at any time. A value that somebody else changes meanwhile
    is left as they wrote it.
    """
    for table, names in _sealed_columns():
        after: tuple[Any, ...] | None = None
        while True:
            with engine.begin() as connection:
                rows = _next(connection, table, names, after)
                done = sum(_seal_row(connection, table, names, row, sealer) for row in rows)
            if done:
                yield done
            if len(rows) < BATCH:
                break
            after = tuple(rows[-1][: len(table.primary_key.columns)])


def _reading(engine: Engine) -> Connection:
    """A connection that takes no write lock: the ring may be asked for in the midst of a write."""
    return engine.execution_options(carealert_reading=True).connect()


def _sealed_columns() -> list[tuple[Table, list[str]]]:
    """Every table with sealed columns, and their names: new ones are found by their name."""
    found = [
        (table, [column.name for column in table.columns if column.name.endswith(_SEALED)])
        for table in metadata.sorted_tables
    ]
    return [(table, names) for table, names in found if names]


def _next(
    connection: Connection, table: Table, names: Sequence[str], after: tuple[Any, ...] | None
) -> Sequence[Row[Any]]:
    key = list(table.primary_key.columns)
    query = select(*key, *(table.c[name] for name in names)).order_by(*key).limit(BATCH)
    if after is not None:
        query = query.where(tuple_(*key) > tuple_(*after))
    return connection.execute(query).all()


def _seal_row(
    connection: Connection, table: Table, names: Sequence[str], row: Row[Any], sealer: Sealer
) -> int:
    key = list(table.primary_key.columns)
    done = 0
    for name, value in zip(names, row[len(key) :], strict=True):
        if value is None or sealer.is_current(value):
            continue
        same = [column == part for column, part in zip(key, row, strict=False)]
        done += connection.execute(
            update(table)
            .where(*same, table.c[name] == value)
            .values({name: sealer.seal(sealer.open(value))})
        ).rowcount
    return done
