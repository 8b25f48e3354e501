"""A gateway out of a file, against a real HTTP server on the loopback."""

import logging
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from carealert.adapters.channels.gateway_files import open_gateway, preset_names, read_gateway
from carealert.adapters.channels.gateway_words import safe_code, shortened, whole
from carealert.adapters.channels.not_ready import ChannelNotReady
from carealert.domain.notices import DeliveryStatus
from carealert.services.ports.outbox import Accepted, CannotLook, DeliveryFailed, FailureAction
from tests.support.builders import NOW, a_phone
from tests.support.gateway import a_message
from tests.support.gateways import PUBLIC, SECRETS, a_gateway, channel_of, preset
from tests.support.posts import PostServer, Said, post_server

REFERENCE = "5f0c2b6e-8f3e-5d0a-9c1b-1d2e3f405162.2"
SHORT = "5f0c2b6e8f3e5d0a9c1b1d2e3f405162.2"
STATUSES = {"DELIVRD": "delivered", "QUEUED": "queued"}
HOOK = {"kind": "token", "secret": "GATE_HOOK", "header": "X-Token"}


@pytest.fixture
def server() -> Iterator[PostServer]:
    with post_server() as server:
        yield server


def send(server: PostServer, gateway: dict[str, Any], **message: Any) -> Accepted:
    return channel_of(a_gateway(url=server.url, **gateway)).send(a_message(7, **message))


def failure(server: PostServer, **gateway: Any) -> DeliveryFailed:
    with pytest.raises(DeliveryFailed) as caught:
        send(server, gateway)
    return caught.value


# --- what is posted


def test_every_placeholder_stands_for_what_it_says(server: PostServer) -> None:
    fields = {
        "all": "{to} {to_digits} {text} {reference} {short_reference} {sender} {secret:GATE_TOKEN}",
        "back": "{callback}",
        "seconds": "{valid_seconds}",
        "ttl": "{valid_minutes} min",
        "list": ["{to}", {"deep": "{text}", "fixed": True, "number": 3}],
    }
    send(server, {"fields": fields, "sender": "CITY"}, reference=REFERENCE, body="ñ {to}")
    (asked,) = server.asked
    phone = a_phone(7).number
    assert asked.json == {
        "all": f"{phone} {phone[1:]} ñ {{to}} {REFERENCE} {SHORT} CITY {SECRETS['GATE_TOKEN']}",
        "back": f"{PUBLIC}/hooks/gateway/ours/status",
        "seconds": 3600,
        "ttl": "60 min",
        "list": [phone, {"deep": "ñ {to}", "fixed": True, "number": 3}],
    }
    assert asked.headers["Authorization"] == f"Bearer {SECRETS['GATE_TOKEN']}"
    assert (asked.method, asked.path) == ("POST", "/send")


def test_a_form_and_a_query_hold_any_script(server: PostServer) -> None:
    body = "বন্যা: 1 = নিরাপদ & 50% + ñ"
    send(server, {"body": "form"}, body=body)
    send(server, {"body": "query", "method": "GET"}, body=body)
    assert server.asked[0].form["body"] == server.asked[1].query["body"] == body
    assert server.asked[1].method == "GET"


def test_fields_for_other_scripts_are_added_where_they_are_needed(server: PostServer) -> None:
    gateway = {"fields_ucs2": {"type": "unicode"}}
    send(server, gateway, body="plain")
    send(server, gateway, body="বন্যা")
    assert [asked.json.get("type") for asked in server.asked] == [None, "unicode"]


def test_a_validity_stays_within_what_the_gateway_takes(server: PostServer) -> None:
    gateway = {
        "fields": {"to": "{to}", "body": "{text}", "ttl": "{valid_seconds}"},
        "least_valid_seconds": 5,
        "most_valid_seconds": 100,
    }
    for seconds in (0, 50, 500):
        send(server, gateway, valid_for=timedelta(seconds=seconds))
    assert [asked.json["ttl"] for asked in server.asked] == [5, 50, 100]


