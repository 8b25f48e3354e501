"""G01, G03 to G08, G18, G20 and G21 over every text that can be sent, in every shipped language.

The product of templates, hazards, wordings, kinds, needs and readers is composed with the longest
values; how many texts each rule was asked of stands in the last lines of the run. For each rule
there is a file that breaks it, so that the test is known to fail.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.surveys import LANGUAGES, planted, surveyed

Record = Callable[[str, Any], None]
in_every_language = pytest.mark.parametrize("tag", LANGUAGES)

#: Fewer texts than this, and something is left out of the product.
LEAST = 1_000


def _kept(rule: str, tag: str, record: Record, least: int = LEAST) -> None:
    found = surveyed(tag)
    record(rule, found.looked_at[rule])
    assert found.looked_at[rule] >= least
    assert [str(one) for one in found.problems if f"{rule}:" in one.what] == []


@in_every_language
def test_g01_privacy_by_phone(tag: str, record_property: Record) -> None:
    _kept("G01", tag, record_property)


@in_every_language
def test_g03_violence_content_only_as_universal_content(tag: str, record_property: Record) -> None:
    _kept("G03", tag, record_property)


@in_every_language
def test_g04_action_first(tag: str, record_property: Record) -> None:
    _kept("G04", tag, record_property)


@in_every_language
def test_g05_complete_warning(tag: str, record_property: Record) -> None:
    _kept("G05", tag, record_property)


@in_every_language
def test_g06_short(tag: str, record_property: Record) -> None:
    _kept("G06", tag, record_property)


@in_every_language
def test_g07_plain_words(tag: str, record_property: Record) -> None:
    _kept("G07", tag, record_property)


@in_every_language
def test_g08_nobody_is_assumed_to_be_the_carer(tag: str, record_property: Record) -> None:
    _kept("G08", tag, record_property)


@in_every_language
def test_g20_hygiene_and_feeding_items_are_universal(tag: str, record_property: Record) -> None:
    """Both lists that pack for everybody name pads, whoever reads them."""
    _kept("G20", tag, record_property, least=2)


@in_every_language
def test_g21_answer_in_one_digit_free_and_without_data(tag: str, record_property: Record) -> None:
    _kept("G21", tag, record_property)


@in_every_language
def test_nothing_else_is_wrong_with_what_is_shipped(tag: str) -> None:
    assert [str(problem) for problem in surveyed(tag).problems] == []


_ALERT = "sms/en/care_alert.txt.j2"
_OPENING = "{{ tag }}: {{ hazard }}. {{ actions[0] }}\n"
_FACTS = "{{ place }}, {{ period }}. Source: {{ source }}. {{ answers }}"


@pytest.mark.parametrize(
    ("rule", "name", "content"),
    [
        ("G01", _ALERT, _OPENING + "Go to dialysis. " + _FACTS),
        ("G01", "checklists/en.json", '"Take the wheelchair."'),
        ("G03", _ALERT, _OPENING + "Call the abuse line. " + _FACTS),
        (
            "G04",
            _ALERT,
            "{{ tag }}: " + "Good day to you all. " * 4 + "{{ hazard }}. Go. " + _FACTS,
        ),
        ("G04", _ALERT, "{{ tag }}: {{ hazard }}. " + "The water comes. " * 4 + "Go. " + _FACTS),
        ("G05", _ALERT, "{{ tag }}: {{ hazard }}. Go now."),
        ("G05", "sms/en/reminder.txt.j2", "{{ tag }}: {{ hazard }}. Please answer now."),
        ("G06", _ALERT, _OPENING + "More words here. " * 20 + _FACTS),
        ("G06", "checklists/en.json", '"' + "Take some water with you. " * 8 + '"'),
        ("G07", _ALERT, _OPENING + "Go " + "and on " * 9 + "to the end of it. " + _FACTS),
        ("G07", _ALERT, _OPENING + "LEAVE now. " + _FACTS),
        ("G07", "checklists/en.json", '"Go ' + "and on " * 9 + 'to it."'),
        ("G08", _ALERT, _OPENING + "Ask your mother. " + _FACTS),
        ("G08", "checklists/en.json", '"Ask your wife."'),
        ("G20", "checklists/bn.json", '"একটি ব্যাগ নিন।"'),
        ("G21", _ALERT, _OPENING + "See https://example.org. " + _FACTS),
        ("G21", _ALERT, _OPENING + "Or reply YES. " + _FACTS),
    ],
)
@pytest.mark.usefixtures("few_samples")
def test_a_planted_breach_is_found(tmp_path: Path, rule: str, name: str, content: str) -> None:
    if name.endswith(".json"):
        content = _LIST.replace('"TEXT"', content)
    assert any(f"{rule}:" in what for what in planted(tmp_path, name, content))


@pytest.mark.usefixtures("few_samples")
def test_the_file_that_the_breaches_are_planted_in_is_good_without_them(tmp_path: Path) -> None:
    assert planted(tmp_path, _ALERT, _OPENING + _FACTS) == []


@pytest.mark.usefixtures("few_samples")
def test_g03_a_helpline_may_stand_in_a_text_to_everybody(tmp_path: Path) -> None:
    group = "{{ tag }}: {{ hazard }}. {{ actions[0] }} The abuse line is open. {{ place }}."
    assert planted(tmp_path, "sms/en/group.txt.j2", group) == []
    relay = group + " {{ people }} {{ answers }}"
    assert any("G03:" in what for what in planted(tmp_path, "sms/en/relay.txt.j2", relay))


_LIST = json.dumps(
    [
        {
            "id": "R11",
            "kind": "resident",
            "need": "any",
            "hazards": ["flood"],
            "title": "Flood",
            "neutral_title": "Your plan",
            "sources": [],
            "review_status": "reviewed",
            "items": [{"n": n, "text": "TEXT", "neutral": None} for n in range(1, 9)],
        }
    ],
    indent=1,
)
