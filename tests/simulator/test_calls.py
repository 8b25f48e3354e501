"""Phones that ring: the simulated Calls API over HTTP, and what becomes of a call."""

import base64
import hashlib
import hmac
import re
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from threading import Lock
from urllib.parse import parse_qsl

import pytest
import requests
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from carealert.simulator.server import running
from carealert.simulator.world import Fault, FaultKind, Pickup, World
from tests.support.builders import NOW, a_phone
from tests.support.delivery import ACCOUNT, TOKEN
from tests.support.gateway import SENDER, a_world, gateway

TO = a_phone(0).number
AUTH = (ACCOUNT, TOKEN)
EVENTS = ["initiated", "ringing", "answered", "completed"]


class Office:
    """An application that notes what it is told, and answers with TwiML by path."""

    def __init__(self) -> None:
        self.url = ""
        self.forms: list[dict[str, str]] = []
        self.answers = {"/key": "<Response><Say>Thanks</Say></Response>"}
        self._lock = Lock()

    async def told(self, request: Request) -> Response:
        form = dict(parse_qsl((await request.body()).decode(), keep_blank_values=True))
        text = f"{self.url}{request.url.path}" + "".join(k + form[k] for k in sorted(form))
        good = base64.b64encode(hmac.digest(TOKEN.encode(), text.encode(), hashlib.sha1))
        assert request.headers["X-Twilio-Signature"] == good.decode()
        with self._lock:
            self.forms.append({"path": request.url.path, **form})
        return Response(self.answers.get(request.url.path, ""), media_type="text/xml")

    def paths(self) -> list[str]:
        return [form["path"] for form in self.forms]

    def statuses(self) -> list[str]:
        return [form["CallStatus"] for form in self.forms if form["path"] == "/status"]


@pytest.fixture
def world() -> World:
    return a_world()


@pytest.fixture
def url(world: World) -> Iterator[str]:
    with gateway(world) as url:
        yield url


@pytest.fixture
def office() -> Iterator[Office]:
    office = Office()
    app = Starlette(routes=[Route("/{path:path}", office.told, methods=["POST"])])
    with running(app) as url:
        office.url = url
        yield office


def calls_url(url: str) -> str:
    return f"{url}/2010-04-01/Accounts/{ACCOUNT}/Calls.json"


def create(url: str, **fields: object) -> requests.Response:
    form = {"To": TO, "From": SENDER, "Url": "http://127.0.0.1:9/x", **fields}
    return requests.post(
        calls_url(url), data={k: v for k, v in form.items() if v}, auth=AUTH, timeout=5
    )


def place(world: World, url: str, office: Office, twiml: str, **fields: object) -> None:
    """A call with TwiML of its own, to its end."""
    made = create(
        url,
        Url="",
        Twiml=twiml,
        StatusCallback=f"{office.url}/status",
        StatusCallbackEvent=EVENTS,
        **fields,
    )
    assert made.status_code == 201
    assert world.wait_until_quiet()


def asking(office: Office, **attributes: str) -> str:
    more = "".join(f' {key}="{value}"' for key, value in attributes.items())
    gather = f'<Gather numDigits="1" action="{office.url}/key"{more}><Say>Safe?</Say></Gather>'
    return f"<Response>{gather}<Say>Bye</Say></Response>"


def test_a_created_call_has_the_shape_of_the_api(url: str) -> None:
    answer = create(url)
    made = answer.json()
    assert answer.status_code == 201
    assert re.fullmatch(r"CA[0-9a-f]{32}", made["sid"])
    assert (made["status"], made["direction"], made["start_time"]) == (
        "queued",
        "outbound-api",
        None,
    )
    assert parsedate_to_datetime(made["date_created"]) == NOW
    assert made["uri"] == f"/2010-04-01/Accounts/{ACCOUNT}/Calls/{made['sid']}.json"
    assert "Url" not in answer.text


def test_list_gives_the_newest_first_and_one_can_be_fetched(world: World, url: str) -> None:
    first, second = create(url).json(), create(url).json()
    create(url, To=a_phone(1).number)
    listed = requests.get(calls_url(url), params={"To": TO}, auth=AUTH, timeout=5).json()
    assert [one["sid"] for one in listed["calls"]] == [second["sid"], first["sid"]]
    assert world.wait_until_quiet()
    one = requests.get(f"{url}{first['uri']}", auth=AUTH, timeout=5).json()
    assert (one["sid"], one["status"]) == (first["sid"], "completed")
    assert requests.get(f"{url}{first['uri']}x", auth=AUTH, timeout=5).status_code == 404
    assert requests.get(calls_url(url), auth=(ACCOUNT, "no"), timeout=5).status_code == 401


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"To": ""}, 21201),
        ({"To": "123"}, 21211),
        ({"From": ""}, 21213),
        ({"Url": ""}, 21205),
        ({"Url": "office"}, 21205),
        ({"Url": "", "Twiml": "x" * 4001}, 21205),
        ({"Timeout": "601"}, 21208),
        ({"To": "+15005550002"}, 21214),
        ({"To": "+15005550003"}, 21215),
        ({"To": "+15005550004"}, 21216),
    ],
)
def test_wrong_requests_get_twilio_s_codes(url: str, fields: dict[str, str], code: int) -> None:
    answer = create(url, **fields)
    assert (answer.status_code, answer.json()["code"]) == (400, code)


