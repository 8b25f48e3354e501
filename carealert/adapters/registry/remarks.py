"""What was understood of a file although it was not written plainly: counted, and said once."""

from dataclasses import dataclass, field
from enum import StrEnum


class Remark(StrEnum):
    """A kindness to the file; the sentence tells what was done."""

    WINDOWS_1252 = "not in UTF-8 and read as Windows-1252 (Western European): look at the accents"
    TWICE_ENCODED = "that may have been encoded twice (signs such as Ã): look at the accents"
    DAY_NUMBER = "with a spreadsheet's day number, read as the date that it stands for"
    TIME_FRACTION = "with a spreadsheet's fraction of a day, read as the time that it stands for"
    YEAR_OF_DATE = "with a whole date, of which the year was kept"


@dataclass(slots=True)
class Remarks:
    """The remarks about one file, by kind and column."""

    file: str
    _found: dict[tuple[Remark, str], tuple[int, int]] = field(default_factory=dict)
    _whole: list[str] = field(default_factory=list)

    def add(self, remark: Remark, line: int, column: str) -> None:
        """Count one cell; the first line stays known."""
        count, first = self._found.get((remark, column), (0, line))
        self._found[remark, column] = count + 1, first

    def say(self, sentence: str) -> None:
        """A remark about the file as a whole: a sentence without its full stop."""
        if sentence not in self._whole:
            self._whole.append(sentence)

    def sentences(self) -> tuple[str, ...]:
        """One sentence for each; none repeats what stands in a cell."""
        counted = (
            f"{self.file}, column {column}: {count} cell{'s' if count > 1 else ''} {remark.value} "
            f"(first in line {first})."
            for (remark, column), (count, first) in self._found.items()
        )
        return (*(f"{self.file}: {sentence}." for sentence in self._whole), *counted)
