"""`carealert people`: reports that an officer can act on, and nobody shown without a reason."""

import csv
import json
from collections.abc import Callable
from dataclasses import replace
from io import StringIO
from pathlib import Path
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
import typer
from click.testing import Result
from sqlalchemy import Engine
from typer.testing import CliRunner

from carealert.adapters.db.stores import SqlDatabase
from carealert.adapters.db.tables import journal, resident
from carealert.adapters.sealing import Sealer
from carealert.cli import facilities, people, persons
from carealert.cli import progress as bar
from carealert.domain.access import Actor, Role
from carealert.services.registering import import_facilities, import_people
from tests.support.actors import ADMIN
from tests.support.delivery import rows
from tests.support.messy import WRONG, write_messy_csv
from tests.support.register import AMINA, BARE, CLINIC, KARIM, LINKS, NOW, RAHIMA

Run = Callable[..., Result]
CARERS = [(RAHIMA, LINKS[:1]), (KARIM, LINKS[1:])]


@pytest.fixture
def db(sqlite_engine: Engine, sealer: Sealer) -> SqlDatabase:
    return SqlDatabase(sqlite_engine, sealer)


@pytest.fixture
def filled(db: SqlDatabase) -> SqlDatabase:
    import_people(db, ADMIN, [AMINA, BARE], CARERS, NOW)
    import_facilities(db, ADMIN, [CLINIC], NOW)
    return db


@pytest.fixture
def run(db: SqlDatabase, monkeypatch: pytest.MonkeyPatch) -> Run:
    settings = SimpleNamespace(
        zone=ZoneInfo("Asia/Dhaka"),
        default_language="bn",
        phone_region="US",
        stale_after_days=365,
        bounced_after=1,
    )
    operator = Actor("test", Role.ADMIN)
    application = SimpleNamespace(db=db, settings=settings, operator=operator)
    for module in (people, persons, facilities):
        monkeypatch.setattr(module, "open_app", lambda: application)
        monkeypatch.setattr(module, "now", lambda: NOW)
    monkeypatch.setattr("carealert.cli.importing.now", lambda: NOW)

    def call(*args: object, app: typer.Typer = people.app) -> Result:
        return CliRunner().invoke(app, [str(arg) for arg in args])

    return call


REPORT = """\
residents: 184 added, 0 changed, 0 unchanged, 16 rejected
caregivers: 0 added, 0 changed, 0 unchanged

To mend (16 errors):
  messy.csv, column gender: 3 rows (lines 150, 151, 152): is not a word of the list (looks like \
X). Use one of: woman, man, non_binary, self_described, prefer_not_to_say, not_stated.
  messy.csv, column phone: 2 rows (lines 12, 61): is a number that a spreadsheet has rounded \
(looks like 9.99999X+99). Write it again in full, as text with + and the country's code.
  messy.csv, column phone: 2 rows (lines 31, 63): cannot be a phone number (looks like \
xxxx xxx xxxxxxxxx or 999 9999). Write it as text with + and the country's code.
  messy.csv, column ref: 2 rows (lines 101, 102): is the same as in an earlier row. Give every \
row its own ref.
  messy.csv, column notes: 1 row (line 40): begins with = or @. Write the value itself, not a \
formula.
  messy.csv, column phone: 1 row (line 58): holds more than one phone number (looks like \
999 999 9999 / 999 999 9…). Keep one of them, and register the other person, too.
  messy.csv, column needs: 1 row (line 60): is not a word of the list (part 2 of the list). Use \
one of: dialysis, power_dependent_breathing, other_power_device, cold_chain_medicine, \
daily_medicine, dementia, infant, pregnancy_postpartum, mobility, sensory_seeing, \
sensory_hearing, respiratory, heat_cold_sensitive, supervision, transport, other.
  messy.csv, column phone: 1 row (line 62): begins with = or @. Write the value itself, not a \
formula.
  messy.csv, column birth_year: 1 row (line 77): is a date that a spreadsheet made of something \
else (looks like 9999-99-99). Format the column as a number, and write the year with four digits.
  messy.csv, column lat: 1 row (line 90): is not a number (looks like 99,9). Use digits, and a \
point for decimals.
  messy.csv, column consent_expires: 1 row (line 160): is not a date or moment (looks like \
xxxx xxxxxx). Use 2026-05-31 or 2026-05-31T14:30, with an offset if not in the office's zone.

To look at:
  messy.csv: its cells are separated by semicolons.
  messy.csv: the header is in line 3, and what stands above was passed over.
  messy.csv, column consent_expires: 67 cells with a spreadsheet's day number, read as the date \
that it stands for (first in line 5).
  messy.csv, column next_due: 10 cells with a spreadsheet's day number, read as the date that it \
stands for (first in line 7).
  messy.csv, column name: 24 cells not in UTF-8 and read as Windows-1252 (Western European): \
look at the accents (first in line 44).
  29 residents have no phone and no caregiver with one: only a visit finds them.

Possibly one person twice (residents, 1 pair):
  M-016 and M-199: same phone, same name, homes less than 200 m apart, same name and birth year \
(0.96)

Dry run: nothing was kept. Every row would be refused until the errors are mended.
"""


