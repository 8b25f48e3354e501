"""Every request that our channel makes, and every answer of our simulator, against the document
in which Twilio describes its API.
"""

import importlib
import inspect
import json
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import urllib3
from twilio.http.response import Response

from carealert.adapters import channels
from carealert.adapters.channels.twilio_http import GatewayHttp
from carealert.adapters.channels.twilio_sms import TwilioSms
from carealert.adapters.channels.twilio_voice import TwilioVoice
from carealert.adapters.channels.twilio_whatsapp import TwilioWhatsApp
from carealert.services.ports.outbox import DeliveryFailed
from tests.support.builders import NOW, a_phone
from tests.support.calling import a_speech
from tests.support.delivery import ACCOUNT, TOKEN, SetClock
from tests.support.emulator import SERVICE
from tests.support.gateway import SENDER, a_message, a_world, gateway
from tests.support.openapi import DOCUMENT, RememberingHttp, judging, mocking, names_of

pytestmark = [pytest.mark.interop, pytest.mark.shared]

BASE = f"/2010-04-01/Accounts/{ACCOUNT}"


@pytest.fixture(scope="module")
def mock(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with mocking(shared / DOCUMENT, tmp_path_factory.mktemp("mock")) as url:
        yield url


@pytest.fixture(scope="module")
def document(shared: Path) -> Mapping[str, Any]:
    told: Mapping[str, Any] = json.loads((shared / DOCUMENT).read_text())
    return told


def channel_over(http: RememberingHttp, **sender: Any) -> TwilioSms:
    given = {"public_url": "https://alerts.example.org/care"} | (sender or {"sender": SENDER})
    return TwilioSms(http, ACCOUNT, TOKEN, **given)


def voice_over(http: RememberingHttp) -> TwilioVoice:
    return TwilioVoice(
        http,
        ACCOUNT,
        TOKEN,
        public_url="https://alerts.example.org/care",
        sender=SENDER,
        speech=a_speech(),
        clock=SetClock(),
    )


def whatsapp_over(http: RememberingHttp) -> TwilioWhatsApp:
    return TwilioWhatsApp(
        http,
        ACCOUNT,
        TOKEN,
        public_url="https://alerts.example.org/care",
        sender=SENDER,
        templates={"en": "HX" + "c3" * 16},
    )


Asking = Callable[[RememberingHttp], object]


def sends(sender: Mapping[str, str] | None = None, **message: Any) -> Asking:
    """Our channel sends such a message."""
    return lambda http: channel_over(http, **(sender or {})).send(a_message(**message))


#: (the method that asks, what is special about it) -> how a test has it asked for.
REQUESTS: Mapping[tuple[str, str], Asking] = {
    ("TwilioSms.send", "from a number"): sends(),
    ("TwilioSms.send", "from a service"): sends({"messaging_service_sid": SERVICE}),
    # What goes out after the gateway refused the callback's address.
    ("TwilioSms.send", "without a callback"): lambda http: http.fast.begin(
        channel_over(http)._post(a_message(), None)
    ).result(),
    ("TwilioSms.begin", "without waiting"): lambda http: (
        channel_over(http).begin(a_message()).result()
    ),
    ("TwilioSms.send", "for a second"): sends(valid_for=timedelta()),
    ("TwilioSms.send", "for days"): sends(valid_for=timedelta(days=9)),
    ("TwilioSms.send", "in any script"): sends(body="বন্যা: 1 = নিরাপদ & 50% + ñ 😀\n" * 20),
    ("TwilioSms.find", "by number"): lambda http: channel_over(http).find(a_message(), NOW),
    ("TwilioSms.ask", "by its id"): lambda http: channel_over(http).ask("SM" + "d4" * 16),
    ("TwilioVoice.send", "in English"): lambda http: voice_over(http).send(a_message()),
    ("TwilioVoice.find", "by number"): lambda http: voice_over(http).find(a_message(), NOW),
    ("TwilioWhatsApp.send", "by a template"): lambda http: whatsapp_over(http).send(a_message()),
    ("TwilioWhatsApp.find", "by number"): lambda http: whatsapp_over(http).find(a_message(), NOW),
}


#: Not our doing: the server takes a field that is there four times, as Twilio wants it, for a text
#: and no list; and the next page that the document's example names breaks the document itself.
ODD = {("TwilioVoice.send", "in English"), ("TwilioVoice.find", "by number")}


@pytest.mark.parametrize("request_", REQUESTS, ids=" ".join)
def test_the_document_allows_the_request(
    mock: str, document: Mapping[str, Any], request_: tuple[str, str]
) -> None:
    http = RememberingHttp(mock)
    if request_ in ODD:
        with pytest.raises(DeliveryFailed):
            REQUESTS[request_](http)
    else:
        REQUESTS[request_](http)
    assert http.asked
    for asked in http.asked:
        assert asked.status in (200, 201, 204) or request_ in ODD
        unknown = asked.names - names_of(document, asked.method, asked.path)
        assert not unknown, "the server lets names pass that nobody knows; Twilio ignores them"


def test_everything_that_asks_twilio_is_among_them() -> None:
    assert set(askers()) == {method for method, _ in REQUESTS}


def askers() -> Iterator[str]:
    """The public methods of every class of ours that is given Twilio's HTTP."""
    for found in pkgutil.iter_modules(channels.__path__, f"{channels.__name__}."):
        module = importlib.import_module(found.name)
        for name, one in inspect.getmembers(module, inspect.isclass):
            if one.__module__ == found.name and _is_given_http(one):
                yield from (f"{name}.{method}" for method in vars(one) if method[0] != "_")


def _is_given_http(one: type) -> bool:
    return GatewayHttp in inspect.get_annotations(one.__init__).values()  # type: ignore[misc]


def ask(
    http: RememberingHttp, method: str, path: str, form: Mapping[str, str] | None = None
) -> Response:
    """A request of our account that the channel does not make."""
    headers = {"Content-Type": "application/x-www-form-urlencoded"} if form else {}
    return http.request(method, path, data=form, headers=headers, auth=(ACCOUNT, TOKEN))


# --- the gate can fail


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"Body": "x", "From": SENDER}, "To"),
        ({"To": a_phone().number, "ValidityPeriod": "an hour"}, "ValidityPeriod"),
        ({"To": a_phone().number, "ValidityPeriod": "1.5"}, "ValidityPeriod"),
        ({"To": a_phone().number, "StatusCallback": "somewhere"}, "StatusCallback"),
        ({"To": a_phone().number, "MessagingServiceSid": "MG1"}, "MessagingServiceSid"),
        ({"To": a_phone().number, "ScheduleType": "later"}, "ScheduleType"),
    ],
)
def test_a_broken_message_is_refused(mock: str, fields: dict[str, str], field: str) -> None:
    answer = ask(RememberingHttp(mock), "POST", f"{BASE}/Messages.json", fields)
    assert answer.status_code == 422
    assert field in answer.text


