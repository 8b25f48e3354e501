"""The simulated gateway and its phones, asked over HTTP, and the whole way there and back."""

import re
from collections.abc import Iterator
from datetime import datetime
from email.utils import parsedate_to_datetime

import pytest
import requests
from fastapi import FastAPI
from sqlalchemy import Engine

from carealert.adapters.db import tables
from carealert.adapters.db.stores import SqlDatabase
from carealert.adapters.sealing import Sealer
from carealert.simulator.server import NotStarted, free_port, running
from carealert.simulator.world import Fault, FaultKind, World, world_app
from carealert.web.hooks import hooks_router
from tests.support.builders import NOW, a_phone, minutes
from tests.support.delivery import (
    ACCOUNT,
    TOKEN,
    SetClock,
    StubComposer,
    a_timer,
    a_told,
    add,
    caregivers,
    deliver_until_empty,
    only,
    rows,
    start_timers,
)
from tests.support.gateway import SENDER, a_world, channel_to, gateway

TO = a_phone(0).number
AUTH = (ACCOUNT, TOKEN)


@pytest.fixture
def world() -> World:
    return a_world()


@pytest.fixture
def url(world: World) -> Iterator[str]:
    with gateway(world) as url:
        yield url


def messages_url(url: str) -> str:
    return f"{url}/2010-04-01/Accounts/{ACCOUNT}/Messages.json"


def create(url: str, **fields: str) -> requests.Response:
    form = {"To": TO, "From": SENDER, "Body": "hello", **fields}
    return requests.post(messages_url(url), data=form, auth=AUTH, timeout=5)


def test_a_created_message_has_the_shape_of_the_api(url: str) -> None:
    answer = create(url)
    made = answer.json()
    assert answer.status_code == 201
    assert re.fullmatch(r"SM[0-9a-f]{32}", made["sid"])
    assert (made["status"], made["direction"], made["num_segments"]) == (
        "queued",
        "outbound-api",
        "1",
    )
    assert parsedate_to_datetime(made["date_created"]) == NOW
    assert made["uri"] == f"/2010-04-01/Accounts/{ACCOUNT}/Messages/{made['sid']}.json"


def test_the_same_seed_gives_the_same_ids_and_fates() -> None:
    def fates(seed: int) -> list[object]:
        world = a_world(seed=seed, undelivered_share=0.3)
        sids = [world.accept(a_phone(n).number, "x").sid for n in range(20)]
        return [*sids, *(world.is_switched_off(a_phone(n).number) for n in range(200))]

    assert fates(1) == fates(1)
    assert fates(1) != fates(2)
    assert 30 < sum(fates(1)[20:]) < 90  # type: ignore[arg-type]


def test_list_gives_the_newest_first_and_one_can_be_redacted(url: str) -> None:
    first, second = create(url).json(), create(url, Body="again").json()
    create(url, To=a_phone(1).number)
    listed = requests.get(messages_url(url), params={"To": TO}, auth=AUTH, timeout=5).json()
    assert [one["sid"] for one in listed["messages"]] == [second["sid"], first["sid"]]
    own = f"{url}{first['uri']}"
    redacted = requests.post(own, data={"Body": ""}, auth=AUTH, timeout=5).json()
    assert (redacted["sid"], redacted["body"]) == (first["sid"], "")
    assert requests.get(f"{url}{first['uri']}x", auth=AUTH, timeout=5).status_code == 404


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"To": ""}, 21604),
        ({"To": "123"}, 21211),
        ({"From": ""}, 21603),
        ({"Body": ""}, 21602),
        ({"Body": "x" * 1601}, 21617),
        ({"To": "+15005550009"}, 21614),
    ],
)
def test_wrong_requests_get_twilio_s_codes(url: str, fields: dict[str, str], code: int) -> None:
    answer = create(url, **fields)
    assert (answer.status_code, answer.json()["code"]) == (400, code)


def test_another_account_is_not_let_in(url: str) -> None:
    answer = requests.get(messages_url(url), auth=(ACCOUNT, "wrong"), timeout=5)
    assert (answer.status_code, answer.json()["code"]) == (401, 20003)


def test_a_phone_that_said_stop_is_refused(world: World, url: str) -> None:
    create(url)
    world.reply(TO, "Stop")
    assert create(url).json()["code"] == 21610
    world.reply(TO, "START")
    assert create(url).status_code == 201


# --- pages


