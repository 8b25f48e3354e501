"""One PostgreSQL database that test after test is given empty.

To copy a database for each test takes half a second, to empty the few tables that a test filled a
hundredth of that. A test that changed the tables themselves leaves a database that nobody is given
again. Connections stay open from test to test, as a new one reads the catalog anew: the product
keeps nothing in a session, and a session that has not come to its end is ended.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count

from sqlalchemy import Connection, Engine, create_engine, text

from carealert.adapters.db.tables import metadata

_FILLED = " UNION ALL ".join(
    f"SELECT '{table.name}' WHERE EXISTS (SELECT 1 FROM \"{table.name}\")"  # noqa: S608 - our own
    for table in metadata.sorted_tables
)
#: What a test left under way would hold the tables. An advisory lock would outlive its test.
_LEFT = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND (
        state <> 'idle' OR pid IN (SELECT pid FROM pg_locks WHERE locktype = 'advisory'))"""
#: Numbers begin anew, also those that a test drew and took back.
_NUMBERS = """
    SELECT setval(format('%I.%I', schemaname, sequencename)::regclass, start_value, false)
    FROM pg_sequences WHERE schemaname = 'public' AND last_value IS NOT NULL"""
_SHAPE = """
    SELECT md5(string_agg(part, ';' ORDER BY part)) FROM (
        SELECT format('%s %s %s %s', c.relname, a.attname, a.atttypid, a.attnotnull)
        FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
        WHERE c.relnamespace = 'public'::regnamespace AND a.attnum > 0 AND NOT a.attisdropped
        UNION ALL
        SELECT format('%s %s %s', t.tgrelid::regclass, t.tgname, t.tgenabled) FROM pg_trigger t
        JOIN pg_class c ON c.oid = t.tgrelid WHERE c.relnamespace = 'public'::regnamespace
        UNION ALL
        SELECT format('%s %s', conrelid::regclass, pg_get_constraintdef(oid)) FROM pg_constraint
        WHERE connamespace = 'public'::regnamespace AND contype <> 't'
        UNION ALL
        SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'
        UNION ALL
        SELECT proname || prosrc FROM pg_proc WHERE pronamespace = 'public'::regnamespace
    ) AS shape(part)"""


class Pool:
    """Databases copied from a template on a server, one at a time."""

    def __init__(self, server: str, template: str) -> None:
        self._server, self._template = server, template
        self._numbers = count()
        self._name: str | None = None
        self._engine: Engine | None = None
        self._shape: str | None = None

    def take(self) -> str:
        """The URL of a database with every table and nothing in them."""
        if self._name is None:
            self._name = f"test_{next(self._numbers)}"
            self._run(f"CREATE DATABASE {self._name} TEMPLATE {self._template}")
            with self._connected() as connection:
                self._shape = connection.scalar(text(_SHAPE))
        return self._url(self._name)

    def give_back(self) -> None:
        """Empty what was filled; let go of a database whose tables are not what they were."""
        with self._connected() as connection:
            connection.execute(text(_LEFT))
            same = connection.scalar(text(_SHAPE)) == self._shape
            if same:
                _empty(connection)
        if not same:
            self.close()

    def close(self) -> None:
        """Remove the database."""
        if self._engine is not None:
            self._engine.dispose()
            self._engine = None
        if self._name is not None:
            self._run(f"DROP DATABASE {self._name} WITH (FORCE)")
            self._name = None

    def _url(self, name: str) -> str:
        return self._server.replace("/postgres?", f"/{name}?")

    @contextmanager
    def _connected(self) -> Iterator[Connection]:
        assert self._name is not None
        if self._engine is None:
            self._engine = create_engine(self._url(self._name), pool_size=1)
        with self._engine.begin() as connection:
            yield connection

    def _run(self, statement: str) -> None:
        admin = create_engine(self._server, isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            connection.execute(text(statement))
        admin.dispose()


def _empty(connection: Connection) -> None:
    filled = list(connection.scalars(text(_FILLED)))
    # The journal refuses to be emptied, as it should, but for a replica.
    connection.execute(text("SET LOCAL session_replication_role = replica"))
    if filled:
        names = ", ".join(f'"{name}"' for name in filled)
        connection.execute(text(f"TRUNCATE {names} CASCADE"))
    connection.execute(text(_NUMBERS))
