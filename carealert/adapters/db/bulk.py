"""Many rows into one table; what costs time is done before the writers' turn.

SQLAlchemy turns the values of each row into the driver's own just before it sends them. An import
of a hundred thousand people would so hold everybody else up three times as long as writing takes:
here the values are made ready first, and `write` only hands them over; to PostgreSQL by COPY.
"""

import json
from collections.abc import Callable, Hashable, Mapping, Sequence
from functools import lru_cache
from json.encoder import encode_basestring_ascii
from operator import itemgetter
from typing import Any, cast

import psycopg
from sqlalchemy import Connection, Dialect, LargeBinary, Table, text
from sqlalchemy.types import TypeEngine

from carealert.adapters.db.conflicts import insert_into
from carealert.adapters.db.types import Json, UtcDateTime

#: A row as the driver takes it, in the order of the names.
Ready = tuple[Any, ...]
_Process = Callable[[Any], Any]

#: Below this, making a table to COPY into takes longer than it saves.
_WORTH_A_COPY = 200
#: Moments and JSON that many rows share are made ready once.
_REMEMBERED = 4096


class Bulk:
    """Inserts into `table`; with `key` a row takes the place of the one with the same key columns.

    `keep_first`: of rows with one key the first stays, here or written by somebody else.
    """

    def __init__(
        self,
        connection: Connection,
        table: Table,
        names: Sequence[str],
        key: tuple[str, ...] = (),
        *,
        keep_first: bool = False,
    ) -> None:
        statement = insert_into(connection, table)
        self._keep_first = keep_first
        if keep_first:
            statement = statement.on_conflict_do_nothing()
        if key:
            # Somebody else may have added the same key since it was looked for.
            statement = statement.on_conflict_do_update(
                index_elements=[table.c[name] for name in key],
                set_={name: statement.excluded[name] for name in names if name not in key},
            )
        compiled = statement.compile(dialect=connection.dialect, column_keys=list(names))
        order = compiled.positiontup
        self._sql = str(compiled)
        self._is_positional = order is not None
        self.names: Sequence[str] = order if order is not None else list(names)
        self._table, self._key = table.name, key
        self._values = itemgetter(*self.names)
        processes = [_process(table.c[name].type, connection.dialect) for name in self.names]
        self._processes = [(n, one) for n, one in enumerate(processes) if one is not None]
        self._by_name = dict(zip(self.names, processes, strict=True))

    def ready(self, row: Mapping[str, Any]) -> Ready:
        """The row in the driver's values."""
        values = list(self._values(row))
        for number, process in self._processes:
            values[number] = process(values[number])
        return tuple(values)

    def value(self, name: str, given: Any) -> Any:
        """One value as the driver takes it."""
        process = self._by_name[name]
        return given if process is None else process(given)

    def write(self, connection: Connection, rows: Sequence[Ready]) -> None:
        """Hand them over, all in one go."""
        if not rows:
            return
        if self._is_positional:
            connection.exec_driver_sql(self._sql, list(rows))
        elif len(rows) < _WORTH_A_COPY:
            named = [dict(zip(self.names, row, strict=True)) for row in rows]
            connection.exec_driver_sql(self._sql, named)
        else:
            self._copy(connection, rows)

    def _copy(self, connection: Connection, rows: Sequence[Ready]) -> None:
        columns = ", ".join(f'"{name}"' for name in self.names)
        if not self._key and not self._keep_first:
            self._copy_straight(connection, columns, rows)
            return
        if self._keep_first and self._are_all_new(connection, columns, rows):
            return
        stage = f"incoming_{self._table}"
        connection.execute(
            text(
                f"CREATE TEMPORARY TABLE IF NOT EXISTS {stage} ON COMMIT DROP AS "  # noqa: S608 - our own names
                f'SELECT {columns} FROM "{self._table}" WITH NO DATA'
            )
        )
        _copied(connection, f"COPY {stage} ({columns}) FROM STDIN", rows)
        connection.execute(
            text(
                f'INSERT INTO "{self._table}" ({columns}) SELECT {columns} FROM {stage} '  # noqa: S608
                f"ON CONFLICT {self._on_conflict()}"
            )
        )
        connection.execute(text(f"TRUNCATE {stage}"))

    def _copy_straight(self, connection: Connection, columns: str, rows: Sequence[Ready]) -> None:
        _copied(connection, f'COPY "{self._table}" ({columns}) FROM STDIN', rows)

    def _are_all_new(self, connection: Connection, columns: str, rows: Sequence[Ready]) -> bool:
        """Copy them straight into the table; nothing is written where a key is there already.

        What is decided for the first time mostly is new, and the way over a table of its own
        takes half as long again.
        """
        try:
            with connection.begin_nested():
                self._copy_straight(connection, columns, rows)
        except psycopg.errors.UniqueViolation:
            return False
        return True

    def _on_conflict(self) -> str:
        if self._keep_first:
            return "DO NOTHING"
        key = ", ".join(f'"{name}"' for name in self._key)
        rest = (name for name in self.names if name not in self._key)
        taken = ", ".join(f'"{name}" = excluded."{name}"' for name in rest)
        return f"({key}) DO UPDATE SET {taken}"