def test_the_report_of_a_messy_list_reads_well(run: Run, tmp_path: Path, db: SqlDatabase) -> None:
    write_messy_csv(tmp_path / "messy.csv")
    result = run("import", "--residents", tmp_path / "messy.csv", "--dry-run")
    assert result.stdout == REPORT
    assert (result.exit_code, result.stderr) == (1, "")
    assert rows(db.engine, resident) == []


def test_the_same_report_for_programs(run: Run, tmp_path: Path) -> None:
    write_messy_csv(tmp_path / "messy.csv")
    result = run("import", "--residents", tmp_path / "messy.csv", "--dry-run", "--json")
    data = json.loads(result.stdout)
    assert data["residents"] == {"added": 184, "changed": 0, "unchanged": 0, "rejected": 16}
    assert (data["imported"], data["dry_run"]) == (False, True)
    assert {error["line"] for error in data["errors"]} == set(WRONG) | {12}
    assert data["duplicates"]["residents"][0]["refs"] == ["M-016", "M-199"]
    assert data["notes"][0] == "messy.csv: its cells are separated by semicolons."


def test_rejects_are_written_beside_a_dry_run_and_a_real_one(
    run: Run, tmp_path: Path, db: SqlDatabase
) -> None:
    write_messy_csv(tmp_path / "messy.csv")
    for dry in (["--dry-run"], []):
        target = tmp_path / f"bad{len(dry)}.csv"
        args = ["import", "--residents", tmp_path / "messy.csv", "--rejects", target, *dry]
        result = run(*args)
        assert result.exit_code == 1
        with target.open(encoding="utf-8-sig", newline="") as file:
            assert len(list(csv.DictReader(file))) == len(WRONG)
    assert "Nothing was imported: mend 16 errors" in result.stderr
    assert rows(db.engine, resident) == []


def test_a_caregiver_of_a_rejected_resident_is_no_stranger(run: Run, tmp_path: Path) -> None:
    (tmp_path / "residents.csv").write_text("ref,needs,consent_purposes\nR-1,x,P1\nR-2,,P1\n")
    (tmp_path / "caregivers.csv").write_text(
        "ref,phone,cares_for,consent_purposes\nC-1,+12025550143,R-1,P2\nC-2,,R-9,P2\n"
    )
    data = json.loads(run("import", tmp_path, "--dry-run", "--json").stdout)
    assert [(e["file"], e["line"], e["column"]) for e in data["errors"]] == [
        ("residents.csv", 2, "needs"),
        ("caregivers.csv", 3, "cares_for"),
    ]
    assert data["caregivers"]["rejected"] == 1
    told = run("import", tmp_path, "--rejects", tmp_path / "bad.csv")
    assert "caregivers.csv, line 3, column cares_for: names residents who are not" in told.stderr
    assert (tmp_path / "bad-residents.csv").exists()
    assert "C-2" in (tmp_path / "bad-caregivers.csv").read_text("utf-8-sig")


