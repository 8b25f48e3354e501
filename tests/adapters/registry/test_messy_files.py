"""Files as offices have them: encodings, separators, merged headers, what spreadsheets do."""

import codecs
import csv
import io
from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carealert.adapters.file_errors import Rows
from carealert.adapters.registry.cells import Defaults
from carealert.adapters.registry.files import (
    RESIDENT_COLUMNS,
    Source,
    read_caregivers,
    read_residents,
    scan_residents,
)
from carealert.adapters.registry.numbers import Unclear, e164
from carealert.domain.people import Resident
from tests.support.messy import ROWS, WRONG, write_messy_csv, write_messy_xlsx

DHAKA = ZoneInfo("Asia/Dhaka")
DEFAULTS = Defaults(datetime(2026, 5, 26, 6, 0, tzinfo=UTC), DHAKA, "bn", "US")
HEADER = "ref,name,needs,consent_purposes"


def read(path: Path, body: bytes) -> Rows[Resident]:
    path.write_bytes(body)
    return read_residents(path, DEFAULTS)


def book(path: Path, *rows: Sequence[object]) -> Path:
    made = openpyxl.Workbook()
    sheet = made.active
    assert sheet is not None
    for row in rows:
        sheet.append(list(row))
    made.save(path)
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_a_file_is_read_in_the_encodings_that_programs_write(tmp_path: Path, encoding: str) -> None:
    result = read(tmp_path / "r.csv", f"{HEADER}\nR-1,José Núñez,,P1\n".encode(encoding))
    (one,) = result.items
    assert one.name == "José Núñez"
    assert bool(result.notes) == (encoding == "cp1252")


def test_utf_16_of_either_byte_order_is_known_by_its_mark(tmp_path: Path) -> None:
    for mark, encoding in ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be")):
        body = mark + f"{HEADER}\nR-1,আমিনা,,P1\n".encode(encoding)
        assert read(tmp_path / "r.csv", body).items[0].name == "আমিনা"


def test_a_windows_cell_is_said_with_its_column_and_first_line(tmp_path: Path) -> None:
    body = f"{HEADER}\nR-1,José,,P1\n".encode() + "R-2,Núñez,,P1\nR-3,Zoë,,P1\n".encode("cp1252")
    result = read(tmp_path / "r.csv", body)
    assert [one.name for one in result.items] == ["José", "Núñez", "Zoë"]
    (note,) = result.notes
    assert note.startswith("r.csv, column name: 2 cells not in UTF-8 and read as Windows-1252")
    assert note.endswith("look at the accents (first in line 3).")


@pytest.mark.parametrize("encoding", ["cp1251", "cp1256", "cp1253", "cp874"])
def test_another_alphabet_in_its_old_encoding_is_refused_and_not_garbled(
    tmp_path: Path, encoding: str
) -> None:
    name = {"cp1251": "Анна", "cp1256": "فاطمة", "cp1253": "Μαρία", "cp874": "สมชาย"}[encoding]
    result = read(tmp_path / "r.csv", f"{HEADER}\nR-1,{name},,P1\n".encode(encoding))
    (error,) = result.errors
    assert str(error).startswith("r.csv, line 2, column name: is in an unknown encoding.")


@pytest.mark.parametrize("name", ["été", "«été»", "Ås", "Jäätelöä", "pöytäjärjestelmää", "¿Qué?"])
def test_western_words_with_many_accents_are_read(tmp_path: Path, name: str) -> None:
    result = read(tmp_path / "r.csv", f"{HEADER}\nR-1,{name},,P1\n".encode("cp1252"))
    assert [one.name for one in result.items] == [name]


def test_what_was_encoded_twice_is_pointed_at(tmp_path: Path) -> None:
    twice = "María".encode().decode("cp1252", "replace")
    result = read(tmp_path / "r.csv", f"{HEADER}\nR-1,{twice},,P1\n".encode())
    assert "encoded twice" in result.notes[0]


@pytest.mark.parametrize(("separator", "word"), [(";", "semicolons"), ("\t", "tabs")])
def test_other_separators_are_read_and_said(tmp_path: Path, separator: str, word: str) -> None:
    text = f'{HEADER}\nR-1,Ana,"dialysis;mobility",P1\n'.replace(",", separator)
    result = read(tmp_path / "r.csv", text.encode())
    assert len(result.items[0].needs) == 2
    assert result.notes == (f"r.csv: its cells are separated by {word}.",)


def test_a_list_cell_does_not_make_a_semicolon_file(tmp_path: Path) -> None:
    result = read(tmp_path / "r.csv", b"ref,needs,consent_purposes\nR-1,dialysis;mobility,P1;P6\n")
    assert result.notes == ()
    assert len(result.items[0].needs) == 2


def test_lines_above_the_header_are_passed_over_and_said(tmp_path: Path) -> None:
    result = read(tmp_path / "r.csv", f"Our list,,,\n,,,\n{HEADER}\nR-1,Ana,,P1\n".encode())
    assert [one.ref for one in result.items] == ["R-1"]
    assert "the header is in line 3" in result.notes[0]


