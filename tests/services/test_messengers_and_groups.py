"""Trusted messengers are told of homes, community groups of an area; from warning to answer."""

from datetime import UTC

import pytest
from sqlalchemy import Engine

from carealert.adapters.db import tables
from carealert.adapters.db.stores import SqlDatabase
from carealert.adapters.sealing import Sealer
from carealert.domain.notices import SubjectState
from carealert.domain.people import Consent, Need, Purpose
from carealert.domain.rules import Audience, EscalationStep, SubjectKind
from carealert.domain.warnings import MsgType
from carealert.services.alerting import OfficeSettings, alert
from carealert.services.answering import ReplyOutcome, receive_reply
from carealert.services.following_up import follow_up
from tests.services.test_alerting import follows, mark_sent, stored
from tests.support.builders import (
    NOW,
    a_phone,
    a_resident,
    a_rule,
    a_warning,
    an_organisation,
    hours,
    minutes,
    rules_of,
)
from tests.support.delivery import StubComposer, rows, send_all
from tests.support.drafts import a_composer

OFFICE = OfficeSettings("en", UTC, a_phone(99).number, "en", hours(12))
MESSENGER, GROUP = a_phone(51), a_phone(52)
DESK = EscalationStep(minutes(30), (Audience.CITY_DESK,), "desk")
RULES = rules_of(
    a_rule(
        to=(Audience.RESIDENT, Audience.RELAY, Audience.COMMUNITY_GROUP),
        escalate=(DESK,),
        checklist="flood",
    )
)
ALL = frozenset(Purpose)


@pytest.fixture
def db(engine: Engine, sealer: Sealer) -> SqlDatabase:
    """Three homes of two areas; a messenger for two of them, and a group in each area."""
    found = SqlDatabase(engine, sealer)
    needs = frozenset({Need.DIALYSIS})
    with found.transaction() as stores:
        stores.people.put_residents(
            [
                a_resident(ref="r1", label="Nani", phone=None, needs=needs, area_code="A1"),
                a_resident(ref="r2", label="Dada", phone=a_phone(2), area_code="A1"),
                a_resident(ref="r3", label="Mina", phone=a_phone(3), area_code="A2"),
            ]
        )
        stores.organisations.put(
            [
                an_organisation("o1", MESSENGER, households=("r1", "r2")),
                an_organisation("o2", GROUP, ("A1",)),
                an_organisation("o3", a_phone(53), ("A2", "A1")),
                an_organisation("o4", a_phone(54), ("A9",)),
                an_organisation("o5", None, ("A1",)),
            ]
        )
    return found


def planned(db: SqlDatabase) -> int:
    number = stored(db, a_warning())
    alert(db, RULES, a_composer(), number, OFFICE, NOW)
    return number


def texts(db: SqlDatabase, kind: str) -> dict[str, str]:
    """Who of this kind is told, and in which words."""
    sealer = db.sealer
    return {
        row.recipient_ref: sealer.open(row.text_sealed)
        for row in rows(db.engine, tables.notice)
        if row.recipient_kind == kind and row.state != "superseded"
    }


def all_texts(db: SqlDatabase, kind: str) -> list[str]:
    """Every text to somebody of this kind."""
    found = (row for row in rows(db.engine, tables.notice) if row.recipient_kind == kind)
    return [db.sealer.open(row.text_sealed) for row in found]


def states(db: SqlDatabase, number: int) -> dict[str, SubjectState]:
    with db.reading() as stores:
        found = stores.escalations.states(stores.warnings.get(number).incident)
    return {ref: state for (_, ref), state in found.items()}


def says(db: SqlDatabase, body: str, number: str, said: int = 1) -> ReplyOutcome:
    at = NOW + minutes(said)
    return receive_reply(db, StubComposer(), f"SM-{said}", number, body, None, at)


def test_a_messenger_gets_one_text_with_names_and_references_and_no_need(db: SqlDatabase) -> None:
    planned(db)
    [(who, text)] = texts(db, "relay").items()
    assert who == "o1"
    assert "Please go and tell Nani (r1) and Dada (r2)." in text
    assert "Reply 1 when they know, 2 if not reached." in text
    assert "ialysis" not in text


def test_who_no_longer_agrees_is_not_named_to_a_messenger(db: SqlDatabase) -> None:
    with db.transaction() as stores:
        without = Consent(ALL - {Purpose.SHARE_WITH_RESPONDERS})
        stores.people.put_residents(
            [a_resident(ref="r1", label="Nani", phone=None, area_code="A1", consent=without)]
        )
    planned(db)
    [text] = texts(db, "relay").values()
    assert "Nani" not in text
    assert "Dada (r2)" in text
    refused = {(row.ref, row.detail) for row in rows(db.engine, tables.not_sent)}
    assert ("r1", "no trusted messenger may look in") in refused


