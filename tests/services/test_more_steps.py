"""`9` by SMS: the next steps, for the phone as it is now, while the question stays open."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Engine, update

from carealert.adapters.db import tables
from carealert.adapters.db.stores import SqlDatabase
from carealert.adapters.sealing import Sealer
from carealert.domain.facilities import FacilityType
from carealert.domain.notices import About
from carealert.domain.people import Need, Phone, PhoneSharing
from carealert.services.answering import MOST_PAGES, ReplyOutcome, receive_reply
from tests.support.builders import (
    NOW,
    a_caregiver,
    a_contact,
    a_facility,
    a_link,
    a_phone,
    a_resident,
    minutes,
)
from tests.support.delivery import (
    StubComposer,
    a_question,
    a_timer,
    a_told,
    add,
    caregivers,
    only,
    rows,
    send_all,
    start_timers,
)

PHONE = a_phone(0)


@pytest.fixture
def db(engine: Engine, sealer: Sealer) -> SqlDatabase:
    """Caregiver c0 was warned about r0, who needs dialysis, and r1, who is a baby."""
    db = caregivers(engine, sealer, 2)
    with db.transaction() as stores:
        needs = {"r0": Need.DIALYSIS, "r1": Need.INFANT}
        stores.people.put_residents(
            a_resident(ref=ref, phone=None, needs=frozenset({need})) for ref, need in needs.items()
        )
        _put(stores, a_phone(0))
    add(db, a_told(0, about=(About("r0", "L"), About("r1", "L"))))
    send_all(db)
    return db


def _put(stores: Any, phone: Phone, cares_for: tuple[str, ...] = ("r0", "r1")) -> None:
    links = [a_link("c0", ref) for ref in cares_for]
    stores.people.put_caregivers([a_caregiver(ref="c0", phone=phone)], links)


def say(db: SqlDatabase, body: str, number: int = 1) -> ReplyOutcome:
    now = NOW + minutes(number)
    return receive_reply(db, StubComposer(), f"SM-{number}", PHONE.number, body, None, now)


@pytest.mark.parametrize("body", ["9", " 9. ", "৯", "More", "more steps", "আরও"])
def test_nine_or_the_word_brings_the_next_steps(db: SqlDatabase, body: str) -> None:
    found = say(db, body)
    assert found == ReplyOutcome("more", "more 0 private tropical_cyclone dialysis infant")


def test_the_question_stays_open_and_silence_still_escalates(db: SqlDatabase) -> None:
    start_timers(db.engine, a_timer("r0"), a_timer("r1"))
    say(db, "9")
    assert only(db.engine).answer is None
    assert {row.state for row in rows(db.engine, tables.escalation_timer)} == {"waiting"}
    assert say(db, "1", 2).meaning == "safe"
    assert {row.state for row in rows(db.engine, tables.escalation_timer)} == {"stopped"}


def test_each_nine_brings_another_page_and_a_repeated_webhook_none(db: SqlDatabase) -> None:
    assert [(say(db, "9", n).text or "")[:6] for n in (1, 2, 3)] == ["more 0", "more 1", "more 2"]
    assert say(db, "9", 3) == ReplyOutcome("repeated")


def test_pages_do_not_use_up_the_answers_that_somebody_in_need_gets(db: SqlDatabase) -> None:
    for n in range(1, 9):
        say(db, "9", n)
    assert say(db, "2", 10) == ReplyOutcome("help", "help_coming & en")


def test_two_machines_do_not_talk_to_each_other_for_ever(db: SqlDatabase) -> None:
    texts = [say(db, "9", n).text for n in range(1, MOST_PAGES + 4)]
    assert [text is not None for text in texts] == [True] * MOST_PAGES + [False] * 3


@pytest.mark.parametrize("body", ["we are 9", "help 9", "9 dead", "19", "no more"])
def test_a_nine_in_a_sentence_is_no_request(db: SqlDatabase, body: str) -> None:
    assert say(db, body).meaning != "more"


@pytest.mark.parametrize(
    ("sharing", "wording"),
    [
        (PhoneSharing.SHARED_HOUSEHOLD, "neutral"),
        (PhoneSharing.UNKNOWN, "neutral"),
        (PhoneSharing.BORROWED, "care_card"),
    ],
)
def test_g01_who_shares_the_phone_since_gets_no_plainer_words(
    db: SqlDatabase, sharing: PhoneSharing, wording: str
) -> None:
    with db.transaction() as stores:
        _put(stores, replace(PHONE, sharing=sharing))
    assert f" {wording} " in (say(db, "9").text or "")


def test_a_phone_that_was_borrowed_when_the_warning_came_stays_so(db: SqlDatabase) -> None:
    with db.engine.begin() as connection:
        connection.execute(update(tables.notice).values(wording="care_card"))
    assert " care_card " in (say(db, "9").text or "")


def test_whose_number_it_is_now_hears_of_nobody_s_need(db: SqlDatabase) -> None:
    with db.transaction() as stores:
        _put(stores, a_phone(77))
    assert say(db, "9").text == "more 0 care_card tropical_cyclone"


def test_a_message_whose_text_was_taken_out_is_not_guessed_at(
    db: SqlDatabase, sealer: Sealer
) -> None:
    with db.engine.begin() as connection:
        connection.execute(update(tables.notice).values(text_sealed=sealer.seal("")))
    assert say(db, "9") == ReplyOutcome("more")


def test_the_journal_says_that_it_was_asked_and_not_what(db: SqlDatabase) -> None:
    say(db, "9")
    with db.reading() as stores:
        (line,) = stores.journal.recent(event="asked_for_more")
    assert line.subject == "caregiver:c0"


def _ask_manager(db: SqlDatabase, sharing: PhoneSharing, number: int = 3) -> str | None:
    add(db, a_question())
    send_all(db)
    contact = a_contact(phone=replace(a_phone(number), sharing=sharing))
    with db.transaction() as stores:
        stores.facilities.put([a_facility(manager=contact, type=FacilityType.SHELTER)])
    now, asking = NOW + minutes(5), a_phone(3).number
    asked = receive_reply(db, StubComposer(), "SM-m", asking, "9", None, now)
    assert asked.meaning == "more"
    return asked.text


def test_a_manager_gets_the_steps_for_the_place(db: SqlDatabase) -> None:
    """The register holds a contact's phone as the facility's own."""
    assert (_ask_manager(db, PhoneSharing.UNKNOWN) or "").endswith("for shelter")


def test_who_has_the_number_of_a_manager_of_yore_gets_steps_for_everybody(db: SqlDatabase) -> None:
    assert _ask_manager(db, PhoneSharing.FACILITY, 44) == "more 0 care_card tropical_cyclone"