class Alike:
    """Rows of one `bulk` that fall into few classes: what a class shares is made ready once.

    `own` names what each row has of its own; it is given in the driver's values and this order.
    """

    def __init__(self, bulk: Bulk, own: Sequence[str]) -> None:
        self._bulk = bulk
        self._shared = [name for name in bulk.names if name not in own]
        place = {name: number for number, name in enumerate((*own, *self._shared))}
        self._arranged = itemgetter(*(place[name] for name in bulk.names))
        self._classes: dict[Hashable, Ready] = {}

    def ready(self, key: Hashable, own: Ready, rest: Callable[[], Mapping[str, Any]]) -> Ready:
        """A row of the class `key`; `rest` says what the class shares, and is asked once."""
        shared = self._classes.get(key)
        if shared is None:
            values = rest()
            shared = tuple(self._bulk.value(name, values[name]) for name in self._shared)
            self._classes[key] = shared
        return cast(Ready, self._arranged(own + shared))


def _copied(connection: Connection, sql: str, rows: Sequence[Ready]) -> None:
    driver = cast("psycopg.Connection[Any]", connection.connection.driver_connection)
    with driver.cursor() as cursor, cursor.copy(sql.encode()) as copy:
        for row in rows:
            copy.write_row(row)


def _process(kind: TypeEngine[Any], dialect: Dialect) -> _Process | None:
    if isinstance(kind, LargeBinary):
        return None  # both drivers take bytes as they are, and a view of them cannot be packed
    process = cast(_Process | None, kind.dialect_impl(dialect).bind_processor(dialect))
    if process is None:
        return None
    if isinstance(kind, UtcDateTime):
        return lru_cache(_REMEMBERED)(process)
    # Both databases read JSON from its text; the driver's own wrapper would write it each time.
    return _once(json_text) if isinstance(kind, type(Json)) else process


def json_text(value: Any) -> str:
    """As `json.dumps`; lists of texts, which many rows have one of their own of, much faster."""
    if type(value) is list and all(type(one) is str for one in value):
        return f"[{', '.join(map(encode_basestring_ascii, value))}]"
    return json.dumps(value)


def _once(process: _Process) -> _Process:
    """Process each object once, as long as it is remembered: JSON values cannot be compared."""
    known: dict[int, tuple[object, Any]] = {}

    def processed(value: Any) -> Any:
        found = known.get(id(value))
        if found is None:
            if len(known) >= _REMEMBERED:
                known.clear()
            found = known[id(value)] = value, process(value)  # kept, so that its id stays its own
        return found[1]

    return processed
