"""CSV and XLSX files as numbered rows of trimmed text, whichever program wrote them."""

import csv
import io
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, time
from difflib import get_close_matches
from pathlib import Path
from zipfile import BadZipFile

import openpyxl
from openpyxl.utils.exceptions import InvalidFileException

from carealert.adapters.file_errors import RowError

#: A line number and its cells by column name.
Row = tuple[int, dict[str, str]]

_KINDS = "Use a .csv file in UTF-8 or an .xlsx file"
_NUL = "\x00"


class UnreadableSheet(Exception):
    """The file as a whole cannot be read; `errors` say why."""

    def __init__(self, *errors: RowError) -> None:
        super().__init__("; ".join(str(error) for error in errors))
        self.errors = errors


def read_rows(
    path: Path, known: Sequence[str], required: Iterable[str]
) -> tuple[list[Row], list[RowError]]:
    """Rows under a header of `known` columns, blank rows left out, and what is wrong with rows.

    Raises UnreadableSheet where the file, its format or its header is wrong.
    """
    lines = _lines(path)
    header = next(lines, None)
    if header is None:
        raise UnreadableSheet(_error(path, "the file is empty", f"Its first line is {known[0]},…"))
    line, names = header
    while len(names) > 1 and not names[-1]:
        names.pop()  # spreadsheets leave empty columns at the end
    _check_header(path, line, names, known, set(required))
    rows: list[Row] = []
    errors: list[RowError] = []
    for line, cells in lines:
        if not any(cells):
            continue
        spare = any(cells[len(names) :])
        if spare or (len(cells) < len(names) and path.suffix.lower() == ".csv"):
            what = f"the row has {len(cells)} cells and the header has {len(names)}"
            fix = 'Put "quotation marks" around a cell that holds a comma'
            errors.append(RowError(path.name, line, None, what, fix))
            continue
        padded = [*cells, *[""] * (len(names) - len(cells))]
        rows.append((line, dict(zip(names, padded, strict=False))))
    return rows, errors


def _lines(path: Path) -> Iterator[tuple[int, list[str]]]:
    kind = path.suffix.lower()
    try:
        if kind == ".csv":
            yield from _csv(path)
        elif kind == ".xlsx":
            yield from _xlsx(path)
        else:
            raise UnreadableSheet(_error(path, f"files named {kind or 'so'} are not read", _KINDS))
    except OSError as error:
        raise UnreadableSheet(
            _error(path, f"the file cannot be opened ({error.strerror})", "Check its name")
        ) from error


def _csv(path: Path) -> Iterator[tuple[int, list[str]]]:
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        what = f"the file is not in UTF-8 (byte {error.start + 1})"
        raise UnreadableSheet(_error(path, what, "Save it as 'CSV UTF-8'")) from error
    if _NUL in text:
        raise UnreadableSheet(_error(path, "the file is not a text", _KINDS))
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    line = 1
    try:
        for cells in reader:
            yield line, [_tidy(cell) for cell in cells]
            line = reader.line_num + 1  # a quoted cell may have taken several lines
    except csv.Error as error:
        what = f"the quotation marks do not fit ({error})"
        fix = "Close every quoted cell, and write a quotation mark inside one twice"
        raise UnreadableSheet(RowError(path.name, line, None, what, fix)) from error


def _xlsx(path: Path) -> Iterator[tuple[int, list[str]]]:
    try:
        book = openpyxl.load_workbook(path, read_only=True)
    except (BadZipFile, InvalidFileException, KeyError, ValueError) as error:
        raise UnreadableSheet(_error(path, "the file is not a workbook", _KINDS)) from error
    try:
        sheet = book.worksheets[0]
        sheet.reset_dimensions()  # programs write wrong ones, and rows would be lost
        for line, cells in enumerate(sheet.iter_rows(values_only=True), start=1):
            yield line, [_tidy(_written(cell)) for cell in cells]
    finally:
        book.close()


def _written(value: object) -> str:
    """A typed cell in the words of the CSV file."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime):
        bare = value.time() == time(0)  # spreadsheets keep a date as its midnight
        return value.date().isoformat() if bare else value.isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, time):
        return value.strftime("%H:%M")
    return str(value)


def _tidy(cell: str) -> str:
    return unicodedata.normalize("NFC", cell).strip()


def _check_header(
    path: Path, line: int, names: Sequence[str], known: Sequence[str], required: set[str]
) -> None:
    if len(names) == 1 and names[0].count(";") > 1:
        fix = "Separate cells with commas; the semicolon stands inside list cells only"
        raise UnreadableSheet(RowError(path.name, line, None, "cells are separated by ;", fix))
    errors = [
        RowError(path.name, line, name or "(without a name)", "is not a known column", fix)
        for name in names
        if name not in known
        for fix in [_instead(name, known)]
    ]
    errors += [
        RowError(path.name, line, name, "is there twice", "Keep one of them")
        for name in sorted({name for name in names if names.count(name) > 1 and name in known})
    ]
    errors += [
        RowError(path.name, line, name, "is missing", "Add the column; its cells may be empty")
        for name in known
        if name in required and name not in names
    ]
    if errors:
        raise UnreadableSheet(*errors)


def _instead(name: str, known: Sequence[str]) -> str:
    near = get_close_matches(name.casefold().replace(" ", "_"), known, n=1, cutoff=0.5)
    return f"Did you mean {near[0]}?" if near else f"Known columns are {', '.join(known)}"


def _error(path: Path, what: str, fix: str) -> RowError:
    return RowError(path.name, None, None, what, fix)
