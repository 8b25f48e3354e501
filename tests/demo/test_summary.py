"""The demo's last words."""

from carealert.demo.summary import render
from carealert.services.ports.summary import Outcome

OUTCOME = Outcome(
    warnings={"Actual Alert": 2, "Exercise Alert": 1},
    residents_matched=1200,
    facilities_matched=30,
    notices_by_priority={"life_threatening": 900, "urgent": 50},
    notices_by_channel={"sms": 950},
    notices_by_language={"bn": 800, "en": 150},
    notices_by_kind={"alert": 950},
    notices_by_state={"sent": 940, "failed": 10},
    segments=1900,
    delivered=930,
    answered=700,
    escalated=80,
    open_tasks=12,
    not_sent={"no_phone": 40, "nothing_changed": 900},
    subjects={"safe": 700, "with_desk": 12},
)


def test_the_summary_shows_every_count_with_its_words() -> None:
    lines = {line[:20].strip(): line[20:].split(maxsplit=1) for line in render(OUTCOME).split("\n")}
    assert lines["Warnings read"] == ["3", "Actual Alert 2, Exercise Alert 1"]
    assert lines["Residents matched"] == ["1,200"]
    assert lines["Facilities matched"] == ["30"]
    assert lines["Notices"] == ["950", "sent 940, failed 10"]
    assert " ".join(lines["by priority"]) == "life_threatening 900, urgent 50"
    assert " ".join(lines["by channel"]) == "sms 950"
    assert " ".join(lines["by language"]) == "bn 800, en 150"
    assert lines["SMS segments"] == ["1,900"]
    assert lines["Delivered"] == ["930"]
    assert lines["Answered"] == ["700"]
    assert lines["Escalated"][0] == "80"
    assert lines["With the city desk"] == ["12", "open tasks"]
    assert lines["Not sent"] == ["940", "no_phone 40, nothing_changed 900"]
    assert lines["Where they stand"] == ["712", "safe 700, with_desk 12"]


def test_an_empty_store_is_summed_up_in_words_too() -> None:
    text = render(Outcome())
    assert "Warnings read              0  none" in text
    assert all(line == line.rstrip() for line in text.split("\n"))
