"""Webhooks of gateways out of files: proof first, then the services that Twilio's come to, too."""

import base64
import hashlib
import hmac
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import Engine, update

from carealert.adapters.channels.gateway_config import HttpGateway
from carealert.adapters.channels.not_ready import ChannelNotReady
from carealert.adapters.db import tables
from carealert.adapters.db.stores import SqlDatabase
from carealert.adapters.sealing import Sealer
from carealert.domain.notices import DeliveryStatus
from carealert.services.ports.outbox import Accepted, DeliveryFailed, FailureAction, Outgoing
from carealert.web.gateway_hooks import gateway_router
from tests.support.builders import a_phone
from tests.support.delivery import (
    SetClock,
    StubComposer,
    a_told,
    add,
    caregivers,
    only,
    rows,
    send_all,
)
from tests.support.gateways import SECRETS, a_gateway, channel_of, preset

PHONE = a_phone(0).number
TOKEN = {"X-Token": SECRETS["GATE_HOOK"]}
STATUSES = {"DELIVRD": "delivered", "UNDELIV": "undelivered"}


class Answers:
    """A channel that keeps what it was asked to send, or refuses."""

    def __init__(self, *, refuses: bool = False) -> None:
        self.sent: list[Outgoing] = []
        self.refuses = refuses

    def send(self, message: Outgoing) -> Accepted:
        if self.refuses:
            raise DeliveryFailed("no", FailureAction.UNREACHABLE)
        self.sent.append(message)
        return Accepted("1", DeliveryStatus.SENT)

    def find(self, *_: object) -> Accepted | None:
        return None


def proof(kind: str = "token", **more: str) -> dict[str, str]:
    return {"kind": kind, "secret": "GATE_HOOK", "header": "X-Token", **more}


def gateway(how: dict[str, str] | None = None, **inbound: Any) -> HttpGateway:
    """Receipts and inbound messages as form, query or flat JSON."""
    how = how or proof()
    return a_gateway(
        answers={},
        receipts={
            "proof": how,
            "reference": "ref",
            "status": "status",
            "code": "err",
            "statuses": STATUSES,
        },
        inbound={"proof": how, "id": "id", "sender": "from", "text": "text"} | inbound,
    )


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def db(sqlite_engine: Engine, sealer: Sealer) -> SqlDatabase:
    db = caregivers(sqlite_engine, sealer)
    add(db, a_told(0))
    send_all(db)
    return db


def client(
    db: SqlDatabase,
    gateways: Sequence[HttpGateway],
    clock: SetClock | None = None,
    **channels: Answers,
) -> TestClient:
    app = FastAPI()
    app.include_router(
        gateway_router(
            db, StubComposer(), gateways, SECRETS, clock or SetClock(), channels=channels
        )
    )
    return TestClient(app)


def by_reference(db: SqlDatabase) -> str:
    """Make our reference the id of the one attempt, as with a gateway that gives none."""
    reference = f"{only(db.engine).id}.1"
    with db.engine.begin() as connection:
        connection.execute(update(tables.attempt).values(provider_id=reference))
    return reference


def receipt(db: SqlDatabase, status: str = "DELIVRD", **more: str) -> dict[str, str]:
    return {"ref": by_reference(db), "status": status, **more}


MESSAGE = {"id": "in-1", "from": PHONE, "text": "1"}


@pytest.mark.parametrize("way", ["form", "json", "query", "get"])
def test_a_receipt_is_recorded_however_it_comes(db: SqlDatabase, way: str) -> None:
    http, path, fields = client(db, [gateway()]), "/hooks/gateway/ours/status", receipt(db, x="new")
    if way == "form":
        answer = http.post(path, data=fields, headers=TOKEN)
    elif way == "json":
        answer = http.post(path, json=fields, headers=TOKEN)
    elif way == "query":
        answer = http.post(path, params=fields, headers=TOKEN)
    else:
        answer = http.get(path, params=fields, headers=TOKEN)
    assert (answer.status_code, answer.text) == (200, "")
    assert only(db.engine).delivery_status == "delivered"


def test_a_code_is_kept_and_a_phone_in_its_place_is_not(db: SqlDatabase) -> None:
    http, path = client(db, [gateway()]), "/hooks/gateway/ours/status"
    http.post(path, data=receipt(db, "UNDELIV", err="E17"), headers=TOKEN)
    assert only(db.engine).error_code == "E17"
    http.post(path, data=receipt(db, "DELIVRD", err=PHONE), headers=TOKEN)
    assert only(db.engine).error_code is None


