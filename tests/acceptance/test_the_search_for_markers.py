"""The search for what must not be in the clear finds it in whatever spelling."""

import pytest

from tests.support import marked_office as office
from tests.support.markers import Grep, spellings

EVERYTHING = Grep(office.WORDS, office.PHONES)


@pytest.mark.parametrize("word", office.WORDS[:3])
def test_the_search_finds_every_spelling_of_a_word(word: str) -> None:
    part = word.split()[0]
    assert len(spellings(part)) > 10
    for spelled in spellings(part):
        assert EVERYTHING.found(b"\x00 before " + spelled + b" after"), spelled


@pytest.mark.parametrize(
    "spelled",
    [
        *("+12025550173", "202 555 0173", "(202) 555-0173", "1.202.555.0173", "%2B12025550173"),
        *("২০২৫৫৫০১৭৩", b"+12025550173".hex(), "2 0 2 5 5 5 0 1 7 3"),
    ],
)
def test_the_search_finds_every_spelling_of_a_phone(spelled: str) -> None:
    assert EVERYTHING.found(b"from " + spelled.encode() + b" to")


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_the_search_finds_a_phone_in_wide_characters(encoding: str) -> None:
    assert EVERYTHING.found("from (202) 555-0173".encode(encoding))


def test_the_search_does_not_take_a_masked_phone_for_a_whole_one() -> None:
    assert EVERYTHING.found("Phone(…73, private) 2025-55-01T73".encode()) == []
