"""What a screen may say about people."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carealert.domain.condition_parts import About, Cutoff, Range, ResidentFacts, warning_facts
from carealert.domain.conditions import Not, Test, about, reason
from carealert.domain.people import Exposure, Functioning, Need
from carealert.services.discretion import (
    FEW,
    WITHHELD,
    bare_url,
    discreet_column,
    discreet_reasons,
    left_behind,
    recorded_reasons,
    without_contacts,
)
from tests.support.builders import NOW, a_phone, a_resident, a_warning, an_info, hours

_COUNTS = st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 60), max_size=6)


@pytest.mark.parametrize(
    ("counts", "shown"),
    [
        ({"woman": 26, "man": 12}, {"woman": "26", "man": "12"}),
        (
            {"woman": 26, "man": 12, "non_binary": 3},
            {"woman": "26", "man": WITHHELD, "non_binary": FEW},
        ),
        ({"woman": 26, "man": 9, "non_binary": 3}, {"woman": "26", "man": FEW, "non_binary": FEW}),
        ({"woman": 10}, {"woman": "10"}),
        ({"woman": 9}, {"woman": FEW}),
        ({}, {}),
    ],
)
def test_counts_below_ten_are_hidden(counts: dict[str, int], shown: dict[str, str]) -> None:
    assert discreet_column(counts) == shown


@settings(max_examples=200)
@given(_COUNTS)
def test_a_hidden_count_cannot_be_worked_out_from_the_total(counts: dict[str, int]) -> None:
    shown = discreet_column(counts)
    hidden = [name for name in counts if not shown[name].isdigit()]
    assert all(counts[name] >= 10 for name in counts if name not in hidden)
    assert len(hidden) != 1 or len(counts) == 1


def test_a_group_far_below_the_best_is_left_behind() -> None:
    told = {"woman": 100, "man": 50, "few": 5}
    assert left_behind({"woman": 70, "man": 48, "few": 0}, told) == {"woman"}
    assert left_behind({"woman": 80, "man": 48}, told) == frozenset()


def test_a_small_group_is_never_pointed_at() -> None:
    assert left_behind({"woman": 90, "man": 2}, {"woman": 100, "man": 40}) == frozenset()


@pytest.mark.parametrize("need", list(Need))
def test_no_need_passes(need: Need) -> None:
    warning = "inside flood (Severe, Expected, Likely): Barguna"
    condition = f"needs {need.value}; age 84; lives in BD1004; not homebound"
    said = discreet_reasons("resident", [warning, condition])
    assert said == (
        warning,
        "has a registered need",
        "is of the age the rule names",
        "lives in an area the rule names",
        "a condition of the rule holds",
    )
    assert need.value not in " ".join(said[1:])


@given(st.text(max_size=40))
def test_an_unknown_reason_is_never_repeated(reason: str) -> None:
    said = " ".join(discreet_reasons("resident", [f"x{reason}"]))
    assert said.replace("a condition of the rule holds", "").strip() in (
        "",
        *(word for word in said.split("; ") if word.startswith(("has", "is of", "lives"))),
    )


@pytest.mark.parametrize(
    ("reason", "recorded"),
    [
        ("needs dialysis; age 84", "has a registered need; is of the age the rule names"),
        ("not needs", "a condition of the rule holds"),
        ("lives in BD1004", "lives in an area the rule names"),
        ("home lives_alone, no_lift", "has a home that the rule names"),
        ("no answer since 2026-05-26 06:00 UTC", "no answer since 2026-05-26 06:00 UTC"),
        (
            "inside flood (Severe, Expected, Likely): B",
            "inside flood (Severe, Expected, Likely): B",
        ),
        ("a clinic", "a clinic"),
    ],
)
def test_a_record_keeps_what_was_done_and_nothing_of_the_person(reason: str, recorded: str) -> None:
    assert recorded_reasons([reason]) == (recorded,)
    assert recorded_reasons(recorded_reasons([reason])) == (recorded,)


def _samples() -> dict[str, list[str]]:
    """Every condition on people, and what it says of somebody of whom it holds or does not."""
    person = a_resident(
        needs=frozenset(Need),
        birth_year=1942,
        exposures=frozenset(Exposure),
        functioning=Functioning(seeing=4),
        backup_hours=2,
        critical_after_h=3,
        next_due=NOW + hours(9),
        language="bn",
        phone=None,
    )
    warned = warning_facts(a_warning(), an_info(), hours(12), NOW)
    facts = ResidentFacts(person, (), frozenset({"BD1004"}), warned)
    held = {
        "needs": frozenset({Need.DIALYSIS}),
        "functioning": Cutoff(frozenset({"seeing"}), 3),
        "age": Range(60),
        "areas": frozenset({"BD1004"}),
        "exposures": frozenset({Exposure.LIVES_ALONE}),
        "backup_hours": Range(below=4),
        "critical_after_h": Range(below=4),
        "language": frozenset({"bn"}),
    }
    conditions = [Test(name, held.get(name, True)) for name in about(About.RESIDENT)]
    nobody = replace(facts, resident=a_resident(language="en", phone=a_phone(1)))
    return {
        one.name: [str(reason(one, facts)), str(reason(Not(one), nobody)), one.seen(nobody)]
        for one in conditions
    }


def test_no_condition_of_a_rule_is_recorded_as_it_is() -> None:
    """A new condition on people needs a sample above where `True` is no value of it."""
    for name, said in _samples().items():
        assert said[0] != "None", f"{name} must hold of the sample"
        for sentence in said:
            if sentence != "None":
                assert recorded_reasons([sentence]) != (sentence,), name
                assert discreet_reasons("resident", [sentence]) != (sentence,), name


def test_what_is_discreet_stays_so() -> None:
    said = discreet_reasons(
        "resident", ["inside flood", "needs dialysis; age 84; lives in X; not Y"]
    )
    assert discreet_reasons("resident", said) == said


def test_a_facility_keeps_its_reasons() -> None:
    assert discreet_reasons("facility", ["inside flood", "a clinic"]) == (
        "inside flood",
        "a clinic",
    )


def test_errors_lose_phones_and_keys() -> None:
    text = "POST https://user:pw@api.example.org/v1/x.json?key=abc#f failed for +1 202-555-0142"
    assert without_contacts(text) == "POST https://api.example.org/v1/x.json failed for …"
    assert without_contacts("urn:oid:2.49.0.1.50.20260526") == "urn:oid:2.49.0.1.50.20260526"


def test_an_address_is_cut_to_host_and_path() -> None:
    assert (
        bare_url("https://a:b@feeds.example.org:8443/x?k=1#y") == "https://feeds.example.org:8443/x"
    )
