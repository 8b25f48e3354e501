"""Our simulator beside the emulator: what our channel makes of both, and where they differ.

The differences are written down in docs/how-to/interop.md; one more, or one less, fails here.
"""

import socket
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from carealert.clock import now
from carealert.services.ports.outbox import DeliveryFailed
from tests.support import node_server
from tests.support.emulator import EMPTY_SERVICE, SERVICE, Emulator, emulator
from tests.support.gateway import a_message, a_world, channel_to, gateway
from tests.support.node_server import NoServer

pytestmark = pytest.mark.interop

NOWHERE = "http://127.0.0.1:9/"
TAKEN = ("taken", "queued")


@pytest.fixture(scope="module")
def theirs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    with emulator(tmp_path_factory.mktemp("emulator"), NOWHERE) as theirs:
        yield theirs


@pytest.fixture(scope="module")
def ours() -> Iterator[str]:
    with gateway(a_world(now)) as url:  # type: ignore[arg-type]
        yield url


def outcome(url: str, channel: Mapping[str, str], message: Mapping[str, Any]) -> tuple[str, str]:
    """What our channel makes of one message: what to do, and the gateway's word for it."""
    try:
        taken = channel_to(url, **channel).send(a_message(**message))
    except DeliveryFailed as failure:
        return (failure.action.value, failure.code or "")
    return ("taken", taken.status.value)


#: what is special -> (the channel, the message, outcome here, outcome there)
CASES: Mapping[str, tuple[Mapping[str, str], Mapping[str, Any], Any, Any]] = {
    "nothing": ({}, {}, TAKEN, TAKEN),
    "a service": ({"messaging_service_sid": SERVICE}, {}, TAKEN, TAKEN),
    "a wrong token": (
        {"token": "wrong"},
        {},
        ("stop_sender", "20003"),
        ("stop_sender", "20003"),
    ),
    # --- where they differ
    "no number": ({}, {"to": "12"}, ("permanent", "21211"), ("permanent", "21201")),
    "nobody's sender": ({"sender": "+12025550199"}, {}, TAKEN, ("stop_sender", "21606")),
    "no service": (
        {"messaging_service_sid": "MG" + "d4" * 16},
        {},
        TAKEN,
        ("stop_sender", "20404"),
    ),
    "a service without a number": (
        {"messaging_service_sid": EMPTY_SERVICE},
        {},
        TAKEN,
        ("permanent", "21712"),
    ),
    "no text": ({}, {"body": ""}, ("our_fault", "21602"), TAKEN),
    "too long a text": ({}, {"body": "x" * 1601}, ("our_fault", "21617"), TAKEN),
    "a number that said STOP": ({}, {"to": "+15005550004"}, ("opted_out", "21610"), TAKEN),
}


@pytest.mark.parametrize("case", CASES)
def test_both_gateways_are_understood(theirs: Emulator, ours: str, case: str) -> None:
    channel, message, here, there = CASES[case]
    assert outcome(ours, channel, message) == here
    assert outcome(theirs.url, channel, message) == there


def test_both_list_what_they_took_alike(theirs: Emulator, ours: str) -> None:
    for url in (ours, theirs.url):
        channel, moment = channel_to(url), now()
        sent = [channel.send(a_message(9, body="alike")).provider_id for _ in range(3)]
        found = channel.find(a_message(9, body="alike"), moment)
        assert [one.provider_id for one in found] == sent


def test_both_know_the_same_fields_of_a_message(theirs: Emulator, ours: str) -> None:
    for url in (ours, theirs.url):
        channel_to(url).send(a_message(8))
    path = f"/2010-04-01/Accounts/{'AC' + 'a1' * 16}/Messages.json?PageSize=1"
    (their_one,), (our_one,) = (
        Emulator(url).ask("GET", path)["messages"] for url in (theirs.url, ours)
    )
    assert their_one.keys() == our_one.keys()
    assert {type(their_one[name]) for name in ("num_segments", "num_media", "body")} == {str}
    assert their_one["subresource_uris"].keys() - our_one["subresource_uris"].keys() == {"feedback"}


# --- the servers themselves


def test_the_emulator_listens_on_the_loopback_only(theirs: Emulator) -> None:
    port = urlsplit(theirs.url).port
    refused = {}
    for host in ("127.0.0.1", "127.0.0.2"):  # who listens on all addresses answers on both
        with socket.socket() as asking:
            refused[host] = asking.connect_ex((host, port)) != 0
    assert refused == {"127.0.0.1": False, "127.0.0.2": True}


def test_a_server_that_does_not_start_says_why(tmp_path: Path) -> None:
    with (
        pytest.raises(NoServer, match="unknown option '--nonsense'"),
        node_server.node_server("emulate/dist/index.js", ["start", "--nonsense"], 9, tmp_path),
    ):
        pytest.fail("it cannot have started")


def test_without_the_packages_it_says_what_to_do(tmp_path: Path) -> None:
    with (
        pytest.raises(NoServer, match="make interop"),
        node_server.node_server("no/such/script.js", [], 9, tmp_path),
    ):
        pytest.fail("it cannot have started")
