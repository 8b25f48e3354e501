"""The file of hazards and their crosswalk: tab-separated with a header, UTF-8."""

import csv
from pathlib import Path

from carealert.domain.hazard_table import HazardTable


def load_hazard_table(path: Path) -> HazardTable:
    """Read `hazards.tsv`; a row whose code is not a Hazard raises ValueError naming the file."""
    with path.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines, delimiter="\t", restval=""))
    try:
        return HazardTable(rows)
    except (ValueError, KeyError) as error:
        raise ValueError(f"{path}: {error}; each row needs a code of the closed list") from error