def test_a_callback_is_signed_where_only_an_address_can_be_called(server: PostServer) -> None:
    gateway = {
        "fields": {"to": "{to}", "body": "{text}", "back": "{callback}"},
        "answers": {},
        "receipts": {
            "proof": {"kind": "signed_path", "secret": "GATE_HOOK"},
            "status": "s",
            "statuses": STATUSES,
        },
    }
    send(server, gateway, reference=REFERENCE)
    back = server.asked[0].json["back"]
    start, _, proof = back.rpartition("/")
    assert start == f"{PUBLIC}/hooks/gateway/ours/status/{REFERENCE}"
    assert len(proof) == 32
    assert SECRETS["GATE_HOOK"] not in back


def test_basic_authentication_is_made_of_two_secrets(server: PostServer) -> None:
    send(server, {"headers": {}, "basic_auth": ["user", "{secret:GATE_TOKEN}"]})
    assert server.asked[0].headers["Authorization"].startswith("Basic dXNlcjph")


# --- what answers mean


def test_the_id_stands_where_the_file_says(server: PostServer) -> None:
    server.answers = [
        Said(200, {"a": [{"b/c": 17}]}),
        Said(202, "taken", {"X-Id": "h1"}),
        Said(202, "taken"),
    ]
    taken = [
        send(server, {"answers": {"id": "/a/0/b~1c"}}),
        send(server, {"answers": {"id": "header:X-Id"}}),
        send(server, {"answers": {}}),
    ]
    assert [one.provider_id for one in taken] == ["ours:17", "ours:h1", "notice-7.1"]


def test_an_id_longer_than_a_column_is_kept_by_its_digest(server: PostServer) -> None:
    server.answers = [Said(200, {"id": "x" * 300}), Said(200, {"id": "x" * 301})]
    first, second = send(server, {}), send(server, {})
    assert len(first.provider_id) <= 64
    assert first.provider_id != second.provider_id


def test_the_gateway_s_word_for_the_state_counts(server: PostServer) -> None:
    server.answers = [Said(200, {"id": "1", "state": "QUEUED"}), Said(200, {"id": "2"})]
    receipts = {"proof": HOOK, "reference": "r", "id": "i", "status": "s", "statuses": STATUSES}
    gateway = {"answers": {"id": "/id", "status": "/state"}, "receipts": receipts}
    taken = [send(server, gateway).status for _ in range(2)]
    assert taken == [DeliveryStatus.QUEUED, DeliveryStatus.ACCEPTED]


@pytest.mark.parametrize(
    ("status", "action"),
    [
        (301, FailureAction.STOP_SENDER),
        (400, FailureAction.PERMANENT),
        (401, FailureAction.STOP_SENDER),
        (404, FailureAction.STOP_SENDER),
        (408, FailureAction.UNKNOWN),
        (418, FailureAction.PERMANENT),
        (429, FailureAction.THROTTLED),
        (500, FailureAction.UNKNOWN),
        (503, FailureAction.UNKNOWN),
    ],
)
def test_without_a_word_in_the_file_the_status_decides(
    server: PostServer, status: int, action: FailureAction
) -> None:
    server.answers = [Said(status, "?", {"Location": "/elsewhere"})]
    failed = failure(server)
    assert (failed.action, failed.code) == (action, str(status))
    assert len(server.asked) == 1


def test_codes_count_before_statuses_and_both_before_the_default(server: PostServer) -> None:
    answers = {
        "code": "/error/code",
        "by_code": {21610: "opted_out", "Busy": "throttled"},
        "by_status": {400: "retry"},
    }
    server.answers = [Said(400, {"error": {"code": code}}) for code in (21610, "Busy", 1)]
    failures = [failure(server, answers=answers) for _ in range(3)]
    assert [(one.action.value, one.code) for one in failures] == [
        ("opted_out", "21610"),
        ("throttled", "Busy"),
        ("retry", "1"),
    ]


