"""What every way out promises, each against a gateway of its own on the loopback."""

import logging
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from carealert.services.ports.outbox import (
    CannotLook,
    DeliveryFailed,
    FailureAction,
    MessageChannel,
    Outgoing,
)
from tests.support.builders import NOW, a_phone
from tests.support.gateway import a_message
from tests.support.ways_out import WAYS_OUT, Trouble, WayOut

PRIVATE = "a private text"
#: How a number or a text may be spelled where it should not be.
PERSONAL = (PRIVATE, "private", a_phone(7).number[1:], "5005550001", "manager@", "officer")


@pytest.fixture(params=list(WAYS_OUT))
def way(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[WayOut]:
    with WAYS_OUT[request.param](tmp_path) as way:
        yield way


def message(way: WayOut, number: int = 7, **changes: Any) -> Outgoing:
    return a_message(number, **({"to": way.to, "body": PRIVATE} | changes))


def meet(way: WayOut, trouble: Trouble) -> DeliveryFailed:
    changes, channel = way.make(trouble), way.channel
    if trouble is Trouble.NOBODY:
        channel = way.to_nobody
        changes |= {"to": way.elsewhere} if way.elsewhere else {}
    with pytest.raises(DeliveryFailed) as caught:
        channel.send(message(way, **changes))
    return caught.value


def test_each_message_is_sent_once_and_has_an_id_of_its_own(way: WayOut) -> None:
    taken = [way.channel.send(message(way, number)) for number in range(3)]
    assert way.posts() == 3
    assert len({one.provider_id for one in taken}) == 3
    assert all(0 < len(one.provider_id) <= 64 for one in taken)


@pytest.mark.parametrize("trouble", list(Trouble))
def test_every_trouble_asks_for_the_right_thing_and_nothing_is_posted_again(
    way: WayOut, trouble: Trouble
) -> None:
    failed = meet(way, trouble)
    wanted = FailureAction.UNKNOWN if trouble in way.cannot_tell else trouble.value
    assert failed.action is wanted
    assert failed.code
    assert len(failed.code) <= 20
    assert way.posts() == (0 if trouble is Trouble.NOBODY else 1)


@pytest.mark.parametrize("trouble", list(Trouble))
def test_after_a_trouble_the_next_message_goes_out(way: WayOut, trouble: Trouble) -> None:
    meet(way, trouble)
    before = way.posts()
    way.channel.send(message(way, 8))
    assert way.posts() == before + 1


def test_numbers_texts_and_secrets_stay_where_they_belong(
    way: WayOut, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    said = [repr(way.channel.send(message(way))), repr(message(way)), repr(way.channel)]
    for trouble in Trouble:
        failed = meet(way, trouble)
        said += [str(failed), repr(failed), *traceback.format_exception(failed)]
    said.append(_look(way.to_nobody, message(way)))
    everything = caplog.text + "\n".join(said)
    for word in (*PERSONAL, *way.secrets):
        assert word not in everything, f"it says {word!r}"


def test_who_cannot_look_says_so_and_who_can_does_not_say_no_in_the_dark(way: WayOut) -> None:
    with pytest.raises((DeliveryFailed, CannotLook)) as said:
        way.to_nobody.find(message(way), NOW)
    if said.type is CannotLook:
        with pytest.raises(CannotLook):
            way.channel.find(message(way), NOW)
        assert way.posts() == 0


def _look(channel: MessageChannel, one: Outgoing) -> str:
    """What it says where it cannot look."""
    try:
        channel.find(one, NOW)
    except (DeliveryFailed, CannotLook) as failed:
        return "".join(traceback.format_exception(failed))
    return ""
