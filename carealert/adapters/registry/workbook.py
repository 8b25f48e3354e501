"""XLSX files as numbered rows of cells, in the words of the CSV file."""

from collections.abc import Iterator
from datetime import date, datetime, time
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import openpyxl
from openpyxl.utils.datetime import CALENDAR_MAC_1904
from openpyxl.utils.exceptions import InvalidFileException

from carealert.adapters.registry.csv_text import Line, Progress, unreadable
from carealert.adapters.registry.remarks import Remarks

_STEP = 1000


def workbook_lines(
    path: Path, sheet: str | None, remarks: Remarks, progress: Progress | None = None
) -> Iterator[Line]:
    """The rows of one sheet, of the first that can be seen where no name is given.

    Raises UnreadableSheet and OSError.
    """
    book = _opened(path)
    try:
        page = _page(path, book, sheet, remarks)
        if book.epoch == CALENDAR_MAC_1904:
            remarks.say("it counts days from 1904: write dates as dates, not as numbers")
        size = max(page.max_row or 1, 1)
        page.reset_dimensions()  # programs write wrong ones, and rows would be lost
        for line, cells in enumerate(page.iter_rows(values_only=True), start=1):
            yield line, [_written(cell) for cell in cells]
            if progress and line % _STEP == 0:
                progress(min(line / size, 1.0))
    finally:
        book.close()


def sheet_names(path: Path) -> list[str]:
    """The names of the sheets that can be seen; raises UnreadableSheet and OSError."""
    book = _opened(path)
    try:
        return [page.title for page in _seen(path, book)]
    finally:
        book.close()


def _page(path: Path, book: openpyxl.Workbook, sheet: str | None, remarks: Remarks) -> Any:
    names = [page.title for page in book.worksheets]
    if sheet is not None:
        if sheet not in names:
            what, fix = f"there is no sheet '{sheet}'", f"Its sheets are {', '.join(names)}"
            raise unreadable(path, what, fix)
        return book[sheet]
    page = _seen(path, book)[0]
    if left := [_shown(one) for one in book.worksheets if one is not page]:
        others = ", ".join(left)
        remarks.say(f"the first sheet, {page.title}, was read, and these were not: {others}")
    return page


def _seen(path: Path, book: openpyxl.Workbook) -> list[Any]:
    """What its owner sees: an officer cannot look after rows on a sheet that is hidden."""
    pages = [page for page in book.worksheets if page.sheet_state == "visible"]
    if not pages:
        raise unreadable(path, "the file has no sheet that can be seen", "Show its sheet, and save")
    return pages


def _shown(page: Any) -> str:
    return page.title if page.sheet_state == "visible" else f"{page.title} (hidden)"


def _opened(path: Path) -> openpyxl.Workbook:
    try:
        return openpyxl.load_workbook(path, read_only=True)
    except (BadZipFile, InvalidFileException, KeyError, ValueError) as error:
        fix = "Use a .csv file in UTF-8 or an .xlsx file"
        raise unreadable(path, "the file is not a workbook", fix) from error


def _written(value: object) -> str:
    """A typed cell in the words of the CSV file."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
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
