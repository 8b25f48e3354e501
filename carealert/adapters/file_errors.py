"""What is wrong with a file that a user brought: where, what, and how to mend it."""

from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class RowError:
    """One thing to mend. It never repeats a cell's content, which may be personal.

    `line` counts from 1 as an editor or spreadsheet shows it, and is None where there are no
    lines; `column` then names the part of the file, or is None where the whole file is meant.
    """

    file: str
    line: int | None
    column: str | None
    what: str
    fix: str

    def __str__(self) -> str:
        """`residents.csv, line 7, column phone: is not a possible number. Write it …`."""
        line = f"line {self.line}" if self.line is not None else None
        column = f"column {self.column}" if self.column and line else self.column
        where = ", ".join(part for part in (self.file, line, column) if part)
        return f"{where}: {self.what}. {self.fix}."


@dataclass(frozen=True, slots=True)
class Rows(Generic[T]):
    """All that a file holds, or all that is wrong with it: with errors there are no items."""

    items: tuple[T, ...]
    errors: tuple[RowError, ...]
    notes: tuple[str, ...] = ()
