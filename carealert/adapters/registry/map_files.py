"""Mapping files in YAML or TOML: which of their columns and words are which of ours.

sheet: Household                 # in a workbook; the first one without it
columns:
  ref: _uuid
  needs: care/needs              # one column, or one 0/1 column for each answer
  lat: _home_latitude
values:
  needs: {dialise: dialysis}
constants:
  language: pt-BR
caregivers:                      # the repeat group, or columns of the same row without sheet
  sheet: carers
  parent: {key: _index, link: _parent_index}
  columns: {name: carer_name, phone: carer_phone, consent_purposes: agrees}
"""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from carealert.adapters.file_errors import RowError
from carealert.adapters.registry.csv_text import UnreadableSheet
from carealert.adapters.registry.files import (
    CAREGIVER_COLUMNS,
    FACILITY_COLUMNS,
    REQUIRED_OF,
    RESIDENT_COLUMNS,
)
from carealert.adapters.registry.mapping import Columns, Parent
from carealert.adapters.rules.strict_yaml import InvalidRules, parse_document

_OURS = {
    "residents": RESIDENT_COLUMNS,
    "caregivers": (*CAREGIVER_COLUMNS, "consent_giver"),
    "facilities": FACILITY_COLUMNS,
}
_PARTS = ("sheet", "columns", "values", "constants")
_PARENT = Parent("_index", "_parent_index")  # as KoboToolbox writes them
#: Nobody agrees for a whole list of people.
_NEVER_CONSTANT = frozenset({"ref", "phone", "consent_purposes"})


@dataclass(frozen=True, slots=True)
class FileMap:
    """What a mapping file says of each kind of rows; None where it says nothing."""

    residents: Columns | None = None
    caregivers: Columns | None = None
    facilities: Columns | None = None


def read_map(path: Path, *, facilities: bool = False) -> FileMap:
    """The mapping of this file; raises UnreadableSheet with everything that is wrong with it.

    The upper level is about residents, or with `facilities` about those.
    """
    reader = _Reader(path.name)
    data = _data(path)
    kind = "facilities" if facilities else "residents"
    allowed = _PARTS if facilities else (*_PARTS, "caregivers")
    main = reader.columns(kind, data, allowed, "") if "columns" in data or facilities else None
    carers = None
    if not facilities and "caregivers" in data:
        block = data["caregivers"]
        if isinstance(block, Mapping):
            carers = reader.columns("caregivers", block, (*_PARTS, "parent"), "caregivers.")
        else:
            reader.wrong("caregivers", "is not a group of settings", "Give it columns")
    if main is None and carers is None and not reader.errors:
        reader.wrong("columns", "is missing", "Say which of their columns is which of ours")
    if reader.errors:
        raise UnreadableSheet(*reader.errors)
    if carers is not None and main is not None:
        carers = _joined(carers, main)
    return FileMap(None if facilities else main, carers, main if facilities else None)


def _joined(carers: Columns, main: Columns) -> Columns:
    """How caregivers of this file find their resident, where nothing else is said."""
    if "cares_for" in carers.columns or carers.parent is not None:
        return carers
    if carers.sheet is not None:
        return _with(carers, parent=_PARENT)
    return _with(carers, sheet=main.sheet, home=main.columns["ref"])


def _with(columns: Columns, **changes: Any) -> Columns:
    parts = {name: getattr(columns, name) for name in Columns.__dataclass_fields__}
    return Columns(**(parts | changes))


def _data(path: Path) -> Mapping[str, Any]:
    try:
        body = path.read_bytes()
        if path.suffix.lower() == ".toml":
            found: Any = tomllib.loads(body.decode())
        else:
            found = parse_document(body, path.name).data
    except OSError as error:
        what = f"the file cannot be opened ({error.strerror})"
        raise _whole(path, what, "Check its name") from error
    except InvalidRules as error:
        first = error.problems[0]
        fix = "Mend the line"
        problem = RowError(path.name, first.line, None, first.what.rstrip("."), fix)
        raise UnreadableSheet(problem) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise _whole(path, f"the file is not TOML ({error})", "Mend it") from error
    if not isinstance(found, Mapping):
        raise _whole(path, "the file is not a mapping", "It begins with 'columns:'")
    return found


