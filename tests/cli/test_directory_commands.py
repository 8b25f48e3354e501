"""`carealert directory`, and services of `carealert facilities`: what they print and return."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
import typer
from click.testing import Result
from sqlalchemy import Engine
from typer.testing import CliRunner

from carealert.adapters.db.stores import SqlDatabase
from carealert.adapters.db.tables import journal, organisation
from carealert.adapters.sealing import Sealer
from carealert.cli import app as whole
from carealert.cli import directory, facilities, facility_reports
from carealert.domain.access import Actor, Role
from carealert.domain.people import Consent, Purpose
from carealert.services.registering import import_people
from tests.support.actors import ADMIN
from tests.support.delivery import rows
from tests.support.directory import LILA, NANI
from tests.support.register import NOW

Run = Callable[..., Result]
GOOD = """\
ref,name,type,area_codes,contact_name,contact_phone,households,verified_on,notes
O-1,Amtali Mahila Samity,womens_group,BD10,Rokeya Zztest,+12025550160,R-1;R-2,2026-03-01,Zztest
O-2,Palli Bidyut,utility,BD20,,202-555-0161,,,
"""
BLOCK = """\
ref,name,type,services,service_hours,cost,languages,ramp,manager_phone
F-7,Care Block,care_block,laundry;day_care,laundry=Mo-Fr 08:00-12:00,free,bn;en,yes,+12025550150
F-8,Hall,shelter,,,,,,
"""


@pytest.fixture
def db(sqlite_engine: Engine, sealer: Sealer) -> SqlDatabase:
    db = SqlDatabase(sqlite_engine, sealer)
    import_people(db, ADMIN, [NANI, LILA], [], NOW)
    return db


@pytest.fixture
def run(db: SqlDatabase, monkeypatch: pytest.MonkeyPatch) -> Run:
    settings = SimpleNamespace(
        zone=ZoneInfo("Asia/Dhaka"), default_language="bn", phone_region="US"
    )
    operator = Actor("command line", Role.ADMIN)
    application = SimpleNamespace(db=db, settings=settings, operator=operator)
    for module in (directory, facilities, facility_reports):
        monkeypatch.setattr(module, "open_app", lambda: application)
        monkeypatch.setattr(module, "now", lambda: NOW)
    monkeypatch.setattr("carealert.cli.importing.now", lambda: NOW)

    def call(app: typer.Typer, *args: object) -> Result:
        return CliRunner().invoke(app, [str(arg) for arg in args])

    return call


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "organisations.csv"
    path.write_text(GOOD)
    return path


def test_organisations_are_imported_listed_and_shown(run: Run, file: Path) -> None:
    assert "is empty" in run(directory.app, "list").stdout
    result = run(directory.app, "import", file)
    assert result.exit_code == 0
    assert result.stdout == "organisations: 2 added, 0 changed, 0 unchanged\n"
    again = json.loads(run(directory.app, "import", file, "--json").stdout)
    assert again["organisations"] == {"added": 0, "changed": 0, "unchanged": 2}
    text = run(directory.app, "list").stdout
    assert "2 households" in text
    assert "verified 2026-03-01" in text
    (stale,) = json.loads(run(directory.app, "list", "--stale", "--json").stdout)
    assert (stale["ref"], stale["stale"], stale["households"]) == ("O-2", True, 0)
    (group,) = json.loads(run(directory.app, "list", "--type", "womens_group", "--json").stdout)
    (there,) = json.loads(run(directory.app, "list", "--area", "BD10", "--json").stdout)
    assert group == there
    shown = run(directory.app, "show", "O-1").stdout
    assert "households: R-1; R-2\n" in shown
    assert "contact_phone: …60\n" in shown


def test_a_list_without_anything_ends_with_3(run: Run, file: Path) -> None:
    run(directory.app, "import", file)
    assert run(directory.app, "list", "--area", "BD99").exit_code == 3
    nothing = run(directory.app, "list", "--type", "union", "--json")
    assert (nothing.exit_code, json.loads(nothing.stdout)) == (3, [])
    for command in (("show",), ("forget", "--reason", "it has ended")):
        assert run(directory.app, command[0], "O-9", *command[1:]).exit_code == 3


def test_no_list_and_no_error_holds_a_whole_phone_or_a_contact(run: Run, file: Path) -> None:
    file.write_text(GOOD + "O-3,Union,guild,BD10,Zztest Karim,+12025550162,R-404,,Zztest\n")
    tried = run(directory.app, "import", file, "--dry-run")
    refused = run(directory.app, "import", file)
    file.write_text(GOOD)
    run(directory.app, "import", file)
    outputs = [tried, refused, run(directory.app, "list"), run(directory.app, "list", "--json")]
    for result in outputs:
        assert "Zztest" not in result.output
        assert "55501" not in result.output
    assert "55501" not in run(directory.app, "show", "O-1", "--json").output


def test_households_without_p4_are_errors_by_row_and_nothing_is_imported(
    run: Run, file: Path, db: SqlDatabase
) -> None:
    file.write_text(GOOD + "O-3,Union,union,,,,R-404;R-1,,\nO-4,NGO,guild,,,,,,\n")
    result = run(directory.app, "import", file)
    assert result.exit_code == 1
    assert "line 4, column households: names residents who are not in the register: R-404." in (
        result.stderr
    )
    assert "line 5, column type" in result.stderr
    assert "mend 2 errors" in result.stderr
    assert rows(db.engine, organisation) == []
    assert "organisations_imported" not in {row.event for row in rows(db.engine, journal)}


def test_a_withdrawn_household_is_an_error_that_says_what_to_do(
    run: Run, file: Path, db: SqlDatabase
) -> None:
    file.write_text(GOOD.replace("R-1;R-2", "R-1;R-3"))
    no_p4 = Consent(frozenset({Purpose.ALERT_ME}))
    import_people(db, ADMIN, [replace(LILA, ref="R-3", consent=no_p4)], [], NOW)
    result = run(directory.app, "import", file)
    assert (
        "organisations.csv, line 2, column households: names residents who do not agree to it now "
        "(P4): R-3. Ask them and record it with 'consents give', or take them out.\n"
    ) in result.stderr


def test_a_trial_counts_every_row_once_and_rejects_are_written(run: Run, file: Path) -> None:
    file.write_text(GOOD + "O-3,Union,union,,,,R-404,,\n")
    bad = file.parent / "bad.csv"
    result = run(directory.app, "import", file, "--dry-run", "--rejects", bad, "--json")
    assert result.exit_code == 1
    data = json.loads(result.stdout)
    counts = {"added": 2, "changed": 0, "unchanged": 0, "rejected": 1}
    assert data["organisations"] == counts
    assert [(one["line"], one["column"]) for one in data["errors"]] == [(4, "households")]
    assert "R-404" in bad.read_text(encoding="utf-8-sig")
    assert run(directory.app, "import", file, "--rejects", file).exit_code == 2
    assert file.read_text().startswith("ref,name")


def test_a_phone_is_shown_only_for_a_reason(run: Run, file: Path, db: SqlDatabase) -> None:
    run(directory.app, "import", file)
    assert run(directory.app, "show", "O-1", "--reveal").exit_code == 2
    named = run(directory.app, "show", "O-1", "--reveal", "--reason", "ring Rokeya")
    assert (named.exit_code, "55501" in named.output) == (2, False)
    why = "a flood, and nobody answers"
    shown = run(directory.app, "show", "O-1", "--reveal", "--reason", why, "--json")
    assert json.loads(shown.stdout)["contact_phone"] == "+12025550160"
    assert rows(db.engine, journal)[-1].details == {"by": "command line", "reason": why}


def test_an_export_is_for_its_owner_and_imports_unchanged(run: Run, file: Path) -> None:
    run(directory.app, "import", file)
    folder = file.parent / "out"
    assert run(directory.app, "export", folder, "--reason", "x").exit_code == 2
    result = run(directory.app, "export", folder, "--reason", "yearly check")
    assert "Wrote 2 organisations" in result.stdout
    written = folder / "organisations.csv"
    assert written.stat().st_mode & 0o077 == 0
    again = json.loads(run(directory.app, "import", written, "--json").stdout)
    assert again["organisations"] == {"added": 0, "changed": 0, "unchanged": 2}


def test_forgetting_asks_why(run: Run, file: Path, db: SqlDatabase) -> None:
    run(directory.app, "import", file)
    assert run(directory.app, "forget", "O-1", "--reason", " ").exit_code == 2
    assert run(directory.app, "forget", "O-1", "--reason", "it has ended").exit_code == 0
    assert [row.ref for row in rows(db.engine, organisation)] == ["O-2"]


def test_the_commands_are_there() -> None:
    text = CliRunner().invoke(whole, ["directory", "--help"]).output
    for name in ("import", "list", "show", "export", "forget"):
        assert name in text
    text = CliRunner().invoke(whole, ["facilities", "--help"]).output
    assert "report" in text
    assert "readiness" in text


# --- facilities


@pytest.fixture
def block(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "facilities.csv"
    path.write_text(BLOCK)
    assert run(facilities.app, "import", path).exit_code == 0


@pytest.mark.usefixtures("block")
def test_an_officer_reports_a_service_and_the_list_shows_each(run: Run) -> None:
    assert run(facilities.app, "report", "F-7", "open").exit_code == 0
    said = run(facilities.app, "report", "F-7", "closed", "--service", "laundry", "--valid-for", 24)
    assert said.stdout == "F-7, laundry: closed until 2026-05-27 06:00 UTC.\n"
    block, hall = json.loads(run(facilities.app, "list", "--json").stdout)
    assert block["status"] == "open"
    assert block["services"] == [
        {
            "service": "laundry",
            "status": "closed",
            "hours": "Mo-Fr 08:00-12:00",
            "open_by_hours": False,
            "reported_at": NOW.isoformat(),
        },
        {
            "service": "day_care",
            "status": "open",
            "hours": None,
            "open_by_hours": None,
            "reported_at": None,
        },
    ]
    assert (hall["services"], hall["cost"], hall["ramp"]) == ([], None, None)
    assert "closed by its hours" in run(facilities.app, "list").stdout


@pytest.mark.usefixtures("block")
def test_a_closed_facility_outweighs_its_service_and_the_officer_is_told(run: Run) -> None:
    run(facilities.app, "report", "F-7", "closed")
    done = run(facilities.app, "report", "F-7", "open", "--service", "day_care", "--json")
    assert json.loads(done.stdout)["counts_as"] == "closed"
    assert "Report the facility, too" in done.stderr


@pytest.mark.usefixtures("block")
@pytest.mark.parametrize(
    ("args", "code"),
    [
        (("F-404", "open"), 3),
        (("F-7", "open", "--service", "sauna"), 2),
        (("F-7", "ajar"), 2),
        (("F-7", "open", "--valid-for", "nan"), 2),
        (("F-7", "open", "--valid-for", "0"), 2),
        (("F-7", "open", "--valid-for", "745"), 2),
        (("F-7", "open", "--valid-for", "1e400"), 2),
        (("F-7", "open", "--valid-for", "744"), 0),
    ],
)
def test_a_report_that_cannot_be_is_refused(run: Run, args: tuple[str, ...], code: int) -> None:
    assert run(facilities.app, "report", *args).exit_code == code


@pytest.mark.usefixtures("block")
def test_facilities_are_looked_for_by_cost_language_and_ramp(run: Run) -> None:
    for args in (["--cost", "free"], ["--language", "en"], ["--ramp"], ["--service", "laundry"]):
        (one,) = json.loads(run(facilities.app, "list", *args, "--json").stdout)
        assert one["ref"] == "F-7", args
    assert run(facilities.app, "list", "--cost", "paid").exit_code == 3
    assert run(facilities.app, "list", "--type", "shelter", "--ramp").exit_code == 3


@pytest.mark.usefixtures("block")
def test_readiness_lists_the_worst_first_with_what_to_do(run: Run) -> None:
    lines = json.loads(run(facilities.app, "readiness", "--json").stdout)
    assert [one["ref"] for one in lines] == ["F-8", "F-7"]
    assert (lines[0]["score"], lines[0]["stale"]) == (0, True)
    assert lines[0]["next"] == lines[0]["reasons"][0]["to_do"]
    assert {one["state"] for one in lines[0]["reasons"]} == {"missing"}
    text = run(facilities.app, "readiness", "F-7").stdout
    assert "F-8" not in text
    assert "missing  backup power: not stated" in text
    assert "good     ramp, manager" in text
    assert "next: " in text
    assert run(facilities.app, "readiness", "F-404").exit_code == 3
