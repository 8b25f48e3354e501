"""Replies and receipts, each in one transaction; on both databases."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from carealert.adapters.db import tables
from carealert.adapters.db.engine import open_engine
from carealert.adapters.db.stores import SqlDatabase
from carealert.adapters.sealing import Sealer
from carealert.domain.facilities import ContinuityStatus, StatusReport
from carealert.domain.notices import About, DeliveryStatus
from carealert.domain.rules import SubjectKind
from carealert.services.answering import Receipt, ReplyOutcome, receive_receipts, receive_reply
from tests.support.builders import NOW, a_phone, hours, minutes
from tests.support.delivery import (
    NoTextComposer,
    StubComposer,
    a_question,
    a_timer,
    a_told,
    accepted,
    add,
    caregivers,
    claim,
    close,
    only,
    rows,
    send_all,
    start_timers,
)

SECOND = timedelta(seconds=1)
PHONE = a_phone(0).number
MANAGER = a_phone(3).number


@pytest.fixture
def db(engine: Engine, sealer: Sealer) -> SqlDatabase:
    return caregivers(engine, sealer, 3)


class Mouth:
    """Sends replies with new ids."""

    def __init__(self, db: SqlDatabase) -> None:
        self.db = db
        self.said = 0

    def say(
        self, body: str, number: str = PHONE, opt_out: str | None = None, late: float = 0
    ) -> ReplyOutcome:
        self.said += 1
        now = NOW + (self.said + late) * SECOND
        sid = f"SM-in-{self.said}"
        return receive_reply(self.db, StubComposer(), sid, number, body, opt_out, now)


@pytest.fixture
def mouth(db: SqlDatabase) -> Mouth:
    return Mouth(db)


def ask(db: SqlDatabase) -> None:
    add(db, a_told(0, about=(About("r0", "L"), About("r1", "L"))))
    send_all(db)


def states(db: SqlDatabase) -> dict[str, str]:
    return {row.ref: row.state for row in rows(db.engine, tables.subject)}


def test_safe_settles_everybody_the_message_was_about(db: SqlDatabase, mouth: Mouth) -> None:
    start_timers(db.engine, a_timer("r0"), a_timer("r1"), a_timer("r2"))
    ask(db)
    assert mouth.say("1") == ReplyOutcome("safe", "thanks_safe & en")
    assert states(db) == {"r0": "safe", "r1": "safe"}
    timers = {row.ref: row.state for row in rows(db.engine, tables.escalation_timer)}
    assert timers == {"r0": "stopped", "r1": "stopped", "r2": "waiting"}
    notice = only(db.engine)
    assert (notice.answer, notice.answered_at) == ("safe", NOW + SECOND)
    inbound = only(db.engine, tables.inbound)
    assert (inbound.meaning, inbound.notice_id) == ("safe", notice.id)
    assert rows(db.engine, tables.task) == []


def test_help_reaches_the_desk(db: SqlDatabase, mouth: Mouth) -> None:
    ask(db)
    assert mouth.say("২") == ReplyOutcome("help", "help_coming & en")
    assert states(db) == {"r0": "needs_help", "r1": "needs_help"}
    assert [(row.ref, row.what) for row in rows(db.engine, tables.task)] == [
        ("r0", "asked for help"),
        ("r1", "asked for help"),
    ]


def test_a_later_answer_replaces_an_earlier_one(db: SqlDatabase, mouth: Mouth) -> None:
    ask(db)
    mouth.say("1")
    assert mouth.say("2").meaning == "help"
    assert states(db)["r0"] == "needs_help"
    assert only(db.engine).answer == "help"


def test_a_manager_s_answer_is_a_report_that_holds_for_twelve_hours(
    db: SqlDatabase, mouth: Mouth
) -> None:
    start_timers(db.engine, a_timer("f1", kind=SubjectKind.FACILITY))
    add(db, a_question())
    send_all(db)
    assert mouth.say("2", MANAGER) == ReplyOutcome("limited", "facility_thanks & en")
    at = NOW + SECOND
    with db.reading() as stores:
        assert stores.facilities.latest_reports() == {
            "f1": StatusReport("f1", ContinuityStatus.LIMITED, at, at + hours(12), "sms")
        }
    assert states(db) == {"f1": "confirmed"}
    assert only(db.engine, tables.escalation_timer).state == "stopped"


def test_an_unclear_message_is_answered_twice_in_an_hour_and_leaves_the_question_open(
    db: SqlDatabase, mouth: Mouth
) -> None:
    start_timers(db.engine, a_timer("r0"))
    ask(db)
    texts = [mouth.say("what is this?").text for _ in range(4)]
    assert texts == ["unclear & en", "unclear & en", None, None]
    assert only(db.engine, tables.escalation_timer).state == "waiting"
    assert states(db) == {}
    assert mouth.say("what?", late=3700).text == "unclear & en"


def test_two_machines_do_not_talk_for_ever(db: SqlDatabase, mouth: Mouth) -> None:
    ask(db)
    texts = [mouth.say("1").text for _ in range(30)]
    assert sum(text is not None for text in texts) == 5


def test_a_stranger_is_kept_and_never_answered(db: SqlDatabase, mouth: Mouth) -> None:
    assert mouth.say("hello 1", "+12125550199") == ReplyOutcome("unknown_sender")
    assert only(db.engine, tables.inbound).meaning == "unknown_sender/silent"


def test_somebody_registered_who_was_not_asked_gets_no_answer(mouth: Mouth) -> None:
    assert mouth.say("1") == ReplyOutcome("unasked")


def test_stop_is_kept_and_stops_what_waits(db: SqlDatabase, mouth: Mouth) -> None:
    ask(db)
    add(db, a_told(0, rule="later", due_at=NOW + hours(1)))
    assert mouth.say("STOP") == ReplyOutcome("stop", "stopped & en")
    with db.reading() as stores:
        assert stores.people.suppressed() == {PHONE}
        (line,) = stores.journal.recent()
    assert (line.event, line.subject) == ("opted_out", "caregiver:c0")
    assert {row.rule: row.state for row in rows(db.engine)}["later"] == "cancelled"
    assert claim(db, NOW + hours(2)) == []


def test_a_stop_that_the_gateway_confirmed_is_not_confirmed_twice(
    db: SqlDatabase, mouth: Mouth
) -> None:
    ask(db)
    assert mouth.say("arret", opt_out="STOP") == ReplyOutcome("stop")
    assert mouth.say("anything", opt_out="START") == ReplyOutcome("start")
    with db.reading() as stores:
        assert stores.people.suppressed() == frozenset()


def test_a_stranger_s_stop_is_kept_too(db: SqlDatabase, mouth: Mouth) -> None:
    assert mouth.say("stop", "+12125550199") == ReplyOutcome("stop")
    with db.reading() as stores:
        assert stores.people.suppressed() == {"+12125550199"}


def test_start_allows_messages_again(db: SqlDatabase, mouth: Mouth) -> None:
    ask(db)
    mouth.say("stop")
    assert mouth.say("start") == ReplyOutcome("start", "started & en")
    add(db, a_told(0, rule="later"))
    assert len(claim(db)) == 1


def test_yes_is_no_start_for_somebody_who_never_stopped(db: SqlDatabase, mouth: Mouth) -> None:
    ask(db)
    assert mouth.say("yes") == ReplyOutcome("unclear", "unclear & en")


def test_a_cry_for_help_that_the_gateway_answers_reaches_the_desk(
    db: SqlDatabase, mouth: Mouth
) -> None:
    ask(db)
    assert mouth.say("HELP", opt_out="HELP") == ReplyOutcome("help")
    assert states(db)["r0"] == "needs_help"


def test_a_repeated_webhook_changes_nothing(db: SqlDatabase) -> None:
    ask(db)
    first = receive_reply(db, StubComposer(), "SM1", PHONE, "1", None, NOW)
    again = receive_reply(db, StubComposer(), "SM1", PHONE, "1", None, NOW + minutes(1))
    assert (first.meaning, again) == ("safe", ReplyOutcome("repeated"))
    assert only(db.engine).answered_at == NOW


def test_an_answer_is_saved_though_our_thanks_cannot_be_written(
    db: SqlDatabase, caplog: pytest.LogCaptureFixture
) -> None:
    ask(db)
    outcome = receive_reply(db, NoTextComposer(), "SM1", PHONE, "2", None, NOW)
    assert outcome == ReplyOutcome("help", None)
    assert states(db)["r0"] == "needs_help"
    assert "help_coming" in caplog.text


def test_an_answer_to_a_message_whose_send_is_not_recorded_yet_counts(
    db: SqlDatabase, mouth: Mouth
) -> None:
    add(db, a_told(0))
    (one,) = claim(db)
    assert mouth.say("1").meaning == "safe"
    close(db, accepted(one))
    notice = only(db.engine)
    assert (notice.state, notice.answer) == ("sent", "safe")


def test_journal_and_meanings_hold_neither_number_nor_words(
    db: SqlDatabase, mouth: Mouth, caplog: pytest.LogCaptureFixture
) -> None:
    ask(db)
    for body in ("1", "a secret word", "stop"):
        mouth.say(body)
    with db.reading() as stores:
        told = " ".join(f"{line}" for line in stores.journal.recent())
    kept = " ".join(f"{row.meaning}" for row in rows(db.engine, tables.inbound))
    for text in (told, kept, caplog.text):
        assert "secret" not in text
        assert "555" not in text


# --- receipts


def test_a_receipt_of_a_status_that_we_do_not_know_is_passed_over(db: SqlDatabase) -> None:
    ask(db)
    reference = f"{only(db.engine).id}.1"
    new = Receipt(reference, "SM1", "partially_delivered", None, NOW)
    assert receive_receipts(db, [new]) == [False]
    unknown = Receipt("nothing.1", "SM1", "delivered", None, NOW)
    assert receive_receipts(db, [new, unknown]) == [False, False]
    assert only(db.engine).delivery_status == "queued"


def test_receipts_that_come_together_are_told_apart(db: SqlDatabase) -> None:
    add(db, a_told(0), a_told(1))
    first, second = sorted(claim(db), key=lambda one: one.id)
    receipts = [
        Receipt(f"{second.id}.1", "SM2", "undelivered", "30003", NOW),
        Receipt("nothing.1", "SM3", "delivered", None, NOW),
        Receipt(f"{first.id}.1", "SM1", "sent", None, NOW),
        Receipt(f"{first.id}.1", "SM1", "delivered", None, NOW),
    ]
    assert receive_receipts(db, receipts) == [True, False, True, True]
    found = {
        row.id: (row.delivery_status, row.error_code) for row in rows(db.engine, tables.notice)
    }
    assert found == {first.id: ("delivered", None), second.id: ("undelivered", "30003")}


_STATUSES = ["accepted", "queued", "sending", "sent", "delivered", "undelivered", "failed"]


@settings(max_examples=12, deadline=None)
@given(
    st.lists(st.sampled_from(_STATUSES), min_size=1, max_size=8),
    st.lists(st.sampled_from(["1", "2", "?"]), min_size=1, max_size=4),
    st.randoms(use_true_random=False),
)
def test_order_and_repetition_of_webhooks_do_not_matter(
    sealer: Sealer,
    statuses: list[str],
    bodies: list[str],
    random: object,
) -> None:
    """Whatever order receipts come in, and however often they and replies are repeated."""
    ends = []
    for shuffled in (False, True):
        engine = open_engine("sqlite://")  # in memory, for speed
        tables.metadata.create_all(engine)
        db = caregivers(engine, sealer)
        add(db, a_told(0))
        (one,) = claim(db)
        receipts = statuses * 2 if shuffled else statuses
        if shuffled:
            random.shuffle(receipts)  # type: ignore[attr-defined]
        for n, status in enumerate(receipts):
            if n == len(receipts) // 2 and shuffled:
                close(db, accepted(one, "SM1"))
            receive_receipts(db, [Receipt(f"{one.id}.1", "SM1", status, None, NOW)])
        if not shuffled:
            close(db, accepted(one, "SM1"))
        for n, body in enumerate(bodies):
            for _ in range(2 if shuffled else 1):
                receive_reply(db, StubComposer(), f"I{n}", PHONE, body, None, NOW)
        notice = only(engine)
        rank = DeliveryStatus(notice.delivery_status).rank
        ends.append((notice.state, rank, notice.answer, states(db), len(rows(engine, tables.task))))
        engine.dispose()
    assert ends[0] == ends[1]
    assert ends[0][1] == max(1, *(DeliveryStatus(status).rank for status in statuses))


@pytest.mark.parametrize(
    ("body", "meaning", "task"),
    [
        ("RIDE", "ride", "asks for a ride"),
        ("place", "place", "asks where a safe place is"),
        ("Rest.", "rest", "asks for somebody to take over"),
        ("backup", "backup", "asks to pass it on to the stand-in"),
    ],
)
def test_what_the_checklists_tell_people_to_write_brings_somebody(
    db: SqlDatabase, mouth: Mouth, body: str, meaning: str, task: str
) -> None:
    start_timers(db.engine, a_timer("r0"), a_timer("r1"))
    ask(db)
    assert mouth.say(body) == ReplyOutcome(meaning, "help_coming & en")
    assert [(row.ref, row.what) for row in rows(db.engine, tables.task)] == [
        ("r0", task),
        ("r1", task),
    ]
    assert states(db) == {}, "nobody is taken for safe, and the question stays open"
    assert {row.state for row in rows(db.engine, tables.escalation_timer)} == {"waiting"}


@pytest.mark.parametrize("body", ["no ride", "we had a rest", "place 7", "in the place"])
def test_such_a_word_in_a_sentence_is_not_guessed_at(
    db: SqlDatabase, mouth: Mouth, body: str
) -> None:
    ask(db)
    assert mouth.say(body).meaning == "unclear"
    assert rows(db.engine, tables.task) == []