def test_many_errors_are_summed_up_by_column(run: Run, tmp_path: Path) -> None:
    lines = [f"R-{n},x,P1" for n in range(80)]
    (tmp_path / "r.csv").write_text("\n".join(["ref,needs,consent_purposes", *lines]) + "\n")
    result = run("import", "--residents", tmp_path / "r.csv")
    assert (
        "column needs: 80 rows (lines 2, 3, 4, 5, 6, 7, 8, 9 and 72 more): is not" in result.stderr
    )
    assert "(30 more are not shown)" in result.stderr


def test_a_list_of_other_columns_is_imported_by_the_proposed_map(
    run: Run, tmp_path: Path, db: SqlDatabase
) -> None:
    (tmp_path / "list.csv").write_text("ID,Nome,Necessidades,Telefone,Consentimento\n7,Ana,,,P1\n")
    text = run("import", "--suggest-map", tmp_path / "list.csv").stdout
    (tmp_path / "map.yaml").write_text(text)
    assert "ref: ID" in text
    assert run("import", tmp_path / "list.csv").exit_code == 2, "a proposal is applied by hand"
    result = run("import", tmp_path / "list.csv", "--map", tmp_path / "map.yaml", "--json")
    assert json.loads(result.stdout)["residents"]["added"] == 1
    assert [row.ref for row in rows(db.engine, resident)] == ["7"]
    (tmp_path / "map.yaml").write_text("columns: {ref: ID}\n")
    wrong = run("import", tmp_path / "list.csv", "--map", tmp_path / "map.yaml")
    assert (wrong.exit_code, wrong.stdout) == (1, "")
    assert "map.yaml, columns.needs: is missing" in wrong.stderr
    assert run("import", "--suggest-map", tmp_path / "map.yaml").exit_code == 1


def test_facilities_have_dry_runs_rejects_and_maps_too(run: Run, tmp_path: Path) -> None:
    (tmp_path / "f.csv").write_text("ref,name,type\nF-1,Hall,shelter\nF-2,Keep,castle\n")
    args = ("import", tmp_path / "f.csv", "--dry-run", "--rejects", tmp_path / "bad.csv")
    result = run(*args, app=facilities.app)
    assert result.exit_code == 1
    assert result.stdout.startswith("facilities: 1 added, 0 changed, 0 unchanged, 1 rejected\n")
    assert 'F-2,Keep,castle,"type: is not a word' in (tmp_path / "bad.csv").read_text("utf-8-sig")
    (tmp_path / "m.yaml").write_text("columns: {ref: ref, name: name, type: type}\n")
    args = ("import", tmp_path / "f.csv", "--map", tmp_path / "m.yaml")
    assert run(*args, app=facilities.app).exit_code == 1


def test_people_are_found_by_ref_phone_and_name_and_shown_by_ref(
    run: Run, filled: SqlDatabase
) -> None:
    assert filled
    for text in ("R-1", "+1 202 555 0142", "202.555.0142", "amina"):
        result = run("find", text)
        assert result.stdout == "resident           R-1\n", text
    assert "names were opened and compared" in result.stderr
    assert json.loads(run("find", "C-", "--json").stdout)[0] == {"kind": "caregiver", "ref": "C-1"}
    nobody = run("find", "Nemo")
    assert (nobody.exit_code, nobody.stdout) == (3, "")


