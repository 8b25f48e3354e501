"""`carealert users`, and commands that act as one of them; in real processes."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest


class Office:
    """A folder with its own database, and the command line in it."""

    def __init__(self, folder: Path) -> None:
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        self.environment = {
            **kept,
            "CAREALERT_SECRET_KEY": "a secret of a test, long enough",
            "CAREALERT_DATABASE_URL": f"sqlite:///{folder / 'office.db'}",
            "CAREALERT_CONFIG": str(folder),
        }

    def run(self, *words: str, user: str | None = None) -> subprocess.CompletedProcess[str]:
        environment = {**self.environment, **({"CAREALERT_USER": user} if user else {})}
        command = [sys.executable, "-m", "carealert", *words]
        return subprocess.run(
            command, capture_output=True, text=True, env=environment, timeout=60, check=False
        )


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Office:
    office = Office(tmp_path_factory.mktemp("office"))
    assert office.run("db", "upgrade").returncode == 0
    assert office.run("users", "add", "C. Roy", "--role", "council").returncode == 0
    return office


def test_an_account_is_listed_with_its_role(office: Office) -> None:
    (one,) = json.loads(office.run("users", "list", "--json").stdout)
    assert (one["name"], one["role"], one["areas"]) == ("C. Roy", "council", [])


def test_who_acts_as_an_account_may_do_what_its_role_may(office: Office) -> None:
    assert office.run("feeds", "list", user="C. Roy").returncode == 0
    refused = office.run("people", "find", "Khatun", user="C. Roy")
    assert refused.returncode == 1
    assert refused.stdout == ""
    assert "The role 'council' may not do this" in refused.stderr
    assert "Traceback" not in refused.stderr
    (line,) = json.loads(office.run("journal", "list", "--event", "refused", "--json").stdout)
    assert line["subject"] == "officer:C. Roy"
    assert line["details"] == {"what": "read_register", "role": "council"}


def test_an_unknown_account_is_a_fault_of_the_settings(office: Office) -> None:
    done = office.run("feeds", "list", user="Nobody")
    assert done.returncode == 4
    assert "CAREALERT_USER: Nobody works here as 'Nobody'" in done.stderr


def test_mistakes_are_one_sentence(office: Office) -> None:
    wrong = office.run("users", "add", "A", "--role", "officer", "--area", "BD404")
    assert wrong.returncode == 2
    assert "no area 'BD404'" in wrong.stderr
    assert office.run("users", "end", "Nobody").returncode == 3
