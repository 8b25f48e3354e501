"""CSV and XLSX files as numbered rows of trimmed text by heading, whichever program wrote them."""

import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from itertools import chain, islice, zip_longest
from pathlib import Path

from carealert.adapters.file_errors import RowError
from carealert.adapters.registry.csv_text import (
    Line,
    Progress,
    UnreadableSheet,
    csv_lines,
    mended,
    unreadable,
)
from carealert.adapters.registry.escaping import unguarded
from carealert.adapters.registry.remarks import Remarks
from carealert.adapters.registry.workbook import workbook_lines

__all__ = [
    "PROBLEM",
    "Headings",
    "Row",
    "Sheet",
    "UnreadableSheet",
    "answers_of",
    "lines_of",
    "open_sheet",
]

#: A line number and its cells by heading.
Row = tuple[int, dict[str, str]]
#: The column in which rejected rows say what is wrong; it is left out when they come back.
PROBLEM = "problem"

_KINDS = "Use a .csv file in UTF-8 or an .xlsx file"
_HEAD_LINES = 10
_LONGEST_NAME = 60
_SPLIT = ("/", ".")  # between a question and its answer in the heading of a 0/1 column
_ADD = "Add the column; its cells may be empty"
_ADD_FILLED = "Add the column, and fill it in every row"
_SPACE = re.compile(r"[\s\u200b\ufeff]+")


@dataclass(frozen=True, slots=True)
class Headings:
    """What the header may hold, and must. Without `only` other columns are passed over.

    The cells of `filled` columns may not be empty.
    """

    known: Sequence[str]
    required: Collection[str]
    only: bool = True
    filled: Collection[str] = ("ref",)


@dataclass(slots=True)
class Sheet:
    """A sheet whose header is understood. `errors` fill up while `rows` are read."""

    path: Path
    names: Sequence[str]
    lines: Iterator[Line]
    remarks: Remarks
    wanted: Collection[str]
    errors: list[RowError] = field(default_factory=list)

    def rows(self) -> Iterator[Row]:
        """Rows with something in them, each cell trimmed; raises UnreadableSheet."""
        places = [(n, name) for n, name in enumerate(self.names) if name in self.wanted]
        width, is_csv = len(self.names), self.path.suffix.lower() == ".csv"
        for line, cells in self.lines:
            if len(cells) == width or not self._is_odd(line, cells, width, is_csv):
                values = {
                    name: tidy(cells[n], line, name, self.remarks) if n < len(cells) else ""
                    for n, name in places
                }
                if any(values.values()):
                    yield line, values

    def _is_odd(self, line: int, cells: Sequence[str], width: int, is_csv: bool) -> bool:
        if not any(cell.strip() for cell in cells):
            return True  # a blank line, which is no error
        if any(cell.strip() for cell in cells[width:]) or (is_csv and len(cells) < width):
            what = f"the row has {len(cells)} cells and the header has {width}"
            fix = 'Put "quotation marks" around a cell that holds a separator'
            self.errors.append(RowError(self.path.name, line, None, what, fix))
            return True
        return False


def open_sheet(
    path: Path,
    headings: Headings,
    remarks: Remarks,
    *,
    sheet: str | None = None,
    progress: Progress | None = None,
) -> Sheet:
    """The sheet behind its header; raises UnreadableSheet where file, format or header is wrong.

    The header is the line, of the first ten, with the most known headings; lines above it are
    passed over, but a heading above an empty cell counts, as merged cells leave it.
    """
    lines = lines_of(path, headings.known, remarks, sheet, progress)
    head = list(islice(lines, _HEAD_LINES))
    if not head:
        raise unreadable(path, "the file is empty", _header_rule(headings))
    at, names = _header(head, frozenset(headings.known))
    if any(any(cell.strip() for cell in cells) for _, cells in head[:at]):
        remarks.say(f"the header is in line {head[at][0]}, and what stands above was passed over")
    if headings.only:
        _check(path, head[at][0], names, headings)
    else:
        _check_mapped(path, head[at][0], names, headings)
    wanted = frozenset(headings.known)
    return Sheet(path, names, chain(head[at + 1 :], lines), remarks, wanted)


def lines_of(
    path: Path,
    known: Collection[str],
    remarks: Remarks,
    sheet: str | None = None,
    progress: Progress | None = None,
) -> Iterator[Line]:
    """Every line as it stands, the header among them; raises UnreadableSheet."""
    kind = path.suffix.lower()
    try:
        if kind == ".csv":
            yield from csv_lines(path, frozenset(known), remarks, progress)
        elif kind == ".xlsx":
            yield from workbook_lines(path, sheet, remarks, progress)
        else:
            raise unreadable(path, f"files named {kind or 'so'} are not read", _KINDS)
    except OSError as error:
        what = f"the file cannot be opened ({error.strerror})"
        raise unreadable(path, what, "Check its name") from error


