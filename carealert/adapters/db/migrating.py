"""Brings a database's tables to what this version needs, by the shipped Alembic migrations."""

import sqlite3
from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine
from sqlalchemy.engine import make_url

from carealert.adapters.db.tables import metadata
from carealert.paths import shipped


class NoBackup(Exception):
    """A backup cannot be made; the message says what to do."""


def upgrade(engine: Engine) -> None:
    """Run every migration that this database has not had."""
    with engine.begin() as connection:
        command.upgrade(_config(connection), "head")


def current(engine: Engine) -> tuple[str | None, str | None]:
    """(the database's revision, this version's revision); None for a database without tables."""
    head = ScriptDirectory.from_config(_config(None)).get_current_head()
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision(), head


def is_current(engine: Engine) -> bool:
    """True if the database has all that this version needs."""
    have, need = current(engine)
    return have == need


def differences(engine: Engine) -> list[object]:
    """What the models have and the database has not, or the other way round."""
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, metadata))


def backup(engine: Engine, target: Path) -> None:
    """Copy a SQLite database while it is in use; raises NoBackup for another kind."""
    if engine.dialect.name != "sqlite":
        raise NoBackup(
            "This database is PostgreSQL: back it up with pg_dump, "
            f"for example 'pg_dump --format=custom --file={target} …'."
        )
    if target.exists():
        raise NoBackup(f"{target} exists already: name a new file.")
    source = make_url(engine.url).database
    with sqlite3.connect(str(source)) as origin, sqlite3.connect(target) as copy:
        origin.backup(copy)
    origin.close()
    copy.close()


def _config(connection: Connection | None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(shipped("db") / "migrations"))
    if connection is not None:
        config.attributes["connection"] = connection
    return config
