"""`carealert people show --reveal` and what the journal shows of it afterwards."""

import json
from collections.abc import Callable
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
import typer
from click.testing import Result
from sqlalchemy import Engine
from typer.testing import CliRunner

from carealert.adapters.db.stores import SqlDatabase
from carealert.adapters.db.tables import journal as journal_table
from carealert.adapters.sealing import Sealer
from carealert.cli import journal, people, persons
from carealert.domain.access import Actor, Role
from carealert.services.registering import import_people
from tests.support.actors import ADMIN
from tests.support.delivery import rows
from tests.support.register import AMINA, BARE, KARIM, LINKS, NOW, RAHIMA

Run = Callable[..., Result]


@pytest.fixture
def db(sqlite_engine: Engine, sealer: Sealer) -> SqlDatabase:
    db = SqlDatabase(sqlite_engine, sealer)
    import_people(db, ADMIN, [AMINA, BARE], [(RAHIMA, LINKS[:1]), (KARIM, LINKS[1:])], NOW)
    return db


@pytest.fixture
def run(db: SqlDatabase, monkeypatch: pytest.MonkeyPatch) -> Run:
    application = SimpleNamespace(
        db=db,
        settings=SimpleNamespace(zone=ZoneInfo("Asia/Dhaka"), phone_region="US"),
        operator=Actor("command line", Role.ADMIN),
    )
    for module in (people, persons, journal):
        monkeypatch.setattr(module, "open_app", lambda: application)
        monkeypatch.setattr(module, "now", lambda: NOW)

    def call(*args: object, app: typer.Typer = people.app) -> Result:
        return CliRunner().invoke(app, [str(arg) for arg in args])

    return call


@pytest.mark.parametrize(
    ("reason", "says"),
    [
        ("", "is missing"),
        ("    ", "is missing"),
        ("ok", "says nothing"),
        ("she asked, +1 202 555 0142", "phone number"),
        ("Amina asked for it", "names the person"),
    ],
)
@pytest.mark.parametrize("command", [("show", "--reveal"), ("forget",)])
def test_without_a_good_reason_nothing_is_opened_or_deleted(
    run: Run, db: SqlDatabase, command: tuple[str, ...], reason: str, says: str
) -> None:
    before = len(rows(db.engine, journal_table))
    result = run(*command, "R-1", "--reason", reason)
    assert (result.exit_code, result.stdout) == (2, "")
    assert says in result.stderr
    assert "2025550142" not in result.stderr.replace(" ", "")
    assert len(rows(db.engine, journal_table)) == before
    assert run("show", "R-1").exit_code == 0


def test_an_export_needs_a_good_reason_before_anything_is_written(
    run: Run, tmp_path: object
) -> None:
    result = run("export", f"{tmp_path}/out", "--reason", "12 34 56 78")
    assert result.exit_code == 2
    assert "says nothing" in result.stderr


def test_every_time_is_listed_and_counted(run: Run) -> None:
    for _ in range(2):
        run("show", "R-1", "--reveal", "--reason", "an ambulance asks")
    run("show", "R-1")
    lines = run("list", "--event", "revealed", app=journal.app).stdout.splitlines()
    assert len(lines) == 2
    for part in ("revealed  resident:R-1", "an ambulance asks", "by=command line"):
        assert all(part in line for line in lines)
    assert run("opened", app=journal.app).stdout == (
        "2026-05-26      2  revealed    command line\n"
    )
    (counted,) = json.loads(run("opened", "--json", app=journal.app).stdout)
    assert counted["times"] == 2
    none = run("list", "--event", "exported", app=journal.app)
    assert none.stdout == "The journal has no line of the event 'exported'.\n"


def test_where_nobody_opened_anything_it_says_so(run: Run) -> None:
    assert run("opened", app=journal.app).stdout == (
        "Nobody opened anything in the last 30 days.\n"
    )
