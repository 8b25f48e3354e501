"""Who has read the texts of a language, and what the worker makes of them, on both databases."""

from typing import Any

import pytest
from sqlalchemy import Engine, update

from carealert.adapters.db.stores import SqlDatabase
from carealert.adapters.db.tables import notice
from carealert.adapters.sealing import Sealer
from carealert.domain.access import Actor, Role
from carealert.domain.language_reviews import ReviewState
from carealert.domain.reasons import BadReason
from carealert.services import languages
from carealert.services.access import NotAllowed
from carealert.services.alerting import alert
from carealert.services.languages import NotSigned
from tests.services.test_alerting import OFFICE, RULES, stored, two_homes
from tests.support.builders import NOW, a_warning, hours
from tests.support.fakes import PlainComposer

FILES = {"bn": {"sms/bn/words.yaml": "a1"}, "en": {"sms/en/words.yaml": "b2"}}
OFFICER = Actor("A. Rahman", Role.OFFICER)


@pytest.fixture
def db(engine: Engine, sealer: Sealer) -> SqlDatabase:
    return SqlDatabase(engine, sealer)


def sign(db: SqlDatabase, who: Actor = OFFICER, **changes: object) -> None:
    given: dict[str, Any] = {
        "fingerprints": FILES,
        "language": "bn",
        "reviewer": "R. Akter",
        "role": "midwife",
        "note": "",
        "breaches": (),
        "now": NOW,
    }
    languages.sign(db, who, **(given | changes))


def lines(db: SqlDatabase) -> list[tuple[str, str]]:
    with db.reading() as stores:
        return [(line.event, line.subject) for line in stores.journal.recent()]


def states(db: SqlDatabase, files: dict[str, dict[str, str]] = FILES) -> dict[str, ReviewState]:
    return {one.language: one.state for one in languages.reviews(db, OFFICER, files)}


def test_what_is_signed_is_known_and_journaled_until_a_text_changes(db: SqlDatabase) -> None:
    assert set(states(db).values()) == {ReviewState.DRAFT}
    sign(db)
    assert states(db) == {"bn": ReviewState.SIGNED, "en": ReviewState.DRAFT}
    assert languages.reviewed(db, FILES) == {"bn"}
    with db.reading() as stores:
        (line,) = stores.journal.recent()
    assert (line.event, line.subject) == ("language_signed", "language:bn")
    assert line.details["reviewer"] == "R. Akter"
    assert line.details["by"] == "A. Rahman"
    changed = {"bn": {"sms/bn/words.yaml": "a9"}}
    (found,) = languages.reviews(db, OFFICER, changed)
    assert (found.state, found.changed) == (ReviewState.STALE, ("sms/bn/words.yaml",))
    assert languages.reviewed(db, changed) == frozenset()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"language": "xx"}, "no texts in 'xx'"),
        ({"breaches": ("sms/bn/desk.txt.j2: G06",)}, "1 things are wrong"),
        ({"reviewer": "R"}, "2 to 60 characters"),
        ({"reviewer": "R. Akter +1 202 555 0142"}, "without phone"),
        ({"role": "me@example.org"}, "without phone"),
    ],
)
def test_what_cannot_be_signed_is_said_and_nothing_is_kept(
    db: SqlDatabase, changes: dict[str, object], said: str
) -> None:
    with pytest.raises(NotSigned, match=said):
        sign(db, **changes)
    assert states(db)["bn"] is ReviewState.DRAFT
    assert lines(db) == []


def test_a_note_with_a_phone_is_refused(db: SqlDatabase) -> None:
    with pytest.raises(BadReason):
        sign(db, note="call me at 202 555 0142")


@pytest.mark.parametrize(
    "who", [Actor("B", Role.COUNCIL), Actor("C", Role.OFFICER, frozenset({"BD10"}))]
)
def test_who_may_not_change_what_the_city_is_told_cannot_sign(db: SqlDatabase, who: Actor) -> None:
    with pytest.raises(NotAllowed):
        sign(db, who)


def test_a_file_that_is_not_used_is_journaled_once_and_again_when_it_is(db: SqlDatabase) -> None:
    fault = {"sms/bn/desk.txt.j2": "line 1: is not a template"}
    for hour in range(3):
        languages.note_texts(db, FILES, fault, NOW + hours(hour))
    assert lines(db) == [("text_refused", "text:sms/bn/desk.txt.j2")]
    with db.reading() as stores:
        (kept,) = stores.languages.faults()
        assert stores.languages.in_use() == FILES
    assert kept.since == NOW
    languages.note_texts(db, {"en": FILES["en"]}, {}, NOW + hours(9))
    assert lines(db)[0] == ("text_used_again", "text:sms/bn/desk.txt.j2")
    with db.reading() as stores:
        assert list(stores.languages.faults()) == []
        assert stores.languages.in_use().keys() == {"en"}


def test_a_second_file_has_a_line_of_its_own_and_the_first_keeps_its_time(
    db: SqlDatabase,
) -> None:
    languages.note_texts(db, FILES, {"a": "one"}, NOW)
    languages.note_texts(db, FILES, {"a": "one", "b": "two"}, NOW + hours(1))
    assert lines(db) == [("text_refused", "text:b"), ("text_refused", "text:a")]
    with db.reading() as stores:
        faults = [(one.file, one.since) for one in stores.languages.faults()]
    assert faults == [("a", NOW), ("b", NOW + hours(1))]


def test_a_language_for_want_of_another_is_counted_from_what_went_out(db: SqlDatabase) -> None:
    two_homes(db)
    alert(db, RULES, PlainComposer(), stored(db, a_warning()), OFFICE, NOW)
    assert languages.told(db, OFFICER) == {}
    with db.engine.begin() as connection:
        connection.execute(update(notice).values(state="sent", wanted_language="syl"))
    found = languages.told(db, OFFICER)
    assert found["syl"].notices == found["syl"].fallbacks == 2
    with db.engine.begin() as connection:
        connection.execute(update(notice).values(kind="drill"))
    assert languages.told(db, OFFICER) == {}
