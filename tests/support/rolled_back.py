"""Databases that a whole module shares, because each test takes back what it wrote."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, create_engine, text

from carealert.adapters.db.engine import open_engine
from carealert.adapters.db.tables import metadata


@contextmanager
def shared_engine(kind: str, folder: Path, request: pytest.FixtureRequest) -> Iterator[Engine]:
    """An engine on a database with every table: of `sqlite` or of `postgresql`."""
    if kind == "sqlite":
        engine = open_engine(f"sqlite:///{folder / 'shared.db'}")
        metadata.create_all(engine)
        yield engine
        engine.dispose()
        return
    url, template = request.getfixturevalue("postgres_template")
    name = f"shared_{request.node.name.replace('.py', '').rpartition('/')[2]}"
    admin = create_engine(url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f'CREATE DATABASE "{name}" TEMPLATE {template}'))
    engine = open_engine(url.replace("/postgres?", f"/{name}?"))
    yield engine
    engine.dispose()
    with admin.connect() as connection:
        connection.execute(text(f'DROP DATABASE "{name}" WITH (FORCE)'))
    admin.dispose()


@contextmanager
def rolled_back(engine: Engine) -> Iterator[Connection]:
    """A connection whose writes are taken back at the end."""
    with engine.connect() as connection:
        transaction = connection.begin()
        try:
            yield connection
        finally:
            transaction.rollback()
