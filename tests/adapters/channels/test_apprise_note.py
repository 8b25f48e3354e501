"""Notifications of officers, with a stand-in for apprise that posts to a real loopback server.

`tests/extra/real_apprise.py` asks the same of the real package.
"""

import logging
import sys
from collections.abc import Iterator

import pytest

from carealert.adapters.channels.apprise_note import AppriseChannel, open_apprise
from carealert.adapters.channels.not_ready import ChannelNotReady
from carealert.services.ports.outbox import CannotLook, DeliveryFailed, FailureAction
from carealert.simulator.server import free_port
from tests.support.builders import NOW
from tests.support.fake_apprise import fake_apprise
from tests.support.gateway import a_message
from tests.support.posts import PostServer, Said, post_server


@pytest.fixture
def server() -> Iterator[PostServer]:
    with post_server() as server:
        yield server


@pytest.fixture
def channel(monkeypatch: pytest.MonkeyPatch) -> AppriseChannel:
    monkeypatch.setitem(sys.modules, "apprise", fake_apprise())
    return open_apprise({"json"})


def to(server: PostServer, path: str = "/officer") -> str:
    return server.url.replace("http", "json", 1) + path


def failure(channel: AppriseChannel, to: str) -> DeliveryFailed:
    with pytest.raises(DeliveryFailed) as caught:
        channel.send(a_message(1, to=to, body="a private text"))
    return caught.value


def test_a_note_arrives_as_plain_text_under_a_title_that_says_nothing(
    channel: AppriseChannel, server: PostServer
) -> None:
    assert channel.send(a_message(1, to=to(server))).provider_id == "notice-1.1"
    (asked,) = server.asked
    assert asked.path == "/officer"
    assert asked.json == {"message": "text 1", "title": "A message for you", "format": "text"}


def test_what_did_not_succeed_may_have_arrived(channel: AppriseChannel, server: PostServer) -> None:
    server.answers = [Said(500), Said(drop=True)]
    for _ in range(2):
        assert failure(channel, to(server)).action is FailureAction.UNKNOWN
    assert len(server.asked) == 2
    nobody = f"json://127.0.0.1:{free_port()}/"
    assert failure(channel, nobody).action is FailureAction.UNKNOWN


@pytest.mark.parametrize("address", ["", "json://", "xml://host/", "http://host/", "officer"])
def test_what_is_no_address_of_an_allowed_service_goes_nowhere(
    channel: AppriseChannel, address: str
) -> None:
    assert failure(channel, address).action is FailureAction.PERMANENT


def test_one_address_is_one_note(channel: AppriseChannel, server: PostServer) -> None:
    two = f"{to(server)},{to(server, '/stranger')}"
    assert failure(channel, two).action is FailureAction.PERMANENT
    assert server.asked == []


def test_nothing_of_a_note_is_logged_and_others_still_are(
    channel: AppriseChannel, server: PostServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    channel.send(a_message(1, to=to(server, "/token-of-officer"), body="a private text"))
    failure(channel, f"json://127.0.0.1:{free_port()}/token-of-officer")
    failure(channel, "json://")
    logging.getLogger("apprise").warning("something else")
    assert "something else" in caplog.text
    for said in ("private", "token-of-officer"):
        assert said not in caplog.text


def test_notes_cannot_be_looked_for(channel: AppriseChannel) -> None:
    with pytest.raises(CannotLook):
        channel.find(a_message(1), NOW)


def test_without_the_package_or_services_it_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)
    with pytest.raises(ChannelNotReady, match=r"install carealert\[apprise\]"):
        open_apprise({"json"})
    with pytest.raises(ChannelNotReady, match="name the services"):
        open_apprise(set())
