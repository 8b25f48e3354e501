"""`carealert db retention`, and what doctor says of it."""

import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pytest
from typer.testing import CliRunner, Result

from carealert.adapters.db.stores import SqlDatabase
from carealert.bootstrap import App
from carealert.cli import app
from carealert.clock import now
from carealert.domain.consents import ConsentRecord, ConsentStatus, Medium
from carealert.domain.people import Purpose
from carealert.services.ports.consents import PersonKind
from carealert.services.registering import import_people
from carealert.settings import load
from tests.support.actors import ADMIN
from tests.support.builders import a_caregiver, a_link, a_phone, a_resident
from tests.support.delivery import a_told, add, send_all

SECRET = "the secret of a test office"

Run = Callable[..., Result]


@pytest.fixture
def run(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("CAREALERT_DATABASE_URL", sqlite_url)
    monkeypatch.setenv("CAREALERT_SECRET_KEY", SECRET)

    def call(*args: str) -> Result:
        return CliRunner().invoke(app, list(args))

    return call


@pytest.fixture
def db(sqlite_url: str) -> Iterator[SqlDatabase]:
    application = App(load(database_url=sqlite_url, secret_key=SECRET))
    yield application.db
    application.engine.dispose()


def days_ago(number: int) -> datetime:
    return now() - timedelta(days=number)


def fill(db: SqlDatabase) -> None:
    """One text of 100 days ago, and a resident who withdrew 40 days ago beside her caregiver."""
    long_ago = days_ago(100)
    carer = a_caregiver(ref="c0", phone=a_phone(0)), [a_link("c0", "r0")]
    import_people(db, ADMIN, [a_resident(ref="r0", name="Zz Amina")], [carer], long_ago)
    add(db, a_told(0, due_at=long_ago, expires_at=long_ago + timedelta(days=1)), now=long_ago)
    send_all(db, long_ago)
    withdrawn = [
        ConsentRecord(one, ConsentStatus.WITHDRAWN, days_ago(40), Medium.SMS) for one in Purpose
    ]
    with db.transaction() as stores:
        stores.consents.add(PersonKind.RESIDENT, {"r0": withdrawn})


def test_what_is_due_is_shown_then_done_and_then_nothing_is_left(run: Run, db: SqlDatabase) -> None:
    fill(db)
    shown = run("db", "retention", "--dry-run")
    assert "Due: 1 texts, 0 answers, 1 people." in shown.stdout
    assert "resident r0: loses name, phone and notes, the rest stays for c0 (P2)" in shown.stdout
    first = json.loads(run("db", "retention", "--dry-run", "--json").stdout)
    assert first["texts"] == 1, "a dry run changes nothing"
    assert [(one["ref"], one["fate"], one["kept_by"]) for one in first["people"]] == [
        ("r0", "strip", ["c0"])
    ]
    done = json.loads(run("db", "retention", "--json").stdout)
    assert done["due"] == first
    assert (done["done"]["texts"], done["done"]["stripped"]) == (1, 1)
    again = run("db", "retention")
    assert again.exit_code == 0
    assert "Done: 0 texts reduced" in again.stdout
    assert "Zz" not in shown.stdout + again.stdout


def test_doctor_says_what_is_overdue_until_it_is_done(run: Run, db: SqlDatabase) -> None:
    fill(db)
    late = run("doctor", "--only", "retention")
    assert late.exit_code == 1
    assert "FIX  retention: 1 texts, 0 answers and 1 people are overdue." in late.stdout
    run("db", "retention")
    fine = run("doctor", "--only", "retention")
    assert (fine.exit_code, fine.stdout) == (0, "OK   retention: nothing is overdue.\n")


def test_a_longer_period_keeps_longer(
    run: Run, db: SqlDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(db)
    monkeypatch.setenv("CAREALERT_KEEP_TEXTS_DAYS", "120")
    monkeypatch.setenv("CAREALERT_KEEP_CONTACTS_DAYS", "50")
    assert "Due: 0 texts, 0 answers, 0 people." in run("db", "retention", "--dry-run").stdout
