"""The files that give messages their meaning: tab-separated with a header, UTF-8.

`hazards.tsv` is the list of hazards with its crosswalk, `severity.tsv` what a source's own grades
are worth, `time_rules.tsv` what is made of times that say too little. A file of the same name in
the office's own rules folder takes the shipped one's place; its `hazards.yaml` adds to the list.
"""

import csv
from collections.abc import Sequence
from pathlib import Path

from carealert.adapters.hazard_words import NAME, read_hazard_words
from carealert.domain.hazard_table import HazardTable
from carealert.domain.meaning import Interpreter
from carealert.domain.severity_table import SeverityTable
from carealert.domain.time_rules import TimeRules


def load_interpreter(folders: Sequence[Path]) -> Interpreter:
    """The tables in the first of `folders` that has each; raises ValueError naming the file."""
    return Interpreter(
        _with_words(load_hazard_table(_first(folders, "hazards.tsv")), folders),
        load_severity_table(_first(folders, "severity.tsv")),
        load_time_rules(_first(folders, "time_rules.tsv")),
    )


def _with_words(table: HazardTable, folders: Sequence[Path]) -> HazardTable:
    """The table with the office's own words and codes after its rows; raises InvalidRules."""
    own = next((path for folder in folders if (path := folder / NAME).exists()), None)
    if own is None:
        return table
    rows = _rows(_first(folders, "hazards.tsv"))
    return HazardTable([*rows, *read_hazard_words(own, table.meanings)])


def load_hazard_table(path: Path) -> HazardTable:
    """Read `hazards.tsv`; a row whose code is not a Hazard raises ValueError naming the file."""
    rows = _rows(path)
    try:
        return HazardTable(rows)
    except (ValueError, KeyError) as error:
        raise ValueError(f"{path}: {error}; each row needs a code of the closed list") from error


def load_severity_table(path: Path) -> SeverityTable:
    """Read `severity.tsv`; a row that cannot be understood raises ValueError naming the file."""
    try:
        return SeverityTable(_rows(path))
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error


def load_time_rules(path: Path) -> TimeRules:
    """Read `time_rules.tsv`; a row that cannot be understood raises ValueError naming the file."""
    try:
        return TimeRules(_rows(path))
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error


def _first(folders: Sequence[Path], name: str) -> Path:
    return next(path for folder in folders if (path := folder / name).exists())


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines, delimiter="\t", restval=""))
