"""The outside world in a process of its own, asked over its link."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from email.utils import parsedate_to_datetime
from multiprocessing import Pipe

import pytest
import requests

from carealert import clock
from carealert.simulator.apart import WORDS, OutsideApart, outside_apart
from carealert.simulator.outside import Outside, Terms
from carealert.simulator.server import NotStarted, free_port
from tests.support.builders import a_phone
from tests.support.delivery import ACCOUNT, TOKEN

TERMS = Terms(ACCOUNT, TOKEN, "http://127.0.0.1:9/hooks/twilio/inbound")
TO = a_phone(0).number


@pytest.fixture(scope="module")
def world() -> Iterator[tuple[OutsideApart, str]]:
    port = free_port()
    with outside_apart(TERMS, port) as outside:
        outside.wait_until_up()
        yield outside, f"http://127.0.0.1:{port}"


def test_every_word_of_the_outside_world_can_be_said_to_the_process() -> None:
    assert {word for word in vars(Outside) if not word.startswith("_")} == WORDS


def test_a_message_reaches_a_phone_that_can_answer(world: tuple[OutsideApart, str]) -> None:
    outside, url = world
    path = f"{url}/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
    before = outside.message_count()
    form = {"To": TO, "From": "+12025550100", "Body": "Are you safe? Reply 1 or 2."}
    assert requests.post(path, data=form, auth=(ACCOUNT, TOKEN), timeout=5).status_code == 201
    assert outside.wait_until_quiet()
    assert outside.message_count() == before + 1
    assert outside.numbers() == outside.asked() == [TO]
    assert outside.reply(TO, "1") == ()  # nobody listens where it calls


def test_what_is_published_carries_the_time_out_there(world: tuple[OutsideApart, str]) -> None:
    outside, url = world
    outside.skip(timedelta(days=1))
    outside.publish("a.xml", b"<alert/>")
    answer = requests.get(f"{url}/cap/a.xml", timeout=5)
    assert answer.content == b"<alert/>"
    changed = parsedate_to_datetime(answer.headers["Last-Modified"])
    assert changed > clock.now() + timedelta(hours=23)


def test_an_error_comes_back_as_it_was_raised(world: tuple[OutsideApart, str]) -> None:
    with pytest.raises(ValueError, match="no file name"):
        world[0].publish("a/b.xml", b"")


def test_a_taken_port_is_said() -> None:
    port = free_port()
    with outside_apart(TERMS, port) as first:
        first.wait_until_up()
        with outside_apart(TERMS, port) as second, pytest.raises(NotStarted, match="taken"):
            second.wait_until_up()


def test_it_ends_with_who_started_it_and_not_at_ctrl_c() -> None:
    ours, theirs = Pipe()
    command = [sys.executable, "-m", "carealert.simulator", str(theirs.fileno())]
    with theirs, subprocess.Popen(command, pass_fds=[theirs.fileno()]) as process:
        theirs.close()
        ours.send((dict.fromkeys(("account_sid", "auth_token", "inbound_url"), "x"), free_port()))
        assert ours.recv() is None
        process.send_signal(signal.SIGINT)
        ours.send(("numbers", ()))
        assert ours.recv() == []
        ours.close()
        assert process.wait(10) == 0


def test_a_world_that_has_died_is_said() -> None:
    ours, theirs = Pipe()
    theirs.close()
    with ours, pytest.raises(NotStarted, match="has ended"):
        OutsideApart(ours).wait_until_up()
