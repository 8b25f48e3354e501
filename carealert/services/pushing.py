"""Feeds that push: each message of a broker is read and stored as one poll would do it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from carealert.domain.link_rules import LinkRule, rewrite
from carealert.services.discretion import bare_url
from carealert.services.feed_health import end_alarm, pause_after_failure
from carealert.services.harvesting import Tools
from carealert.services.integrity import Stated, fault, stated_in
from carealert.services.polling import Poller
from carealert.services.ports.feeds import (
    Feed,
    FeedHealth,
    Fetched,
    Fetcher,
    FetchFailed,
    Validators,
)


class Outcome(StrEnum):
    """What became of one message."""

    STORED = "stored"  # or known before, or kept as unreadable: the broker may forget it
    RETRY = "retry"  # what it points to could not be had: it is worth another try


def receive(tools: Tools, feed_name: str, body: bytes, now: datetime) -> Outcome:
    """Read one message of this feed, fetch what it points to, and store what that says.

    The same message twice does no harm: documents are known by address and moment of publication,
    warnings by their own key. Raises LookupError if there is no such feed.
    """
    health = _health(tools, feed_name)
    feed = health.feed
    pushed = _Pushed(tools.fetcher, feed, body)
    Poller(replace(tools, fetcher=pushed)).poll_feed(health, now)
    return Outcome.RETRY if pushed.failures else Outcome.STORED


def heard(tools: Tools, feed_name: str, now: datetime) -> None:
    """Record that the broker is there, whether it has anything to say or not."""
    with tools.db.transaction() as stores:
        health = stores.feeds.get(feed_name)
        if health is not None:
            end_alarm(stores, health, now)
            following = now + health.feed.interval
            stores.feeds.heard(feed_name, Validators(), now, following)


def unreachable(tools: Tools, feed_name: str, said: str, now: datetime) -> None:
    """Record that the broker is not there; the journal says it once."""
    with tools.db.transaction() as stores:
        health = stores.feeds.get(feed_name)
        if health is None:
            return
        following = now + pause_after_failure(health, None, now)
        stores.feeds.failed(feed_name, said, now, following)
        if said != health.last_error:
            stores.journal.write(now, "feed_failed", f"feed:{feed_name}", problem=said)


def given_up(tools: Tools, feed_name: str, tried_for: timedelta, now: datetime) -> None:
    """Record that what a message points to was not to be had for so long."""
    minutes = round(tried_for.total_seconds() / 60)
    said = f"what a message points to could not be had for {minutes} minutes: left out"
    with tools.db.transaction() as stores:
        stores.journal.write(now, "document_failed", f"feed:{feed_name}", problem=said)


def push_feeds(tools: Tools) -> tuple[Feed, ...]:
    """The feeds that are to be listened to."""
    with tools.db.reading() as stores:
        feeds = [health.feed for health in stores.feeds.all()]
    return tuple(feed for feed in feeds if feed.enabled and not feed.is_polled)


def _health(tools: Tools, feed_name: str) -> FeedHealth:
    with tools.db.reading() as stores:
        health = stores.feeds.get(feed_name)
    if health is None:
        raise LookupError(f"There is no feed '{feed_name}': see 'carealert feeds list'.")
    return health


@dataclass(slots=True)
class _Pushed:
    """A fetcher for one message: the message stands for the index, the rest is fetched.

    What is fetched must be what the message announced.
    """

    inner: Fetcher
    feed: Feed
    body: bytes
    failures: int = 0

    def get(
        self, url: str, validators: Validators | None = None, *, allow_private: bool = False
    ) -> Fetched:
        """The message itself, or a document; raises FetchFailed."""
        if url == self.feed.url:
            return Fetched(url, self.body, Validators())
        try:
            got = self.inner.get(url, validators, allow_private=allow_private)
        except FetchFailed:
            self.failures += 1
            raise
        wrong = (
            None
            if got.body is None
            else fault(announced(self.body, url, self.feed.link_rules), got.body)
        )
        if wrong:
            self.failures += 1
            raise FetchFailed(f"{bare_url(url)} is not what was announced: {wrong}.")
        return got


def announced(body: bytes, url: str, rules: Sequence[LinkRule] = ()) -> Stated:
    """What a WIS2 notification says of the document at `url`; nothing for any other message.

    `rules` rewrote its links.
    """
    try:
        message = json.loads(body)
        links = [link for link in message["links"] if rewrite(link["href"], rules) == url]
        return stated_in(message["properties"].get("integrity"), links[0].get("length"))
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError):
        return Stated()
