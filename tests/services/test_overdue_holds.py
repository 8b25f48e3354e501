"""A hold that nobody decides in time calls the desk by text: once, and once again."""

from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine, select

from carealert.adapters.db.stores import SqlDatabase
from carealert.adapters.db.tables import notice
from carealert.adapters.sealing import Sealer
from carealert.adapters.texts.composer import TemplateComposer
from carealert.domain.hazards import Hazard
from carealert.domain.hold_alarms import overdue_draft
from carealert.domain.plan import Office
from carealert.domain.rules import Priority
from carealert.domain.warnings import MsgType
from carealert.paths import shipped
from carealert.services import holding
from carealert.services.alerting import OfficeSettings, alert
from carealert.services.ports.text import Composer
from tests.services.test_alerting import (
    ELSEWHERE,
    OFFICE,
    RULES,
    follows,
    journal,
    stored,
    two_homes,
)
from tests.services.test_holding import a_test, held, tasks
from tests.support.actors import ADMIN
from tests.support.alerting import alerted
from tests.support.builders import (
    NOW,
    a_phone,
    a_recipient,
    a_warning,
    an_area,
    an_info,
    an_office,
    hours,
    minutes,
)
from tests.support.fakes import BrokenComposer, PlainComposer

DESK = a_phone(99).number


@pytest.fixture
def db(engine: Engine, sealer: Sealer) -> SqlDatabase:
    store = SqlDatabase(engine, sealer)
    two_homes(store)
    return store


def watch(
    db: SqlDatabase,
    at: float,
    office: OfficeSettings = OFFICE,
    composer: Composer | None = None,
) -> int:
    return holding.watch(db, composer or PlainComposer(), office, NOW + minutes(at)).alarms


def calls(db: SqlDatabase) -> list[tuple[str, int, str]]:
    """(to whom, step, state) of the texts about held warnings."""
    query = select(notice.c.recipient_ref, notice.c.step, notice.c.state).where(
        notice.c.kind == "held"
    )
    with db.engine.connect() as connection:
        return sorted(tuple(row) for row in connection.execute(query))


def sent(db: SqlDatabase, at: float) -> list[str]:
    """The texts that go out at this moment."""
    with db.transaction() as stores:
        batch = stores.outbox.claim("w", NOW + minutes(at), minutes(1), 50)
    with db.engine.begin() as connection:
        connection.execute(notice.update().where(notice.c.state == "claimed").values(state="sent"))
    return [one.text.body for one in batch if one.number == DESK]


def test_the_desk_is_called_at_the_deadline_and_once_again_at_twice_the_deadline(
    db: SqlDatabase,
) -> None:
    held(db)
    assert [watch(db, at) for at in (0, 14, 15, 16, 29, 30, 31, 300)] == [0, 0, 1, 0, 0, 1, 0, 0]
    assert calls(db) == [("desk", 0, "ready"), ("desk", 1, "ready")]
    assert (journal(db).count("hold_overdue"), journal(db).count("hold_overdue_again")) == (1, 1)
    assert len(tasks(db)) == 1


def test_each_call_goes_out_once_whoever_looks_and_however_often(db: SqlDatabase) -> None:
    held(db)
    other = SqlDatabase(db.engine, db.sealer)
    watch(db, 15)
    watch(other, 15)
    assert len(sent(db, 15)) == 1
    assert sent(other, 16) == []
    watch(other, 30)
    watch(db, 30)
    assert len(sent(other, 30)) == 1
    assert sent(db, 31) == []


def test_two_processes_at_one_moment_write_one_call(db: SqlDatabase) -> None:
    """Both have read that nobody was called: the key refuses the second text."""
    number = held(db)
    with db.reading() as stores:
        (hold,) = stores.holds.waiting()
    office = OFFICE.office(frozenset())
    draft = overdue_draft(hold.warning, number, hold.incident, office, NOW, again=False)
    assert draft is not None
    texts = PlainComposer().compose([draft])
    for expected in (1, 0):
        with db.transaction() as stores:
            assert stores.outbox.add(texts, number, NOW) == expected


def test_after_a_long_stop_the_desk_is_called_once(db: SqlDatabase) -> None:
    held(db)
    assert watch(db, 200) == 1
    assert watch(db, 400) == 0
    assert calls(db) == [("desk", 0, "ready")]


@pytest.mark.parametrize("how", [holding.release, holding.discard])
def test_a_decision_calls_back_what_has_not_gone_out(db: SqlDatabase, how: Any) -> None:
    """And nothing about another warning of the same incident."""
    elsewhere = replace(a_test().infos[0], areas=(an_area(geometry=ELSEWHERE, geocodes=()),))
    number = held(db, a_test(incidents=("storm",)))
    another = held(db, a_test(identifier="b", incidents=("storm",), infos=(elsewhere,)))
    watch(db, 15)
    decide(how, db, number)
    assert calls(db) == [("desk", 0, "cancelled"), ("desk", 0, "ready")]
    assert watch(db, 30) == 1, "the other one still waits"
    decide(how, db, another)
    assert {state for *_, state in calls(db)} == {"cancelled"}
    assert sent(db, 31) == []