def test_success_may_hang_on_a_value(server: PostServer) -> None:
    answers = {"equals": {"at": "/ok", "value": "true"}, "id": "/id"}
    server.answers = [Said(200, {"ok": True, "id": 1}), Said(200, {"ok": False}), Said(200, "?")]
    assert send(server, {"answers": answers}).provider_id == "ours:1"
    assert failure(server, answers=answers).action is FailureAction.UNKNOWN
    assert (
        failure(server, answers=answers | {"otherwise": "permanent"}).action
        is FailureAction.PERMANENT
    )


def test_a_wish_to_wait_is_passed_on(server: PostServer) -> None:
    server.answers = [Said(429, "", {"Retry-After": wish}) for wish in ("7", "soon", "9" * 9)]
    waits = [failure(server).retry_after for _ in range(3)]
    assert waits == [timedelta(seconds=7), None, None]


@pytest.mark.parametrize(
    "body", ["", "[" * 50_000, '{"id": 1, "more": "' + "x" * 70_000 + '"}', '{"other": 1}', "[1]"]
)
def test_an_answer_of_success_without_an_id_may_be_a_message(server: PostServer, body: str) -> None:
    server.answers = [Said(200, body)]
    assert failure(server).action is FailureAction.UNKNOWN


def test_an_answer_that_breaks_off_is_lost(server: PostServer) -> None:
    server.answers = [Said(200, "{}", {"Content-Length": "500"}), Said(drop=True)]
    assert [failure(server).action for _ in range(2)] == [FailureAction.UNKNOWN] * 2
    assert len(server.asked) == 2


# --- looking for a message


LOOK = {"path": "/messages/{reference}", "id": "/id", "status": "/state"}


def test_a_message_is_looked_for_by_our_reference(server: PostServer) -> None:
    channel = channel_of(a_gateway(url=server.url, look_up=LOOK))
    server.answers = [Said(200, {"id": 5, "state": "?"}), Said(404, ""), Said(500, ""), Said(200)]
    (found,) = channel.find(a_message(7), NOW)
    assert found == Accepted("ours:5", DeliveryStatus.ACCEPTED)
    assert (server.asked[0].method, server.asked[0].path) == ("GET", "/messages/notice-7.1")
    assert channel.find(a_message(7), NOW) == ()
    for _ in range(2):
        with pytest.raises(DeliveryFailed) as caught:
            channel.find(a_message(7), NOW)
        assert caught.value.action is FailureAction.UNREACHABLE


def test_an_empty_list_is_a_no_only_where_the_file_says_so(server: PostServer) -> None:
    look = {"path": "/m?r={reference}", "id": "/list/0/id"}
    for body, empty, is_no in (
        ({"list": []}, "/list", True),
        ({"list": []}, None, False),
        ({}, "/list", False),
    ):
        server.answers = [Said(200, body)]
        channel = channel_of(a_gateway(url=server.url, look_up=look | {"empty": empty}))
        if is_no:
            assert channel.find(a_message(7), NOW) == ()
        else:
            with pytest.raises(DeliveryFailed):
                channel.find(a_message(7), NOW)


def test_without_a_look_up_nothing_is_asked_and_that_can_be_known(server: PostServer) -> None:
    channel = channel_of(a_gateway(url=server.url))
    with pytest.raises(CannotLook):
        channel.find(a_message(7), NOW)
    assert server.asked == []


# --- privacy


def test_not_even_a_query_reaches_the_log(
    server: PostServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    fields = {"to": "{to}", "body": "{text}", "key": "{secret:GATE_TOKEN}"}
    send(server, {"body": "query", "fields": fields}, body="private")
    assert "127.0.0.1" in caplog.text  # the filter lets the rest through
    for secret in ("private", a_phone(7).number[1:], "secret"):
        assert secret not in caplog.text


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("21610", "21610"),
        ("RESULT_NO_SERVICE", "RESULT_NO_SERVICE"),
        ("+12025550107", None),
        ("12025550107", None),
        ("to 12025550107", None),
        ("x" * 21, None),
        ("", None),
        (None, None),
    ],
)
def test_a_code_is_a_code_and_no_phone(said: str | None, kept: str | None) -> None:
    assert safe_code(said) == kept


