"""The figures of a benchmark's last run, as tables for the pages that show them."""

import json
from pathlib import Path
from typing import Any

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
RESULTS = BENCHMARKS / "results" / "match.json"
_BEGIN, _END = "<!-- figures of match -->\n", "<!-- end of figures -->\n"
_COLUMNS = {
    "sqlite_cells": "SQLite",
    "postgresql_cells": "PostgreSQL",
    "memory_cells": "In memory",
    "geopandas_sjoin": "GeoPandas `sjoin`",
    "shapely_vectorised": "Shapely, vectorised",
    "postgis_gist": "PostGIS",
}
_AIMS = {
    "sqlite_cells": ("geopandas_sjoin", "postgis_gist"),
    "postgresql_cells": ("geopandas_sjoin", "postgis_gist"),
    "memory_cells": ("geopandas_sjoin", "shapely_vectorised"),
}


def with_figures(page: str) -> str:
    """The page with the tables of the last run between its two marks."""
    before, rest = page.split(_BEGIN)
    _, after = rest.split(_END)
    return f"{before}{_BEGIN}\n{_tables()}\n{_END}{after}"


def _tables() -> str:
    lines = [json.loads(line) for line in RESULTS.read_text().splitlines()]
    sizes = [line for line in lines if line["benchmark"] == "match"]
    [growth] = [line for line in lines if line["benchmark"] == "match_growth"]
    return "\n".join((*_times(sizes), "", *_ratios(sizes), "", *_growth(growth)))


def _times(sizes: list[dict[str, Any]]) -> list[str]:
    found = [
        "Shortest times in ms:",
        "",
        _row("Residents", "question", "found", *_COLUMNS.values()),
    ]
    found.append(_row(*["---"] * (3 + len(_COLUMNS))))
    for line in sizes:
        for name, one in line["asked"].items():
            times = (one["ms"].get(design, {}).get("min") for design in _COLUMNS)
            shown = ("-" if ms is None else f"{ms:,.1f}" for ms in times)
            found.append(_row(f"{line['residents']:,}", name, f"{one['found']:,}", *shown))
    return found


def _ratios(sizes: list[dict[str, Any]]) -> list[str]:
    pairs = [(own, other) for own, others in _AIMS.items() for other in others]
    heads = (f"{_COLUMNS[own]} than {_COLUMNS[other]}" for own, other in pairs)
    found = ["How many times faster:", "", _row("Residents", "question", *heads)]
    found.append(_row(*["---"] * (2 + len(pairs))))
    for line in sizes:
        for name, one in line["asked"].items():
            times = (one["times_faster"].get(f"{own} than {other}") for own, other in pairs)
            shown = ("-" if ratio is None else f"{ratio:g}" for ratio in times)
            found.append(_row(f"{line['residents']:,}", name, *shown))
    return found


def _growth(line: dict[str, Any]) -> list[str]:
    small, large = line["residents"]
    ours = list(_AIMS)
    heads = (f"{_COLUMNS[own]}, {what}" for own in ours for what in ("in all", "a person found"))
    found = [f"How many times as long {large:,} take as {small:,}:", "", _row("question", *heads)]
    found.append(_row(*["---"] * (1 + 2 * len(ours))))
    for name, times in line["times"].items():
        shown = (f"{times[own][key]:g}" for own in ours for key in ("all", "per_person"))
        found.append(_row(name, *shown))
    return found


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"
