"""After a whole story to a whole register, monitoring is told of nobody in it."""

import csv
from pathlib import Path

import requests

from carealert.demo import play
from carealert.demo.stage import Places, open_stage_here
from tests.support.demo_data import DEMO


def test_nobody_of_the_register_is_in_the_metrics_of_the_demo(tmp_path: Path) -> None:
    with (
        open_stage_here(Places(tmp_path)) as stage,
        play.write_script(stage, None) as script,
    ):
        play.register(stage, script)
        found = play.play_once(stage, script, lambda _: None)
        told = requests.get(f"{stage.url}/metrics", timeout=30).text

    assert found.delivered > 100
    assert "carealert_notices_ended" in told
    assert 'carealert_hook_seconds_count{code="204",hook="hooks/twilio/status"}' in told
    samples = "\n".join(line for line in told.splitlines() if not line.startswith("#"))
    cells = _personal_cells()
    assert len(cells) > 1000
    assert not [cell for cell in cells if cell in samples]


def _personal_cells() -> set[str]:
    """Every name, label, phone and ref of the register."""
    cells: set[str] = set()
    for file in (DEMO / "register").glob("*.csv"):
        with file.open(encoding="utf-8", newline="") as text:
            for row in csv.DictReader(text):
                cells |= {
                    value
                    for column, value in row.items()
                    if value and len(value) > 3
                    if column == "ref" or column.endswith(("name", "phone", "label"))
                }
    return cells