def test_groups_of_the_areas_hear_of_the_danger_and_of_nobody(db: SqlDatabase) -> None:
    planned(db)
    told = texts(db, "community_group")
    assert told.keys() == {"o2", "o3"}
    for text in told.values():
        assert "Please look after your neighbours." in text
        assert not any(name in text for name in ("Nani", "Dada", "Mina", "r1", "Reply"))
    refused = {(row.kind, row.ref, row.reason) for row in rows(db.engine, tables.not_sent)}
    assert ("community_group", "o5", "no_phone") in refused


def test_a_group_is_told_again_only_of_news_and_hears_the_end_once(db: SqlDatabase) -> None:
    planned(db)
    mark_sent(db)
    first = a_warning()
    same = follows(first, identifier="w2")
    alert(db, RULES, a_composer(), stored(db, same), OFFICE, NOW + minutes(30))
    mark_sent(db)
    cancel = follows(same, identifier="w3", msg_type=MsgType.CANCEL)
    alert(db, RULES, a_composer(), stored(db, cancel), OFFICE, NOW + minutes(60))
    told = [
        (row.recipient_ref, row.kind)
        for row in rows(db.engine, tables.notice)
        if row.recipient_kind == "community_group"
    ]
    assert sorted(told) == [
        *(("o2", "alert"), ("o2", "stand_down"), ("o3", "alert"), ("o3", "stand_down"))
    ]


def test_a_household_counts_as_told_when_the_messenger_says_so(db: SqlDatabase) -> None:
    number = planned(db)
    send_all(db)
    assert says(db, "1", MESSENGER.number).meaning == "told"
    found = states(db, number)
    assert (found["r1"], found["r2"]) == (SubjectState.RELAYED, SubjectState.RELAYED)
    assert found["r3"] is SubjectState.WAITING
    done = follow_up(db, RULES, a_composer(), OFFICE, NOW + hours(1))
    assert done.tasks == 1  # r3: nobody answered


def test_a_messenger_who_reaches_nobody_hands_them_to_the_desk(db: SqlDatabase) -> None:
    number = planned(db)
    send_all(db)
    says(db, "1", a_phone(2).number, 1)  # Dada answers: safe
    assert says(db, "2", MESSENGER.number, 2).meaning == "not_told"
    found = states(db, number)
    assert (found["r1"], found["r2"]) == (SubjectState.WITH_DESK, SubjectState.SAFE)
    tasks = {(row.ref, row.what) for row in rows(db.engine, tables.task)}
    assert tasks == {("r1", "the messenger could not reach them")}


def test_what_a_household_said_itself_stands_above_a_messenger_s_word(db: SqlDatabase) -> None:
    number = planned(db)
    send_all(db)
    says(db, "2", a_phone(2).number, 1)  # Dada asks for help
    says(db, "1", MESSENGER.number, 2)
    found = states(db, number)
    assert (found["r1"], found["r2"]) == (SubjectState.RELAYED, SubjectState.NEEDS_HELP)


def test_g14_relay_is_first_class_and_counts_only_confirmed(
    db: SqlDatabase,
) -> None:
    number = planned(db)
    send_all(db)
    follow_up(db, RULES, a_composer(), OFFICE, NOW + minutes(31))
    assert set(states(db, number).values()) == {SubjectState.WITH_DESK}
    kinds = {row.kind for row in rows(db.engine, tables.task)}
    assert kinds == {SubjectKind.RESIDENT.value}


def test_a_later_step_may_send_the_messenger(db: SqlDatabase) -> None:
    chain = (EscalationStep(minutes(20), (Audience.RELAY,), "relay"), DESK)
    rules = rules_of(a_rule(to=(Audience.RESIDENT,), escalate=chain, checklist="flood"))
    alert(db, rules, a_composer(), stored(db, a_warning()), OFFICE, NOW)
    assert texts(db, "relay") == {}
    send_all(db)
    says(db, "1", a_phone(3).number, 1)
    follow_up(db, rules, a_composer(), OFFICE, NOW)
    [at_once] = texts(db, "relay").values()
    assert "Please go and tell Nani (r1)." in at_once  # she has no phone
    follow_up(db, rules, a_composer(), OFFICE, NOW + minutes(21))
    assert any("Please go and tell Dada (r2)." in text for text in all_texts(db, "relay"))