def test_repeated_receipts_and_unknown_words_change_nothing(db: SqlDatabase) -> None:
    http, path = client(db, [gateway()]), "/hooks/gateway/ours/status"
    for status in ("DELIVRD", "DELIVRD", "UNDELIV", "BRANDNEW"):
        assert http.post(path, data=receipt(db, status), headers=TOKEN).status_code == 200
    for fields in ({}, {"ref": "no"}, {"ref": "a\x00.1", "status": "DELIVRD"}):
        assert http.post(path, data=fields, headers=TOKEN).status_code == 200
    assert only(db.engine).delivery_status == "delivered"
    assert {row.status for row in rows(db.engine, tables.delivery_event)} == {
        "delivered",
        "undelivered",
    }


def test_a_reply_is_taken_in_once_and_answered_once(db: SqlDatabase) -> None:
    answers = Answers()
    http = client(db, [gateway()], ours=answers)
    for _ in range(2):
        assert http.post("/hooks/gateway/ours/inbound", json=MESSAGE, headers=TOKEN).is_success
    assert only(db.engine).answer == "safe"
    assert [(one.to, one.body) for one in answers.sent] == [(PHONE, "thanks_safe & en")]
    assert len(rows(db.engine, tables.inbound)) == 1


@pytest.mark.parametrize(
    ("way", "said", "again"),
    [
        ("text", "thanks_safe & en", ""),
        ("json", '{"text": "thanks_safe & en"}', '{"text": null}'),
        ("none", "", ""),
    ],
)
def test_an_answer_may_go_back_in_the_response(
    db: SqlDatabase, way: str, said: str, again: str
) -> None:
    answers = Answers()
    http = client(db, [gateway(answer=way)], ours=answers)
    path = "/hooks/gateway/ours/inbound"
    assert [http.post(path, json=MESSAGE, headers=TOKEN).text for _ in range(2)] == [said, again]
    assert answers.sent == []


def test_an_answer_that_cannot_be_sent_does_not_lose_the_reply(
    db: SqlDatabase, caplog: pytest.LogCaptureFixture
) -> None:
    http = client(db, [gateway()], ours=Answers(refuses=True))
    assert http.post("/hooks/gateway/ours/inbound", json=MESSAGE, headers=TOKEN).is_success
    assert only(db.engine).answer == "safe"
    assert "an answer failed: unreachable" in caplog.text
    assert PHONE[1:] not in caplog.text