def _whole(path: Path, what: str, fix: str) -> UnreadableSheet:
    return UnreadableSheet(RowError(path.name, None, None, what, fix))


@dataclass(slots=True)
class _Reader:
    file: str
    errors: list[RowError] = field(default_factory=list)

    def wrong(self, where: str, what: str, fix: str) -> None:
        self.errors.append(RowError(self.file, None, where, what, fix))

    def columns(
        self, kind: str, data: Mapping[str, Any], allowed: Sequence[str], at: str
    ) -> Columns:
        for name in data:
            if name not in allowed:
                self.wrong(f"{at}{name}", "is not known", f"Known are {', '.join(allowed)}")
        ours = _OURS[kind]
        found = Columns(
            dict(self._texts(data, "columns", ours, at)),
            {
                column: dict(self._texts({column: words}, column, None, f"{at}values."))
                for column, words in self._group(data, "values", at).items()
                if self._is_ours(column, ours, f"{at}values.")
            },
            dict(self._texts(data, "constants", ours, at)),
            self._text(data, "sheet", at),
            self._parent(data, at),
        )
        self._check(kind, found, at)
        return found

    def _check(self, kind: str, found: Columns, at: str) -> None:
        given = found.columns.keys() | found.constants.keys()
        for name in sorted(REQUIRED_OF[kind] - given):
            self.wrong(f"{at}columns.{name}", "is missing", "Say which of their columns it is")
        for name in sorted(_NEVER_CONSTANT & found.constants.keys()):
            fix = "Map a column: each row has to say it for itself"
            self.wrong(f"{at}constants.{name}", "cannot be the same for everybody", fix)

    def _group(self, data: Mapping[str, Any], name: str, at: str) -> Mapping[str, Any]:
        group = data.get(name, {})
        if isinstance(group, Mapping):
            return group
        self.wrong(f"{at}{name}", "is not a group of names and values", "Write 'name: value'")
        return {}

    def _texts(
        self, data: Mapping[str, Any], name: str, ours: Sequence[str] | None, at: str
    ) -> Iterator[tuple[str, str]]:
        for key, value in self._group(data, name, at).items():
            if isinstance(value, Mapping | list | tuple):
                self.wrong(f"{at}{name}.{key}", "is not a text", "Give one heading or word")
            elif ours is None or self._is_ours(str(key), ours, f"{at}{name}."):
                yield _plain(key), _plain(value)

    def _is_ours(self, column: str, ours: Sequence[str], at: str) -> bool:
        if column in ours:
            return True
        near = get_close_matches(column, ours, n=1, cutoff=0.5)
        fix = (
            f"Write {near[0]}, if that is meant" if near else f"Known columns are {', '.join(ours)}"
        )
        self.wrong(f"{at}{column}", "is not a column of ours", fix)
        return False

    def _text(self, data: Mapping[str, Any], name: str, at: str) -> str | None:
        value = data.get(name)
        if value is not None and isinstance(value, Mapping | list | tuple):
            self.wrong(f"{at}{name}", "is not a text", "Give one name")
            return None
        return None if value is None else _plain(value)

    def _parent(self, data: Mapping[str, Any], at: str) -> Parent | None:
        group = dict(self._texts(data, "parent", ("key", "link"), at))
        if not group:
            return None
        return Parent(group.get("key", _PARENT.key), group.get("link", _PARENT.link))


def _plain(value: object) -> str:
    """What the officer wrote: YAML makes a truth of true, and a number of 1."""
    return str(value).lower() if isinstance(value, bool) else str(value)
