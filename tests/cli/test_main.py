"""The command as its users run it: help everywhere, one sentence an error, and its exit code."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer.main

from carealert.cli import app
from tests.support import command_line
from tests.support.command_line import Done


def run(*words: str, folder: Path, **settings: str) -> Done:
    """In this process; what has to do with starting one is `spawn`ed."""
    return command_line.run(*words, folder=folder, settings=settings)


def spawn(*words: str, folder: Path, **settings: str) -> Done:
    return command_line.spawn(*words, folder=folder, settings=settings)


def commands(command: Any, path: str = "carealert") -> list[tuple[str, Any]]:
    """Every command with its path; each file of commands is read for it."""
    if not hasattr(command, "list_commands"):
        return [(path, command)]
    inner = {name: command.get_command(None, name) for name in command.list_commands(None)}
    return [found for name, sub in inner.items() for found in commands(sub, f"{path} {name}")]


@pytest.mark.parametrize(
    ("path", "command"), commands(typer.main.get_command(app)), ids=lambda value: str(value)[:40]
)
def test_every_command_has_help(path: str, command: Any) -> None:
    assert command.help, path


def test_a_start_reads_the_file_of_its_command_alone(tmp_path: Path) -> None:
    """A command that an officer types answers at once, and cannot fail for another's sake."""
    code = (
        "import sys; sys.argv = ['carealert', 'users', '--help']\n"
        "from carealert.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "print('carealert.cli.users' in sys.modules, 'carealert.cli.people' in sys.modules)"
    )
    found = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert found.stdout.splitlines()[-1] == "True False"


def test_the_promised_commands_are_there() -> None:
    paths = {path for path, _ in commands(typer.main.get_command(app))}
    for path in (
        "demo",
        "init",
        "run",
        "serve",
        "work",
        "doctor",
        "db upgrade",
        "db current",
        "db backup",
        "feeds list",
        "warnings parse",
        "rules check",
        "rules test",
        "rules try",
        "people import",
        "facilities import",
        "areas import",
    ):
        assert f"carealert {path}" in paths


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A config folder made by `init`, with a database made by `db upgrade`."""
    folder = tmp_path_factory.mktemp("office")
    made = spawn("init", "config", folder=folder)
    assert made.returncode == 0, made.stderr
    assert run("db", "upgrade", folder=folder).returncode == 0
    return folder


def test_init_makes_a_folder_that_works_and_is_never_written_over(office: Path) -> None:
    assert (office / "config" / "secret.key").stat().st_mode & 0o077 == 0
    again = run("init", "config", folder=office)
    assert again.returncode == 1
    assert "not empty" in again.stderr
    assert run("rules", "check", folder=office).returncode == 0


def test_doctor_says_each_check_in_one_line_with_the_fix(office: Path) -> None:
    found = run("doctor", folder=office)
    assert found.returncode == 1
    lines = found.stdout.splitlines()
    assert [line for line in lines if line.startswith("OK   database:")]
    assert [line for line in lines if line.startswith("FIX  feeds: none. Add one: carealert feeds")]
    assert [line for line in lines if line.startswith("FIX  worker: none leads. Start one")]
    assert [line for line in lines if line.startswith("FIX  desk: has no phone")]
    called = run("doctor", "--only", "desk", folder=office, CAREALERT_DESK_PHONE="+12025550199")
    assert called.returncode == 0
    assert "+1202" not in called.stdout
    only = spawn("doctor", "--only", "database,rules", "--json", folder=office)
    assert only.returncode == 0
    assert {check["name"]: check["passed"] for check in json.loads(only.stdout)} == {
        "database": True,
        "rules": True,
    }


def test_a_wrong_setting_is_one_sentence_and_exit_4(tmp_path: Path) -> None:
    found = run("doctor", folder=tmp_path, CAREALERT_TIME_ZONE="Mars/Phobos")
    assert found.returncode == 4
    assert found.stderr.count("\n") == 1
    assert "CAREALERT_TIME_ZONE" in found.stderr


def test_a_database_out_of_reach_is_one_sentence_and_exit_5(tmp_path: Path) -> None:
    url = "postgresql+psycopg://nobody@127.0.0.1:1/none"
    found = run(
        "feeds",
        "list",
        folder=tmp_path,
        CAREALERT_DATABASE_URL=url,
        CAREALERT_SECRET_KEY="a secret of many letters",
    )
    assert found.returncode == 5
    assert "CAREALERT_DATABASE_URL" in found.stderr
    assert "Traceback" not in found.stderr


def test_tables_that_are_missing_name_the_command(tmp_path: Path) -> None:
    found = spawn("feeds", "list", folder=tmp_path, CAREALERT_SECRET_KEY="a secret of many letters")
    assert found.returncode == 5
    assert "carealert db upgrade" in found.stderr


def test_wrong_usage_is_exit_2(tmp_path: Path) -> None:
    assert run("feeds", "nonsense", folder=tmp_path).returncode == 2


def test_serving_others_without_a_password_is_refused(office: Path) -> None:
    found = run("serve", folder=office, CAREALERT_HOST="0.0.0.0")  # noqa: S104
    assert found.returncode == 4
    assert "CAREALERT_CONSOLE_PASSWORD" in found.stderr


def test_the_demo_refuses_a_folder_that_is_not_its_own(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("keep me")
    found = run("demo", "--once", "--folder", "mine", folder=tmp_path)
    assert found.returncode == 2
    assert (tmp_path / "mine" / "letter.txt").read_text() == "keep me"


def test_a_folder_without_warnings_is_exit_3(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    found = run("demo", "--once", "--warnings", "empty", folder=tmp_path)
    assert found.returncode == 3
    assert "no CAP document" in found.stderr
