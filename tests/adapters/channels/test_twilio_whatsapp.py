"""WhatsApp over the simulated gateway: content templates, their one variable, and failures."""

import json
import logging
import re
from collections.abc import Iterator
from datetime import timedelta

import pytest

from carealert.adapters.channels.twilio_http import GatewayHttp
from carealert.adapters.channels.twilio_whatsapp import TwilioWhatsApp
from carealert.domain.notices import DeliveryStatus
from carealert.services.ports.outbox import DeliveryFailed, FailureAction, Outgoing
from carealert.simulator.server import free_port
from carealert.simulator.world import Fault, FaultKind, World
from tests.support.builders import NOW, a_phone
from tests.support.delivery import ACCOUNT, TOKEN, SetClock
from tests.support.gateway import SENDER, a_message, a_world, channel_to, gateway

TEMPLATES = {"en": "HX" + "e" * 32, "hi": "HX" + "1" * 32, "en/stand_down": "HX" + "f" * 32}


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


@pytest.fixture
def posted(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, str]]:
    """The forms that were posted."""
    forms: list[dict[str, str]] = []
    request = GatewayHttp.request

    def noting(self: GatewayHttp, *args: object, **given: object) -> object:
        forms.append({k: str(v) for k, v in (given.get("data") or {}).items()})  # type: ignore[attr-defined]
        return request(self, *args, **given)  # type: ignore[arg-type]

    monkeypatch.setattr(GatewayHttp, "request", noting)
    return forms


def whatsapp_to(url: str, **changes: object) -> TwilioWhatsApp:
    given: dict[str, object] = {
        "public_url": "https://example.org/care/",
        "templates": TEMPLATES,
        "sender": SENDER,
    }
    return TwilioWhatsApp(GatewayHttp(url), ACCOUNT, TOKEN, **(given | changes))  # type: ignore[arg-type]


def failure_of(url: str, **changes: object) -> DeliveryFailed:
    with pytest.raises(DeliveryFailed) as caught:
        whatsapp_to(url).send(a_message(**changes))
    return caught.value


def test_a_message_goes_as_the_variable_of_its_language_s_template(
    world: World, url: str, posted: list[dict[str, str]]
) -> None:
    taken = whatsapp_to(url).send(a_message(7, body="नमस्ते", language="hi"))
    (message,) = world.messages()
    assert (taken.provider_id, taken.status) == (message.sid, DeliveryStatus.QUEUED)
    (form,) = posted
    assert (form["To"], form["From"]) == (f"whatsapp:{a_phone(7).number}", f"whatsapp:{SENDER}")
    assert form["ContentSid"] == TEMPLATES["hi"]
    assert json.loads(form["ContentVariables"]) == {"1": "नमस्ते"}
    assert form["StatusCallback"] == "https://example.org/care/hooks/twilio/status/notice-7.1"
    assert form["ValidityPeriod"] == "3600"
    assert "Body" not in form
    phone = world.phone(a_phone(7).number)
    assert phone is not None
    assert phone.bubbles[-1].body == "नमस्ते"


def test_line_ends_and_runs_of_spaces_are_not_allowed_and_become_one_space(
    world: World, url: str
) -> None:
    whatsapp_to(url).send(a_message(body="one\r\ntwo\tthree      four \u2028five"))
    assert world.messages()[0].body == "one two three four five"


def test_a_messaging_service_takes_the_sender_s_place(
    url: str, posted: list[dict[str, str]]
) -> None:
    service = "MG" + "b2" * 16
    whatsapp_to(url, sender=None, messaging_service_sid=service).send(a_message())
    assert posted[0]["MessagingServiceSid"] == service
    assert "From" not in posted[0]


