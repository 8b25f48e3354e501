"""Fixtures that every test may use: real databases, a sealer, the captured documents."""

import os
import re
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, text

from carealert.adapters.db import migrating
from carealert.adapters.db.engine import open_engine
from carealert.adapters.sealing import Sealer
from tests.support.few_samples import few
from tests.support.fresh import FreshDatabases
from tests.support.postgres import running_postgres
from tests.support.postgres_pool import Pool
from tests.support.scheduling import TogetherScheduling

for name in [name for name in os.environ if name.startswith("CAREALERT_") and "TEST" not in name]:
    del os.environ[name]

#: Captured documents of other projects; never part of this one (docs/decisions/0008).
SHARED = Path(__file__).resolve().parents[2] / "shared"


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """URL of a throw-away PostgreSQL server. It fails, and never skips, where none can start."""
    with running_postgres() as url:
        yield url


@pytest.fixture(scope="session")
def postgres_template(postgres: str) -> Iterator[tuple[str, str]]:
    """(URL, name) of a database with every table, to be copied for each test."""
    admin = create_engine(postgres, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text("CREATE DATABASE carealert_template"))
    engine = create_engine(postgres.replace("/postgres?", "/carealert_template?"))
    migrating.upgrade(engine)
    engine.dispose()
    yield postgres, "carealert_template"
    admin.dispose()


@pytest.fixture(scope="session")
def postgres_pool(postgres_template: tuple[str, str]) -> Iterator[Pool]:
    """The PostgreSQL database that the tests of this process take turns with."""
    pool = Pool(*postgres_template)
    yield pool
    pool.close()


@pytest.fixture
def postgres_url(postgres_pool: Pool) -> Iterator[str]:
    """URL of a PostgreSQL database with every table, all of them empty."""
    yield postgres_pool.take()
    postgres_pool.give_back()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite database, to be copied for each test."""
    path = tmp_path_factory.mktemp("template") / "carealert.db"
    engine = open_engine(f"sqlite:///{path}")
    migrating.upgrade(engine)
    engine.dispose()
    return path


@pytest.fixture(scope="session")
def live_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the SQLite database of each test lies, one after the other under one name."""
    return tmp_path_factory.mktemp("live")


@pytest.fixture
def sqlite_url(sqlite_template: Path, live_folder: Path) -> str:
    """URL of a fresh SQLite database with every table."""
    path = live_folder / "carealert.db"
    for old in live_folder.iterdir():
        old.unlink()
    shutil.copy(sqlite_template, path)
    return f"sqlite:///{path}"


@pytest.fixture(scope="session")
def engines() -> Iterator[dict[str, Engine]]:
    """The engines of this process by URL: compiling a statement takes longer than running it."""
    kept: dict[str, Engine] = {}
    yield kept
    for engine in kept.values():
        engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """The store's contract runs on both databases."""
    fixture = "sqlite_url" if request.param == "sqlite" else "postgres_url"
    return str(request.getfixturevalue(fixture))


@pytest.fixture(scope="session")
def fresh(
    sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[FreshDatabases]:
    """Empty SQLite databases for the examples of a property."""
    found = FreshDatabases(sqlite_template, tmp_path_factory.mktemp("fresh"))
    yield found
    found.close()


def _kept(engines: dict[str, Engine], url: str) -> Engine:
    if url not in engines:
        engines[url] = open_engine(url)
    return engines[url]


@pytest.fixture
def engine(database_url: str, engines: dict[str, Engine]) -> Iterator[Engine]:
    """An engine on a fresh database of either kind."""
    engine = _kept(engines, database_url)
    yield engine
    if engine.dialect.name == "sqlite":  # its file is another one for the next test
        engine.dispose()


@pytest.fixture
def sqlite_engine(sqlite_url: str, engines: dict[str, Engine]) -> Iterator[Engine]:
    """An engine on a fresh SQLite database, for tests of things above the store."""
    engine = _kept(engines, sqlite_url)
    yield engine
    engine.dispose()


@pytest.fixture(scope="session")
def sealer() -> Sealer:
    """A sealer with a fixed test secret."""
    return Sealer(b"a test secret of enough bytes")


@pytest.fixture
def few_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    """The check of texts looks at two hazards: a sixteenth of the work, and as many kinds of it."""
    monkeypatch.setattr("carealert.adapters.texts.check.samples", few)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of captured documents; tests that need it are marked `shared`."""
    return SHARED


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what needs the captured documents where they are not there, and say how many."""
    if SHARED.is_dir():
        return
    absent = [item for item in items if item.get_closest_marker("shared")]
    items[:] = [item for item in items if item not in absent]
    config.stash[_ABSENT] = len(absent)
    if hasattr(config, "workeroutput"):  # one of several processes: the first one reports
        config.workeroutput["absent"] = len(absent)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> TogetherScheduling | None:
    """Run together what shares the texts of a language, where tests are spread by groups."""
    return TogetherScheduling(config, log) if config.getvalue("dist") == "loadgroup" else None


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Hear from a process how many tests it left out; each leaves out the same."""
    absent = getattr(node, "workeroutput", {}).get("absent", 0)
    node.config.stash[_ABSENT] = max(absent, node.config.stash.get(_ABSENT, 0))


_ABSENT = pytest.StashKey[int]()
#: Care rules under which tests record how many combinations they looked at.
_RULE = re.compile(r"G\d\d$")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """How many texts each care rule was asked of, and the one line about tests that did not run."""
    asked: Counter[str] = Counter()
    for report in terminalreporter.stats.get("passed", []):
        asked.update({name: count for name, count in report.user_properties if _RULE.match(name)})
    if asked:
        counts = ", ".join(f"{rule} {count:,}" for rule, count in sorted(asked.items()))
        terminalreporter.write_line(f"Combinations looked at by care rule: {counts}.")
    absent = terminalreporter.config.stash.get(_ABSENT, 0)
    if absent:
        terminalreporter.write_line(
            f"{absent} tests read captured documents that are not here and did not run."
        )
