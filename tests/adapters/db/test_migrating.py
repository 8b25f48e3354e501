"""The migrations build the tables that the code has, on both databases, and say where they are."""

from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from carealert.adapters.db import migrating
from carealert.adapters.db.engine import open_engine


def test_the_migrations_build_what_the_models_say(engine: Engine) -> None:
    assert migrating.differences(engine) == []
    assert migrating.is_current(engine)


def test_a_missing_column_is_seen(sqlite_engine: Engine) -> None:
    with sqlite_engine.begin() as connection:
        connection.execute(text("ALTER TABLE lease DROP COLUMN holder"))
    assert migrating.differences(sqlite_engine) != []


def test_an_empty_database_is_not_current_until_it_is_upgraded(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path / 'new.db'}")
    assert migrating.current(engine) == (None, "0017")
    migrating.upgrade(engine)
    migrating.upgrade(engine)
    assert migrating.is_current(engine)
    engine.dispose()


def test_a_backup_is_a_whole_database_and_never_writes_over_one(
    sqlite_engine: Engine, tmp_path: Path
) -> None:
    target = tmp_path / "backup.db"
    migrating.backup(sqlite_engine, target)
    copy = open_engine(f"sqlite:///{target}")
    assert migrating.is_current(copy)
    copy.dispose()
    with pytest.raises(migrating.NoBackup, match="exists already"):
        migrating.backup(sqlite_engine, target)


def test_a_backup_of_postgresql_names_the_tool(postgres_url: str, tmp_path: Path) -> None:
    engine = open_engine(postgres_url)
    with pytest.raises(migrating.NoBackup, match="pg_dump"):
        migrating.backup(engine, tmp_path / "x")
    engine.dispose()
