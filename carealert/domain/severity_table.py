"""What a source's own grade of danger is worth in CAP's words, where CAP's word misleads.

Many agencies send one CAP severity for everything and say what they mean in a grade of their own.
The table is `rules/severity.tsv`, for the officer to read and to change.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from carealert.domain.warnings import SEVERITY_ORDER, Named, Severity


class Bound(StrEnum):
    """How a row meets the sender's own severity."""

    IS = "is"
    AT_LEAST = "at_least"
    AT_MOST = "at_most"


@dataclass(frozen=True, slots=True)
class Assessment:
    """A severity, and the row of the table that gave it."""

    severity: Severity
    evidence: str


@dataclass(frozen=True, slots=True)
class _Row:
    bound: Bound
    severity: Severity


#: VTEC's significance, NWS Directive 10-1703: W warning, A watch, Y advisory, S statement.
_VTEC = re.compile(r"/O\.[A-Z]{3}\.[A-Z]{4}\.[A-Z]{2}\.([A-Z])\.\d{4}")
_WORD = re.compile(r"[^;,\s]+")


class SeverityTable:
    """The table, ready to be asked. Immutable."""

    def __init__(self, rows: Iterable[Mapping[str, str]]) -> None:
        """Read rows of `rules/severity.tsv`; raises ValueError naming the row and its fault."""
        self._rows: dict[tuple[str, str], _Row] = {}
        for number, row in enumerate(rows, 2):
            try:
                found = _Row(Bound(row["bound"]), Severity(row["severity"]))
                key = (row["parameter"].casefold(), row["value"].casefold())
            except (KeyError, ValueError) as error:
                raise ValueError(
                    f"line {number} is not understood ({error}): give parameter, value, a bound of "
                    f"{', '.join(Bound)} and a severity of {', '.join(Severity)}"
                ) from error
            self._rows[key] = found
        self._names = frozenset(name for name, _ in self._rows)

    def assess(self, severity: Severity | None, parameters: Named) -> Assessment | None:
        """What the table makes of an info with these parameters; None where it has no say."""
        for name, value in parameters:
            plain = name.casefold()
            if plain not in self._names:
                continue
            for grade in _grades(plain, value):
                row = self._rows.get((plain, grade.casefold()))
                if row is not None:
                    found = _bounded(severity, row)
                    return Assessment(found, f"{name} {grade}: {row.bound.value} {row.severity}")
        return None


def _grades(name: str, value: str) -> list[str]:
    """The whole value, its first word (`3; orange; Severe`), or VTEC's significance."""
    if name == "vtec":
        return _VTEC.findall(value)[:1]
    first = _WORD.match(value.strip())
    return [value.strip(), *([first[0]] if first else ())]


def _bounded(severity: Severity | None, row: _Row) -> Severity:
    """More severe stands first in the order; an unknown severity sets no bound of its own."""
    if row.bound is Bound.IS or severity in (None, Severity.UNKNOWN):
        return row.severity
    pick = min if row.bound is Bound.AT_LEAST else max
    return pick(severity, row.severity, key=SEVERITY_ORDER.index)