def test_the_pages_show_phones_and_let_them_answer(world: World, url: str) -> None:
    create(url, Body="Are <all> safe? 1 yes 2 no")
    listing = requests.get(f"{url}/phones", timeout=5).text
    assert TO in listing
    assert "Are &lt;all&gt; safe?" in listing
    assert 'class="unread"' in listing
    page = f"{url}/phones/{TO}"
    shown = requests.get(page, timeout=5).text
    assert shown.count("Are &lt;all&gt; safe?") == 1
    answered = requests.post(page, data={"Body": "২"}, timeout=15)
    assert "২" in answered.text
    assert 'class="unread"' not in requests.get(f"{url}/phones", timeout=5).text
    assert requests.get(f"{url}/phones/+19995550100", timeout=5).status_code == 404
    assert world.was_asked(TO)
    assert not world.was_asked(a_phone(1).number)


def test_a_taken_port_is_said_plainly(world: World) -> None:
    port = free_port()
    with running(world_app(world), port) as url:
        assert url.endswith(f":{port}")
        with pytest.raises(NotStarted, match=str(port)), running(world_app(world), port):
            pass


# --- there and back


class Loop:
    """Our side and the world, over HTTP in both directions."""

    def __init__(self, db: SqlDatabase, world: World, gateway_url: str, own_url: str) -> None:
        self.db, self.world, self.clock = db, world, SetClock()
        self.channel = channel_to(gateway_url, public_url=own_url)

    def deliver(self) -> None:
        deliver_until_empty(self.db, self.channel, "w", self.clock)
        assert self.world.wait_until_quiet()


@pytest.fixture
def loop(engine: Engine, sealer: Sealer) -> Iterator[Loop]:
    db = caregivers(engine, sealer, 6)
    own_port = free_port()
    own = f"http://127.0.0.1:{own_port}"
    world = a_world(inbound_url=f"{own}/hooks/twilio/inbound", unreachable={a_phone(5).number})
    app = FastAPI()
    app.include_router(hooks_router(db, StubComposer(), (TOKEN,), own, SetClock()))
    with gateway(world) as url, running(app, own_port):
        yield Loop(db, world, url, own)


def test_messages_arrive_and_answers_come_back(loop: Loop) -> None:
    start_timers(loop.db.engine, *(a_timer(f"r{n}") for n in range(6)))
    add(loop.db, *(a_told(n) for n in range(6)))
    loop.deliver()
    by_ref = {row.recipient_ref: row for row in rows(loop.db.engine)}
    assert [by_ref[f"c{n}"].delivery_status for n in range(6)] == ["delivered"] * 5 + [
        "undelivered"
    ]
    due = {row.ref: row.due_at for row in rows(loop.db.engine, tables.escalation_timer)}
    assert due["r5"] == NOW
    assert due["r0"] == NOW + minutes(10)
    assert loop.world.reply(TO, "1") == ("thanks_safe & en",)
    phone = loop.world.phone(TO)
    assert phone is not None
    assert [bubble.body for bubble in phone.bubbles] == [
        "CareAlert: text 0",
        "1",
        "thanks_safe & en",
    ]
    (state,) = rows(loop.db.engine, tables.subject)
    assert (state.ref, state.state) == ("r0", "safe")


@pytest.mark.parametrize("kind", [FaultKind.DUPLICATE_CALLBACKS, FaultKind.REVERSED_CALLBACKS])
def test_callbacks_twice_or_in_the_wrong_order_do_no_harm(loop: Loop, kind: FaultKind) -> None:
    loop.world.faults.append(Fault(kind))
    add(loop.db, a_told(0))
    loop.deliver()
    assert only(loop.db.engine).delivery_status == "delivered"
    assert len(rows(loop.db.engine, tables.delivery_event)) == 2


def test_a_callback_settles_a_post_whose_answer_was_lost(loop: Loop) -> None:
    loop.world.faults.append(Fault(FaultKind.DROP_AFTER_ACCEPT))
    add(loop.db, a_told(0))
    loop.deliver()
    row = only(loop.db.engine)
    assert (row.state, row.delivery_status) == ("sent", "delivered")
    assert isinstance(row.delivered_at, datetime)


def test_a_stop_on_the_phone_ends_it_on_both_sides(loop: Loop) -> None:
    add(loop.db, a_told(0))
    loop.deliver()
    assert loop.world.reply(TO, "STOP") == ()  # the gateway has confirmed it
    add(loop.db, a_told(0, rule="later"))
    loop.deliver()
    assert {row.rule: row.state for row in rows(loop.db.engine)} == {
        "rule-1": "sent",
        "later": "cancelled",
    }
