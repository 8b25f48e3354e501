"""Calls end to end: every fate of a call, over real HTTP and on a real database."""

import base64
import hashlib
import hmac
import logging
import re
from collections.abc import Iterator, Mapping
from urllib.parse import urlencode
from xml.etree import ElementTree as ET

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from carealert.adapters.db import tables
from carealert.adapters.db.stores import SqlDatabase
from carealert.adapters.sealing import Sealer
from carealert.simulator.world import Fault, FaultKind, Pickup
from carealert.web.voice_hooks import voice_router
from tests.support.builders import NOW, a_phone, minutes
from tests.support.calling import NEUTRAL, PRIVATE, SPOKEN, Line, a_line, a_speech, said_in
from tests.support.delivery import (
    TOKEN,
    SetClock,
    StubComposer,
    a_timer,
    a_told,
    add,
    caregivers,
    only,
    rows,
    send_all,
    start_timers,
)

PUBLIC = "https://alerts.example.org/care"
TO = a_phone(0).number
THANKS = "thanks_safe & en"
UNCLEAR = "unclear & en"


@pytest.fixture
def line(engine: Engine, sealer: Sealer) -> Iterator[Line]:
    with a_line(engine, sealer) as line:
        yield line


@pytest.fixture
def quick(sqlite_engine: Engine, sealer: Sealer) -> Iterator[Line]:
    """The same on SQLite alone, for what does not depend on the database."""
    with a_line(sqlite_engine, sealer) as line:
        yield line


def state_of(line: Line, ref: str = "r0") -> str | None:
    states = {row.ref: row.state for row in rows(line.db.engine, tables.subject)}
    return states.get(ref)


def due_of(line: Line) -> object:
    return only(line.db.engine, tables.escalation_timer).due_at


# --- fates


def test_a_person_hears_the_text_and_answers_with_a_key(line: Line) -> None:
    line.world.calls.will(TO, Pickup.HUMAN, "1")
    start_timers(line.db.engine, a_timer())
    call = line.call()
    row = only(line.db.engine)
    assert call.heard == (SPOKEN, THANKS)
    assert (row.delivery_status, row.error_code, row.answer) == ("delivered", None, "safe")
    assert state_of(line) == "safe"
    phone = line.world.phone(TO)
    assert phone is not None
    assert [bubble.body for bubble in phone.bubbles] == [f"☎ {SPOKEN}", "☎ 1", f"☎ {THANKS}"]


def test_a_person_who_needs_help_is_with_the_desk(quick: Line) -> None:
    quick.world.calls.will(TO, Pickup.HUMAN, "2")
    assert quick.call().heard == (SPOKEN, "help_coming & en")
    assert state_of(quick) == "needs_help"
    assert only(quick.db.engine, tables.task).ref == "r0"


def test_a_person_who_presses_nothing_was_told_and_is_asked_once_more(line: Line) -> None:
    start_timers(line.db.engine, a_timer())
    call = line.call()
    row = only(line.db.engine)
    assert call.heard == (SPOKEN, SPOKEN)
    assert (row.delivery_status, row.answer) == ("delivered", None)
    assert due_of(line) == NOW + minutes(10), "told, but not answered: the chain goes on in time"


def test_a_late_key_counts(quick: Line) -> None:
    quick.world.calls.will(TO, Pickup.HUMAN, "", "1")
    assert quick.call().heard == (SPOKEN, SPOKEN, THANKS)
    assert state_of(quick) == "safe"


def test_a_wrong_key_is_asked_again_once(quick: Line) -> None:
    quick.world.calls.will(TO, Pickup.HUMAN, "7", "1")
    assert quick.call().heard == (SPOKEN, f"{UNCLEAR} {SPOKEN}", THANKS)
    assert state_of(quick) == "safe"


def test_a_wrong_key_twice_ends_the_call(quick: Line) -> None:
    quick.world.calls.will(TO, Pickup.HUMAN, "7", "7", "1")
    assert quick.call().heard == (SPOKEN, f"{UNCLEAR} {SPOKEN}", UNCLEAR)
    assert only(quick.db.engine).delivery_status == "delivered"
    assert state_of(quick) is None