def test_a_row_that_looks_like_a_heading_is_a_row(tmp_path: Path) -> None:
    """The first of two lines with as many known words is the header."""
    result = read(tmp_path / "r.csv", f"{HEADER}\nname,needs,,\n".encode())
    assert [one.ref for one in result.items] == ["name"]


def test_merged_cells_over_two_header_rows_are_understood(tmp_path: Path) -> None:
    path = tmp_path / "r.xlsx"
    book(
        path,
        ["Register", None, None, None, None],
        ["ref", "Person", None, "Home", None],
        [None, "name", "needs", "lat", "lon"],
        ["R-1", "Ana", "infant", 22.5, 90.5],
    )
    (error,) = read_residents(path, DEFAULTS).errors
    assert str(error).startswith("r.xlsx, line 3, column consent_purposes: is missing")
    book(
        path,
        ["ref", "Person", None, "Home", None, "consent_purposes"],
        [None, "name", "needs", "lat", "lon", None],
        ["R-1", "Ana", "infant", 22.5, 90.5, "P1"],
    )
    (one,) = read_residents(path, DEFAULTS).items
    assert (one.ref, one.lat, len(one.consent.purposes)) == ("R-1", 22.5, 1)


SHEET = ["ref", "needs", "consent_purposes", "birth_year", "next_due", "consent_expires"]


def one_of(path: Path) -> tuple[Resident, tuple[str, ...]]:
    result = read_residents(path, DEFAULTS)
    assert result.errors == ()
    return result.items[0], result.notes


def test_dates_are_read_as_dates_and_as_day_numbers(tmp_path: Path) -> None:
    due, last = datetime(2026, 5, 28, 9, 30), date(2027, 1, 31)  # noqa: DTZ001 - as a sheet has it
    typed, _ = one_of(book(tmp_path / "a.xlsx", SHEET, ["R-1", "", "P1", 1950, due, last]))
    serial = ["R-1", "", "P1", 1950, 46170.39583333333, 46418]
    bare, notes = one_of(book(tmp_path / "b.xlsx", SHEET, serial))
    assert bare == typed
    assert typed.next_due == datetime(2026, 5, 28, 9, 30, tzinfo=DHAKA)
    assert typed.consent.expires == datetime(2027, 2, 1, tzinfo=DHAKA)
    assert {note.split(":")[0] for note in notes} == {
        "b.xlsx, column next_due",
        "b.xlsx, column consent_expires",
    }


def test_a_time_that_became_a_part_of_a_day_is_read(tmp_path: Path) -> None:
    header = ["ref", "phone", "cares_for", "consent_purposes", "quiet_from", "quiet_to"]
    row = ["C-1", "+12025550142", "R-1", "P2", 22.5 / 24, time(6, 15)]
    result = read_caregivers(book(tmp_path / "c.xlsx", header, row), DEFAULTS)
    ((one, _),) = result.items
    assert (one.quiet_from, one.quiet_to) == (time(22, 30), time(6, 15))
    assert "fraction of a day" in result.notes[0]


def test_of_a_whole_birth_date_the_year_is_kept_and_said(tmp_path: Path) -> None:
    one, notes = one_of(
        book(tmp_path / "a.xlsx", SHEET, ["R-1", "", "P1", date(1950, 3, 4), None, None])
    )
    assert one.birth_year == 1950
    assert "the year was kept" in notes[0]


def test_a_year_that_a_sheet_shows_as_a_date_is_refused_and_not_taken_for_1905(
    tmp_path: Path,
) -> None:
    made = openpyxl.Workbook()
    sheet = made.active
    assert sheet is not None
    sheet.append(SHEET)
    sheet.append(["R-1", "", "P1", 1951, None, None])
    sheet["D2"].number_format = "yyyy-mm-dd"
    made.save(tmp_path / "a.xlsx")
    (error,) = read_residents(tmp_path / "a.xlsx", DEFAULTS).errors
    assert "column birth_year: is a date that a spreadsheet made" in str(error)


def test_other_sheets_are_named_and_not_read(tmp_path: Path) -> None:
    made = openpyxl.Workbook()
    assert made.active is not None
    made.active.title = "People"
    made.active.append(["ref", "needs", "consent_purposes"])
    made.create_sheet("Old")
    made.save(tmp_path / "a.xlsx")
    result = read_residents(tmp_path / "a.xlsx", DEFAULTS)
    assert "the first sheet, People, was read, and these were not: Old" in result.notes[0]


