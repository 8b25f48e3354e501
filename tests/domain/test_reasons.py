"""A reason says something and names nobody: the journal keeps it for good."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carealert.domain.reasons import LONGEST, BadReason, demand

NAMES = ("José Núñez", "Amina Khatun", None, "Li Wu")


@pytest.mark.parametrize(
    "reason",
    [
        "an ambulance asks",
        "asked for it on paper, 2026-05-26",
        "letter of 26.05.2026, file 12/345",
        "ঠিকানা জানতে চান",
        "救急車が住所を確認",
        "house 12, flat 4, 3rd floor: nobody opens",
        "the street is flooded",
    ],
)
def test_a_reason_that_says_something_is_taken(reason: str) -> None:
    assert demand(f"  {reason} ", NAMES) == reason


@pytest.mark.parametrize(
    ("reason", "says"),
    [
        ("", "is missing"),
        ("   \t", "is missing"),
        ("x", "says nothing"),
        ("... 123 !!", "says nothing"),
        ("asked\nby phone", "line break"),
        ("asked\u2028by phone", "line break"),
        ("a" * (LONGEST + 1), f"use at most {LONGEST}"),
        ("call +1 202 555 0142 back", "phone number"),
        ("call (202) 555-0142 back", "phone number"),
        ("call 555-0142 back", "phone number"),
        ("call 2 0 2 5 5 5 0 1 4 2", "phone number"),
        ("call ২০২৫৫৫০১৪২", "phone number"),
        ("asked 2026-05-26 by 2025550142", "phone number"),
        ("write to a.person@example.org", "e-mail"),
        ("José asks for her number", "names the person"),
        ("jose's daughter asks", "names the person"),
        ("NUNEZ asks", "names the person"),
        ("for Khatun, an ambulance", "names the person"),
    ],
)
def test_a_reason_that_says_nothing_or_too_much_is_refused(reason: str, says: str) -> None:
    with pytest.raises(BadReason, match=says) as refused:
        demand(reason, NAMES)
    told = str(refused.value)
    assert "0142" not in told
    assert "Khatun" not in told


def test_a_name_of_two_letters_is_too_common_a_word_to_refuse() -> None:
    assert demand("li and wu are words elsewhere", NAMES)


def test_a_phone_that_begins_like_a_date_is_no_date() -> None:
    for phone in ("0000-0-00 00000", "2012-10-12 345 67", "12.10.2012 5550"):
        with pytest.raises(BadReason):
            demand(f"asked to call {phone}")
    for day in ("2026-05-26", "26/5/2026", "2026-05-26 14:00", "2026-05-26 - 2026-05-28"):
        assert demand(f"as agreed on {day}")


@settings(max_examples=200, deadline=None)
@given(
    st.text("0123456789", min_size=10, max_size=10),
    st.lists(st.sampled_from(["", " ", "-", ".", "(", ") ", "/", " - "]), min_size=9, max_size=9),
    st.sampled_from(["", "+", "00", "tel "]),
)
def test_no_phone_gets_past_whatever_stands_between_its_digits(
    digits: str, between: list[str], before: str
) -> None:
    written = digits[0] + "".join(
        gap + digit for gap, digit in zip(between, digits[1:], strict=True)
    )
    with pytest.raises(BadReason):
        demand(f"asked to call {before}{written}")
