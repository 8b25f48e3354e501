"""A file of other columns read as ours: KoboToolbox and ODK exports, and any office's own list.

A mapping says which of their columns is which of ours, and which of their words is which of ours.
Multiple-choice questions that the export splits into one 0/1 column for each answer are put
together again, a point of "lat lon altitude accuracy" is taken apart, and the repeat group of a
household's caregivers is joined to its resident.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from carealert.adapters.registry.sheets import Headings, Row, answers_of

#: Our columns that hold several words, and of these the ones with a closed list of words.
_CLOSED = frozenset({"needs", "exposures", "consent_purposes"})
LISTS = _CLOSED | {"services", "relation", "role", "languages", "service_hours"}
_CHOSEN = frozenset({"1", "1.0", "true", "yes"})
_POINT = ("lat", "lon")


@dataclass(frozen=True, slots=True)
class Parent:
    """How a row of a repeat group names the row that it belongs to."""

    key: str  # the heading in the main sheet
    link: str  # the heading in the group's sheet


@dataclass(frozen=True, slots=True)
class Columns:
    """One kind of rows: our column -> their heading, our column -> their word -> our words."""

    columns: Mapping[str, str]
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    sheet: str | None = None
    parent: Parent | None = None
    #: Of caregivers that stand in their resident's row: the heading of the resident's ref.
    home: str | None = None

    @property
    def headings(self) -> Headings:
        """What the file's header must hold; a split question counts by its answers."""
        theirs = list(dict.fromkeys(self.columns.values()))
        theirs += [name for name in (self.home, self.parent and self.parent.link) if name]
        return Headings(theirs, frozenset(theirs), only=False)

    @property
    def shown(self) -> dict[str, str]:
        """Our column -> how errors call it."""
        return {
            ours: theirs if ours == theirs else f"{theirs} ({ours})"
            for ours, theirs in self.columns.items()
        }


class Translator:
    """Rows under their headings to rows under ours."""

    def __init__(self, columns: Columns, names: Sequence[str]) -> None:
        self._columns = columns
        self._values = {
            ours: {theirs.casefold(): word for theirs, word in words.items()}
            for ours, words in columns.values.items()
        }
        self._answers = {
            ours: found
            for ours, theirs in columns.columns.items()
            if ours in LISTS and (found := answers_of(theirs, names))
        }
        self.wanted: Collection[str] = {
            *columns.headings.known,
            *(name for found in self._answers.values() for name in found),
        }

    def rows(self, rows: Iterable[Row], parents: Mapping[str, str] | None) -> Iterator[Row]:
        """The rows in our columns. `parents`: key of the main row -> the resident's ref."""
        counted: dict[str, int] = {}
        for line, theirs in rows:
            ours = {column: self._cell(column, theirs) for column in self._columns.columns}
            if not any(ours.values()):
                continue  # a household without this caregiver
            for column, value in self._columns.constants.items():
                ours.setdefault(column, value)
            self._join(ours, theirs, parents, counted)
            yield line, ours

    def _join(
        self,
        ours: dict[str, str],
        theirs: Mapping[str, str],
        parents: Mapping[str, str] | None,
        counted: dict[str, int],
    ) -> None:
        """Whom a caregiver of a household cares for, and a ref made of it."""
        columns = self._columns
        if columns.home is not None:
            ours.setdefault("cares_for", theirs[columns.home])
        elif columns.parent is not None:
            link = theirs[columns.parent.link]
            ours.setdefault("cares_for", link if parents is None else parents.get(link, ""))
        home = ours.get("cares_for", "")
        if "ref" not in ours and home:
            counted[home] = counted.get(home, 0) + 1
            ours["ref"] = f"{home}/{counted[home]}"

    def _cell(self, column: str, theirs: Mapping[str, str]) -> str:
        heading = self._columns.columns[column]
        if column in self._answers:
            chosen = (
                answer
                for name, answer in self._answers[column].items()
                if theirs[name].casefold() in _CHOSEN
            )
            return ";".join(self._word(column, answer) for answer in chosen)
        value = theirs[heading]
        if column in _POINT and self._columns.columns.get(_POINT[column == "lat"]) == heading:
            parts = value.split()
            return parts[_POINT.index(column)] if len(parts) > 1 else value
        if column in LISTS:
            return self._list(column, value)
        return self._word(column, value)

    def _list(self, column: str, value: str) -> str:
        known = self._values.get(column, {})
        if value.casefold() in known:
            return self._word(column, value)
        parts = value.split(";")
        if len(parts) == 1 and column in _CLOSED:
            parts = value.replace(",", " ").split()  # as Kobo and ODK write several answers
        return ";".join(self._word(column, part.strip()) for part in parts if part.strip())

    def _word(self, column: str, value: str) -> str:
        return self._values.get(column, {}).get(value.casefold(), value)