@pytest.mark.parametrize(
    ("path", "authorized", "status"),
    [
        ("/2010-04-01/Accounts/AC1/Messages.json", True, 422),
        (f"{BASE}/Messages.json?PageSize=1001", True, 422),
        (f"{BASE}/Messages.json?PageSize=many", True, 422),
        (f"{BASE}/Message.json", True, 404),
        (f"{BASE}/Messages.json", False, 401),
        (f"{BASE}/Messages.json?PageSize=1000", True, 200),
    ],
)
def test_a_broken_question_is_refused(mock: str, path: str, authorized: bool, status: int) -> None:
    headers = urllib3.make_headers(basic_auth=f"{ACCOUNT}:{TOKEN}") if authorized else {}
    assert urllib3.request("GET", mock + path, headers=headers, retries=False).status == status


def test_a_channel_that_breaks_the_document_hears_of_it(mock: str) -> None:
    with pytest.raises(DeliveryFailed):
        channel_over(RememberingHttp(mock), messaging_service_sid="MG1").send(a_message())


def test_a_name_that_the_document_does_not_know_is_seen(document: Mapping[str, Any]) -> None:
    known = names_of(document, "POST", f"{BASE}/Messages.json")
    assert {"StatusCallBack", "To"} - known == {"StatusCallBack"}
    with pytest.raises(AssertionError):
        names_of(document, "POST", f"{BASE}/Message.json")


# --- what our simulator answers


#: The document calls these URIs, and has paths of the host in its own examples.
PATHS = {("response", f"body.{name}", "format") for name in ("first_page_uri", "uri")}


def test_the_simulator_answers_as_the_document_says(shared: Path, tmp_path: Path) -> None:
    world = a_world()
    with gateway(world) as upstream, judging(shared / DOCUMENT, upstream, tmp_path) as url:
        http = RememberingHttp(url)
        channel = channel_over(http)
        taken = channel.send(a_message())
        assert channel.find(a_message(), NOW)
        one = f"{BASE}/Messages/{taken.provider_id}.json"
        ask(http, "GET", one)
        ask(http, "POST", one, {"Body": ""})
    assert [asked.status for asked in http.asked] == [201, 200, 200, 200]
    assert {two for asked in http.asked for two in asked.violations} <= PATHS


def test_an_answer_that_breaks_the_document_is_seen(
    shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from carealert.simulator import gateway as simulator

    shape = simulator._Gateway._shape
    broken = {"status": "on its way", "num_segments": 1}
    monkeypatch.setattr(simulator._Gateway, "_shape", lambda *given: shape(*given) | broken)
    with gateway(a_world()) as upstream, judging(shared / DOCUMENT, upstream, tmp_path) as url:
        http = RememberingHttp(url)
        channel_over(http).send(a_message())
    (asked,) = http.asked
    assert {field for _, field, _ in asked.violations} == {"body.status", "body.num_segments"}
