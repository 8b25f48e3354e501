"""What people mean by what they text back."""

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carealert.domain.replies import WORDS, Meaning, MeaningKind, understand

PEOPLE = {"safe": "1", "help": "2"}
MANAGER = {"open": "1", "limited": "2", "evacuating": "3", "closed": "4"}
UNCLEAR = Meaning(MeaningKind.UNCLEAR)


def answer(name: str) -> Meaning:
    return Meaning(MeaningKind.ANSWER, name)


@pytest.mark.parametrize(
    "body",
    [
        *("1", " 1 ", "1.", "(1)", "\n1\n", "1!", "*1*", "১", " ১। ", "१", "١", "۱", "๑", "１"),
        *("①", "1\ufe0f\u20e3", "\u200f1\u200f", "1 safe", "Safe", "SAFE 1", "Reply 1", "1 1"),
        *("1 = safe", "1, thank you", "We are all safe", "yes 1", "উত্তর ১", "১ নিরাপদ"),
    ],
)
def test_safe_is_said_in_many_ways(body: str) -> None:
    assert understand(body, PEOPLE) == answer("safe")


@pytest.mark.parametrize(
    "body",
    [
        *("2", "২", "2 help", "help", "HELP!!!", "please help us", "2 the water is in the house"),
        *("2 house 22", "we need 2", "সাহায্য", "২ পানি উঠছে", "ayuda", "sos"),
    ],
)
def test_help_is_heard_whatever_else_is_said(body: str) -> None:
    assert understand(body, PEOPLE) == answer("help")


@pytest.mark.parametrize(
    "body",
    [
        *("", "   ", "???", "12", "11", "1 2", "1 or 2", "3", "0", "1 help", "not safe", "1 no"),
        *("1 not safe", "1 child is hurt", "house 1", "1st floor", "1 but no power", "ok", "x"),
        *("we had 1 meal", "1 নিরাপদ না", "stop the bus at 9", "1/2", "100", "২১", "\u20e3"),
    ],
)
def test_what_may_mean_something_else_is_unclear(body: str) -> None:
    assert understand(body, PEOPLE) == UNCLEAR


@pytest.mark.parametrize(
    ("body", "name"),
    [
        ("1", "open"),
        ("2 until noon", "limited"),
        ("3", "evacuating"),
        ("4 flooded", "closed"),
        ("closed", "closed"),
        ("বন্ধ", "closed"),
        ("খোলা", "open"),
    ],
)
def test_a_manager_s_answer(body: str, name: str) -> None:
    assert understand(body, MANAGER) == answer(name)


@pytest.mark.parametrize("body", ["1 but no water", "open until 5", "not open", "1 4", "help"])
def test_a_doubtful_open_is_unclear(body: str) -> None:
    assert understand(body, MANAGER) == UNCLEAR


@pytest.mark.parametrize(
    "body", ["STOP", "stop.", "Stop!", "  UNSUBSCRIBE ", "বন্ধ", "বন্ধ করুন", "baja", "Stop all"]
)
def test_stop_is_a_message_of_its_own(body: str) -> None:
    assert understand(body, PEOPLE) == Meaning(MeaningKind.STOP)
    assert understand(body, {}) == Meaning(MeaningKind.STOP)


@pytest.mark.parametrize("body", ["START", "unstop", "Yes", "শুরু"])
def test_start_is_a_message_of_its_own(body: str) -> None:
    assert understand(body, PEOPLE) == Meaning(MeaningKind.START)


def test_without_a_question_nothing_is_an_answer() -> None:
    assert understand("1", {}) == UNCLEAR
    assert understand("help", {}) == UNCLEAR


def test_no_stop_word_is_also_a_digit_or_an_answer_to_people() -> None:
    spelled = WORDS.stop | WORDS.start
    assert not spelled & {*PEOPLE, *PEOPLE.values(), *MANAGER, *MANAGER.values()}
    assert not {w for w, meant in WORDS.answers.items() if meant in PEOPLE} & spelled


_DIGITS = [chr(n) for n in range(0x110000) if unicodedata.digit(chr(n), -1) in (1, 2)]


@settings(max_examples=60)
@given(st.sampled_from(_DIGITS), st.sampled_from(["", " ", ".", "\n", "!", ") ", "\u200e"]))
def test_a_lone_digit_counts_in_every_script(digit: str, around: str) -> None:
    expected = "safe" if unicodedata.digit(digit) == 1 else "help"
    assert understand(f"{around}{digit}{around}", PEOPLE) == answer(expected)


@settings(max_examples=200)
@given(st.text(st.sampled_from("123 ১২ safe.①\n") | st.characters(), max_size=8))
def test_whatever_is_typed_safe_is_never_read_beside_another_digit(body: str) -> None:
    if understand(body, PEOPLE) == answer("safe"):
        plain = unicodedata.normalize("NFKC", body)
        assert {unicodedata.digit(c) for c in plain if unicodedata.digit(c, None) is not None} <= {
            1
        }


@settings(max_examples=100)
@given(st.lists(st.sampled_from(["not", "hurt", "water", "child", "never"]), min_size=1))
def test_a_word_we_do_not_know_keeps_safe_from_being_believed(words: list[str]) -> None:
    assert understand(" ".join(["1", *words]), PEOPLE) == UNCLEAR
    assert understand(" ".join([*words, "safe"]), PEOPLE) == UNCLEAR


@pytest.mark.parametrize("body", ["INFO", "info?", "Information", "তথ্য", "আমার তথ্য!"])
def test_who_asks_what_is_held_is_understood_beside_an_open_question(body: str) -> None:
    assert understand(body, PEOPLE) == Meaning(MeaningKind.INFO)
    assert understand(body, {}) == Meaning(MeaningKind.INFO)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        *[(word, None) for word in ("DELETE", "delete!", "Erase", "delete me", "মুছে ফেলুন")],
        *[(f"{word} 0417", "0417") for word in ("DELETE", "delete:", "মুছুন")],
        ("DELETE ০৪১৭", "0417"),
    ],
)
def test_who_wants_to_be_erased_is_understood_with_the_code(body: str, code: str | None) -> None:
    assert understand(body, PEOPLE) == Meaning(MeaningKind.DELETE, code)


@pytest.mark.parametrize("body", ["do not delete", "delete 1 of us", "I need info on shelter"])
def test_a_word_among_others_erases_nothing(body: str) -> None:
    assert understand(body, {}) == UNCLEAR


def test_the_words_for_different_things_are_different_words() -> None:
    kinds = (WORDS.stop, WORDS.start, WORDS.info, WORDS.delete)
    assert sum(map(len, kinds)) == len(frozenset().union(*kinds))
