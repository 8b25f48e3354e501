"""`carealert rules propose|approve|…` by two people."""

import json
from pathlib import Path

import pytest
from sqlalchemy import Engine
from typer.testing import CliRunner, Result

from carealert.adapters.db.stores import SqlDatabase
from carealert.adapters.sealing import Sealer
from carealert.bootstrap import open_app
from carealert.cli import app
from carealert.clock import now
from carealert.domain.access import Role
from carealert.services.officers import put_officer
from tests.support.actors import ADMIN

SECRET = "a secret of a test, long enough"
runner = CliRunner()


@pytest.fixture(autouse=True)
def office(
    sqlite_engine: Engine, sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """An office of two officers that asks for a second signature; its own folder of rules."""
    monkeypatch.setenv("CAREALERT_DATABASE_URL", sqlite_url)
    monkeypatch.setenv("CAREALERT_SECRET_KEY", SECRET)
    monkeypatch.setenv("CAREALERT_RULE_SIGN_OFF", "second_officer")
    monkeypatch.setenv("CAREALERT_CONFIG", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    db = SqlDatabase(sqlite_engine, Sealer(SECRET.encode()))
    for name in ("admin", "rahima", "das"):
        put_officer(db, ADMIN, name, Role.ADMIN if name == "admin" else Role.OFFICER, [], [], now())
    return tmp_path


def run(*words: str, by: str = "rahima") -> Result:
    return runner.invoke(app, ["rules", *words], env={"CAREALERT_USER": by})


def turn_off(folder: Path) -> None:
    """The office turns one shipped rule off in a file of its own."""
    shipped = Path(__file__).resolve().parents[2] / "rules" / "flood.yaml"
    (folder / "rules").mkdir()
    text = shipped.read_text().replace(
        "  - id: flood-severe\n", "  - id: flood-severe\n    enabled: false\n"
    )
    (folder / "rules" / "flood.yaml").write_text(text)


def test_a_change_waits_for_a_second_person_and_then_holds(office: Path) -> None:
    assert "in force" not in run("versions").stdout
    before = open_app().rules_at(now()).version
    turn_off(office)
    assert open_app().rules_at(now()).version == before, "a changed folder is no changed rule"
    told = run("diff", "now", "folder").stdout
    assert told.startswith("~ flood-severe (enabled):")
    proposed = json.loads(run("propose", "--note", "as agreed in May", "--json").stdout)
    refused = run("approve", proposed["version"][:8])
    assert refused.exit_code == 1
    assert "a second person must" in refused.stderr
    assert "in force" in run("approve", proposed["version"][:8], by="das").stdout
    assert open_app().rules_at(now()).version == proposed["version"]
    listed = run("versions").stdout
    assert "approved by das" in listed
    assert "retired" in listed
    assert "flood-severe" in run("text", proposed["version"][:8]).stdout


def test_a_broken_folder_leaves_in_force_what_was(office: Path) -> None:
    before = open_app().rules_at(now()).version
    (office / "rules").mkdir()
    (office / "rules" / "slip.yaml").write_text("rules: [")
    assert open_app().rules_at(now()).version == before


def test_what_is_wrong_is_said_with_what_to_do() -> None:
    open_app().rules_at(now())
    assert run("approve", "000000").exit_code == 3
    assert "see 'carealert rules versions'" in run("text", "000000").stderr
    assert run("propose", "--note", "as agreed in May").exit_code == 1
    missing = run("approve", "000000", "--from", "2026-06-01T00:00")
    assert (missing.exit_code, "has no offset" in missing.stderr) == (2, True)
