"""A text in the frame of a small phone: nothing is lost, nothing sticks out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carealert.domain.phone_view import columns, framed, is_right_to_left, wrapped

WORDS = st.text(st.sampled_from("abc কাি한กำ\u0301é عر"), max_size=60)


@given(text=WORDS, width=st.integers(2, 30))
def test_no_line_is_wider_than_the_screen_and_no_letter_is_lost(text: str, width: int) -> None:
    lines = wrapped(text, width)
    assert all(columns(line) <= width for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())


def test_words_stay_whole_where_they_fit() -> None:
    assert wrapped("Move to high ground now.\nReply 1.", 9) == [
        *("Move to", "high", "ground", "now."),
        "Reply 1.",
    ]
    assert wrapped("Krishnachura Care", 8) == ["Krishnac", "hura", "Care"]


@pytest.mark.parametrize(
    ("text", "width"), [("abc", 3), ("কী", 1 + 1), ("e\u0301", 1), ("한국", 4), ("กำ", 2), ("", 0)]
)
def test_marks_take_no_column_and_wide_letters_two(text: str, width: int) -> None:
    assert columns(text) == width


def test_the_frame_is_straight() -> None:
    rows = framed(["한국", "ab"], 6).splitlines()
    assert {columns(row) for row in rows} == {10}


@pytest.mark.parametrize(
    ("text", "rtl"), [("CareAlert: سیلاب", True), ("שלום", True), ("বন্যা 12:00", False), ("", False)]
)
def test_scripts_from_the_right_are_known(text: str, rtl: bool) -> None:
    assert is_right_to_left(text) is rtl
