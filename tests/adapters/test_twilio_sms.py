"""The Twilio channel against the simulated gateway, over real HTTP on the loopback."""

import logging
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from threading import Thread

import pytest

from carealert.adapters.channels import twilio_fast
from carealert.adapters.channels.twilio_errors import action_for, actions
from carealert.adapters.channels.twilio_http import GatewayHttp
from carealert.adapters.channels.twilio_sms import TwilioSms
from carealert.domain.notices import DeliveryStatus
from carealert.services.ports.outbox import DeliveryFailed, FailureAction
from carealert.simulator.server import free_port
from carealert.simulator.world import Fault, FaultKind, World
from tests.support.builders import NOW, a_phone
from tests.support.delivery import ACCOUNT, TOKEN, SetClock
from tests.support.gateway import SENDER, a_message, a_world, channel_to, gateway

SERVICE = "MG" + "b2" * 16


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def world(clock: SetClock) -> World:
    return a_world(clock)


@pytest.fixture
def url(world: World) -> Iterator[str]:
    with gateway(world) as url:
        yield url


def failure_of(url: str | None, **changes: object) -> DeliveryFailed:
    with pytest.raises(DeliveryFailed) as caught:
        channel_to(url).send(a_message(**changes))
    return caught.value


def test_a_message_arrives_with_everything_that_was_asked_for(world: World, url: str) -> None:
    taken = channel_to(url, public_url="https://example.org/care/").send(a_message(7))
    (message,) = world.messages()
    assert (taken.provider_id, taken.status) == (message.sid, DeliveryStatus.QUEUED)
    assert (message.to, message.body) == (a_phone(7).number, "text 7")
    assert message.sender == SENDER
    assert message.status_callback == "https://example.org/care/hooks/twilio/status/notice-7.1"
    assert message.validity_period == 3600


def test_a_messaging_service_takes_the_sender_s_place(world: World, url: str) -> None:
    channel_to(url, messaging_service_sid=SERVICE).send(a_message())
    assert len(world.messages()) == 1


@pytest.mark.parametrize(("hours", "seconds"), [(0, 1), (0.5, 1800), (240, 36_000)])
def test_the_gateway_never_tries_longer_than_the_message_is_of_use(
    world: World, url: str, hours: float, seconds: int
) -> None:
    channel_to(url).send(a_message(valid_for=timedelta(hours=hours)))
    assert world.messages()[0].validity_period == seconds


def test_any_script_arrives_as_it_was_sent(world: World, url: str) -> None:
    body = "বন্যা: 1 = নিরাপদ & 50% + ñ"
    channel_to(url).send(a_message(body=body))
    assert world.messages()[0].body == body


@pytest.mark.parametrize(
    ("to", "action", "code"),
    [
        ("+15005550001", FailureAction.PERMANENT, "21211"),
        ("+15005550002", FailureAction.PERMANENT, "21612"),
        ("+15005550003", FailureAction.OTHER_SENDER, "21408"),
        ("+15005550004", FailureAction.OPTED_OUT, "21610"),
        ("+15005550009", FailureAction.OTHER_CHANNEL, "21614"),
        ("12", FailureAction.PERMANENT, "21211"),
    ],
)
def test_numbers_that_fail_tell_how(
    world: World, url: str, to: str, action: FailureAction, code: str
) -> None:
    failure = failure_of(url, to=to)
    assert (failure.action, failure.code) == (action, code)
    assert world.messages() == []


def test_a_wrong_token_stops_the_sender(url: str) -> None:
    with pytest.raises(DeliveryFailed) as caught:
        channel_to(url, token="wrong").send(a_message())
    assert caught.value.action is FailureAction.STOP_SENDER


def test_a_base_url_that_is_no_gateway_stops_the_sender(url: str) -> None:
    assert failure_of(f"{url}/elsewhere").action is FailureAction.STOP_SENDER


@pytest.mark.parametrize("kind", [FaultKind.ERROR_AFTER_ACCEPT, FaultKind.DROP_AFTER_ACCEPT])
def test_an_answer_that_is_lost_is_unknown_and_posted_once(
    world: World, url: str, kind: FaultKind
) -> None:
    world.faults.append(Fault(kind))
    assert failure_of(url).action is FailureAction.UNKNOWN
    assert world.posts == 1
    assert len(world.messages()) == 1


