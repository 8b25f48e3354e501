"""The published schema and the loader take the same files, so that an editor's word holds."""

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from carealert.adapters.rules.model import RuleFile, json_schema
from carealert.adapters.rules.shape import shaped
from carealert.adapters.rules.strict_yaml import InvalidRules, parse_document
from carealert.domain.condition_parts import (
    About,
    Functions,
    Lengths,
    Numbers,
    Parameters,
    Shape,
    Texts,
    Words,
    Yes,
)
from carealert.domain.conditions import VOCABULARY
from tests.support.json_schema import is_valid

ROOT = Path(__file__).resolve().parents[3]
FILES = sorted((ROOT / "rules").glob("*.yaml"))
RULES = [path for path in FILES if "kind: RuleSet" in path.read_text()]
SCHEMA = json_schema()


def written(shape: Shape) -> Any:
    """A value as an officer may write it."""
    match shape:
        case Words(kind, only):
            return [word.value for word in only or kind]
        case Texts(_, example):
            return [example]
        case Numbers(least, most, _, whole):
            return {"at_least": least, "below": most if whole else most - 0.5}
        case Lengths():
            return {"at_least": "6h", "below": "2d"}
        case Yes():
            return True
        case Functions():
            return {"any_of": ["seeing", "walking"], "at_least": 3}
        case Parameters():
            return [{"name": "gust", "at_least": 90, "is": ["much"]}]


def every_condition(*, nested: bool = True) -> dict[str, Any]:
    """A file in which each condition stands once, and once more under any, all and not."""
    asked = {name: written(entry.shape) for name, entry in VOCABULARY.items()}
    when = {n: asked[n] for n, entry in VOCABULARY.items() if About.WARNING in entry.about}
    who = {n: asked[n] for n in asked.keys() - when.keys()}
    if nested:
        when, who = (
            {**own, "any": [own], "all": [own, {"not": own}], "not": own} for own in (when, who)
        )
    rule = {
        "id": "one-rule",
        "title": "A rule",
        "why": "A test",
        "enabled": False,
        "when": when,
        "who": {"kind": "resident", "within_km": 2.5, **who},
        "do": {
            "priority": "urgent",
            "template": "care_alert",
            "checklist": "flood",
            "to": ["caregivers"],
            "expect_reply": {"safe": "1"},
            "escalate": [{"after": "10m", "to": ["city_desk"], "template": "desk"}],
            "escalate_by_severity": {
                "Extreme": [{"after": "5m", "to": ["city_desk"], "template": "desk"}]
            },
            "start_earlier": "6h",
            "repeat_every": "12h",
            "follow_up": ["24h", "3d"],
            "programme": "cash-for-care",
        },
    }
    about = {"id": "a-set", "title": "T", "owner": "O", "review_by": "2027-05-01"}
    return {"apiVersion": "carealert/v1", "kind": "RuleSet", "metadata": about, "rules": [rule]}


