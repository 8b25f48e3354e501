"""What a screen may say about people."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carealert.domain.people import Need
from carealert.services.discretion import (
    FEW,
    WITHHELD,
    bare_url,
    discreet_column,
    discreet_reasons,
    left_behind,
    without_contacts,
)

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