def test_a_slow_answer_is_unknown(world: World, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(twilio_fast, "READ_TIMEOUT_S", 0.1)
    world.faults.append(Fault(FaultKind.DELAY, 0.5))
    assert failure_of(url).action is FailureAction.UNKNOWN
    assert len(world.messages()) == 1


def test_an_error_before_anything_was_taken_is_unknown_too(world: World, url: str) -> None:
    world.faults.append(Fault(FaultKind.ERROR_BEFORE_ACCEPT))
    assert failure_of(url).action is FailureAction.UNKNOWN
    assert (world.posts, world.messages()) == (1, [])


def test_too_many_requests_come_with_the_gateway_s_wish(world: World, url: str) -> None:
    world.faults.append(Fault(FaultKind.TOO_MANY_REQUESTS, 7))
    failure = failure_of(url)
    assert failure.action is FailureAction.THROTTLED
    assert failure.retry_after == timedelta(seconds=7)


def test_no_connection_means_not_submitted() -> None:
    assert failure_of(f"http://127.0.0.1:{free_port()}").action is FailureAction.UNREACHABLE


def test_an_unknown_host_means_not_submitted() -> None:
    assert failure_of("http://no-such-host.invalid").action is FailureAction.UNREACHABLE


@contextmanager
def raw_server(answer: bytes) -> Iterator[str]:
    """A server that reads one request, writes `answer` and hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(answer)

        thread = Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        thread.join(timeout=5)


@pytest.mark.parametrize(
    ("answer", "action"),
    [
        (b"", FailureAction.UNKNOWN),
        (b"HTTP/1.1 201 Created\r\nContent-Length: 5\r\n\r\noops!", FailureAction.UNKNOWN),
        (b"HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n{}", FailureAction.UNKNOWN),
        (b"HTTP/1.1 301 Moved\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n", None),
        (b"HTTP/1.1 418 Odd\r\nContent-Length: 0\r\n\r\n", FailureAction.PERMANENT),
        (b"HTTP/1.1 502 Bad\r\nContent-Length: 0\r\n\r\n", FailureAction.UNKNOWN),
    ],
)
def test_answers_of_no_gateway_are_told_apart(answer: bytes, action: FailureAction | None) -> None:
    with raw_server(answer) as url:
        assert failure_of(url).action is (action or FailureAction.STOP_SENDER)


def test_a_problem_in_the_newer_shape_is_read_too() -> None:
    body = (
        b'{"type": "https://x/20429", "title": "Busy", "status": 400, "code": 63018,'
        b' "detail": "to +12025550100"}'
    )
    head = b"HTTP/1.1 400 Bad\r\nContent-Type: application/problem+json\r\nContent-Length: "
    with raw_server(head + str(len(body)).encode() + b"\r\n\r\n" + body) as url:
        failure = failure_of(url)
    assert (failure.action, failure.code) == (FailureAction.THROTTLED, "63018")
    assert "2025550100" not in str(failure)


def test_a_refused_callback_address_does_not_cost_the_message(
    world: World, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    channel = channel_to(url)
    create = channel._sending.create_async

    async def picky(**fields: object) -> object:
        if isinstance(fields["status_callback"], str):
            raise _refusal(21609)
        return await create(**fields)

    monkeypatch.setattr(channel._sending, "create_async", picky)
    assert channel.send(a_message()).provider_id == world.messages()[0].sid
    assert world.messages()[0].status_callback is None


def _refusal(code: int) -> Exception:
    from twilio.base.exceptions import TwilioRestException

    return TwilioRestException(400, "/", code=code)


def test_a_token_that_was_replaced_gives_way_to_the_next_one(world: World, url: str) -> None:
    http = GatewayHttp(url, next_token=TOKEN)
    old = TwilioSms(http, ACCOUNT, "the old token", public_url="http://127.0.0.1:9", sender=SENDER)
    for n in range(3):
        old.send(a_message(n))
    assert len(world.messages()) == 3
    assert old.find(a_message(1), NOW) != []
    assert old.ask(world.messages()[0].sid).code is None


def test_a_next_token_that_is_not_valid_yet_changes_nothing(world: World, url: str) -> None:
    http = GatewayHttp(url, next_token="not valid yet")
    channel = TwilioSms(http, ACCOUNT, TOKEN, public_url="http://127.0.0.1:9", sender=SENDER)
    channel.send(a_message())
    assert len(world.messages()) == 1


def test_where_neither_token_is_good_the_sender_is_stopped(url: str) -> None:
    http = GatewayHttp(url, next_token="wrong too")
    channel = TwilioSms(http, ACCOUNT, "wrong", public_url="http://127.0.0.1:9", sender=SENDER)
    for _ in range(2):
        with pytest.raises(DeliveryFailed) as refused:
            channel.send(a_message())
        assert refused.value.action is FailureAction.STOP_SENDER


# --- find


def test_a_lost_message_is_found_by_number_text_and_time(url: str, clock: SetClock) -> None:
    channel = channel_to(url)
    channel.send(a_message(0, body="earlier"))
    clock.move(3600)
    taken = channel.send(a_message(0))
    channel.send(a_message(1, body="text 0"))
    (found,) = channel.find(a_message(0), clock() - timedelta(seconds=1))
    assert found.provider_id == taken.provider_id
    assert channel.find(a_message(0), clock() + timedelta(seconds=30)) == []
    assert channel.find(a_message(0, body="another"), NOW) == []


@pytest.mark.parametrize("seconds", [0, 60])
def test_those_alike_are_found_oldest_first(url: str, clock: SetClock, seconds: int) -> None:
    channel = channel_to(url)
    sent = []
    for _ in range(3):
        sent.append(channel.send(a_message(0)).provider_id)
        clock.move(seconds)
    assert [one.provider_id for one in channel.find(a_message(0), NOW)] == sent


def test_a_gateway_that_cannot_be_asked_is_a_failure_and_not_a_no() -> None:
    with pytest.raises(DeliveryFailed):
        channel_to(f"http://127.0.0.1:{free_port()}").find(a_message(), NOW)


# --- privacy


def test_no_number_and_no_text_is_in_logs_or_errors(
    world: World, url: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    channel = channel_to(url)
    channel.send(a_message(7, body="a private text"))
    channel.find(a_message(7, body="a private text"), NOW)
    world.faults += [Fault(FaultKind.DROP_AFTER_ACCEPT), Fault(FaultKind.ERROR_AFTER_ACCEPT)]
    said = [str(failure_of(url, body="a private text")) for _ in range(2)]
    said.append(str(failure_of(url, to="+15005550001")))
    said.append(str(failure_of(f"http://127.0.0.1:{free_port()}")))
    everything = caplog.text + "\n".join(said)
    assert "private" not in everything
    assert not re.search(r"(\+|%2B)1\d{3}555", everything)


# --- the error table


def test_every_code_has_an_action() -> None:
    assert len(actions()) > 40
    assert all(re.fullmatch(r"[1-6]\d{4}", code) for code in actions())


@pytest.mark.parametrize(
    ("codes", "action"),
    [
        ("20003 20005 20006 20008 30002", FailureAction.STOP_SENDER),
        ("20500 20503", FailureAction.UNKNOWN),
        ("20429 63017 63018 30001 21611", FailureAction.THROTTLED),
        ("21610", FailureAction.OPTED_OUT),
        ("30003 30008 30009 30017 30047 30410 30500", FailureAction.RETRY),
        ("21211 21217 21401 21421 21604 21612 30005", FailureAction.PERMANENT),
        ("21614 30006", FailureAction.OTHER_CHANNEL),
        ("30004 30007 30034 21408 30018 30024", FailureAction.OTHER_SENDER),
        ("30036", FailureAction.EXPIRED),
        ("21602 21605 21617 21618 21609 21654 21655 21656", FailureAction.OUR_FAULT),
        ("63016 63024 63003 63015", FailureAction.PERMANENT),
        ("21606 21659", FailureAction.STOP_SENDER),
    ],
)
def test_known_codes_ask_for_what_the_study_of_them_says(codes: str, action: FailureAction) -> None:
    assert {code: actions()[code] for code in codes.split()} == dict.fromkeys(codes.split(), action)


@pytest.mark.shared
def test_every_code_that_was_studied_is_in_the_table(shared: Path) -> None:
    study = (shared / "study" / "messaging.md").read_text()
    section = study[study.index("### 2.4") : study.index("### 2.5")]
    # "unknown 5xxxx" is no code, and 21654–21656 is a range of which the ends are written out.
    studied = set(re.findall(r"\b(?:[23]\d{4}|63\d{3})\b", section))
    assert len(studied) > 40
    assert studied - actions().keys() == set()


@pytest.mark.parametrize(
    ("status", "action"),
    [
        (400, FailureAction.PERMANENT),
        (401, FailureAction.STOP_SENDER),
        (404, FailureAction.STOP_SENDER),
        (408, FailureAction.UNKNOWN),
        (429, FailureAction.THROTTLED),
        (500, FailureAction.UNKNOWN),
        (503, FailureAction.UNKNOWN),
    ],
)
def test_without_a_known_code_the_status_decides(status: int, action: FailureAction) -> None:
    assert action_for(status, None) is action
    assert action_for(status, "99999") is action
