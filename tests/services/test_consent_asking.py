"""Before a consent ends people are asked, by day, once a phone, twice at the most."""

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine

from carealert.adapters.db import tables
from carealert.adapters.db.stores import SqlDatabase
from carealert.adapters.sealing import Sealer
from carealert.domain.consents import ConsentRecord, ConsentStatus, Medium, effective
from carealert.domain.people import ChannelPreference, PhoneSharing, Purpose
from carealert.services import consenting
from carealert.services.alerting import OfficeSettings
from carealert.services.answering import receive_reply
from carealert.services.consent_asking import ask_again
from carealert.services.ports.consents import PersonKind
from tests.support.actors import ADMIN
from tests.support.builders import NOW, a_caregiver, a_consent, a_link, a_phone, a_resident
from tests.support.delivery import StubComposer, a_told, add, claim, close, rows, send_all

DAY = timedelta(days=1)
DHAKA = ZoneInfo("Asia/Dhaka")
OFFICE = OfficeSettings(default_language="en", time_zone=DHAKA)
#: Ten in the morning in Dhaka.
TEN = NOW.astimezone(DHAKA).replace(hour=10, minute=0, second=0, microsecond=0)
END = TEN + 20 * DAY
CARER = PersonKind.CAREGIVER


@pytest.fixture
def db(engine: Engine, sealer: Sealer) -> SqlDatabase:
    db = SqlDatabase(engine, sealer)
    with db.transaction() as stores:
        stores.people.put_residents([a_resident(ref="r0", phone=None)])
    return db


def register(db: SqlDatabase, ref: str, number: int, end: datetime = END, **changes: Any) -> None:
    carer = a_caregiver(ref=ref, phone=a_phone(number), consent=a_consent(), **changes)
    with db.transaction() as stores:
        stores.people.put_caregivers([carer], [a_link(ref, "r0")])
    given = ConsentRecord(
        Purpose.ALERT_CARER, ConsentStatus.GIVEN, TEN - DAY, Medium.PAPER, expires=end
    )
    consenting.give(db, ADMIN, CARER, ref, [given], TEN - DAY)


def ask(db: SqlDatabase, now: datetime = TEN, a_day: int = 100) -> int:
    return ask_again(db, StubComposer(), OFFICE, a_day, now)


def say(db: SqlDatabase, body: str, number: int, now: datetime) -> str:
    sid = f"SM-{number}-{now.isoformat()}"
    return receive_reply(db, StubComposer(), sid, a_phone(number).number, body, None, now).meaning


def holds(db: SqlDatabase, ref: str) -> Mapping[Purpose, datetime]:
    return dict(effective(consenting.history(db, ADMIN, CARER, ref)).ends)


def test_who_goes_on_is_asked_again_in_a_year(db: SqlDatabase) -> None:
    register(db, "c1", 1)
    assert ask(db) == 1
    (notice,) = rows(db.engine, tables.notice)
    assert (notice.kind, notice.priority, notice.about, notice.warning_id) == (
        "consent",
        2,
        [],
        None,
    )
    (sent,) = send_all(db, TEN)
    assert sent
    later = TEN + timedelta(minutes=5)
    assert say(db, "1", 1, later) == "consent_renewed"
    assert holds(db, "c1")[Purpose.ALERT_CARER] == later + timedelta(days=365)
    assert ask(db, TEN + DAY) == 0


def test_who_ends_it_is_not_told_any_more(db: SqlDatabase) -> None:
    register(db, "c1", 1)
    ask(db)
    send_all(db, TEN)
    assert say(db, "2", 1, TEN + timedelta(minutes=5)) == "consent_ended"
    assert holds(db, "c1") == {}
    add(db, a_told(1, due_at=TEN), now=TEN + timedelta(minutes=6))
    send_all(db, TEN + timedelta(minutes=6))
    states = {row.kind: (row.state, row.error_code) for row in rows(db.engine, tables.notice)}
    assert states["alert"] == ("cancelled", "no_consent")