def test_a_short_reference_is_the_whole_one_again() -> None:
    assert shortened(REFERENCE) == SHORT
    assert len(shortened(REFERENCE.replace(".2", ".999"))) == 36
    assert whole(SHORT) == REFERENCE
    assert whole("notice-1.1") == shortened("notice-1.1") == "notice-1.1"


# --- what is wrong with a file


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"name": "Our Gateway"}, "ours.yaml, name: "),
        ({"url": None}, "ours.yaml, url: is missing: add it"),
        ({"url": "http://gateway.example.org"}, "plain_http: true"),
        ({"url": "https://me:secret@gateway.example.org"}, "without a name"),
        ({"url": "https://gateway.example.org/?a=b"}, "put fields under fields"),
        ({"colour": "red"}, "ours.yaml, colour: nobody knows this field"),
        ({"fields": {"to": "{to}", "b": "{txt}"}}, "fields holds {txt}, which is no placeholder"),
        ({"fields": {"to": "{to}", "b": "{secret:token}"}}, "NAME in capitals"),
        ({"fields": {"to": "{to}"}}, "fields must hold {text}"),
        ({"fields": {"b": "{text}"}}, "fields must hold {text} and {to}"),
        ({"path": "/send/{to}"}, "path holds {to}, which proxies write down"),
        ({"headers": {"X-Text": "{text}"}}, "headers holds {text}"),
        ({"headers": {"X Y": "1"}}, "headers"),
        ({"body": "form", "fields": {"t": "{to} {text}", "n": 1}}, "put each value in quotes"),
        ({"method": "GET"}, "write body: query"),
        ({"answers": {"by_code": {1: "explode"}}}, "answers.by_code.1"),
        ({"look_up": {"path": "/all", "id": "/id"}}, "{reference} or {short_reference}"),
        ({"look_up": {"path": "/m/{reference}"}}, "answers.id and look_up.id go together"),
        (
            {"receipts": {"proof": HOOK, "status": "s", "statuses": {}, "id": "i"}},
            "receipts: needs reference",
        ),
        (
            {"receipts": {"proof": HOOK, "reference": "r", "status": "s", "statuses": {}}},
            "answers.id and receipts.id go together",
        ),
        (
            {
                "inbound": {
                    "proof": {"kind": "signed_path", "secret": "GATE_HOOK"},
                    "id": "i",
                    "sender": "f",
                    "text": "t",
                }
            },
            "signed_path proves receipts only",
        ),
        (
            {
                "inbound": {
                    "proof": {"kind": "token", "secret": "GATE_HOOK"},
                    "id": "i",
                    "sender": "f",
                    "text": "t",
                }
            },
            "inbound.proof: a proof by token needs header",
        ),
    ],
)
def test_a_wrong_file_is_told_where_and_what_to_do(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(ChannelNotReady) as caught:
        a_gateway(**changes)
    assert says in str(caught.value)


def test_a_missing_secret_is_named_and_a_broken_one_is_not_shown() -> None:
    gateway = a_gateway()
    with pytest.raises(ChannelNotReady, match="GATE_TOKEN"):
        open_gateway(gateway, {}, public_url=PUBLIC)
    with pytest.raises(ChannelNotReady, match="Authorization") as caught:
        open_gateway(gateway, {"GATE_TOKEN": "se\ncret"}, public_url=PUBLIC)
    assert "cret" not in str(caught.value).replace("secret", "")


def test_a_certificate_file_that_is_not_there_is_named() -> None:
    with pytest.raises(ChannelNotReady, match="ca_file cannot be read"):
        open_gateway(a_gateway(ca_file="/nowhere/ca.pem"), SECRETS, public_url=PUBLIC)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a: b: c", "line 1: is no YAML"),
        ("- a", "must be a list of fields"),
        ("preset: pigeon", "there is no such preset: use kannel, rapidpro, sms_gate"),
        ("x: " + "y" * 70_000, "longer than 64 kB"),
    ],
)
def test_a_file_that_is_none_is_refused(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "g.yaml").write_text(text)
    with pytest.raises(ChannelNotReady, match=says):
        read_gateway(tmp_path / "g.yaml")
    with pytest.raises(ChannelNotReady, match="cannot be read"):
        read_gateway(tmp_path / "none.yaml")


