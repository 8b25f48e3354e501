"""The channel for calls against the simulated gateway, over real HTTP on the loopback."""

import logging
import re
from collections.abc import Iterator
from datetime import timedelta
from itertools import product
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree as ET

import pytest

from carealert.adapters.channels.twilio_errors import actions
from carealert.adapters.channels.twilio_voice import LONGEST_TWIML
from carealert.adapters.texts.check import NOTICES
from carealert.adapters.texts.samples import samples
from carealert.adapters.texts.voice import TIMES
from carealert.domain.hazards import Hazard
from carealert.domain.notices import DeliveryStatus
from carealert.services.ports.outbox import DeliveryFailed, FailureAction
from carealert.simulator.server import free_port
from carealert.simulator.world import Fault, FaultKind, World
from tests.support.builders import NOW, a_phone
from tests.support.calling import a_speech, said_in, voice_to
from tests.support.delivery import SetClock
from tests.support.drafts import a_composer
from tests.support.gateway import SENDER, a_message, a_world, gateway

COMPOSER = a_composer()
SPOKEN_LANGUAGES = tuple(tag for tag in COMPOSER.languages() if a_speech().speaks(tag))
ACTION = "https://office.example/hooks/twilio/voice/notice-0.1?language=en&until=1&asked=0"


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def world(clock: SetClock) -> World:
    """A world that leaves calls queued: what happens then is tested with our hooks."""
    return a_world(clock)