def test_a_kind_may_have_a_template_of_its_own(url: str, posted: list[dict[str, str]]) -> None:
    kinds = {"notice-0.1": "stand_down", "notice-1.1": "alert"}

    def kind_of(message: Outgoing) -> str | None:
        return kinds[message.reference]

    channel = whatsapp_to(url, kind_of=kind_of)
    channel.send(a_message(0))
    channel.send(a_message(1))
    channel.send(a_message(0, language="hi"))
    assert [form["ContentSid"] for form in posted] == [
        TEMPLATES["en/stand_down"],
        TEMPLATES["en"],
        TEMPLATES["hi"],
    ]


def test_a_language_of_a_region_takes_the_template_of_the_language(
    url: str, posted: list[dict[str, str]]
) -> None:
    whatsapp_to(url).send(a_message(language="en-GB"))
    assert posted[0]["ContentSid"] == TEMPLATES["en"]


@pytest.mark.parametrize("language", ["bn", "", "h"])
def test_without_a_template_nothing_is_posted(world: World, url: str, language: str) -> None:
    failure = failure_of(url, language=language)
    assert (failure.action, failure.code) == (FailureAction.PERMANENT, "no_template")
    assert world.posts == 0


def test_an_empty_text_is_not_posted(world: World, url: str) -> None:
    assert failure_of(url, body=" \n ").action is FailureAction.PERMANENT
    assert world.posts == 0


def test_free_text_is_refused_by_the_gateway(world: World, url: str) -> None:
    with pytest.raises(DeliveryFailed) as caught:
        channel_to(url).send(a_message(to=f"whatsapp:{a_phone(0).number}"))
    assert (caught.value.action, caught.value.code) == (FailureAction.PERMANENT, "63016")
    assert world.messages() == []


@pytest.mark.parametrize(
    ("kind", "action"),
    [
        (FaultKind.ERROR_AFTER_ACCEPT, FailureAction.UNKNOWN),
        (FaultKind.DROP_AFTER_ACCEPT, FailureAction.UNKNOWN),
        (FaultKind.TOO_MANY_REQUESTS, FailureAction.THROTTLED),
    ],
)
def test_a_failed_post_is_posted_once(
    world: World, url: str, kind: FaultKind, action: FailureAction
) -> None:
    world.faults.append(Fault(kind))
    assert failure_of(url).action is action
    assert world.posts == 1


def test_a_lost_message_is_found_by_its_number_and_text(
    world: World, url: str, clock: SetClock
) -> None:
    channel = whatsapp_to(url)
    channel.send(a_message(0, body="earlier"))
    clock.move(3600)
    world.faults.append(Fault(FaultKind.DROP_AFTER_ACCEPT))
    body = "two\nlines"
    with pytest.raises(DeliveryFailed):
        channel.send(a_message(0, body=body))
    lost = world.messages()[0]
    (found,) = channel.find(a_message(0, body=body), clock())
    assert found.provider_id == lost.sid
    assert channel.find(a_message(0, body=body), clock() + timedelta(seconds=30)) == []
    assert channel.find(a_message(0, body="another"), NOW) == []
    assert channel.find(a_message(1, body=body), NOW) == []


def test_a_gateway_that_cannot_be_asked_is_a_failure_and_not_a_no() -> None:
    nobody = f"http://127.0.0.1:{free_port()}"
    assert failure_of(nobody).action is FailureAction.UNREACHABLE
    with pytest.raises(DeliveryFailed):
        whatsapp_to(nobody).find(a_message(), NOW)


def test_no_number_and_no_text_is_in_logs_or_errors(
    world: World, url: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    channel = whatsapp_to(url)
    channel.send(a_message(7, body="a private text"))
    channel.find(a_message(7, body="a private text"), NOW)
    world.faults.append(Fault(FaultKind.ERROR_AFTER_ACCEPT))
    said = [
        str(failure_of(url, body="a private text")),
        str(failure_of(url, to="+15005550001", body="a private text")),
        str(failure_of(url, body="a private text", language="bn")),
    ]
    everything = caplog.text + "\n".join(said)
    assert "urllib3" in caplog.text, "somebody writes lines at all"
    assert "private" not in everything
    assert not re.search(r"(\+|%2B)1\d{3}555", everything)
