"""Feeds are polled beside each other: who hangs holds up nobody."""

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

import pytest
from sqlalchemy import Engine

from carealert.adapters.sealing import Sealer
from carealert.services.feed_pool import PER_HOST, Polls, choose
from carealert.services.ports.feeds import Feed, FeedHealth, Validators
from tests.support.cap import NOW, atom, cap_xml
from tests.support.http import Answer
from tests.support.polling import MINUTE, Office, an_office


@pytest.fixture
def office(sqlite_engine: Engine, sealer: Sealer) -> Iterator[Office]:
    with an_office(sqlite_engine, sealer) as office:
        yield office


def until(happened: Callable[[], bool]) -> None:
    end = time.monotonic() + 5
    while not happened():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.005)


def hanging(release: threading.Event) -> Callable[[Mapping[str, str]], Answer]:
    def answer(_: Mapping[str, str]) -> Answer:
        release.wait(5)
        return Answer(cap_xml("late"))

    return answer


def test_a_good_feed_is_stored_while_another_hangs(office: Office) -> None:
    release, after = threading.Event(), []
    office.add("hangs", "/hangs")
    office.server.answers["/hangs"] = hanging(release)
    office.server.answers["/feed"] = Answer(cap_xml("a-1"))
    polls = Polls(office.poller(), 8, lambda: after.append(office.count()))
    try:
        assert polls.start_due(NOW) == 2
        until(lambda: after == [1])
        office.server.answers["/feed"] = Answer(cap_xml("a-2"))
        assert polls.start_due(NOW + 2 * MINUTE) == 1  # what hangs is not started again
        until(lambda: after == [1, 2])
        assert office.server.paths().count("/hangs") == 1
    finally:
        release.set()
        polls.close()


def test_what_has_ended_is_polled_again_when_it_is_due(office: Office) -> None:
    office.server.answers["/feed"] = Answer(cap_xml("a-1"))
    after: list[int] = []
    polls = Polls(office.poller(), 8, lambda: after.append(1))
    try:
        polls.start_due(NOW)
        until(lambda: office.health().last_ok_at == NOW)
        assert polls.start_due(NOW) == 0
        until(lambda: polls.start_due(NOW + 2 * MINUTE) == 1)
        until(lambda: office.health().last_ok_at == NOW + 2 * MINUTE)
    finally:
        polls.close()
    assert after == [1]  # the second poll brought nothing new to plan


def test_a_poll_that_breaks_is_logged_and_tried_again(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    office.server.answers["/feed"] = Answer(cap_xml("a-1"))

    class Broken:
        def problem(self, *_: object) -> str | None:
            raise RuntimeError("a bug")

    from carealert.services.ports.feeds import Signatures

    office.add(signatures=Signatures.CHECKED)
    polls = Polls(office.poller(signatures=Broken()), 8, lambda: None)
    with caplog.at_level(logging.ERROR):
        try:
            assert polls.start_due(NOW) == 1
            until(lambda: polls.start_due(NOW) == 1)
        finally:
            polls.close()
    assert "a poll failed: RuntimeError" in caplog.text


def test_closing_ends_a_long_poll_after_the_documents_under_way(office: Office) -> None:
    names = [f"/{n}.xml" for n in range(200)]
    office.server.answers["/feed"] = Answer(atom((name, "1") for name in names))
    for name in names:
        office.server.answers[name] = Answer(cap_xml(name), parts=(b"", cap_xml(name)), pause=0.02)
    polls = Polls(office.poller(), 8, lambda: None)
    polls.start_due(NOW)
    until(lambda: len(office.server.paths()) > 8)
    polls.close()
    assert 0 < office.count() < 100
    assert office.health().next_poll_at == NOW  # the rest comes at once, next time


def some(name: str, host: str = "", failures: int = 0) -> FeedHealth:
    url = f"https://{host or name}.example/feed"
    return FeedHealth(Feed(name, url, "auto", MINUTE), Validators(), None, None, failures, NOW)


def running(*healths: FeedHealth) -> dict[str, FeedHealth]:
    return {one.feed.name: one for one in healths}


def test_no_more_start_than_there_are_places() -> None:
    due = [some(f"feed{n}") for n in range(9)]
    assert choose(due, {}, 4) == due[:4]
    assert choose(due, running(due[0], due[1], due[2]), 4) == [due[3]]
    assert choose(due, running(*due[:4]), 4) == []


def test_feeds_that_failed_leave_half_of_the_places_to_the_others() -> None:
    dead = [some(f"dead{n}", failures=3) for n in range(20)]
    good = some("good")
    assert choose([*dead, good], {}, 8) == [*dead[:4], good]
    assert choose([*dead[4:], good], running(*dead[:4]), 8) == [good]
    again = [replace(one, failures=0) for one in dead]
    assert len(choose(again, {}, 8)) == 8


def test_one_host_with_many_feeds_takes_a_few_places_only() -> None:
    many = [some(f"country{n}", "alarms") for n in range(38)]
    other = some("other")
    assert choose([*many, other], {}, 32) == [*many[:PER_HOST], other]
    assert choose([*many[PER_HOST:], other], running(*many[:PER_HOST]), 32) == [other]