@pytest.fixture
def url(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setattr(world, "go_on_call", lambda _: None)
    with gateway(world) as url:
        yield url


def failure_of(url: str | None, clock: SetClock, **changes: object) -> DeliveryFailed:
    with pytest.raises(DeliveryFailed) as caught:
        voice_to(url, clock).send(a_message(**changes))
    return caught.value


def test_a_call_is_placed_with_everything_that_was_asked_for(
    world: World, url: str, clock: SetClock
) -> None:
    taken = voice_to(url, clock, "https://office.example/care/").send(
        a_message(7, language="hi", valid_for=timedelta(hours=1))
    )
    (call,) = world.calls.listed()
    assert (taken.provider_id, taken.status) == (call.sid, DeliveryStatus.QUEUED)
    assert (call.to, call.sender, call.timeout) == (a_phone(7).number, SENDER, 30)
    assert call.detects
    assert call.events == {"initiated", "ringing", "answered", "completed"}
    hook = "https://office.example/care/hooks/twilio/voice/notice-7.1"
    assert call.status_callback == f"{hook}/status"
    asked = urlsplit(call.url or "")
    assert f"{asked.scheme}://{asked.netloc}{asked.path}" == f"{hook}/answered"
    until = str(int(NOW.timestamp()) + 3600)
    assert parse_qs(asked.query) == {"language": ["hi"], "until": [until]}


def test_the_text_does_not_go_with_the_call(world: World, url: str, clock: SetClock) -> None:
    voice_to(url, clock).send(a_message(body="Nani: dialysis"))
    (call,) = world.calls.listed()
    assert call.twiml is None
    assert "Nani" not in str(call)


@pytest.mark.parametrize("language", ["ne", "ur", "xx", ""])
def test_a_language_without_a_voice_is_reported_and_nothing_rings(
    world: World, url: str, clock: SetClock, language: str
) -> None:
    failure = failure_of(url, clock, language=language)
    assert (failure.action, failure.code) == (FailureAction.PERMANENT, "no_voice")
    assert world.posts == 0


def test_a_text_that_takes_too_long_to_say_is_reported(
    world: World, url: str, clock: SetClock
) -> None:
    failure = failure_of(url, clock, body="&" * 1000)
    assert (failure.action, failure.code) == (FailureAction.PERMANENT, "too_long")
    assert world.posts == 0


@pytest.mark.parametrize(
    ("to", "code", "action"),
    [
        ("+15005550001", "21211", FailureAction.PERMANENT),
        ("+15005550002", "21214", FailureAction.PERMANENT),
        ("+15005550003", "21215", FailureAction.PERMANENT),
        ("+15005550004", "21216", FailureAction.PERMANENT),
        ("", "21201", FailureAction.PERMANENT),
    ],
)
def test_refused_calls_carry_the_gateway_s_code(
    world: World, url: str, clock: SetClock, to: str, code: str, action: FailureAction
) -> None:
    failure = failure_of(url, clock, to=to)
    assert (failure.action, failure.code) == (action, code)
    assert world.calls.listed() == []


@pytest.mark.parametrize(
    ("codes", "action"),
    [
        ("10001 10002 21205 21210 21213", FailureAction.STOP_SENDER),
        ("10004 22005", FailureAction.THROTTLED),
        ("13223 13224 13225 13226 13227", FailureAction.PERMANENT),
        ("21201 21202 21203 21214 21215 21216 21219", FailureAction.PERMANENT),
    ],
)
def test_codes_of_calls_are_in_the_table(codes: str, action: FailureAction) -> None:
    assert {code: actions()[code] for code in codes.split()} == dict.fromkeys(codes.split(), action)


@pytest.mark.parametrize(
    ("kind", "action"),
    [
        (FaultKind.ERROR_AFTER_ACCEPT, FailureAction.UNKNOWN),
        (FaultKind.DROP_AFTER_ACCEPT, FailureAction.UNKNOWN),
        (FaultKind.ERROR_BEFORE_ACCEPT, FailureAction.UNKNOWN),
        (FaultKind.TOO_MANY_REQUESTS, FailureAction.THROTTLED),
    ],
)
def test_a_phone_never_rings_twice_for_one_send(
    world: World, url: str, clock: SetClock, kind: FaultKind, action: FailureAction
) -> None:
    world.faults.append(Fault(kind, 7))
    failure = failure_of(url, clock)
    assert failure.action is action
    assert world.posts == 1
    if kind is FaultKind.TOO_MANY_REQUESTS:
        assert failure.retry_after == timedelta(seconds=7)


def test_a_wrong_token_stops_the_sender_and_no_connection_is_not_submitted(
    url: str, clock: SetClock
) -> None:
    with pytest.raises(DeliveryFailed) as caught:
        voice_to(url, clock, token="wrong").send(a_message())
    assert caught.value.action is FailureAction.STOP_SENDER
    nobody = f"http://127.0.0.1:{free_port()}"
    assert failure_of(nobody, clock).action is FailureAction.UNREACHABLE


# --- finding a call whose answer was lost


def test_a_lost_call_is_found_by_number_and_time(world: World, url: str, clock: SetClock) -> None:
    channel = voice_to(url, clock)
    channel.send(a_message(0))
    clock.move(3600)
    world.faults.append(Fault(FaultKind.DROP_AFTER_ACCEPT))
    with pytest.raises(DeliveryFailed):
        channel.send(a_message(0))
    lost = world.calls.listed()[0]
    channel.send(a_message(1))
    (found,) = channel.find(a_message(0), clock())
    assert (found.provider_id, found.status) == (lost.sid, DeliveryStatus.QUEUED)
    assert channel.find(a_message(0), clock() + timedelta(seconds=30)) == []
    assert channel.find(a_message(2), NOW) == []


def test_a_call_of_another_caller_is_not_ours(world: World, url: str, clock: SetClock) -> None:
    channel = voice_to(url, clock)
    call = world.calls.get(channel.send(a_message(0)).provider_id)
    assert call is not None
    assert channel.find(a_message(0), NOW) != []
    world.calls.change(call.sid, sender="+15005550007")
    assert channel.find(a_message(0), NOW) == []


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("queued", DeliveryStatus.QUEUED),
        ("ringing", DeliveryStatus.SENDING),
        ("in-progress", DeliveryStatus.SENT),
        ("completed", DeliveryStatus.UNDELIVERED),
        ("busy", DeliveryStatus.UNDELIVERED),
        ("no-answer", DeliveryStatus.UNDELIVERED),
        ("failed", DeliveryStatus.UNDELIVERED),
        ("canceled", DeliveryStatus.CANCELED),
        ("a new word", DeliveryStatus.QUEUED),
    ],
)
def test_a_found_call_counts_as_delivered_by_no_word_of_its_own(
    world: World, url: str, clock: SetClock, word: str, status: DeliveryStatus
) -> None:
    channel = voice_to(url, clock)
    world.calls.change(channel.send(a_message(0)).provider_id, status=word)
    (found,) = channel.find(a_message(0), NOW)
    assert found.status is status