def test_a_hold_that_is_moot_calls_nobody(db: SqlDatabase) -> None:
    held(db, a_test(infos=(replace(a_test().infos[0], expires=NOW + minutes(10)),)))
    assert watch(db, 15) == 0
    assert calls(db) == []


def test_without_a_desk_phone_the_task_and_the_red_line_stay(db: SqlDatabase) -> None:
    held(db)
    office = replace(OFFICE, desk_phone=None)
    assert watch(db, 15, office) == 1
    assert calls(db) == []
    assert [open_ for *_, open_ in tasks(db)] == [True]


def test_a_text_that_cannot_be_written_does_not_cost_the_alarm(db: SqlDatabase) -> None:
    held(db)
    assert watch(db, 15, composer=BrokenComposer("held")) == 1
    assert calls(db) == []
    assert len(tasks(db)) == 1
    assert "hold_text_failed" in journal(db)


def test_a_released_warning_is_told_whatever_the_desk_was_called(db: SqlDatabase) -> None:
    number = held(db)
    watch(db, 15)
    decide(holding.release, db, number)
    decided = alerted(db, RULES, PlainComposer(), number, OFFICE, NOW + minutes(17))
    assert {draft.recipient.ref for draft in decided.drafts} == {"c1", "f1"}


def composer() -> TemplateComposer:
    return TemplateComposer(
        [shipped("templates")], sender_tag="CareAlert", time_zone=ZoneInfo("Asia/Dhaka")
    )


def said(language: str, *, again: bool = False, **changes: Any) -> str:
    """The text about a test in English and Bangla over two districts."""
    areas = (an_area(area_desc="Barguna"), an_area(area_desc="Bhola"))
    english = replace(a_test().infos[0], areas=areas, event="Cyclone signal 10")
    bangla = replace(english, language="bn-BD", event="ঘূর্ণিঝড়", areas=(an_area(area_desc="বরগুনা"),))
    warning = a_warning(english, bangla, **changes)
    draft = overdue_draft(warning, 12, "i", desk_in(language), NOW, again=again)
    assert draft is not None
    return composer().compose([draft])[0].text.body


def desk_in(language: str) -> Office:
    desk = replace(an_office().desk or a_recipient(), language=language)
    return an_office(desk=desk)


def test_the_text_says_which_warning_what_is_wrong_and_what_to_do() -> None:
    assert said("en") == (
        "CareAlert: Please decide now about warning 12. "
        "It reads as a test, so nobody was told.\n"
        "CYCLONE (Cyclone signal 10), Barguna, Bhola. Source: Weather Service.\n"
        "See the board, or run: carealert warnings held"
    )
    assert said("en", again=True).startswith("CareAlert: Second call. Please decide now")


def test_the_text_is_in_the_desk_s_language_with_the_places_of_that_text() -> None:
    body = said("bn")
    assert "12" in body
    assert "বরগুনা" in body
    assert "carealert warnings held" in body


def test_a_cancel_that_says_nothing_is_called_about_too() -> None:
    draft = overdue_draft(
        a_warning(msg_type=MsgType.CANCEL, infos=()), 3, "i", an_office(), NOW, again=False
    )
    assert draft is not None
    assert "warning 3" in composer().compose([draft])[0].text.body


@pytest.mark.parametrize(
    ("expires", "until"), [(hours(2), hours(2)), (hours(90), hours(12)), (-hours(1), hours(12))]
)
def test_it_is_urgent_and_useful_while_the_warning_is(expires: Any, until: Any) -> None:
    info = replace(a_test().infos[0], expires=NOW + expires)
    draft = overdue_draft(a_warning(info), 3, "i", an_office(), NOW, again=False)
    assert draft is not None
    assert draft.priority is Priority.URGENT
    assert draft.expires_at == NOW + until
    assert draft.facts.hazard is Hazard.TROPICAL_CYCLONE


def test_a_later_message_in_the_place_of_a_held_one_calls_no_more_often(db: SqlDatabase) -> None:
    first = a_test()
    held(db, first)
    assert watch(db, 15) == 1
    stored(db, follows(first, identifier="w2", infos=(an_info(hazard=Hazard.TEST_MESSAGE),)))
    alert(db, RULES, PlainComposer(), 2, OFFICE, NOW + minutes(16))
    assert [watch(db, at) for at in (16, 20, 30, 45, 90)] == [0, 0, 1, 0, 0]
    assert sorted(step for _, step, _ in calls(db)) == [0, 1]


def decide(how: Any, db: SqlDatabase, number: int) -> None:
    how(db, ADMIN, number, NOW + minutes(16))
