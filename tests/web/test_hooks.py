"""Webhooks: signatures first, then one transaction each."""

import base64
import hashlib
import hmac
from collections.abc import Mapping

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from carealert.adapters.db import tables
from carealert.adapters.db.stores import SqlDatabase
from carealert.adapters.sealing import Sealer
from carealert.web.hooks import hooks_router
from tests.support.builders import a_phone
from tests.support.delivery import (
    TOKEN,
    SetClock,
    StubComposer,
    a_told,
    add,
    caregivers,
    only,
    rows,
    send_all,
)

PUBLIC = "https://alerts.example.org/care"
INBOUND = "/hooks/twilio/inbound"
PHONE = a_phone(0).number


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def db(sqlite_engine: Engine, sealer: Sealer) -> SqlDatabase:
    db = caregivers(sqlite_engine, sealer)
    add(db, a_told(0))
    send_all(db)
    return db


@pytest.fixture
def client(db: SqlDatabase, clock: SetClock) -> TestClient:
    app = FastAPI()
    tokens = ("the next token", TOKEN, "")
    app.include_router(hooks_router(db, StubComposer(), tokens, f"{PUBLIC}/", clock))
    return TestClient(app)


def sign(path: str, form: Mapping[str, str], token: str = TOKEN, public: str = PUBLIC) -> str:
    """Twilio's own rule, written down a second time."""
    text = public + path + "".join(key + form[key] for key in sorted(form))
    return base64.b64encode(hmac.digest(token.encode(), text.encode(), hashlib.sha1)).decode()


def post(
    client: TestClient, path: str, form: Mapping[str, str], signature: str | None = None
) -> tuple[int, str]:
    given = sign(path, form) if signature is None else signature
    answer = client.post(path, data=dict(form), headers={"X-Twilio-Signature": given})
    return answer.status_code, answer.text


def inbound(body: str = "1", sid: str = "SM1", **more: str) -> dict[str, str]:
    return {"MessageSid": sid, "From": PHONE, "Body": body, **more}


def status_path(db: SqlDatabase) -> str:
    return f"/hooks/twilio/status/{only(db.engine).id}.1"


def test_a_signed_reply_is_answered_in_twiml(client: TestClient, db: SqlDatabase) -> None:
    code, text = post(client, INBOUND, inbound())
    assert code == 200
    assert "<Response><Message>thanks_safe &amp; en</Message></Response>" in text
    assert only(db.engine).answer == "safe"


def test_a_reply_over_whatsapp_is_that_of_the_phone(client: TestClient, db: SqlDatabase) -> None:
    code, text = post(client, INBOUND, inbound(From=f"whatsapp:{PHONE}"))
    assert (code, "thanks_safe" in text) == (200, True)
    assert only(db.engine).answer == "safe"


def test_a_reply_without_an_answer_gives_an_empty_response(client: TestClient) -> None:
    code, text = post(client, INBOUND, inbound("1", From="+12125550199"))
    assert (code, "<Response />" in text) == (200, True)


def test_a_signed_receipt_is_recorded(client: TestClient, db: SqlDatabase) -> None:
    form = {"MessageSid": f"SM-{only(db.engine).id}", "MessageStatus": "delivered"}
    assert post(client, status_path(db), form) == (204, "")
    assert only(db.engine).delivery_status == "delivered"


def test_an_error_code_is_kept(client: TestClient, db: SqlDatabase) -> None:
    form = {"MessageSid": "SMx", "MessageStatus": "undelivered", "ErrorCode": "30003"}
    form["MessageSid"] = f"SM-{only(db.engine).id}"
    post(client, status_path(db), form)
    assert only(db.engine).error_code == "30003"


def test_unknown_fields_and_empty_values_belong_to_what_is_signed(client: TestClient) -> None:
    form = inbound(NewField="new", FromCity="", ExtraNumber="1")
    assert post(client, INBOUND, form)[0] == 200


def test_a_query_belongs_to_what_is_signed(client: TestClient) -> None:
    path = f"{INBOUND}?a=b%20c"
    assert post(client, path, inbound())[0] == 200
    assert post(client, path, inbound(sid="SM2"), sign(INBOUND, inbound(sid="SM2")))[0] == 403