def test_a_gateway_that_cannot_be_asked_is_a_failure_and_not_a_no(clock: SetClock) -> None:
    with pytest.raises(DeliveryFailed):
        voice_to(f"http://127.0.0.1:{free_port()}", clock).find(a_message(), NOW)


# --- privacy


def test_no_number_and_no_text_is_in_logs_or_errors(
    world: World, url: str, clock: SetClock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    channel = voice_to(url, clock)
    channel.send(a_message(7, body="a private text"))
    channel.find(a_message(7, body="a private text"), NOW)
    world.faults += [Fault(FaultKind.DROP_AFTER_ACCEPT), Fault(FaultKind.ERROR_AFTER_ACCEPT)]
    said = [str(failure_of(url, clock, body="a private text")) for _ in range(2)]
    said.append(str(failure_of(url, clock, to="+15005550001")))
    said.append(str(failure_of(url, clock, body="a private text", language="ne")))
    said.append(str(failure_of(url, clock, body="a private text" * 400)))
    everything = caplog.text + "\n".join(said)
    assert "urllib3" in caplog.text, "somebody writes lines at all"
    assert "private" not in everything
    assert not re.search(r"(\+|%2B)1\d{3}555", everything)


# --- what is said


def test_thirteen_languages_are_spoken() -> None:
    assert set(COMPOSER.languages()) - set(SPOKEN_LANGUAGES) == {"ne", "ur"}


@pytest.mark.parametrize("language", SPOKEN_LANGUAGES)
def test_every_text_of_a_language_that_is_spoken_is_xml_that_fits(language: str) -> None:
    for template in NOTICES:
        for draft in list(samples(template, language))[::37]:
            found = COMPOSER.spoken(draft)
            twiml = a_speech().question(
                found.body, draft.facts.hazard, found.language, ACTION, times=TIMES
            )
            assert len(twiml) <= LONGEST_TWIML
            gather = ET.fromstring(twiml).find("Gather")
            assert gather is not None
            assert gather.get("action") == ACTION
            (say,) = gather
            assert say.get("loop") == "2"
            assert say.text == found.sentences


@pytest.mark.parametrize("language", SPOKEN_LANGUAGES)
def test_g01_a_mailbox_hears_the_danger_and_nothing_private(language: str) -> None:
    lexicon = COMPOSER.language(language).lexicon
    for hazard in Hazard:
        (said,) = said_in(a_speech().neutral(hazard, language, ACTION, times=2))
        word = COMPOSER.language(language).words.hazards[hazard]
        assert said.startswith("CareAlert: ")
        assert len(said) == len(f"CareAlert: {word}.")
        assert lexicon.sensitive_in(said) == ()


@pytest.mark.parametrize(
    "body", ["<Hangup/>", "a & b", 'say "no"', "a\x00b\x1fc", "line\nline", "\ud800", "\uffff"]
)
def test_whatever_a_text_holds_the_document_is_well_formed(body: str) -> None:
    for twiml in (
        a_speech().question(f"start {body} end", None, "en", ACTION, times=1),
        a_speech().thanks(f"start {body} end", "en"),
    ):
        (said,) = said_in(twiml.encode("utf-8").decode())
        assert said.startswith("start")
        assert said.endswith("end")


def test_letters_that_join_stay_joined() -> None:
    body = "ক্\u200dষ"
    assert said_in(a_speech().thanks(body, "bn")) == [body]


def test_without_a_text_or_a_voice_the_call_just_ends() -> None:
    for twiml in (a_speech().thanks(None, "en"), a_speech().thanks("x", "ne")):
        assert [verb.tag for verb in ET.fromstring(twiml)] == ["Hangup"]
    neutral = a_speech().neutral(Hazard.FLOOD, "ne", ACTION, times=2)
    assert [verb.tag for verb in ET.fromstring(neutral)] == ["Hangup"]


def test_one_voice_stands_in_for_a_language_spoken_elsewhere() -> None:
    for known, other in product(("bn", "en"), ("-XX",)):
        assert a_speech().speaks(known + other)
