"""`carealert db rekey`: keys and secrets changed from the command line, nothing lost on the way."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from sqlalchemy import create_engine, text
from typer.testing import CliRunner

from carealert.cli import app

OLD = "the secret of a test office"
NEW = "another secret of the office"
PEOPLE = "ref,name,needs,consent_purposes,phone\nR-1,Amina,dialysis,P1,+12025550142\n"

Run = Callable[..., Result]


@pytest.fixture
def run(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("CAREALERT_DATABASE_URL", sqlite_url)

    def call(*args: object, secret: str = OLD) -> Result:
        monkeypatch.setenv("CAREALERT_SECRET_KEY", secret)
        return CliRunner().invoke(app, [str(arg) for arg in args])

    return call


@pytest.fixture
def office(run: Run, tmp_path: Path) -> Run:
    (tmp_path / "residents.csv").write_text(PEOPLE)
    assert run("people", "import", "--residents", tmp_path / "residents.csv").exit_code == 0
    return run


def again(run: Run, tmp_path: Path, secret: str) -> dict[str, dict[str, int]]:
    """Importing the same file again finds every row unchanged, if all of it can be read."""
    result = run(
        "people", "import", "--residents", tmp_path / "residents.csv", "--json", secret=secret
    )
    assert result.exit_code == 0, result.output
    counts: dict[str, dict[str, int]] = json.loads(result.stdout)
    return counts


def test_the_key_of_fields_is_changed_and_the_old_one_thrown_away(
    office: Run, tmp_path: Path
) -> None:
    first = json.loads(office("db", "rekey", "--json").stdout)
    assert first["key"] == 2
    assert first["changed"] > 3
    assert json.loads(office("db", "rekey", "--json").stdout) == {"key": 2, "changed": 0}
    assert json.loads(office("db", "rekey", "--retire", "--json").stdout)["retired"] == [1]
    assert "one key only" in office("db", "rekey", "--retire").stdout
    assert '"unchanged": 1' in json.dumps(again(office, tmp_path, OLD))


def test_a_key_that_is_still_needed_is_not_thrown_away(office: Run, sqlite_url: str) -> None:
    office("db", "rekey")
    engine = create_engine(sqlite_url)
    with engine.begin() as connection:  # a process that was not restarted wrote under the old key
        connection.execute(
            text("UPDATE resident SET notes_sealed = x'01' || substr(label_sealed, 2)")
        )
    engine.dispose()
    result = office("db", "rekey", "--retire")
    assert result.exit_code == 1
    assert "1 value(s) are still sealed" in result.output


def test_the_secret_is_changed(office: Run, tmp_path: Path) -> None:
    (tmp_path / "new").write_text(NEW + "\n")
    assert office("db", "rekey", "--new-secret", tmp_path / "new").exit_code == 0
    assert '"unchanged": 1' in json.dumps(again(office, tmp_path, NEW))
    assert office("db", "rekey", secret=OLD).exit_code != 0


def test_a_short_secret_is_refused_and_nothing_changes(office: Run, tmp_path: Path) -> None:
    (tmp_path / "new").write_text("short")
    result = office("db", "rekey", "--new-secret", tmp_path / "new")
    assert result.exit_code == 2
    assert "16 bytes" in result.output
    assert '"unchanged": 1' in json.dumps(again(office, tmp_path, OLD))
