"""What people write is understood in every language that is shipped, and never against them."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carealert.adapters.texts.keywords import read_words
from carealert.domain.replies import (
    STOP_WORDS,
    WORDS,
    MeaningKind,
    Spoken,
    understand,
    with_languages,
)
from carealert.paths import shipped

FOLDER = shipped("templates")
LANGUAGES = sorted(path.stem for path in (FOLDER / "keywords").glob("*.yaml"))
WORDS_OF_ALL = read_words((FOLDER,))
CARE = {"safe": "1", "help": "2"}
PLACE = {"open": "1", "limited": "2", "evacuating": "3", "closed": "4"}


def meant(body: str, expected: dict[str, str] | None = None) -> tuple[MeaningKind, str | None]:
    found = understand(body, CARE if expected is None else expected, WORDS_OF_ALL)
    return found.kind, found.answer


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("tulong po", "help"),
        ("butuh bantuan", "help"),
        ("yardım lazım", "help"),
        ("Cứu với", "help"),
        ("मदद चाहिए", "help"),
        ("مدد چاہیے", "help"),
        ("ligtas", "safe"),
        ("aman", "safe"),
        ("सुरक्षित", "safe"),
    ],
)
def test_an_answer_in_words_counts_in_every_language(text: str, answer: str) -> None:
    assert meant(text) == (MeaningKind.ANSWER, answer)


@pytest.mark.parametrize("text", ["berhenti", "tigil", "dur", "STOP", "বন্ধ", "baja", "dừng"])
def test_stop_works_at_once_in_any_language(text: str) -> None:
    assert meant(text)[0] is MeaningKind.STOP


def test_a_manager_s_word_for_closed_is_no_stop() -> None:
    for text in ("বন্ধ", "बंद", "tutup", "kapalı"):
        assert meant(text, PLACE) == (MeaningKind.ANSWER, "closed")


@pytest.mark.parametrize("text", ["2 ok", "2, ok po", "2 fine", "help 2 please", "2 salamat"])
def test_a_cry_for_help_counts_whatever_pleasantry_stands_beside_it(text: str) -> None:
    assert meant(text) == (MeaningKind.ANSWER, "help")


@pytest.mark.parametrize(
    "text", ["tidak aman", "hindi ligtas", "no safe", "1 no", "सुरक्षित नहीं", "değil 1", "không 1"]
)
def test_a_no_beside_a_reassuring_word_reassures_nobody(text: str) -> None:
    assert meant(text)[1] != "safe"


def test_what_always_counted_counts_still() -> None:
    assert WORDS.stop <= WORDS_OF_ALL.stop
    assert WORDS.start <= WORDS_OF_ALL.start
    assert WORDS.harmless <= WORDS_OF_ALL.harmless
    assert {**WORDS_OF_ALL.answers, **WORDS.answers} == dict(WORDS_OF_ALL.answers)


def test_no_word_takes_a_phone_off_the_list_that_is_an_answer_anywhere() -> None:
    new = WORDS_OF_ALL.stop - STOP_WORDS
    assert new
    assert not new & (WORDS_OF_ALL.answers.keys() | WORDS_OF_ALL.harmless)
    assert not new & (WORDS_OF_ALL.start | WORDS_OF_ALL.info | WORDS_OF_ALL.delete)


def test_most_of_each_language_s_words_for_stop_are_left() -> None:
    for tag in LANGUAGES:
        own = read_words((FOLDER,)).stop
        assert len(own) > len(STOP_WORDS), tag


words = st.sampled_from(["a", "b", "c", "d e", "Ä", "f"])
some = st.frozensets(words, max_size=3)
languages = st.lists(
    st.builds(
        Spoken,
        stop=some,
        start=some,
        info=some,
        delete=some,
        harmless=some,
        answers=st.dictionaries(st.sampled_from(["safe", "help"]), some),
    ),
    max_size=4,
)


@given(languages, words)
def test_a_word_with_two_meanings_counts_for_none(spoken: list[Spoken], word: str) -> None:
    merged = with_languages(WORDS, spoken)
    meanings = {answer for one in spoken for answer, own in one.answers.items() if word in own}
    says = {
        name
        for name in ("stop", "start", "info", "delete")
        for one in spoken
        if word in getattr(one, name)
    }
    found = understand(word, {"safe": "1", "help": "2"}, merged)
    if len(meanings) > 1:
        assert found.kind in (MeaningKind.UNCLEAR, MeaningKind.ANSWER)
        assert found.answer is None
    harmless = any(word in one.harmless for one in spoken)
    if len(meanings) == 1 and not harmless and not says:
        assert found.answer == next(iter(meanings))
    if meanings or len(says) > 1:
        assert found.kind in (MeaningKind.UNCLEAR, MeaningKind.ANSWER)
    if says == {"stop"} and not meanings and not any(word in one.harmless for one in spoken):
        assert found.kind is MeaningKind.STOP


def test_a_broken_file_costs_no_other_language_its_words(tmp_path: Path) -> None:
    (tmp_path / "keywords").mkdir()
    (tmp_path / "keywords" / "id.yaml").write_text("stop: [")
    assert read_words((tmp_path, FOLDER)).stop >= WORDS_OF_ALL.stop


@pytest.mark.parametrize(
    ("body", "expected", "meaning"),
    [
        ("are we safe?", {"safe": "1", "help": "2"}, None),
        ("is everyone safe ?", {"safe": "1", "help": "2"}, None),
        ("نحن بأمان؟", {"safe": "1", "help": "2"}, None),
        ("not safe pls help now", {"safe": "1", "help": "2"}, "help"),
        ("not well", {"well": "1", "missing": "2"}, None),
        ("they are not told", {"told": "1", "not_told": "2"}, None),
        ("nobody is told", {"told": "1", "not_told": "2"}, None),
        ("never send again", {"again": "1", "end": "2"}, None),
        ("1 po", {"safe": "1", "help": "2"}, "safe"),
        ("1 जी", {"safe": "1", "help": "2"}, "safe"),
        ("help?", {"safe": "1", "help": "2"}, "help"),
        ("1번이요", {"safe": "1", "help": "2"}, "safe"),
        ("2번 도와주세요", {"safe": "1", "help": "2"}, "help"),
        ("1ค่ะ", {"safe": "1", "help": "2"}, "safe"),
        ("১জি", {"safe": "1", "help": "2"}, "safe"),
        ("2nd", {"safe": "1", "help": "2"}, None),
        ("nirapod", {"safe": "1", "help": "2"}, "safe"),
        ("bondho", {"open": "1", "closed": "4"}, "closed"),
    ],
)
def test_a_question_or_a_no_never_reassures_and_a_cry_for_help_outweighs(
    body: str, expected: dict[str, str], meaning: str | None
) -> None:
    assert understand(body, expected, WORDS_OF_ALL).answer == meaning