def test_a_person_presses_a_key_and_hears_the_answer(
    world: World, url: str, office: Office
) -> None:
    world.calls.will(TO, Pickup.HUMAN, "1")
    place(world, url, office, asking(office), MachineDetection="Enable")
    (call,) = world.calls.listed()
    assert call.heard == ("Safe?", "Thanks")
    assert office.statuses() == ["initiated", "ringing", "in-progress", "completed"]
    (key,) = [form for form in office.forms if form["path"] == "/key"]
    assert (key["Digits"], key["To"], key["AnsweredBy"]) == ("1", TO, "human")
    assert key["CallSid"] == call.sid


def test_without_a_key_the_next_verb_is_said(world: World, url: str, office: Office) -> None:
    place(world, url, office, asking(office))
    assert world.calls.listed()[0].heard == ("Safe?", "Bye")
    assert "/key" not in office.paths()


def test_no_key_is_told_where_that_was_asked_for(world: World, url: str, office: Office) -> None:
    place(world, url, office, asking(office, actionOnEmptyResult="true"))
    assert world.calls.listed()[0].heard == ("Safe?", "Thanks")
    (key,) = [form for form in office.forms if form["path"] == "/key"]
    assert key["Digits"] == ""


def test_a_mailbox_presses_nothing(world: World, url: str, office: Office) -> None:
    world.calls.will(TO, Pickup.MACHINE, "1")
    place(world, url, office, asking(office), MachineDetection="Enable")
    assert world.calls.listed()[0].heard == ("Safe?", "Bye")
    assert office.forms[-1]["AnsweredBy"] == "machine_start"


def test_who_answered_is_only_told_where_it_was_asked_for(
    world: World, url: str, office: Office
) -> None:
    place(world, url, office, asking(office))
    assert all("AnsweredBy" not in form for form in office.forms)


@pytest.mark.parametrize("pickup", [Pickup.BUSY, Pickup.NO_ANSWER, Pickup.FAILED])
def test_nobody_hears_anything(world: World, url: str, office: Office, pickup: Pickup) -> None:
    world.calls.will(TO, pickup)
    place(world, url, office, asking(office))
    assert world.calls.listed()[0].heard == ()
    assert office.statuses() == ["initiated", "ringing", pickup.value]


def test_the_application_is_asked_when_somebody_picks_up(
    world: World, url: str, office: Office
) -> None:
    office.answers["/say"] = "<Response><Say>Hello</Say><Hangup/><Say>Never</Say></Response>"
    create(url, Url=f"{office.url}/say", MachineDetection="Enable")
    assert world.wait_until_quiet()
    assert world.calls.listed()[0].heard == ("Hello",)
    assert office.forms[0]["AnsweredBy"] == "human"


def test_an_application_that_does_not_answer_leaves_silence(world: World, url: str) -> None:
    create(url)
    assert world.wait_until_quiet()
    (call,) = world.calls.listed()
    assert (call.status, call.heard) == ("completed", ())


def test_redirects_end(world: World, url: str, office: Office) -> None:
    office.answers["/loop"] = f"<Response><Redirect>{office.url}/loop</Redirect></Response>"
    place(world, url, office, f"<Response><Redirect>{office.url}/loop</Redirect></Response>")
    assert 1 < office.paths().count("/loop") <= 20


def test_only_the_events_that_were_asked_for_are_called_back(
    world: World, url: str, office: Office
) -> None:
    create(url, StatusCallback=f"{office.url}/status")
    assert world.wait_until_quiet()
    assert office.statuses() == ["completed"]


def test_callbacks_come_twice_or_the_wrong_way_round(
    world: World, url: str, office: Office
) -> None:
    world.faults += [Fault(FaultKind.DUPLICATE_CALLBACKS), Fault(FaultKind.REVERSED_CALLBACKS)]
    place(world, url, office, "<Response/>")
    order = ["initiated", "ringing", "in-progress", "completed"]
    assert office.statuses() == [status for status in order for _ in range(2)]
    office.forms.clear()
    place(world, url, office, "<Response/>")
    assert office.statuses() == order[::-1]


def test_the_page_of_a_phone_shows_its_calls(world: World, url: str, office: Office) -> None:
    world.calls.will(TO, Pickup.HUMAN, "1")
    place(world, url, office, asking(office))
    world.calls.will(TO, Pickup.BUSY)
    place(world, url, office, asking(office))
    page = requests.get(f"{url}/phones/{TO}", timeout=5).text
    for bubble in ("☎ Safe?", "☎ 1", "☎ Thanks", "☎ busy"):
        assert bubble in page
    assert "☎ busy" in requests.get(f"{url}/phones", timeout=5).text
