"""CSV files as numbered rows of cells, in the encodings and with the separators that offices use.

The rule of encodings: a byte order mark of UTF-16 or UTF-8 is believed; everything else is UTF-8.
A cell that is not UTF-8 is Windows-1252, unless one of its words consists of accented letters
alone (two or more), of more accented than plain ones (three or more), or has three of them in a
row: so look other alphabets in their old encodings. Then the cell is refused. Both happen cell by
cell, because lists are pasted together from several files.
"""

import codecs
import csv
import io
import re
from collections.abc import Callable, Collection, Iterator
from pathlib import Path

from carealert.adapters.file_errors import RowError
from carealert.adapters.registry.remarks import Remark, Remarks

Line = tuple[int, list[str]]
Progress = Callable[[float], None]

_HEAD = 64 * 1024
_HEAD_LINES = 12
_SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs"}
_STEP = 1000
_ESCAPED = re.compile("[\udc80-\udcff]")
_PLAIN = re.compile("[A-Za-z0-9]")
_ACCENTED = re.compile("[À-ÖØ-öø-ÿŠšŽžŸŒœƒªº¡-¿]")
_AROUND = "«»¿¡“”‘’„‚().,;:!?\"'"
_LONG_RUN = re.compile("[À-ÖØ-öø-ÿŠšŽžŸŒœƒ]{3}")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
#: UTF-8 that was taken for Windows-1252 and written as UTF-8 once more.
_TWICE = re.compile("[ÂÃ][\u0080-\u00bf]|à[¦§]|Ã[‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]")


class UnreadableSheet(Exception):
    """The file as a whole cannot be read; `errors` say why."""

    def __init__(self, *errors: RowError) -> None:
        super().__init__("; ".join(str(error) for error in errors))
        self.errors = errors


def unreadable(path: Path, what: str, fix: str, line: int | None = None) -> UnreadableSheet:
    """One thing that is wrong with the whole file."""
    return UnreadableSheet(RowError(path.name, line, None, what, fix))


def csv_lines(
    path: Path, known: Collection[str], remarks: Remarks, progress: Progress | None = None
) -> Iterator[Line]:
    """The rows of the file, cells as they stand; raises UnreadableSheet and OSError.

    `known` headings tell the separator. Bytes that are no UTF-8 come as surrogate escapes: see
    `mended`.
    """
    encoding = _encoding(path)
    separator = _separator(path, encoding, known)
    if separator != ",":
        remarks.say(f"its cells are separated by {_SEPARATORS[separator]}")
    size = max(path.stat().st_size, 1)
    line = 1
    with path.open("rb") as raw:
        errors = "strict" if encoding == "utf-16" else "surrogateescape"
        text = io.TextIOWrapper(raw, encoding, errors, newline="")
        try:
            if "\x00" in text.readline():
                raise unreadable(path, "the file is not a text", "Use a .csv file or an .xlsx file")
            text.seek(0)
            reader = csv.reader(text, delimiter=separator, strict=True)
            for cells in reader:
                yield line, cells
                line = reader.line_num + 1  # a quoted cell may have taken several lines
                if progress and line % _STEP == 0:
                    progress(raw.tell() / size)
        except csv.Error as error:
            fix = "Close every quoted cell, and write a quotation mark inside one twice"
            what = f"the quotation marks do not fit ({error})"
            if "field larger" in str(error):  # the usual cause is a mark that is never closed
                what = f"the cell that begins here has more than {csv.field_size_limit()} letters"
            raise unreadable(path, what, fix, line) from error
        except UnicodeDecodeError as error:
            what = "the file begins as UTF-16 and does not go on so"
            raise unreadable(path, what, "Save it as 'CSV UTF-8'") from error


def mended(cell: str, line: int, column: str, remarks: Remarks) -> str:
    """The text of a cell with bytes that are no UTF-8; where they cannot be told it stays."""
    if _ESCAPED.search(cell):
        try:
            text = cell.encode("utf-8", "surrogateescape").decode("cp1252")
        except (UnicodeDecodeError, UnicodeEncodeError):
            return cell
        if _CONTROL.search(text) or any(_is_foreign(word) for word in text.split()):
            return cell
        remarks.add(Remark.WINDOWS_1252, line, column)
        return text
    if _TWICE.search(cell):
        remarks.add(Remark.TWICE_ENCODED, line, column)
    return cell


def _is_foreign(word: str) -> bool:
    word = word.strip(_AROUND)
    accented, plain = len(_ACCENTED.findall(word)), len(_PLAIN.findall(word))
    if _LONG_RUN.search(word):
        return True
    return (accented > 1 and not plain) or (accented > 2 and accented > plain)


def _encoding(path: Path) -> str:
    with path.open("rb") as file:
        start = file.read(2)
    return "utf-16" if start in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) else "utf-8-sig"


def _separator(path: Path, encoding: str, known: Collection[str]) -> str:
    """The separator under which one of the first lines has the most known headings."""
    with path.open(encoding=encoding, errors="replace", newline="") as file:
        head = file.read(_HEAD).splitlines()[:_HEAD_LINES]

    def hits(separator: str) -> int:
        cells = ([cell.strip(' "') for cell in line.split(separator)] for line in head)
        return max((sum(cell in known for cell in line) for line in cells), default=0)

    best = max(_SEPARATORS, key=hits)
    return best if hits(best) > 1 else ","
