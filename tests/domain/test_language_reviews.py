"""A signature holds for the texts that were read, and for no others."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from carealert.domain.language_reviews import ReviewState, Signature, digest_of, review_of
from carealert.domain.told_languages import Told, by_first_language
from tests.support.builders import NOW

FILES = {"sms/bn/words.yaml": "a1", "lexicons/bn.yaml": "b2"}


def a_signature(
    files: dict[str, str] = FILES,
    reviewer: str = "R. Akter",
    hours: float = 0,
    language: str = "bn",
) -> Signature:
    at = NOW + timedelta(hours=hours)
    return Signature(1, language, reviewer, "midwife", "", files, "A. Rahman", at)


def test_texts_that_nobody_signed_are_a_draft() -> None:
    assert review_of("bn", FILES, []).state is ReviewState.DRAFT
    other = a_signature(language="en")
    assert review_of("bn", FILES, [other]).state is ReviewState.DRAFT


def test_a_signature_holds_while_every_file_is_what_was_read() -> None:
    found = review_of("bn", dict(FILES), [a_signature(), a_signature(reviewer="S. Das", hours=1)])
    assert found.state is ReviewState.SIGNED
    assert found.reviewers == ("S. Das", "R. Akter")
    assert found.changed == ()


def test_what_changed_came_or_went_since_is_named() -> None:
    now = {"sms/bn/words.yaml": "a9", "own/sms/bn/desk.txt.j2": "c3"}
    found = review_of("bn", now, [a_signature()])
    assert found.state is ReviewState.STALE
    assert found.changed == ("lexicons/bn.yaml", "own/sms/bn/desk.txt.j2", "sms/bn/words.yaml")


def test_an_older_signature_counts_again_where_the_texts_are_as_they_were() -> None:
    later = a_signature({**FILES, "sms/bn/words.yaml": "a9"}, hours=2)
    assert review_of("bn", FILES, [later, a_signature()]).state is ReviewState.SIGNED


@given(st.dictionaries(st.text(max_size=9), st.text("0123456789abcdef", min_size=1), min_size=1))
def test_any_change_of_any_file_changes_the_digest(files: dict[str, str]) -> None:
    name = next(iter(files))
    assert digest_of(files) != digest_of({**files, name: files[name] + "0"})
    assert digest_of(files) == digest_of(dict(reversed(files.items())))


def test_notices_in_another_than_the_first_language_are_counted_by_it() -> None:
    rows = [
        *(Told("bn-BD", "bn", 7), Told("bn-BD", "en", 2), Told("bn_BD", "bn", 1)),
        *(Told("en", "en", 5), Told("syl", "bn", 4), Told("syl", "en", 1)),
    ]
    found = by_first_language(rows)
    assert (found["bn-BD"].notices, found["bn-BD"].otherwise) == (9, {"en": 2})
    assert found["bn_BD"].fallbacks == 0
    assert found["en"].fallbacks == 0
    assert (found["syl"].fallbacks, found["syl"].otherwise) == (5, {"bn": 4, "en": 1})