# --- the presets


def test_every_preset_is_a_gateway(tmp_path: Path) -> None:
    for name in preset_names():
        gateway = preset(name, tmp_path, "http://127.0.0.1:1")
        assert gateway.inbound is not None
        assert gateway.secrets() <= SECRETS.keys()


def test_what_a_file_says_counts_before_its_preset(tmp_path: Path) -> None:
    assert (
        preset("sms_gate", tmp_path, "http://127.0.0.1:1", "path: /messages\n").path == "/messages"
    )


def test_a_phone_gets_what_its_app_expects(server: PostServer, tmp_path: Path) -> None:
    server.usual = Said(201, {"id": SHORT, "state": "Pending"})
    channel = channel_of(preset("sms_gate", tmp_path, server.url))
    taken = channel.send(a_message(7, reference=REFERENCE, valid_for=timedelta(seconds=1)))
    assert taken == Accepted(f"sms_gate:{SHORT}", DeliveryStatus.ACCEPTED)
    assert server.asked[0].path == "/message"
    assert server.asked[0].json == {
        "id": SHORT,
        "phoneNumbers": [a_phone(7).number],
        "textMessage": {"text": "text 7"},
        "ttl": 5,
        "withDeliveryReport": True,
        "priority": 100,
    }
    server.answers = [Said(200, {"id": SHORT, "state": "Delivered"})]
    (found,) = channel.find(a_message(7, reference=REFERENCE), NOW)
    assert found == Accepted(taken.provider_id, DeliveryStatus.DELIVERED)
    assert server.asked[1].path == f"/message/{SHORT}"
    server.answers = [Said(503, {"error": "QueueLimitExceeded", "message": "queue"})]
    with pytest.raises(DeliveryFailed) as caught:
        channel.send(a_message(7))
    assert caught.value.action is FailureAction.THROTTLED


def test_rapidpro_gets_a_broadcast_to_one_number(server: PostServer, tmp_path: Path) -> None:
    server.usual = Said(201, {"id": 1234, "status": "queued"})
    channel = channel_of(preset("rapidpro", tmp_path, server.url))
    assert channel.send(a_message(7, body="@contact, a@b")).provider_id == "rapidpro:1234"
    (asked,) = server.asked
    assert asked.path == "/api/v2/broadcasts.json"
    assert asked.headers["Authorization"] == f"Token {SECRETS['RAPIDPRO_TOKEN']}"
    assert asked.json == {
        "urns": [f"tel:{a_phone(7).number}"],
        "text": {"eng": "@@contact, a@@b"},
        "base_language": "eng",
    }
    with pytest.raises(CannotLook):
        channel.find(a_message(7), NOW)


def test_kannel_gets_a_query_with_a_signed_callback(server: PostServer, tmp_path: Path) -> None:
    server.usual = Said(202, "0: Accepted for delivery")
    channel = channel_of(preset("kannel", tmp_path, server.url, "sender: '7788'\n"))
    assert channel.send(a_message(7)).provider_id == "notice-7.1"
    channel.send(a_message(7, body="বন্যা"))
    plain_text, wide = (asked.query for asked in server.asked)
    assert (plain_text["coding"], wide["coding"], wide["charset"]) == ("0", "2", "UTF-8")
    assert (plain_text["from"], plain_text["to"]) == ("7788", a_phone(7).number)
    assert plain_text["validity"] == "60"
    assert plain_text["dlr-url"].startswith(f"{PUBLIC}/hooks/gateway/kannel/status/notice-7.1/")
    assert plain_text["dlr-url"].endswith("?status=%d")
    server.answers = [Said(403, "Authorization failed for sendsms")]
    with pytest.raises(DeliveryFailed) as caught:
        channel.send(a_message(7))
    assert caught.value.action is FailureAction.STOP_SENDER
