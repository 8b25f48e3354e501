"""Texts are measured as networks split them, and typography never makes them dearer."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carealert.domain.notices import Encoding
from carealert.domain.sms import BASIC, EXTENSION, cut, encode, normalise, one_line

_GSM = st.text(st.sampled_from(sorted(BASIC | EXTENSION)), max_size=700)
_ANY = st.text(st.characters(exclude_categories=("Cs",)), max_size=300)
_PART = {Encoding.GSM_7: 153, Encoding.UCS_2: 67}


@pytest.mark.parametrize(
    ("text", "encoding", "units", "segments"),
    [
        ("", Encoding.GSM_7, 0, 0),
        ("a" * 160, Encoding.GSM_7, 160, 1),
        ("a" * 161, Encoding.GSM_7, 161, 2),
        ("a" * 306, Encoding.GSM_7, 306, 2),
        ("a" * 307, Encoding.GSM_7, 307, 3),
        ("a" * 158 + "€", Encoding.GSM_7, 160, 1),
        ("a" * 159 + "€", Encoding.GSM_7, 161, 2),
        ("{[~]}|\\^€", Encoding.GSM_7, 18, 1),
        ("é è ù ì ò Ç ñ ü à", Encoding.GSM_7, 17, 1),
        ("ç", Encoding.UCS_2, 1, 1),
        ("ক" * 70, Encoding.UCS_2, 70, 1),
        ("ক" * 71, Encoding.UCS_2, 71, 2),
        ("ক" * 134, Encoding.UCS_2, 134, 2),
        ("ক" * 135, Encoding.UCS_2, 135, 3),
        ("😀" * 35, Encoding.UCS_2, 70, 1),
        ("😀" * 36, Encoding.UCS_2, 72, 2),
    ],
)
def test_a_text_is_counted_in_its_own_alphabet(
    text: str, encoding: Encoding, units: int, segments: int
) -> None:
    assert encode(text) == (encoding, units, segments)


def test_an_escape_pair_is_not_split_over_two_parts() -> None:
    # The 153rd septet would be the escape, so the pair moves: 152 + 154 septets are three parts.
    text = "a" * 152 + "€" + "a" * 152
    assert encode(text) == (Encoding.GSM_7, 306, 3)


def test_a_surrogate_pair_is_not_split_over_two_parts() -> None:
    text = "ক" * 66 + "😀" + "ক" * 66
    assert encode(text) == (Encoding.UCS_2, 134, 3)


@given(_GSM)
@settings(max_examples=60, deadline=None)
def test_gsm_parts_hold_every_septet_and_split_no_pair(text: str) -> None:
    size = encode(text)
    assert size.encoding is Encoding.GSM_7
    assert size.units == sum(2 if char in EXTENSION else 1 for char in text)
    assert size.segments == _packed([2 if char in EXTENSION else 1 for char in text], 160, 153)


@given(_ANY)
@settings(max_examples=60, deadline=None)
def test_a_text_outside_the_alphabet_travels_in_utf_16(text: str) -> None:
    text += "ক"
    size = encode(text)
    assert size.encoding is Encoding.UCS_2
    assert size.units == len(text.encode("utf-16-le")) // 2
    assert math.ceil(size.units / _PART[size.encoding]) <= size.segments + (size.units <= 70)


@given(_ANY, _ANY)
@settings(max_examples=60, deadline=None)
def test_a_longer_text_never_costs_less(text: str, more: str) -> None:
    assert encode(text + more).segments >= encode(text).segments


@given(_ANY)
@settings(max_examples=100, deadline=None)
def test_normalising_twice_changes_nothing(text: str) -> None:
    assert normalise(normalise(text)) == normalise(text)


@given(st.text(st.sampled_from("‘’“”–—…\u00a0\u202f\u200b\u200e\u202b\ufeffab é"), max_size=80))
@settings(max_examples=60, deadline=None)
def test_typography_alone_never_forces_utf_16(text: str) -> None:
    assert encode(normalise(text)).encoding is Encoding.GSM_7


def test_quotes_dashes_and_spaces_become_plain() -> None:
    assert normalise("“It’s 5\u202fpm – go…”") == '"It\'s 5 pm - go..."'


@pytest.mark.parametrize("text", ["São João", "Türkçe ığş", "Việt Nam", "Ñandú", "বাংলা", "עברית"])
def test_letters_keep_their_accents(text: str) -> None:
    assert normalise(text) == text


def test_split_letters_are_put_together() -> None:
    assert normalise("Cafe\u0301") == "Café"
    assert normalise("\u09af\u09bc") == "\u09df"  # one unit in place of two


def test_joiners_stay_where_a_script_is_written_with_them() -> None:
    assert normalise("র\u200d্যাব") == "র\u200d্যাব"
    assert normalise("a\u200db\u200c") == "ab"


def test_one_line_leaves_no_break_control_or_private_character() -> None:
    assert one_line(" Nani\r\n\t\ue000\x00 A \u202eB ") == "Nani A B"


@given(st.text(st.sampled_from("aZ0 `~!_\t\x7f\xa0éß’"), max_size=9))
@settings(max_examples=200, deadline=None)
def test_one_line_is_normal_text_without_breaks_whatever_it_is_made_of(text: str) -> None:
    plain = "".join(c if c.isprintable() else " " for c in normalise(text))
    assert one_line(text) == " ".join(plain.split())


@given(_ANY, st.integers(1, 60))
@settings(max_examples=60, deadline=None)
def test_cutting_keeps_whole_words(text: str, length: int) -> None:
    line = one_line(text) or "x"
    kept = cut(line, length)
    assert line.startswith(kept)
    assert len(kept) <= length or " " not in kept


def test_a_cut_name_ends_in_a_word() -> None:
    assert cut("Bangladesh Meteorological Department", 30) == "Bangladesh Meteorological"
    assert cut("Amtali, Barguna", 9) == "Amtali"


def _packed(widths: list[int], single: int, part: int) -> int:
    """The naive count: fill parts one after the other."""
    if sum(widths) <= single:
        return 1 if widths else 0
    parts: list[int] = [0]
    for width in widths:
        if parts[-1] + width > part:
            parts.append(0)
        parts[-1] += width
    return len(parts)