@pytest.mark.parametrize(
    ("numbers", "region", "said", "counts"),
    [
        ("international", None, PHONE, True),
        ("international", None, f"tel:{PHONE}", True),
        ("international", None, f"00{PHONE[1:]}", True),
        ("international", None, PHONE[1:], False),
        ("international", None, PHONE[2:], False),
        ("international", "US", PHONE[2:], True),
        ("digits", None, PHONE[1:], True),
        ("digits", None, f"00{PHONE[1:]}", True),
        ("digits", None, PHONE, True),
        ("digits", None, "CITY", False),
    ],
)
def test_a_sender_is_read_and_never_guessed(
    db: SqlDatabase, numbers: str, region: str | None, said: str, counts: bool
) -> None:
    http = client(db, [gateway(numbers=numbers, region=region)])
    fields = MESSAGE | {"from": said}
    assert http.post("/hooks/gateway/ours/inbound", json=fields, headers=TOKEN).is_success
    assert only(db.engine).answer == ("safe" if counts else None)


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[" * 50_000, b'{"id": 1}', b'{"id": "\\ud800", "from": "x", "text": ""}', b"7"],
)
def test_what_is_no_message_is_passed_over(
    db: SqlDatabase, body: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    http = client(db, [gateway()])
    headers = TOKEN | {"Content-Type": "application/json"}
    assert http.post("/hooks/gateway/ours/inbound", content=body, headers=headers).is_success
    assert http.post("/hooks/gateway/ours/status", content=body, headers=headers).is_success
    assert rows(db.engine, tables.inbound) == []
    assert "without id, text or readable sender" in caplog.text


def test_half_a_character_does_not_come_for_ever(db: SqlDatabase) -> None:
    headers = TOKEN | {"Content-Type": "application/json"}
    body = json.dumps(MESSAGE | {"id": "\ud800", "text": "1\ud800"})
    answer = client(db, [gateway()]).post(
        "/hooks/gateway/ours/inbound", content=body, headers=headers
    )
    assert answer.is_success
    assert len(rows(db.engine, tables.inbound)) == 1


# --- proof


@pytest.mark.parametrize("path", ["status", "inbound", "status/n.1/00"])
@pytest.mark.parametrize("given", [{}, {"X-Token": ""}, {"X-Token": "wrong"}])
def test_without_proof_nothing_is_looked_at(
    db: SqlDatabase, path: str, given: dict[str, str]
) -> None:
    http = client(db, [gateway()])
    answer = http.post(f"/hooks/gateway/ours/{path}", json=MESSAGE | receipt(db), headers=given)
    assert answer.status_code == 403
    assert rows(db.engine, tables.inbound) == []
    assert only(db.engine).delivery_status != "delivered"
    line = only(db.engine, tables.journal)
    assert (line.event, line.subject) == ("webhook_refused", f"ours:{path.partition('/')[0]}")


def test_a_token_does_not_open_a_signed_address(db: SqlDatabase) -> None:
    address = f"/hooks/gateway/ours/status/{by_reference(db)}/00"
    assert client(db, [gateway()]).post(address, data=receipt(db), headers=TOKEN).status_code == 403
    assert only(db.engine).delivery_status != "delivered"


@pytest.mark.parametrize("path", ["/hooks/gateway/other/inbound", "/hooks/gateway/other/status"])
def test_an_unknown_gateway_looks_like_a_wrong_proof(db: SqlDatabase, path: str) -> None:
    assert client(db, [gateway()]).post(path, json=MESSAGE, headers=TOKEN).status_code == 403


def test_a_gateway_without_webhooks_has_none(db: SqlDatabase) -> None:
    http = client(db, [a_gateway()])
    for path in ("status", "inbound"):
        answer = http.post(f"/hooks/gateway/ours/{path}", json=MESSAGE, headers=TOKEN)
        assert answer.status_code == 403


def test_one_gateway_s_proof_is_not_another_s(db: SqlDatabase) -> None:
    other = gateway(proof(secret="GATE_TOKEN")).model_copy(update={"name": "other"})
    http = client(db, [gateway(), other])
    assert http.post("/hooks/gateway/other/inbound", json=MESSAGE, headers=TOKEN).status_code == 403


def test_somebody_who_keeps_knocking_gets_one_line_a_minute(
    db: SqlDatabase, clock: SetClock
) -> None:
    http = client(db, [gateway()], clock)
    for _ in range(10):
        http.post("/hooks/gateway/ours/inbound", json=MESSAGE)
        clock.move(10)
    assert len(rows(db.engine, tables.journal)) == 2


def test_too_long_a_body_is_not_read(db: SqlDatabase) -> None:
    fields = MESSAGE | {"text": "x" * 70_000}
    answer = client(db, [gateway()]).post("/hooks/gateway/ours/inbound", json=fields, headers=TOKEN)
    assert answer.status_code == 413


def digest(body: bytes, stamp: str = "", secret: str = SECRETS["GATE_HOOK"]) -> bytes:
    return hmac.digest(secret.encode(), body + stamp.encode(), hashlib.sha256)


@pytest.mark.parametrize("encoding", ["hex", "base64"])
def test_a_body_may_be_signed(db: SqlDatabase, encoding: str) -> None:
    how = proof("hmac", header="X-Sig", timestamp_header="X-At", prefix="v1=", encoding=encoding)
    http, body = client(db, [gateway(how)]), json.dumps(MESSAGE).encode()

    def post(made: bytes, stamp: str = "17", prefix: str = "v1=") -> int:
        text = made.hex() if encoding == "hex" else base64.b64encode(made).decode()
        headers = {"X-Sig": prefix + text, "X-At": stamp, "Content-Type": "application/json"}
        return http.post("/hooks/gateway/ours/inbound", content=body, headers=headers).status_code

    assert post(digest(body, "18")) == 403
    assert post(digest(body)) == 403
    assert post(digest(body + b" ", "17")) == 403
    assert post(digest(body, "17", "another secret")) == 403
    assert post(digest(body, "17"), prefix="v2=") == 403
    assert post(digest(body, "17")[:16]) == 403
    assert rows(db.engine, tables.inbound) == []
    assert post(digest(body, "17")) == 200
    assert only(db.engine).answer == "safe"


@pytest.mark.parametrize("given", ["", "x", "é".encode("latin-1").decode("latin-1"), "v1=zz"])
def test_a_signature_that_is_none_is_refused(db: SqlDatabase, given: str) -> None:
    http = client(db, [gateway(proof("hmac", prefix="v1="))])
    headers = {"X-Token": given.encode("latin-1")}
    assert http.post("/hooks/gateway/ours/inbound", headers=headers).status_code == 403


def test_a_password_may_prove_it(db: SqlDatabase) -> None:
    http = client(db, [gateway(proof("basic", user="gate"))])
    path = "/hooks/gateway/ours/inbound"
    assert http.get(path, params=MESSAGE, auth=("gate", "wrong")).status_code == 403
    assert http.get(path, params=MESSAGE, auth=("other", SECRETS["GATE_HOOK"])).status_code == 403
    assert http.get(path, params=MESSAGE, auth=("gate", SECRETS["GATE_HOOK"])).status_code == 200
    assert only(db.engine).answer == "safe"


@pytest.mark.parametrize("secret", ["", "fifteen charact"])
def test_a_short_secret_opens_no_webhook(db: SqlDatabase, secret: str, clock: SetClock) -> None:
    with pytest.raises(ChannelNotReady, match="GATE_HOOK"):
        gateway_router(db, StubComposer(), [gateway()], {"GATE_HOOK": secret}, clock)


# --- the presets


def test_kannel_calls_the_address_that_it_was_given(db: SqlDatabase, tmp_path: Path) -> None:
    kannel = preset("kannel", tmp_path, "http://127.0.0.1:1")
    http, reference = client(db, [kannel]), by_reference(db)
    channel = channel_of(kannel)
    address = channel._callback(reference).partition("/care")[2]
    other = channel._callback("notice-9.1").rpartition("/")[2]
    for wrong in ("00", "", other, "é"):
        assert http.get(f"{address.rpartition('/')[0]}/{wrong}?status=1").status_code in (403, 404)
    assert http.get(f"/hooks/gateway/kannel/status?ref={reference}&status=1").status_code == 403
    assert http.get(f"{address}?status=8").is_success
    assert only(db.engine).delivery_status == "sent"
    assert http.get(f"{address}?status=1").is_success
    assert only(db.engine).delivery_status == "delivered"


def test_kannel_gets_the_answer_as_the_text_of_its_request(db: SqlDatabase, tmp_path: Path) -> None:
    http = client(db, [preset("kannel", tmp_path, "http://127.0.0.1:1")])
    auth = ("carealert", SECRETS["KANNEL_INBOUND_PASSWORD"])
    answer = http.get("/hooks/gateway/kannel/inbound", params=MESSAGE, auth=auth)
    assert answer.text == "thanks_safe & en"
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"


def signed_event(http: TestClient, path: str, event: dict[str, Any]) -> int:
    body = json.dumps(event).encode()
    made = digest(body, "1700000000", SECRETS["SMS_GATE_SIGNING_KEY"]).hex()
    headers = {
        "X-Signature": made,
        "X-Timestamp": "1700000000",
        "Content-Type": "application/json; charset=utf-8",
    }
    return http.post(path, content=body, headers=headers).status_code


def test_a_phone_tells_of_its_messages_by_events(db: SqlDatabase, tmp_path: Path) -> None:
    answers = Answers()
    http = client(db, [preset("sms_gate", tmp_path, "http://127.0.0.1:1")], sms_gate=answers)
    notice = only(db.engine).id
    short = f"{notice.replace('-', '')}.1"
    with db.engine.begin() as connection:
        connection.execute(update(tables.attempt).values(provider_id=f"sms_gate:{short}"))
    payload = {"messageId": short, "recipient": PHONE, "sender": None}
    event = {"deviceId": "d", "event": "sms:delivered", "id": "e1", "payload": payload}
    assert signed_event(http, "/hooks/gateway/sms_gate/status", event) == 200
    assert only(db.engine).delivery_status == "delivered"
    received = {"messageId": "abc", "message": "1", "sender": PHONE, "recipient": None}
    event = {"deviceId": "d", "event": "sms:received", "id": "e2", "payload": received}
    for _ in range(2):
        assert signed_event(http, "/hooks/gateway/sms_gate/inbound", event) == 200
    assert only(db.engine).answer == "safe"
    assert len(answers.sent) == 1


def test_rapidpro_s_flow_reads_the_answer(db: SqlDatabase, tmp_path: Path) -> None:
    http = client(db, [preset("rapidpro", tmp_path, "http://127.0.0.1:1")])
    headers = {"X-CareAlert-Token": SECRETS["RAPIDPRO_INBOUND_TOKEN"]}
    answer = http.post("/hooks/gateway/rapidpro/inbound", json=MESSAGE, headers=headers)
    assert answer.json() == {"text": "thanks_safe & en"}