def answers_of(question: str, names: Iterable[str]) -> dict[str, str]:
    """heading -> answer, of the 0/1 columns into which a question was split."""
    return {
        name: name[len(question) + 1 :]
        for name in names
        if name.startswith(question) and name[len(question) : len(question) + 1] in _SPLIT
    }


def _header(head: Sequence[Line], known: frozenset[str]) -> tuple[int, list[str]]:
    best, most = 0, 1  # one known word alone may be anybody's
    for at in range(len(head)):
        hits = len(known.intersection(_names(head, at, known)))
        if hits > most:
            best, most = at, hits
    return best, _names(head, best, known)


def _names(head: Sequence[Line], at: int, known: frozenset[str]) -> list[str]:
    names = [_heading(cell) for cell in head[at][1]]
    above = [_heading(cell) for cell in head[at - 1][1]] if at else []
    if any(name in known for name in names):
        names = [
            upper if not name and upper in known else name
            for name, upper in zip_longest(names, above, fillvalue="")
        ]
    while len(names) > 1 and not names[-1]:
        names.pop()  # spreadsheets leave empty columns at the end
    return names


def _heading(cell: str) -> str:
    """A heading as it is compared and shown: it may hold anything, and goes to a terminal."""
    if not cell.isascii():
        known = cell.encode("utf-8", "surrogateescape")
        cell = cell if _is_utf8(known) else known.decode("cp1252", "replace")
        cell = unicodedata.normalize("NFC", cell)
    name = _SPACE.sub(" ", cell).strip()
    return name if name.isprintable() else "".join(c if c.isprintable() else "?" for c in name)


def _is_utf8(raw: bytes) -> bool:
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def tidy(cell: str, line: int, column: str, remarks: Remarks) -> str:
    """A cell as it is meant: trimmed, in NFC, without the apostrophe that guards a formula."""
    if not cell.isascii():
        cell = unicodedata.normalize("NFC", mended(cell, line, column, remarks))
    cell = cell.strip()
    return unguarded(cell) if cell.startswith("'") else cell


def _check(path: Path, line: int, names: Sequence[str], headings: Headings) -> None:
    known = headings.known
    allowed = {*known, PROBLEM}
    if allowed.isdisjoint(names):
        # What stands there may be the first row of people: it is not repeated.
        what = "none of its headings is known"
        raise unreadable(path, what, f"{_header_rule(headings)}, or use --map (see --suggest-map)")
    errors = [
        RowError(path.name, line, _shown(name), "is not a known column", fix)
        for name in names
        if name not in allowed
        for fix in [_instead(name, known)]
    ]
    errors += _twice(path, line, names, allowed)
    errors += [
        RowError(path.name, line, name, "is missing", fix)
        for name in known
        if name in headings.required and name not in names
        for fix in [_ADD_FILLED if name in headings.filled else _ADD]
    ]
    if errors:
        raise UnreadableSheet(*errors)


def _check_mapped(path: Path, line: int, names: Sequence[str], headings: Headings) -> None:
    errors = _twice(path, line, names, set(headings.known))
    if not any(name in names or answers_of(name, names) for name in headings.known):
        what = "none of the headings that the mapping names is in it"
        raise unreadable(path, what, "Check that the file has a header line and the map is for it")
    errors += [
        RowError(path.name, line, name, "is in the mapping and not in the file", fix)
        for name in sorted(headings.required)
        if name not in names and not answers_of(name, names)
        for fix in [_instead(name, [one for one in names if one])]
    ]
    if errors:
        raise UnreadableSheet(*errors)


def _twice(path: Path, line: int, names: Sequence[str], known: set[str]) -> list[RowError]:
    return [
        RowError(path.name, line, name, "is there twice", "Keep one of them")
        for name in sorted({name for name in names if names.count(name) > 1 and name in known})
    ]


def _shown(name: str) -> str:
    """A heading in an error: a long one is a text that stands where the header should."""
    if not name:
        return "(without a name)"
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…"


def _header_rule(headings: Headings) -> str:
    needed = [name for name in headings.known if name in headings.required]
    return f"Write the headings above the rows, at least {','.join(needed)}"


def _instead(name: str, known: Sequence[str]) -> str:
    near = get_close_matches(name.casefold().replace(" ", "_"), known, n=1, cutoff=0.5)
    if near:
        return f"Write {near[0]}, if that is meant"
    return f"Known columns are {', '.join(known)}, or use --map (see --suggest-map)"
