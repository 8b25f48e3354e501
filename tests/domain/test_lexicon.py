"""The scan finds what it must and leaves ordinary words alone."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carealert.adapters.texts.files import read_language
from carealert.domain.lexicon import Lexicon, SensitiveWords
from carealert.paths import shipped

ENGLISH = read_language([shipped("templates")], "en").lexicon
BANGLA = read_language([shipped("templates")], "bn").lexicon


@pytest.mark.parametrize(
    "text",
    [
        "Call the dialysis centre",
        "DIALYSIS",
        "Her pregnancy",
        "two wheelchairs",
        "keep breastfeeding",
        "an HIV clinic",
        "Nani (insulin)",
        "a breathing machine",
        "may wander",
        "oxygen-cylinder",
    ],
)
def test_planted_words_are_found(text: str) -> None:
    assert ENGLISH.sensitive_in(text)


@pytest.mark.parametrize(
    "text",
    [
        "Shivering, slurred speech",
        "Stay under the roof",
        "Save both phone numbers",
        "The archive",
        "Deal with it",
        "Stubborn",
    ],
)
def test_ordinary_words_with_a_planted_one_inside_are_not(text: str) -> None:
    assert not ENGLISH.sensitive_in(text)


@pytest.mark.parametrize(
    "text", ["ডায়ালাইসিসের সময়", "গর্ভবতী", "প্রসবের তারিখ", "হুইলচেয়ারে", "ডায়াবেটিসের ওষুধ"]
)
def test_bangla_words_are_found_with_their_endings(text: str) -> None:
    assert BANGLA.sensitive_in(text)


def test_a_bangla_letter_may_be_one_character_or_two() -> None:
    assert BANGLA.sensitive_in("ডা\u09af\u09bcালাইসিস")
    assert BANGLA.sensitive_in("ডা\u09dfালাইসিস")


def test_an_allowed_bangla_word_may_hold_a_sensitive_one() -> None:
    assert not BANGLA.sensitive_in("অন্ধকারে বের হবেন না")
    assert BANGLA.sensitive_in("অন্ধ মানুষ")


@pytest.mark.parametrize("text", ["Ask the mother", "He or she", "housewives", "his plan"])
def test_gendered_carers_are_found(text: str) -> None:
    assert ENGLISH.gendered_in(text)


def test_gendered_words_are_whole_words() -> None:
    assert not ENGLISH.gendered_in("The other person here is in the season")
    assert not BANGLA.gendered_in("মানুষ আমাদের মাটি")
    assert BANGLA.gendered_in("মা কে জানান")


def test_a_verb_is_found_where_it_ends() -> None:
    assert ENGLISH.starts_action("FLOOD. Move up") == len("FLOOD. Move")
    assert ENGLISH.starts_action("a moveable thing") is None


def test_an_empty_lexicon_finds_nothing() -> None:
    nothing: frozenset[str] = frozenset()
    assert Lexicon(nothing, nothing, nothing).sensitive_in("dialysis") == ()


_LEXICONS = (ENGLISH, BANGLA)
_ENTRIES = sorted(word.rstrip("*") for lexicon in _LEXICONS for word in lexicon.sensitive)
_OTHERS = ("Ma", "Nani", "roof", "অন্ধকারে", "মানুষ", "(", "- ", "ডা\u09af\u09bcালাইসিস")
_SOME_WORDS = st.sampled_from([*_OTHERS, *_ENTRIES])


@given(st.lists(_SOME_WORDS, max_size=4).map(" ".join) | st.lists(_SOME_WORDS).map("".join))
@settings(max_examples=200, deadline=None)
def test_lexicons_asked_together_find_what_each_of_them_finds(text: str) -> None:
    for upper in (text, text.upper()):
        each = any(lexicon.sensitive_in(upper) for lexicon in _LEXICONS)
        assert SensitiveWords(_LEXICONS).is_in(upper) == each
