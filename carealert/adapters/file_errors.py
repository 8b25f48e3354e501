"""What is wrong with a file that a user brought: where, what, and how to mend it."""

from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")
_LONGEST_SHAPE = 24


@dataclass(frozen=True, slots=True)
class RowError:
    """One thing to mend. It never repeats a cell's content, which may be personal.

    `line` counts from 1 as an editor or spreadsheet shows it, and is None where there are no
    lines; `column` then names the part of the file, or is None where the whole file is meant.
    `shape` is what the cell looks like, as `shape_of` gives it.
    """

    file: str
    line: int | None
    column: str | None
    what: str
    fix: str
    shape: str | None = None

    def __str__(self) -> str:
        """`residents.csv, line 7, column lat: is not a number (looks like 99,9). Use …`."""
        line = f"line {self.line}" if self.line is not None else None
        column = f"column {self.column}" if self.column and line else self.column
        where = ", ".join(part for part in (self.file, line, column) if part)
        looks = f" (looks like {self.shape})" if self.shape else ""
        return f"{where}: {self.what}{looks}. {self.fix}."


def shape_of(text: str) -> str | None:
    """What a cell looks like: 9 for a digit, x for a letter, signs as they are; None if empty.

    It shows a comma for a point, or words for a number, and tells nobody's name or phone.
    """
    signs = "".join(map(_sign, text[: _LONGEST_SHAPE + 1]))
    return (signs if len(signs) <= _LONGEST_SHAPE else f"{signs[:_LONGEST_SHAPE]}…") or None


def _sign(character: str) -> str:
    if character.isdigit():
        return "9"
    if character.isascii() and character.isprintable() and not character.isalpha():
        return character
    return "X" if character.isupper() else "x"


@dataclass(frozen=True, slots=True)
class Rows(Generic[T]):
    """All that a file holds, or all that is wrong with it: with errors there are no items."""

    items: tuple[T, ...]
    errors: tuple[RowError, ...]
    notes: tuple[str, ...] = ()