@pytest.mark.parametrize(
    ("pickup", "code"), [(Pickup.MACHINE, "machine_start"), (Pickup.UNSURE, "unsure")]
)
def test_a_mailbox_hears_the_danger_only_and_is_not_reached(
    line: Line, pickup: Pickup, code: str
) -> None:
    line.world.calls.will(TO, pickup)
    start_timers(line.db.engine, a_timer())
    call = line.call()
    row = only(line.db.engine)
    assert call.heard == (NEUTRAL,)
    assert (row.delivery_status, row.error_code) == ("undelivered", code)
    assert row.delivered_at is None
    assert due_of(line) == NOW, "nobody was reached: the next step is due now"


def test_a_fax_hears_nothing(quick: Line) -> None:
    quick.world.calls.will(TO, Pickup.FAX)
    assert quick.call().heard == ()
    row = only(quick.db.engine)
    assert (row.delivery_status, row.error_code) == ("undelivered", "fax")


def test_a_person_taken_for_a_machine_gets_the_text_with_any_key(quick: Line) -> None:
    quick.world.calls.will(TO, Pickup.UNSURE, "5", "1")
    assert quick.call().heard == (NEUTRAL, SPOKEN, THANKS)
    row = only(quick.db.engine)
    assert (row.delivery_status, row.answer) == ("delivered", "safe")


@pytest.mark.parametrize("pickup", [Pickup.BUSY, Pickup.NO_ANSWER, Pickup.FAILED])
def test_nobody_picks_up(line: Line, pickup: Pickup) -> None:
    line.world.calls.will(TO, pickup)
    start_timers(line.db.engine, a_timer())
    call = line.call()
    row = only(line.db.engine)
    assert call.heard == ()
    assert (row.delivery_status, row.error_code) == ("undelivered", pickup.value)
    assert due_of(line) == NOW


def test_a_phone_that_is_off_is_no_answer(sqlite_engine: Engine, sealer: Sealer) -> None:
    with a_line(sqlite_engine, sealer) as line:
        line.world._unreachable = frozenset({TO})
        line.call()
        assert only(line.db.engine).error_code == "no-answer"


# --- what calls wait for


