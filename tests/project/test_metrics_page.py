"""The page and the alert rules name the metrics that there are, all of them and no other."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from carealert.adapters.db.outbox_rows import DRILL_LANE, lane_name
from carealert.domain.rules import Priority
from carealert.web.metrics import GAUGES, HOOK_SECONDS

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs/how-to/watch-with-prometheus.md"
ALERTS = ROOT / "docs/examples/alerts.yml"
KNOWN = {name: labels for name, (_, labels) in GAUGES.items()} | {HOOK_SECONDS[0]: HOOK_SECONDS[2]}
LANES = {lane_name(lane) for lane in (*Priority, DRILL_LANE)}


def rules() -> list[dict[str, Any]]:
    (group,) = yaml.safe_load(ALERTS.read_text())["groups"]
    return list(group["rules"])


def test_the_table_has_each_metric_with_its_labels_and_meaning() -> None:
    rows = re.findall(r"^\| `carealert_(\w+)` \| (.*?) \| (.*) \|$", PAGE.read_text(), re.MULTILINE)
    told = {name: (tuple(re.findall(r"`(\w+)`", labels)), said) for name, labels, said in rows}
    meanings = {name: (labels, said) for name, (said, labels) in GAUGES.items()}
    meanings[HOOK_SECONDS[0]] = (HOOK_SECONDS[2], f"{HOOK_SECONDS[1]} A histogram.")
    assert told == meanings


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: str(rule["alert"]))
def test_an_alert_asks_for_metrics_that_there_are_and_says_what_to_do(rule: dict[str, Any]) -> None:
    asked = re.findall(r"carealert_(\w+)", rule["expr"])
    assert {name.removesuffix("_bucket") for name in asked} <= set(KNOWN)
    for name, wanted in re.findall(r"carealert_(\w+)\{(\w+)=", rule["expr"]):
        assert wanted in KNOWN[name]
    assert set(re.findall(r'lane="(\w+)"', rule["expr"])) <= LANES
    shown = re.findall(r"\$labels\.(\w+)", rule["annotations"]["summary"])
    assert set(shown) <= {label for name in asked for label in KNOWN.get(name, ())}
    assert rule["labels"]["severity"] in ("page", "ticket")
    assert rule["annotations"]["action"]


def test_each_thing_that_must_not_be_has_its_alert() -> None:
    asked = {name for rule in rules() for name in re.findall(r"carealert_(\w+)", rule["expr"])}
    assert asked >= {
        "queue_oldest_seconds",
        "unknown_oldest_seconds",
        "timers_late_seconds",
        "audit_age_seconds",
        "delivery_ratio",
        "feed_heard",
        "sender_failures",
    }
