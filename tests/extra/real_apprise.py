"""Apprise itself against a loopback server: `python -m pytest tests/extra/real_apprise.py`.

Its name keeps it out of the ordinary run: the package is an optional one.
"""

import logging

import pytest

from carealert.adapters.channels.apprise_note import open_apprise
from carealert.services.ports.outbox import DeliveryFailed, FailureAction
from carealert.simulator.server import free_port
from tests.support.gateway import a_message
from tests.support.posts import Said, post_server

#: The package still imports what Python 3.13 has no more.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")


def test_a_note_goes_out_once_and_leaves_no_trace_in_logs(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    channel = open_apprise({"json"})
    with post_server() as server:
        address = server.url.replace("http", "json", 1) + "/token-of-officer"
        channel.send(a_message(1, to=address, body="a private text: *1* @all \\n"))
        server.answers = [Said(500), Said(drop=True)]
        for _ in range(2):
            with pytest.raises(DeliveryFailed) as caught:
                channel.send(a_message(1, to=address, body="a private text"))
            assert caught.value.action is FailureAction.UNKNOWN
        two = a_message(1, to=f"{address},{address}", body="a private text")
        with pytest.raises(DeliveryFailed):
            channel.send(two)
    assert len(server.asked) == 3
    assert server.asked[0].json["message"] == "a private text: *1* @all \\n"
    assert server.asked[0].json["title"] == "A message for you"
    for said in ("private", "token-of-officer"):
        assert said not in caplog.text


def test_what_is_no_address_goes_nowhere() -> None:
    channel = open_apprise({"json", "nosuch"})
    for address in ("json://", "nosuch://host"):
        with pytest.raises(DeliveryFailed) as caught:
            channel.send(a_message(1, to=address))
        assert caught.value.action is FailureAction.PERMANENT


def test_nobody_there_may_not_be_told_from_a_lost_answer() -> None:
    with pytest.raises(DeliveryFailed) as caught:
        open_apprise({"json"}).send(a_message(1, to=f"json://127.0.0.1:{free_port()}/x"))
    assert caught.value.action is FailureAction.UNKNOWN
