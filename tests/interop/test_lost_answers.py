"""The gateway took the message and its answer was lost: it is found, and nothing goes out twice."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from carealert.adapters.db import tables
from carealert.domain.notices import NoticeState
from carealert.services.posting import PACE
from tests.support.builders import a_phone
from tests.support.delivery import reap_and_reconcile
from tests.support.gateway import channel_to
from tests.support.interop_office import STATUS, Office
from tests.support.losing import LosingProxy, losing_proxy

pytestmark = pytest.mark.interop

#: Nobody listens there: no callback tells us what the answer would have told.
NOWHERE = "http://127.0.0.1:9"


@pytest.fixture
def proxy(office: Office) -> Iterator[LosingProxy]:
    with losing_proxy(office.gateway.url) as proxy:
        yield proxy


def look(office: Office, proxy: LosingProxy) -> tuple[int, int]:
    """(looked for, found), a minute later."""
    office.now.skip(PACE.look_after + timedelta(seconds=1))
    channel = channel_to(proxy.url, public_url=NOWHERE)
    done = reap_and_reconcile(office.app.db, channel, office.now())
    return done.looked_for, done.found


def test_what_the_gateway_has_is_found_and_not_sent_again(
    office: Office, proxy: LosingProxy
) -> None:
    channel = channel_to(proxy.url, public_url=NOWHERE)
    office.put(*(office.told(n) for n in range(20)))
    proxy.lose = 12

    done = office.deliver(channel)
    assert (done.accepted, done.unknown) == (8, 12)
    assert office.heard(STATUS) == []
    assert office.deliver(channel).claimed == 0, "what is in doubt is not sent"

    assert look(office, proxy) == (12, 12)
    for _ in range(3):
        assert look(office, proxy) == (0, 0)
        assert office.deliver(channel).claimed == 0
    messages = office.gateway.messages()
    assert sorted(one["to"] for one in messages) == sorted(a_phone(n).number for n in range(20))
    assert proxy.posts == 20
    assert {row.state for row in office.notices()} == {NoticeState.SENT.value}
    known = {row.provider_id for row in office.rows(tables.attempt)}
    assert known == {one["sid"] for one in messages}


def test_a_callback_says_it_before_anybody_looks(office: Office, proxy: LosingProxy) -> None:
    channel = channel_to(proxy.url, public_url=office.url)
    office.put(*(office.told(n) for n in range(5)))
    proxy.lose = 5

    office.deliver(channel)
    assert {row.state for row in office.notices()} == {NoticeState.SENT.value}
    assert look(office, proxy) == (0, 0)
    assert office.deliver(channel).claimed == 0
    assert len(office.gateway.messages()) == proxy.posts == 5


def test_a_message_that_never_came_there_is_sent_once_more(
    office: Office, proxy: LosingProxy
) -> None:
    """Taken and then deleted at the gateway: for us the same as a post that never arrived."""
    channel = channel_to(proxy.url, public_url=NOWHERE)
    office.put(office.told(0))
    proxy.lose = 1
    office.deliver(channel)
    (message,) = office.gateway.messages()
    office.gateway.forget(message["sid"])

    assert look(office, proxy) == (1, 0)
    assert office.deliver(channel).claimed == 0, "one look in vain is not enough"
    assert look(office, proxy) == (1, 0)
    office.now.skip(timedelta(minutes=10))
    assert office.deliver(channel).accepted == 1
    assert len(office.gateway.messages()) == 1


def test_the_same_words_to_one_phone_are_found_once_each(
    office: Office, proxy: LosingProxy
) -> None:
    body = "CareAlert: the same words"
    channel = channel_to(proxy.url, public_url=NOWHERE)
    office.gateway.reply(a_phone(0).number, body)  # and somebody sends them back to us
    office.put(*(office.told(0, body=body, revision=n) for n in range(4)))
    proxy.lose = 3
    office.deliver(channel)

    assert look(office, proxy) == (3, 3)
    assert look(office, proxy) == (0, 0)
    assert office.deliver(channel).claimed == 0
    known = {row.provider_id for row in office.rows(tables.attempt)}
    assert known == {one["sid"] for one in office.gateway.messages()}
    assert len(known) == proxy.posts == 4
