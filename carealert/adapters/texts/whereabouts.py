"""From a problem of the check to the file and the line that an author opens in an editor."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from carealert.adapters.file_errors import RowError
from carealert.domain.sms import normalise

#: Files of a language whose words end up in its templates' texts, by what the tag fills in.
_FILLED_FROM = ("sms/{tag}/words.yaml", "checklists/{tag}.json")


def located(problem: RowError, folders: Sequence[Path]) -> RowError:
    """`problem` with its real file, and with the line where one can be told.

    The check names a file as it is called inside a folder of templates. A word that it complains
    of may come from the language's words or checklists: then those are named.
    """
    found = list(_files(problem.file, folders))
    if problem.line is not None or not found:
        return problem
    line = next((at for at in (_line(path, problem.what) for path in found) if at[1]), None)
    if line is not None:
        return replace(problem, file=str(line[0]), line=line[1])
    return _from_elsewhere(replace(problem, file=str(found[0])), problem.file, folders)


def tag_of(name: str) -> str:
    """The language of a file as it is called inside a folder: of `sms/bn/desk.txt.j2`, bn."""
    parts = name.split("/")
    return parts[1] if len(parts) > 2 else parts[-1].partition(".")[0]


def _files(name: str, folders: Sequence[Path]) -> Iterator[Path]:
    return (folder / name for folder in folders if (folder / name).is_file())


def _line(path: Path, what: str) -> tuple[Path, int | None]:
    """The line of a list's item, or the first that holds what is complained of."""
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    if (item := _ITEM.search(what)) is not None:
        return path, _line_of_item(lines, item[1], item[2])
    for said in (*_QUOTED.findall(what), *_BRACED.findall(what)):
        for number, line in enumerate(lines, start=1):
            if said.casefold() in normalise(line).casefold():
                return path, number
    return path, None


def _line_of_item(lines: Sequence[str], checklist: str, number: str | None) -> int | None:
    """Where a checklist begins, or one item of it, in a file with one value a line."""
    begin = _first(lines, re.compile(rf'"id":\s*"{re.escape(checklist)}"'), 0)
    if begin is None or number is None:
        return begin
    return _first(lines, re.compile(rf'"n":\s*{number}\b'), begin - 1) or begin


def _first(lines: Sequence[str], pattern: re.Pattern[str], start: int) -> int | None:
    found = (n for n in range(start, len(lines)) if pattern.search(lines[n]))
    first = next(found, None)
    return None if first is None else first + 1


def _from_elsewhere(problem: RowError, name: str, folders: Sequence[Path]) -> RowError:
    """A word that no line of the template holds was filled in: say from where."""
    for pattern in _FILLED_FROM:
        for path in _files(pattern.format(tag=tag_of(name)), folders):
            _, line = _line(path, problem.what)
            if line is not None:
                return replace(problem, what=f"{problem.what}; it comes from {path}, line {line}")
    return problem


_QUOTED = re.compile(r"'([^']+)'")
_BRACED = re.compile(r"(\{\w+\}) is not filled in")
_ITEM = re.compile(r"\blist ([\w-]+)(?:, item (\d+):| has other items)")
