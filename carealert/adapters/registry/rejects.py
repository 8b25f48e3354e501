"""The rows that must be mended, as a file of their own: the same columns, and what is wrong.

It is mended and imported like any other file: the column `problem` is passed over then.
"""

import csv
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from carealert.adapters.file_errors import RowError
from carealert.adapters.registry.escaping import guarded
from carealert.adapters.registry.files import Scan
from carealert.adapters.registry.remarks import Remarks
from carealert.adapters.registry.sheets import PROBLEM, open_sheet, tidy

_LONGEST = 500


@contextmanager
def private_csv(path: Path) -> Iterator[IO[str]]:
    """A new text file that only its owner may read, in UTF-8 as spreadsheets expect it."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    with os.fdopen(os.open(path, flags, 0o600), "w", encoding="utf-8-sig", newline="") as file:
        path.chmod(0o600)
        yield file


def write_rejects(scan: Scan[Any], target: Path) -> int:
    """Write the rows with errors; how many there are. Raises UnreadableSheet and OSError."""
    problems = scan.rejected()
    if not problems or scan.headings is None:
        return 0
    source, remarks = scan.source, Remarks(scan.source.label)
    sheet = open_sheet(source.path, scan.headings, remarks, sheet=source.sheet)
    names = [name for name in sheet.names if name != PROBLEM]
    kept = [n for n, name in enumerate(sheet.names) if name != PROBLEM]
    with private_csv(target) as file:
        writer = csv.writer(file, lineterminator="\r\n")
        writer.writerow([guarded(name) for name in names] + [PROBLEM])
        for line, cells in sheet.lines:
            if line in problems:
                tidied = [tidy(cell, line, "", remarks) for cell in cells]
                row = [tidied[n] if n < len(tidied) else "" for n in kept]
                spare = tidied[len(sheet.names) :]  # to be put where it belongs
                writer.writerow(_safe([*row, _sentence(problems[line]), *spare]))
    return len(problems)


def _safe(cells: Iterable[str]) -> list[str]:
    """Bytes that nobody understood are shown as question marks."""
    return [guarded(cell.encode("utf-8", "replace").decode()) for cell in cells]


def _sentence(errors: Sequence[RowError]) -> str:
    parts = [f"{one.column}: {one.what}. {one.fix}." if one.column else one.what for one in errors]
    text = " ".join(parts)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