BASES = [every_condition(), *(parse_document(p.read_bytes(), p.name).data for p in RULES[:3])]
WORDS = sorted({word for part in SCHEMA["$defs"].values() for word in part.get("properties", ())})
JUNK = st.one_of(
    st.sampled_from(
        [True, False, 0, 1, -1, 3, 4, 5, 0.5, 70, 1000, 1000.5, 10**17, 70.0, 3.0, -0.0, "", "1"]
    ),
    st.sampled_from(["10m", "10m\n", "0m", "2d", "flood", "Severe", "resident", "bn", "BN", "a b"]),
    st.sampled_from([[], {}, [[]], [""], {"at_least": 3}, {"below": True}, ["bn", "bn"]]),
    st.sampled_from(["x" * 201, "x" * 301, "é" * 200, "2027-02-30", "2027-2-3", "carealert/v1"]),
    # Beyond that JSON escapes a character as two halves, which YAML does not join.
    st.text(st.characters(max_codepoint=0xFFFF, exclude_categories=["Cs"]), max_size=8),
)
KEYS = st.sampled_from([*WORDS, "gender", "not_", "is_", "api_version", "safe", "sfae", ""])


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every (container, key) in the value."""
    if isinstance(value, dict | list):
        for key in list(value) if isinstance(value, dict) else range(len(value)):
            yield value, key
            yield from places(value[key])


@st.composite
def files(draw: st.DrawFn) -> Any:
    """A rule file with a few changes anywhere in it."""
    changed = copy.deepcopy(draw(st.sampled_from(BASES)))
    for _ in range(draw(st.integers(0, 2))):
        inside, key = draw(st.sampled_from(list(places(changed))))
        match draw(st.sampled_from(("replace", "drop", "wrap", "add", "move"))):
            case "replace":
                inside[key] = copy.deepcopy(draw(JUNK))
            case "drop":
                del inside[key]
            case "wrap":
                inside[key] = [inside[key]]
            case "add" if isinstance(inside, dict):
                inside[draw(KEYS)] = copy.deepcopy(draw(JUNK))
            case _:
                other, place = draw(st.sampled_from(list(places(changed))))
                inside[key] = copy.deepcopy(other[place])
    return changed


def loads(data: Any) -> bool:
    """Whether the loader takes the shape of it, by way of a file."""
    # JSON is YAML, except that YAML has no \\/ and JSON no limits: this much of it is the same.
    document = parse_document(json.dumps(data, ensure_ascii=True).encode(), "x.yaml")
    try:
        shaped(RuleFile, document)
    except InvalidRules:
        return False
    return True


@settings(max_examples=250, deadline=None)
@given(files())
def test_schema_and_loader_take_the_same_files(data: Any) -> None:
    assert is_valid(data, SCHEMA) is loads(data)


ONE_OF_EACH = (1, 0, 3.5, 131, -1, "70", "", True, False, [], [1], {}, {"name": "gust"})


@pytest.mark.parametrize("value", ONE_OF_EACH, ids=repr)
def test_they_agree_about_a_value_of_each_kind_at_every_place(value: Any) -> None:
    data = every_condition(nested=False)
    for inside, key in list(places(data)):
        kept, inside[key] = inside[key], value
        try:
            RuleFile.model_validate(data)
        except ValidationError:
            assert not is_valid(data, SCHEMA), (key, value)
        else:
            assert is_valid(data, SCHEMA), (key, value)
        inside[key] = kept


@pytest.mark.parametrize("text", ["70.0", "70", "70.00"])
def test_a_whole_number_may_have_a_point(text: str) -> None:
    data = parse_document(f"at_least: {text}".encode(), "x.yaml").data
    assert is_valid(data, SCHEMA["$defs"]["AgeRange"], SCHEMA)
    assert data == {"at_least": 70}
    assert isinstance(data["at_least"], int)


@pytest.mark.parametrize("number", range(len(BASES)))
def test_what_is_changed_was_good_before(number: int) -> None:
    assert is_valid(BASES[number], SCHEMA)
    assert loads(BASES[number])


def test_every_condition_of_the_table_is_a_key_of_the_schema() -> None:
    when, who = (SCHEMA["$defs"][name] for name in ("WarningConditions", "WhoEntry"))
    for name, entry in VOCABULARY.items():
        part = when if About.WARNING in entry.about else who
        assert part["properties"][name]["description"] == entry.text


def test_the_schema_is_of_draft_2020_12() -> None:
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"


@pytest.mark.parametrize("path", RULES, ids=lambda path: path.name)
def test_a_shipped_file_names_its_schema_for_editors_in_its_first_line(path: Path) -> None:
    first = path.read_text().splitlines()[0]
    assert first == "# yaml-language-server: $schema=./carealert-rule.schema.json"
    assert (path.parent / "carealert-rule.schema.json").is_file()


def test_there_are_rule_files_to_test() -> None:
    assert len(RULES) >= 8
