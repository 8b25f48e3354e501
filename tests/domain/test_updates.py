"""What of a later message is worth another text (rule G17)."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from carealert.domain.hazards import Hazard
from carealert.domain.notices import About
from carealert.domain.plan import Told
from carealert.domain.rules import Priority
from carealert.domain.updates import Hearing, what_changed
from carealert.domain.warnings import Severity
from tests.support.builders import a_draft, a_recipient, hours, minutes, some_facts

FACTS = some_facts()
TOLD = Told(a_recipient(), ("r1",), FACTS, Priority.URGENT, "rule-1", pending=False)


def changes(priority: Priority = Priority.URGENT, **facts: Any) -> tuple[str, ...]:
    return what_changed(TOLD, a_draft(priority=priority, facts=replace(FACTS, **facts)))


def test_the_same_again_is_no_news() -> None:
    assert changes() == ()


@pytest.mark.parametrize(
    ("facts", "word"),
    [
        ({"hazard": Hazard.STORM_SURGE}, "hazard"),
        ({"severity": Severity.EXTREME}, "severity"),
        ({"severity": Severity.MODERATE}, "severity"),
        ({"severity": None}, "severity"),
        ({"onset": FACTS.onset and FACTS.onset - hours(1)}, "starts"),
        ({"onset": None}, "starts"),
        ({"expires": FACTS.expires and FACTS.expires + hours(3)}, "ends"),
    ],
)
def test_what_changes_a_household_s_plan_is_news(facts: dict[str, Any], word: str) -> None:
    assert [word in change for change in changes(**facts)] == [True]


@pytest.mark.parametrize(
    "facts",
    [
        {"onset": FACTS.onset and FACTS.onset + minutes(59)},
        {"expires": FACTS.expires and FACTS.expires + hours(3) - timedelta(seconds=1)},
        {"event": "Cyclonic storm"},
        {"sender_name": "Another office"},
        {"places": {"en": "Elsewhere"}},
    ],
)
def test_a_re_issue_with_a_small_shift_is_no_news(facts: dict[str, Any]) -> None:
    assert changes(**facts) == ()


def test_a_more_urgent_lane_is_news_and_a_less_urgent_one_is_not() -> None:
    assert changes(priority=Priority.LIFE_THREATENING)
    assert not changes(priority=Priority.ROUTINE)


def test_another_person_to_care_for_is_news_and_one_fewer_is_not() -> None:
    more = a_draft(priority=Priority.URGENT, about=(About("r1", "A"), About("r2", "B")))
    assert what_changed(TOLD, more) == ("now also about r2",)
    of_two = replace(TOLD, about=("r1", "r2"))
    assert what_changed(of_two, a_draft(priority=Priority.URGENT)) == ()


def heard(hearing: Hearing, priority: Priority = Priority.URGENT, **facts: Any) -> tuple[str, ...]:
    return what_changed(TOLD, a_draft(priority=priority, facts=replace(FACTS, **facts)), hearing)


@pytest.mark.parametrize(
    ("facts", "news"),
    [
        ({}, False),
        ({"severity": Severity.EXTREME}, True),
        ({"severity": Severity.MODERATE}, False),
        ({"severity": None}, False),
        ({"hazard": Hazard.FLOOD}, True),
        ({"onset": FACTS.onset and FACTS.onset - hours(1)}, True),
        ({"onset": FACTS.onset and FACTS.onset + hours(9)}, False),
        ({"onset": None}, False),
        ({"expires": FACTS.expires and FACTS.expires + hours(9)}, True),
        ({"expires": FACTS.expires and FACTS.expires + hours(9), "sender_name": "Two"}, False),
        ({"priority": Priority.LIFE_THREATENING}, True),
        ({"priority": Priority.ROUTINE}, False),
    ],
)
def test_while_another_authority_s_warning_holds_only_what_is_worse_is_news(
    facts: dict[str, Any], *, news: bool
) -> None:
    assert bool(heard(Hearing.WORSE, **facts)) is news


def test_hazards_that_ask_the_same_are_no_news_from_another_sender() -> None:
    flood = replace(TOLD, facts=replace(FACTS, hazard=Hazard.FLOOD))
    after = a_draft(priority=Priority.URGENT, facts=replace(FACTS, hazard=Hazard.FLASH_FLOOD))
    assert what_changed(flood, after, Hearing.WORSE) == ()
    assert what_changed(flood, after) == ("hazard flood -> flash_flood",)


def test_an_estimate_beside_an_authority_is_news_about_new_people_only() -> None:
    changed = {"severity": Severity.EXTREME, "hazard": Hazard.FLOOD, "onset": None}
    assert heard(Hearing.NEWCOMERS, Priority.LIFE_THREATENING, **changed) == ()
    new = a_draft(priority=Priority.URGENT, facts=FACTS, about=(About("r9", None),))
    assert what_changed(TOLD, new, Hearing.NEWCOMERS) == ("now also about r9",)