@pytest.mark.parametrize(
    "public", ["https://alerts.example.org:443/care", "https://alerts.example.org/care"]
)
def test_the_port_may_or_may_not_be_signed(client: TestClient, public: str) -> None:
    form = inbound()
    assert post(client, INBOUND, form, sign(INBOUND, form, public=public))[0] == 200


def test_both_tokens_count_while_one_is_rotated(client: TestClient) -> None:
    form = inbound()
    signature = sign(INBOUND, form, token="the next token")
    assert post(client, INBOUND, form, signature)[0] == 200


@pytest.mark.parametrize("wrong", ["", "x", "é", "AAAA", "host", "path", "token", "empty", "body"])
def test_a_wrong_signature_changes_nothing_but_the_journal(
    client: TestClient, db: SqlDatabase, wrong: str
) -> None:
    form = inbound()
    made = {
        "host": sign(INBOUND, form, public="http://testserver"),
        "path": sign("/hooks/twilio/other", form),
        "token": sign(INBOUND, form, token="another"),
        "empty": sign(INBOUND, form, token=""),
        "body": sign(INBOUND, inbound("2")),
    }
    headers = {"X-Twilio-Signature": made.get(wrong, wrong).encode("latin-1")}
    assert client.post(INBOUND, data=form, headers=headers).status_code == 403
    assert rows(db.engine, tables.inbound) == []
    line = only(db.engine, tables.journal)
    assert (line.event, line.subject, line.details) == ("webhook_refused", "twilio:inbound", {})


def test_somebody_who_keeps_knocking_gets_one_line_a_minute(
    client: TestClient, db: SqlDatabase, clock: SetClock
) -> None:
    for _ in range(10):
        post(client, INBOUND, inbound(), "wrong")
        clock.move(10)
    assert len(rows(db.engine, tables.journal)) == 2


def test_without_a_token_nothing_is_proved(db: SqlDatabase, clock: SetClock) -> None:
    app = FastAPI()
    app.include_router(hooks_router(db, StubComposer(), (), PUBLIC, clock))
    form = inbound()
    assert post(TestClient(app), INBOUND, form, sign(INBOUND, form, token=""))[0] == 403


def test_too_long_a_body_is_not_read(client: TestClient, db: SqlDatabase) -> None:
    assert post(client, INBOUND, inbound("x" * 70_000))[0] == 413
    assert rows(db.engine, tables.inbound) == []


def test_a_replayed_request_changes_nothing(client: TestClient, db: SqlDatabase) -> None:
    form = inbound()
    first = post(client, INBOUND, form)
    second = post(client, INBOUND, form)
    assert "thanks_safe" in first[1]
    assert second[0] == 200
    assert "<Message>" not in second[1]
    assert len(rows(db.engine, tables.inbound)) == 1


def test_repeated_values_of_one_field_are_all_signed(client: TestClient) -> None:
    text = f"{PUBLIC}{INBOUND}Body1FromX{PHONE}MediaUrlaMediaUrlbMessageSidSM1"
    text = text.replace("FromX", "From")
    signature = base64.b64encode(hmac.digest(TOKEN.encode(), text.encode(), hashlib.sha1))
    answer = client.post(
        INBOUND,
        content=f"MessageSid=SM1&From=%2B{PHONE[1:]}&Body=1&MediaUrl=b&MediaUrl=a",
        headers={
            "X-Twilio-Signature": signature.decode(),
            "Content-Type": "application/x-www-form-urlencoded",
        },
    )
    assert answer.status_code == 200


@pytest.mark.parametrize("path", ["/hooks/twilio/status/nothing.1", "/hooks/twilio/status/%00"])
def test_a_reference_that_nobody_gave_is_harmless(client: TestClient, path: str) -> None:
    form = {"MessageSid": "SM1", "MessageStatus": "delivered"}
    code, _ = post(client, path, form)
    assert code in (204, 403)


def test_get_is_no_webhook(client: TestClient) -> None:
    assert client.get(INBOUND).status_code == 405
