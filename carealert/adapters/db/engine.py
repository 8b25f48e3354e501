"""Engines that behave alike: real transactions, foreign keys and write queues on both databases."""

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

#: How long a SQLite writer waits for another; a busy database then says so instead of hanging.
BUSY_MS = 15_000
#: How long PostgreSQL lets a transaction stand still before it ends it.
IDLE_MS = 60_000


def open_engine(url: str, *, pool_size: int = 10) -> Engine:
    """An engine for `url`; writing transactions begin at once, so that they queue, not collide."""
    if make_url(url).get_backend_name() == "sqlite":
        return _sqlite(url)
    # A worker that is frozen in the midst of a transaction must not hold its rows for ever.
    known = "options" in make_url(url).query
    idle = {} if known else {"options": f"-c idle_in_transaction_session_timeout={IDLE_MS}"}
    return create_engine(
        url, pool_size=pool_size, pool_pre_ping=True, hide_parameters=True, connect_args=idle
    )


def _sqlite(url: str) -> Engine:
    engine = create_engine(
        url,
        connect_args={"timeout": BUSY_MS / 1000},
        hide_parameters=True,  # an error text must not carry what somebody wrote or their number
    )

    @event.listens_for(engine, "connect")
    def _configure(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
        connection.isolation_level = None  # the driver must not begin transactions by itself
        cursor = connection.cursor()
        for pragma in (
            "journal_mode=WAL",
            # An answered question must survive a power cut.
            "synchronous=FULL",
            f"busy_timeout={BUSY_MS}",
            "foreign_keys=ON",
            # What is deleted must not be left in the file's free pages.
            "secure_delete=ON",
            # A shard's pages stay at hand until it is committed, and are written once.
            "cache_size=-8000",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        reading = connection.get_execution_options().get("carealert_reading", False)
        # A transaction that reads first and writes later fails where another wrote in between.
        connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")

    return engine