def test_a_phone_is_masked_until_somebody_says_why(run: Run, filled: SqlDatabase) -> None:
    shown = run("show", "R-1")
    assert "name: Amina Khatun Zztest" in shown.stdout
    assert "phone: …42" in shown.stdout
    assert "2025550142" not in shown.stdout
    assert run("show", "R-1", "--reveal").exit_code == 2
    assert run("show", "R-1", "--reveal", "--reason", "  ").exit_code == 2
    assert [row.event for row in rows(filled.engine, journal)] == [
        "people_imported",
        "facilities_imported",
    ]
    revealed = run("show", "R-1", "--reveal", "--reason", "an ambulance asks", "--json")
    (data,) = json.loads(revealed.stdout)
    assert data["phone"] == "+12025550142"
    assert data["caregivers"][0]["caregiver"] == "C-1"
    assert {one["purpose"] for one in data["consents"]} == {"P1", "P6"}
    assert rows(filled.engine, journal)[-1].details == {
        "reason": "an ambulance asks",
        "by": "test",
    }
    assert run("show", "R-9").exit_code == 3


def test_a_person_is_forgotten_with_a_reason_alone(run: Run, filled: SqlDatabase) -> None:
    assert run("forget", "R-1").exit_code == 2
    assert run("forget", "R-1", "--reason", "").exit_code == 2
    result = run("forget", "R-1", "--reason", "asked on paper")
    assert result.exit_code == 0
    assert result.stdout.startswith("Forgotten.")
    assert run("show", "R-1").exit_code == 3
    assert run("forget", "R-1", "--reason", "again").exit_code == 3
    import_people(filled, ADMIN, [], [(replace(KARIM, ref="R-2"), ())], NOW)
    assert "add --kind" in run("forget", "R-2", "--reason", "which?").stderr
    assert run("forget", "R-2", "--kind", "caregiver", "--reason", "this one").exit_code == 0
    assert "kind: resident" in run("show", "R-2").stdout


def test_the_exported_folder_can_be_imported_again(
    run: Run, filled: SqlDatabase, tmp_path: Path
) -> None:
    assert filled
    assert run("export", tmp_path / "out").exit_code == 2
    assert not (tmp_path / "out").exists()
    result = run("export", tmp_path / "out", "--reason", "yearly check")
    assert "2 residents, 2 caregivers, 1 facilities" in result.stdout
    assert (tmp_path / "out").stat().st_mode & 0o077 == 0
    data = json.loads(run("import", tmp_path / "out", "--json").stdout)
    assert data["residents"] == {"added": 0, "changed": 0, "unchanged": 2}
    assert data["caregivers"] == {"added": 0, "changed": 0, "unchanged": 2}


def test_quality_is_counted_in_words_and_for_programs(run: Run, filled: SqlDatabase) -> None:
    assert filled
    text = run("quality").stdout
    assert "2 residents\n" in text
    assert "      1  without a phone\n" in text
    assert "Last import: 2026-05-26 06:00 UTC" in text
    data = json.loads(run("quality", "--json").stdout)
    assert data["residents"]["no_phone"] == 1
    assert set(data["residents"]) | set(data["caregivers"]) <= {*people._LACKS, "all"}


def test_duplicates_are_listed_by_ref(run: Run, filled: SqlDatabase) -> None:
    import_people(filled, ADMIN, [replace(AMINA, ref="R-9")], [], NOW)
    text = run("duplicates").stdout
    assert "residents: 1 pair may be one person" in text
    assert "R-1 and R-9: same phone, same name" in text
    assert "Amina" not in text
    data = json.loads(run("duplicates", "--json").stdout)
    assert data["residents"][0]["refs"] == ["R-1", "R-9"]


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


def test_a_bar_is_drawn_on_a_terminal_and_nowhere_else(monkeypatch: pytest.MonkeyPatch) -> None:
    for screen, drawn in ((Terminal(), True), (StringIO(), False)):
        monkeypatch.setattr("sys.stderr", screen)
        with bar.progress() as step:
            step("reading", 0.5)
            step("writing", 0.1)
            step("writing", 1.0)
        assert ("writing" in screen.getvalue()) is drawn
        assert bool(screen.getvalue()) is drawn