def test_an_answer_to_a_warning_that_came_later_is_none_to_the_question(db: SqlDatabase) -> None:
    register(db, "c1", 1)
    ask(db)
    send_all(db, TEN)
    add(db, a_told(1, due_at=TEN), now=TEN + timedelta(minutes=1))
    send_all(db, TEN + timedelta(minutes=1))
    assert say(db, "2", 1, TEN + timedelta(minutes=5)) == "help"
    assert Purpose.ALERT_CARER in holds(db, "c1")


@pytest.mark.parametrize("hour", [0, 8, 18, 23])
def test_nobody_is_asked_at_night(db: SqlDatabase, hour: int) -> None:
    register(db, "c1", 1)
    assert ask(db, TEN.replace(hour=hour)) == 0


def test_who_does_not_answer_is_asked_once_more(db: SqlDatabase) -> None:
    register(db, "c1", 1)
    asked = [ask(db, TEN + n * DAY) for n in range(20)]
    assert sum(asked) == 2
    assert [n for n, many in enumerate(asked) if many] == [0, 6]  # 20 and 14 days before


def test_the_same_hour_twice_asks_once(db: SqlDatabase) -> None:
    register(db, "c1", 1)
    assert [ask(db), ask(db), ask(db, TEN + timedelta(hours=1))] == [1, 0, 0]


def test_one_question_a_phone_renews_for_all_who_are_told_on_it(db: SqlDatabase) -> None:
    register(db, "c1", 1)
    register(db, "c2", 1, END + DAY)
    assert ask(db) == 1
    send_all(db, TEN)
    later = TEN + timedelta(minutes=5)
    say(db, "1", 1, later)
    for ref in ("c1", "c2"):
        assert holds(db, ref)[Purpose.ALERT_CARER] == later + timedelta(days=365)


def test_so_many_a_day_and_those_first_whose_consent_ends_first(db: SqlDatabase) -> None:
    for n in range(4):
        register(db, f"c{n}", n, END - n * DAY)
    assert [ask(db, a_day=3), ask(db, a_day=3)] == [3, 0]
    refs = {row.recipient_ref for row in rows(db.engine, tables.notice)}
    assert refs == {"c3", "c2", "c1"}
    assert ask(db, TEN + DAY, a_day=3) == 1
    assert ask(db, a_day=0) == 0


def test_nobody_is_asked_while_a_warning_is_on_their_mind(db: SqlDatabase) -> None:
    register(db, "c1", 1)
    register(db, "c2", 2)
    add(db, a_told(1), now=TEN - DAY)
    assert ask(db) == 1
    assert ask(db, TEN + 3 * DAY) == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"channel": ChannelPreference.VOICE},
        {"channel": ChannelPreference.RELAY},
    ],
)
def test_whom_no_sms_reaches_is_left_to_a_call(db: SqlDatabase, changes: dict[str, Any]) -> None:
    register(db, "c1", 1, **changes)
    assert ask(db) == 0


def test_who_said_stop_is_not_asked(db: SqlDatabase) -> None:
    register(db, "c1", 1)
    say(db, "STOP", 1, TEN - DAY)
    assert ask(db) == 0


def test_whose_consent_ends_later_or_has_ended_is_not_asked(db: SqlDatabase) -> None:
    register(db, "c1", 1, TEN + 31 * DAY)
    register(db, "c2", 2, TEN)
    assert ask(db) == 0


def test_a_withdrawal_after_the_question_holds_it_back(db: SqlDatabase) -> None:
    register(db, "c1", 1)
    ask(db)
    purposes = [Purpose.ALERT_CARER]
    consenting.withdraw(db, ADMIN, CARER, "c1", purposes, Medium.VERBAL, TEN)
    send_all(db, TEN)
    (notice,) = rows(db.engine, tables.notice)
    assert (notice.state, notice.error_code) == ("cancelled", "no_consent")


def test_the_phone_s_sharing_does_not_matter_to_a_text_that_says_nothing(db: SqlDatabase) -> None:
    register(db, "c1", 1)
    with db.transaction() as stores:
        shared = a_caregiver(ref="c1", phone=a_phone(1, PhoneSharing.BORROWED))
        stores.people.put_caregivers([shared], [a_link("c1", "r0")])
    assert ask(db) == 1
    close(db)