BENGALI = "+12025550142".translate({48 + n: 0x9E6 + n for n in range(10)})
PHONES = [
    ("+1 202 555 0142", "+12025550142"),
    ("+1.202.555.0142", "+12025550142"),
    ("202-555-0142", "+12025550142"),
    ("(202) 555-0142", "+12025550142"),
    ("12025550142", "+12025550142"),
    ("2025550142.0", "+12025550142"),
    ("+12025550142.0", "+12025550142"),
    ("1.2025550142E+10", "+12025550142"),
    ("1,2025550142e10", "+12025550142"),
    ("00 1 202 555 0142", "+12025550142"),
    ("0012025550142", "+12025550142"),
    ("+12005550100", "+12005550100"),
    ("+1\u00a0202\u00a0555\u00a00142", "+12025550142"),
    (BENGALI, "+12025550142"),
    ("1.20256E+10", Unclear.WORN_DOWN),
    ("1.202555014E+10", Unclear.WORN_DOWN),
    ("2025550142/2025550143", Unclear.MORE_THAN_ONE),
    ("2025550142 or 2025550143", Unclear.MORE_THAN_ONE),
    ("call me", None),
    ("555 0142", None),
    ("+12025550142 ext. 5", None),
    ("00", None),
    ("", None),
]


@pytest.mark.parametrize(("written", "number"), PHONES)
def test_phones_are_read_as_they_are_written_or_not_at_all(
    written: str, number: str | Unclear | None
) -> None:
    assert e164(written, "US") == number


def test_without_a_country_a_bare_number_is_never_guessed() -> None:
    for bare in ("12025550142", "2025550142", "12025550142.0", "1.2025550142E+10"):
        assert e164(bare, None) is None
    assert e164("0012025550142", None) == "+12025550142"


@settings(max_examples=200, deadline=None)
@given(
    st.integers(200, 999).filter(lambda area: area % 100 != 11),
    st.integers(100, 199),
    st.sampled_from([" ", ".", "-", ""]),
)
def test_no_written_form_of_a_number_becomes_another_number(
    area: int, line: int, space: str
) -> None:
    number = f"+1{area}5550{line}"
    digits = number[1:]
    forms = [
        number,
        f"+1{space}{area}{space}555{space}0{line}",
        f"00{digits}",
        f"{digits}.0",
        f"{digits[0]}.{digits[1:]}E+10",
        digits,
    ]
    assert {e164(form, "US") for form in forms} <= {number, None}
    assert e164(number, "US") == number


@pytest.mark.parametrize("write", [write_messy_csv, write_messy_xlsx])
def test_the_messy_list_names_every_wrong_row_and_reads_the_rest(tmp_path: Path, write) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / f"messy.{write.__name__[-4:].strip('_')}"
    write(path)
    scan = scan_residents(Source(path), DEFAULTS)
    assert {(error.line, error.column) for error in scan.errors} == {
        (line, column) for line, (column, _) in WRONG.items()
    }
    assert len(scan.items) == ROWS - len(WRONG)
    names = {one.name for one in scan.items}
    assert {"Chloé Besançon 3", "Zoë Müller 41", "José Núñez 45"} <= names
    assert sum(one.phone is not None for one in scan.items) > 140
    assert {one.consent.expires for one in scan.items} == {
        None,
        datetime(2027, 2, 1, tzinfo=DHAKA),
    }
    assert read_residents(path, DEFAULTS).items == ()


def test_both_messy_files_mean_the_same_people(tmp_path: Path) -> None:
    write_messy_csv(tmp_path / "m.csv")
    write_messy_xlsx(tmp_path / "m.xlsx")
    text = scan_residents(Source(tmp_path / "m.csv"), DEFAULTS)
    typed = scan_residents(Source(tmp_path / "m.xlsx"), DEFAULTS)
    assert list(text.lines) == list(typed.lines)
    for one, other in zip(text.items, typed.items, strict=True):
        assert (one.phone, one.consent, one.next_due) == (
            other.phone,
            other.consent,
            other.next_due,
        )
        assert (one.birth_year, one.name) == (other.birth_year, other.name)


PERSONAL = "Zzpersonal"
COLUMNS = RESIDENT_COLUMNS[1:]
cells = st.text(st.characters(exclude_categories=["Cs"]), max_size=20).map(
    lambda text: f"{PERSONAL}{text}"
)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.dictionaries(
            st.sampled_from(COLUMNS),
            cells,
        ),
        max_size=4,
    ),
    st.booleans(),
)
def test_a_file_is_taken_whole_or_not_and_messages_name_row_and_column_and_nobody(
    tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, str]], broken: bool
) -> None:
    text = io.StringIO()
    writer = csv.DictWriter(text, ("ref", *COLUMNS), restval="")
    writer.writeheader()
    for n, row in enumerate(rows):
        writer.writerow({"ref": f"R-{n}", **row})
    path = tmp_path_factory.getbasetemp() / "whole.csv"
    encoding = "cp1252" if broken else "utf-8"
    path.write_bytes(text.getvalue().encode(encoding, "replace"))
    result = read_residents(path, DEFAULTS)
    assert len(result.items) == (0 if result.errors else len(rows))
    for error in result.errors:
        assert PERSONAL not in str(error)
        assert error.line is not None
        assert error.column is not None or "cells and the header" in error.what
    assert PERSONAL not in " ".join(result.notes)