def test_a_call_that_rings_too_late_says_nothing_and_reaches_nobody(
    quick: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting = []
    monkeypatch.setattr(quick.world, "go_on_call", waiting.append)
    quick.call()
    quick.clock.move(33 * 3600)
    monkeypatch.undo()
    for call in waiting:
        quick.world.go_on_call(call)
    assert quick.world.wait_until_quiet()
    row = only(quick.db.engine)
    assert quick.world.calls.listed()[0].heard == ()
    assert (row.delivery_status, row.error_code) == ("undelivered", "not_said")


def test_a_call_whose_office_was_silent_reached_nobody(
    quick: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The gateway says completed and human; but nothing was said."""
    monkeypatch.setattr("carealert.simulator.ringing.Ringing._ask", lambda *_: None)
    quick.call()
    row = only(quick.db.engine)
    assert (row.delivery_status, row.error_code) == ("undelivered", "not_said")


# --- callbacks in any order


@pytest.mark.parametrize("kind", [FaultKind.REVERSED_CALLBACKS, FaultKind.DUPLICATE_CALLBACKS])
@pytest.mark.parametrize(
    ("pickup", "status"), [(Pickup.HUMAN, "delivered"), (Pickup.MACHINE, "undelivered")]
)
def test_callbacks_in_any_order_and_number_come_to_the_same(
    quick: Line, kind: FaultKind, pickup: Pickup, status: str
) -> None:
    quick.world.calls.will(TO, pickup)
    quick.world.faults.append(Fault(kind))
    quick.call()
    assert only(quick.db.engine).delivery_status == status
    statuses = {row.status for row in rows(quick.db.engine, tables.delivery_event)}
    assert {"sending", "sent", "undelivered"} <= statuses


def test_a_call_whose_answer_was_lost_is_adopted_by_its_callbacks(quick: Line) -> None:
    quick.world.calls.will(TO, Pickup.HUMAN, "1")
    quick.world.faults.append(Fault(FaultKind.DROP_AFTER_ACCEPT))
    call = quick.call()
    row, attempt = only(quick.db.engine), only(quick.db.engine, tables.attempt)
    assert (row.state, row.delivery_status, row.answer) == ("sent", "delivered", "safe")
    assert attempt.provider_id == call.sid
    quick.deliver()
    assert len(quick.world.calls.listed()) == 1


# --- single requests


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def db(sqlite_engine: Engine, sealer: Sealer) -> SqlDatabase:
    db = caregivers(sqlite_engine, sealer)
    add(db, a_told(0, body=PRIVATE))
    send_all(db)
    return db


@pytest.fixture
def client(db: SqlDatabase, clock: SetClock) -> TestClient:
    app = FastAPI()
    tokens = ("the next token", TOKEN, "")
    app.include_router(voice_router(db, StubComposer(), a_speech(), tokens, f"{PUBLIC}/", clock))
    return TestClient(app)


def post(
    client: TestClient, path: str, form: Mapping[str, str], signature: str | None = None
) -> tuple[int, str]:
    text = PUBLIC + path + "".join(key + form[key] for key in sorted(form))
    given = base64.b64encode(hmac.digest(TOKEN.encode(), text.encode(), hashlib.sha1)).decode()
    headers = {"X-Twilio-Signature": given if signature is None else signature}
    answer = client.post(path, data=dict(form), headers=headers)
    return answer.status_code, answer.text


def path_of(db: SqlDatabase, last: str = "", **query: object) -> str:
    asked = {"language": "en", "until": int(NOW.timestamp()) + 60} | query
    return f"/hooks/twilio/voice/{only(db.engine).id}.1{last}?{urlencode(asked)}"


def form(db: SqlDatabase, **more: str) -> dict[str, str]:
    return {"CallSid": f"SM-{only(db.engine).id}", "To": TO, **more}


def verbs(twiml: str) -> list[str]:
    return [verb.tag for verb in ET.fromstring(twiml)]


@pytest.mark.parametrize(
    "answered_by",
    ["machine_start", "machine_end_beep", "fax", "unknown", "", "HUMAN", "humanoid", "person"],
)
def test_g01_whatever_is_not_called_a_person_never_hears_the_text(
    client: TestClient, db: SqlDatabase, answered_by: str
) -> None:
    code, twiml = post(client, path_of(db, "/answered"), form(db, AnsweredBy=answered_by))
    assert code == 200
    assert set(said_in(twiml)) <= {NEUTRAL}
    assert "Nani" not in twiml
    assert only(db.engine).delivery_status == "queued"


def test_without_the_gateway_s_word_for_it_nothing_private_is_said(
    client: TestClient, db: SqlDatabase
) -> None:
    assert said_in(post(client, path_of(db, "/answered"), form(db))[1]) == [NEUTRAL]


def test_the_addresses_in_a_document_are_the_public_ones(
    client: TestClient, db: SqlDatabase
) -> None:
    _, twiml = post(client, path_of(db, "/answered"), form(db, AnsweredBy="human"))
    gather = ET.fromstring(twiml).find("Gather")
    assert gather is not None
    hook = f"{PUBLIC}/hooks/twilio/voice/{only(db.engine).id}.1?language=en&until="
    assert (gather.get("action") or "").startswith(hook)
    assert gather.get("actionOnEmptyResult") == "true"
    assert TO not in twiml


def test_a_repeated_key_changes_nothing(client: TestClient, db: SqlDatabase) -> None:
    first = post(client, path_of(db), form(db, Digits="1"))
    second = post(client, path_of(db), form(db, Digits="1"))
    assert said_in(first[1]) == [THANKS]
    assert verbs(second[1]) == ["Hangup"]
    assert len(rows(db.engine, tables.inbound)) == 1


def test_a_key_counts_after_the_call_was_taken_for_a_machine_s(
    client: TestClient, db: SqlDatabase
) -> None:
    status = path_of(db, "/status").partition("?")[0]
    ended = form(db, CallStatus="completed", AnsweredBy="machine_start")
    assert post(client, status, ended) == (204, "")
    assert only(db.engine).delivery_status == "undelivered"
    post(client, path_of(db), form(db, Digits="1"))
    assert (only(db.engine).delivery_status, only(db.engine).answer) == ("delivered", "safe")
    post(client, status, ended)
    assert only(db.engine).delivery_status == "delivered"


@pytest.mark.parametrize(
    ("status", "stored"),
    [
        ("queued", "queued"),
        ("initiated", "sending"),
        ("ringing", "sending"),
        ("in-progress", "sent"),
        ("completed", "undelivered"),
        ("canceled", "canceled"),
        ("a new word", "queued"),
        ("", "queued"),
    ],
)
def test_every_status_of_a_call_has_its_place(
    client: TestClient, db: SqlDatabase, status: str, stored: str
) -> None:
    path = path_of(db, "/status").partition("?")[0]
    assert post(client, path, form(db, CallStatus=status)) == (204, "")
    assert only(db.engine).delivery_status == stored


def test_another_call_does_not_speak_for_this_notice(client: TestClient, db: SqlDatabase) -> None:
    path = path_of(db, "/status").partition("?")[0]
    post(client, path, form(db, CallStatus="busy") | {"CallSid": "CAother"})
    assert only(db.engine).delivery_status == "queued"


@pytest.mark.parametrize("last", ["", "/answered", "/status"])
@pytest.mark.parametrize("signature", ["", "AAAA", "é"])
def test_a_wrong_signature_says_nothing_and_changes_nothing(
    client: TestClient, db: SqlDatabase, last: str, signature: str
) -> None:
    given = form(db, AnsweredBy="human", Digits="1", CallStatus="busy")
    code, text = post(client, path_of(db, last), given, signature.encode("latin-1"))  # type: ignore[arg-type]
    assert (code, text) == (403, "")
    assert rows(db.engine, tables.inbound) == []
    assert only(db.engine).delivery_status == "queued"
    entry = only(db.engine, tables.journal)
    assert (entry.event, entry.subject) == ("webhook_refused", "twilio:voice")


@pytest.mark.parametrize(
    "query",
    [
        {"language": "ne"},
        {"language": ""},
        {"until": ""},
        {"until": "-1"},
        {"until": "9" * 30},
        {"until": "²"},
        {"until": int(NOW.timestamp())},
    ],
)
def test_an_odd_address_ends_the_call(
    client: TestClient, db: SqlDatabase, query: dict[str, object]
) -> None:
    for last in ("", "/answered"):
        given = form(db, AnsweredBy="human")
        assert verbs(post(client, path_of(db, last, **query), given)[1]) == ["Hangup"]
    assert only(db.engine).delivery_status == "queued"


@pytest.mark.parametrize("reference", ["nothing.1", "nothing", "%00.1"])
def test_a_reference_that_nobody_gave_is_harmless(client: TestClient, reference: str) -> None:
    base = f"/hooks/twilio/voice/{reference}"
    query = f"?language=en&until={int(NOW.timestamp()) + 60}"
    given = {"CallSid": "CA1", "To": "+12125550199", "AnsweredBy": "human", "CallStatus": "busy"}
    assert post(client, f"{base}/status", given)[0] in (204, 403)
    for path in (f"{base}/answered{query}", f"{base}{query}"):
        code, text = post(client, path, given)
        assert code in (200, 403)
        assert "<Say" not in text
    assert post(client, f"{base}{query}", given | {"Digits": "1"})[0] in (200, 403)


def test_too_long_a_body_is_not_read(client: TestClient, db: SqlDatabase) -> None:
    assert post(client, path_of(db), form(db, Digits="1" * 70_000))[0] == 413


def test_get_is_no_webhook(client: TestClient, db: SqlDatabase) -> None:
    assert client.get(path_of(db)).status_code == 405


def test_nothing_personal_is_logged_or_kept_in_the_clear(
    quick: Line, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    quick.world.calls.will(TO, Pickup.HUMAN, "7", "1")
    quick.call()
    kept = "".join(
        str(row)
        for table in (tables.attempt, tables.delivery_event, tables.inbound, tables.journal)
        for row in rows(quick.db.engine, table)
    )
    for text in (caplog.text, kept):
        assert "Nani" not in text
        assert "dialysis" not in text
        assert not re.search(r"(\+|%2B)1\d{3}555", text)
