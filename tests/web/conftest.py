"""The filled and the empty console, and the rule for tests that need a real browser."""

import os
from collections.abc import Iterator

import pytest
from sqlalchemy import Engine
from starlette.testclient import TestClient

from carealert.adapters.db.engine import open_engine
from carealert.adapters.db.tables import metadata
from tests.support.board_data import fill
from tests.support.browser import MISSING, chromium_path
from tests.support.web_app import app_on, local_client


@pytest.fixture
def filled(sqlite_engine: Engine) -> Engine:
    """A full board's database, for tests that change it."""
    fill(sqlite_engine)
    return sqlite_engine


@pytest.fixture(scope="module")
def full_board(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """A full board's database, for tests that only read."""
    engine = _database(tmp_path_factory)
    fill(engine)
    yield engine
    engine.dispose()


@pytest.fixture(scope="module")
def console(full_board: Engine) -> TestClient:
    """A local browser's view of a full board."""
    return local_client(app_on(full_board))


@pytest.fixture(scope="module")
def empty_console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """A local browser's view of a new installation."""
    engine = _database(tmp_path_factory)
    yield local_client(app_on(engine))
    engine.dispose()


def _database(folders: pytest.TempPathFactory) -> Engine:
    engine = open_engine(f"sqlite:///{folders.mktemp('board') / 'carealert.db'}")
    metadata.create_all(engine)
    return engine


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Without Chromium the browser tests are reported as not run; in CI they fail instead."""
    if chromium_path() is not None or os.environ.get("CI") == "true":
        return
    for item in items:
        if item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.skip(reason=f"Not run. {MISSING}"))
