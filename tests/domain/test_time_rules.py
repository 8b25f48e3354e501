"""Times that say too little are read by rules that the officer can see."""

from datetime import UTC, datetime, timedelta

import pytest

from carealert.adapters.hazard_file import load_time_rules
from carealert.domain.time_rules import TimeRules, is_stale
from carealert.paths import shipped


def row(sender: str, rule: str, value: str) -> dict[str, str]:
    return {"sender": sender, "rule": rule, "value": value, "why": ""}


def test_a_rule_holds_for_the_senders_that_its_pattern_names() -> None:
    rules = TimeRules([row("*.gov.tw", "zone", "+08:00"), row("*", "ends", "eventEndingTime")])
    taiwan, other = rules.of("Desk@Water.GOV.TW"), rules.of("desk@gov.tw.example")
    assert datetime(2026, 5, 26, tzinfo=taiwan.zone).utcoffset() == timedelta(hours=8)
    assert taiwan.is_known_zone
    assert (other.zone, other.is_known_zone) == (UTC, False)
    assert taiwan.ends == other.ends == {"eventendingtime"}


def test_a_zone_may_be_west() -> None:
    zone = TimeRules([row("*", "zone", "-03:30")]).of("x").zone
    assert datetime(2026, 5, 26, tzinfo=zone).utcoffset() == -timedelta(hours=3, minutes=30)


@pytest.mark.parametrize(
    "wrong",
    [
        row("", "zone", "+08:00"),
        row("*", "zone", "8"),
        row("*", "zone", "+19:00"),
        row("*", "ends", ""),
        row("*", "life", "1"),
        {"sender": "*"},
    ],
)
def test_a_row_that_is_not_understood_is_named(wrong: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="line 3 is not understood"):
        TimeRules([row("*", "ends", "x"), wrong])


def test_an_hour_before_it_was_sent_is_stale() -> None:
    sent = datetime(2026, 5, 26, 12, tzinfo=UTC)
    assert not is_stale(sent - timedelta(hours=1), sent)
    assert is_stale(sent - timedelta(hours=1, seconds=1), sent)


def test_the_shipped_file_is_understood() -> None:
    rules = load_time_rules(shipped("rules") / "time_rules.tsv")
    assert "eventendingtime" in rules.of("w-nws.webmaster@noaa.gov").ends
