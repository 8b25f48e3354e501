"""Numbers with their noun, in the plural forms of CLDR."""

import pytest

from carealert.adapters.texts.files import Counted
from carealert.adapters.texts.phrases import counted
from tests.support.drafts import a_composer

COMPOSER = a_composer()


@pytest.mark.parametrize(
    ("language", "people", "said"),
    [
        ("en", "1", "about 1 person."),
        ("en", "2", "about 2 people."),
        ("en", "0", "about 0 people."),
        ("hi", "1", "1 व्यक्ति"),
        ("hi", "5", "5 लोगों"),
        ("ar", "3", "عدد الأشخاص: 3"),
        ("bn", "1", "1 জনের"),
    ],
)
def test_a_number_agrees_with_its_noun(language: str, people: str, said: str) -> None:
    assert said in COMPOSER.answer("info", language, details={"people": people}).body


def test_every_form_of_a_language_with_six_is_used() -> None:
    words = COMPOSER.language("ar").words
    forms = Counted(
        zero="z {count}",
        one="o {count}",
        two="t {count}",
        few="f {count}",
        many="m {count}",
        other="x {count}",
    )
    arabic = words.model_copy(update={"counted": {"people": forms}})
    said = [
        counted({"people": str(n)}, arabic, "ar")["people"] for n in (0, 1, 2, 3, 10, 11, 99, 100)
    ]
    assert said == ["z 0", "o 1", "t 2", "f 3", "f 10", "m 11", "m 99", "x 100"]


def test_a_form_that_is_not_written_is_the_general_one() -> None:
    words = COMPOSER.language("ar").words
    arabic = words.model_copy(update={"counted": {"people": Counted(other="{count} x")}})
    assert counted({"people": "2", "code": "17"}, arabic, "ar") == {"people": "2 x", "code": "17"}