def test_who_changes_their_mind_is_believed_both_times(db: SqlDatabase) -> None:
    register(db, "c1", 1)
    ask(db)
    send_all(db, TEN)
    for minute, digit, agrees in ((1, "2", False), (2, "1", True), (3, "2", False)):
        say(db, digit, 1, TEN + timedelta(minutes=minute))
        assert (Purpose.ALERT_CARER in holds(db, "c1")) is agrees


def test_nobody_is_thanked_for_what_did_not_begin_again(db: SqlDatabase) -> None:
    """An officer was told in between that they agree no more: a digit does not undo that."""
    register(db, "c1", 1)
    ask(db)
    send_all(db, TEN)
    later = TEN + timedelta(minutes=1)
    consenting.withdraw(db, ADMIN, CARER, "c1", [Purpose.ALERT_CARER], Medium.VERBAL, later)
    number = a_phone(1).number
    outcome = receive_reply(db, StubComposer(), "SM1", number, "1", None, later)
    assert (outcome.meaning, outcome.text) == ("consent_renewed", None)
    assert holds(db, "c1") == {}


def test_a_consent_that_the_text_does_not_speak_of_is_neither_asked_for_nor_renewed(
    db: SqlDatabase,
) -> None:
    register(db, "c1", 1)
    survey = ConsentRecord(
        Purpose.STATISTICS, ConsentStatus.GIVEN, TEN - DAY, Medium.PAPER, expires=END + DAY
    )
    consenting.give(db, ADMIN, CARER, "c1", [survey], TEN - DAY)
    ask(db)
    send_all(db, TEN)
    say(db, "1", 1, TEN + timedelta(minutes=1))
    assert holds(db, "c1")[Purpose.STATISTICS] == END + DAY
    assert ask(db, END - DAY) == 0


def test_the_end_is_for_those_who_were_asked_and_what_was_about_to_end(db: SqlDatabase) -> None:
    register(db, "c1", 1)
    register(db, "c2", 1, END + 90 * DAY)
    ask(db)
    send_all(db, TEN)
    say(db, "2", 1, TEN + timedelta(minutes=1))
    assert holds(db, "c1") == {}
    assert Purpose.ALERT_CARER in holds(db, "c2")


def test_a_cry_for_help_is_not_lost_to_a_question_about_papers(db: SqlDatabase) -> None:
    register(db, "c1", 1)
    before = TEN - 4 * DAY
    add(db, a_told(1, due_at=before, expires_at=TEN - DAY), now=before)
    send_all(db, before)
    assert ask(db) == 1
    send_all(db, TEN)
    assert say(db, "help", 1, TEN + timedelta(minutes=1)) == "help"
    assert Purpose.ALERT_CARER in holds(db, "c1")


def test_nobody_is_asked_while_a_warning_of_long_ago_still_holds(db: SqlDatabase) -> None:
    register(db, "c1", 1)
    add(db, a_told(1, expires_at=TEN + DAY), now=TEN - 10 * DAY)
    assert [ask(db), ask(db, TEN + 2 * DAY)] == [0, 1]


@pytest.mark.parametrize("hours", [("quiet_from", "quiet_to"), ("never_from", "never_to")])
def test_nobody_is_asked_in_hours_that_are_their_own(
    db: SqlDatabase, hours: tuple[str, str]
) -> None:
    start, end = hours
    register(db, "c1", 1, **{start: time(21), end: time(11)})
    assert [ask(db), ask(db, TEN + timedelta(hours=1))] == [0, 1]


def test_a_question_that_could_not_be_sent_by_day_is_not_sent_at_night(db: SqlDatabase) -> None:
    register(db, "c1", 1)
    ask(db)
    assert list(send_all(db, TEN + timedelta(hours=8))) == []


def test_what_is_urgent_goes_before_the_questions(db: SqlDatabase) -> None:
    for n in (1, 2):
        register(db, f"c{n}", n)
    ask(db)
    soon = TEN + timedelta(minutes=1)
    add(db, a_told(2, due_at=soon), now=soon)
    (first,) = claim(db, soon, limit=1)
    assert first.incident == "incident-1"
