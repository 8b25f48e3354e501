"""What somebody sees who imports for the first time, and makes each mistake once."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import openpyxl
import pytest
import typer
from click.testing import Result
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine
from typer.testing import CliRunner

from carealert.adapters.db.stores import SqlDatabase
from carealert.adapters.db.tables import facility, resident
from carealert.adapters.file_errors import shape_of
from carealert.adapters.sealing import Sealer
from carealert.cli import facilities, people
from carealert.domain.access import Actor, Role
from tests.support.delivery import rows
from tests.support.register import NOW

Run = Callable[..., Result]
HEAD = "ref,needs,consent_purposes\n"


@pytest.fixture
def db(sqlite_engine: Engine, sealer: Sealer) -> SqlDatabase:
    return SqlDatabase(sqlite_engine, sealer)


@pytest.fixture
def run(db: SqlDatabase, monkeypatch: pytest.MonkeyPatch) -> Run:
    application = SimpleNamespace(
        db=db,
        settings=SimpleNamespace(zone=ZoneInfo("UTC"), default_language="en", phone_region=None),
        operator=Actor("command line", Role.ADMIN),
    )
    for module in (people, facilities):
        monkeypatch.setattr(module, "open_app", lambda: application)
        monkeypatch.setattr(module, "now", lambda: NOW)
    monkeypatch.setattr("carealert.cli.importing.now", lambda: NOW)

    def call(*args: object, app: typer.Typer = people.app) -> Result:
        return CliRunner().invoke(app, ["import", *(str(arg) for arg in args)])

    return call


def test_a_folder_without_the_files_is_named_with_what_it_should_hold(
    run: Run, tmp_path: Path
) -> None:
    result = run(tmp_path)
    assert result.exit_code == 2
    assert f"{tmp_path} holds none of residents.csv, residents.xlsx" in result.stderr


def test_a_file_of_unknown_contents_is_answered_with_the_commands_that_fit(
    run: Run, tmp_path: Path
) -> None:
    (tmp_path / "list.csv").write_text(HEAD)
    result = run(tmp_path / "list.csv")
    assert result.exit_code == 2
    assert "--residents list.csv, --caregivers list.csv, or list.csv --map MAP" in result.stderr


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("Amina Khatun,+12025550142\nRahima,+12025550143\n", "none of its headings is known"),
        ("\n\n", "none of its headings is known"),
        ("", "the file is empty"),
        ("ref,needs,consent_purposes,\x1b[31mAmina\n", "column ?[31mAmina: is not a known"),
        (f"ref,needs,consent_purposes,{'Khatun ' * 40}\n", "Kha…: is not a known column"),
    ],
)
def test_a_file_without_our_header_is_refused_in_a_line_that_can_be_printed(
    run: Run, tmp_path: Path, body: str, says: str
) -> None:
    (tmp_path / "r.csv").write_text(body)
    result = run("--residents", tmp_path / "r.csv")
    assert result.exit_code == 1
    assert says in result.stderr
    assert "\x1b" not in result.stderr
    assert "12025550142" not in result.stderr


def test_a_heading_in_windows_1252_is_shown_as_it_was_written(run: Run, tmp_path: Path) -> None:
    (tmp_path / "r.csv").write_bytes("ref,needs,consent_purposes,Prénom\n".encode("cp1252"))
    assert "column Prénom: is not a known column" in run("--residents", tmp_path / "r.csv").stderr


def test_a_phone_without_a_country_says_what_to_write_or_set(run: Run, tmp_path: Path) -> None:
    (tmp_path / "r.csv").write_text("ref,needs,consent_purposes,phone\nR-1,,P1,202 555 0142\n")
    told = run("--residents", tmp_path / "r.csv").stderr
    assert "column phone: does not say its country (looks like 999 999 9999)" in told
    assert "or set phone_region" in told


@pytest.mark.parametrize("dry", [[], ["--dry-run"]])
def test_the_rows_to_mend_never_take_the_place_of_the_list(
    run: Run, tmp_path: Path, dry: list[str]
) -> None:
    """The list is often the only copy."""
    path = tmp_path / "r.csv"
    body = HEAD + "R-1,,P1\nR-2,x,P1\n"
    path.write_text(body)
    (tmp_path / "again.csv").symlink_to(path)
    for target in (path, tmp_path / "." / "r.csv", tmp_path / "again.csv"):
        result = run("--residents", path, "--rejects", target, *dry)
        assert result.exit_code == 2
        assert "would write over" in result.stderr
    assert path.read_text() == body


def test_with_two_files_neither_is_written_over(run: Run, tmp_path: Path) -> None:
    (tmp_path / "residents.csv").write_text(HEAD + "R-1,x,P1\n")
    (tmp_path / "bad-caregivers.csv").write_text("ref,phone,cares_for,consent_purposes\n")
    args = ("--residents", tmp_path / "residents.csv")
    more = ("--caregivers", tmp_path / "bad-caregivers.csv", "--rejects", tmp_path / "bad.csv")
    assert run(*args, *more).exit_code == 2


def test_facilities_are_not_written_over_either(run: Run, tmp_path: Path, db: SqlDatabase) -> None:
    path = tmp_path / "f.csv"
    path.write_text("ref,name,type\nF-1,Keep,castle\n")
    result = run(path, "--rejects", path, app=facilities.app)
    assert result.exit_code == 2
    assert "castle" in path.read_text()
    assert rows(db.engine, facility) == []


def test_the_rows_to_mend_are_private_and_said_to_be_so(run: Run, tmp_path: Path) -> None:
    (tmp_path / "r.csv").write_text(HEAD + "R-1,x,P1\n")
    target = tmp_path / "bad.csv"
    target.write_text("an older one that everybody could read")
    target.chmod(0o644)
    result = run("--residents", tmp_path / "r.csv", "--rejects", target)
    assert target.stat().st_mode & 0o777 == 0o600
    assert "R-1" in target.read_text("utf-8-sig")
    assert "Wrote 1 row to mend into" in result.stderr
    assert "Delete it when you are done" in result.stderr


def test_where_the_rows_to_mend_cannot_be_written_nothing_breaks(run: Run, tmp_path: Path) -> None:
    (tmp_path / "r.csv").write_text(HEAD + "R-1,x,P1\n")
    nowhere = run("--residents", tmp_path / "r.csv", "--rejects", tmp_path / "no" / "bad.csv")
    assert nowhere.exit_code == 2
    assert "does not exist" in nowhere.stderr


def test_a_hidden_sheet_is_passed_over_and_said(run: Run, tmp_path: Path, db: SqlDatabase) -> None:
    book = openpyxl.Workbook()
    hidden = book.active
    assert hidden is not None
    hidden.title, hidden.sheet_state = "Archive", "hidden"
    for sheet, ref in ((hidden, "X-1"), (book.create_sheet("People"), "R-1")):
        sheet.append(["ref", "needs", "consent_purposes"])
        sheet.append([ref, "dialysis", "P1"])
    book.active = 1
    book.save(tmp_path / "r.xlsx")
    result = run("--residents", tmp_path / "r.xlsx")
    assert result.exit_code == 0, result.stderr
    assert [row.ref for row in rows(db.engine, resident)] == ["R-1"]
    assert (
        "the first sheet, People, was read, and these were not: Archive (hidden)" in result.stderr
    )


@pytest.mark.parametrize(
    ("cell", "shape"),
    [
        ("22,4", "99,9"),
        ("F", "X"),
        ("+1 202 555 0142", "+9 999 999 9999"),
        ("আমিনা", "xxxxx"),
        ("২০২৬", "9999"),
        ("", None),
        ("next spring, perhaps in May", "xxxx xxxxxx, xxxxxxx xx …"),
        ("a\x1b[31m\n", "xx[99xx"),
    ],
)
def test_what_a_cell_looks_like(cell: str, shape: str | None) -> None:
    assert shape_of(cell) == shape


@given(st.text(max_size=60))
def test_the_look_of_a_cell_holds_no_letter_or_digit_of_it(cell: str) -> None:
    shape = shape_of(cell) or ""
    assert not any(c.isalnum() and c not in "xX9" for c in shape)
    assert shape.isprintable()
    assert len(shape) <= 25
