"""Each feed at its own pace: a slow or dead one never delays another."""

import logging
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from urllib.parse import urlsplit

from carealert.services.polling import Poller, PollResult
from carealert.services.ports.feeds import FeedHealth

log = logging.getLogger(__name__)

#: Feeds of one host polled at once: some hosts carry a feed for each country.
PER_HOST = 4


class Polls:
    """The polls that are under way.

    `after` runs in the thread of each poll that brought a new warning.
    """

    def __init__(self, poller: Poller, at_once: int, after: Callable[[], None]) -> None:
        self._stop = threading.Event()
        self._poller = Poller(replace(poller.tools, stopping=self._stop.is_set))
        self._at_once = at_once
        self._after = after
        self._pool = ThreadPoolExecutor(at_once, thread_name_prefix="poll")
        self._running: dict[str, FeedHealth] = {}
        self._lock = threading.Lock()

    def start_due(self, now: datetime) -> int:
        """Start the polls that are due and have a place; returns at once, with how many.

        Feeds that failed last time take at most half of the places, and those of one host a few:
        however many are dead, there is a place for one that lives.
        """
        with self._lock:  # before the query: what ends meanwhile is not due again
            running = dict(self._running)
        with self._poller.tools.db.reading() as stores:
            due = stores.feeds.due(now)
        chosen = choose(due, running, self._at_once)
        for health in chosen:
            with self._lock:
                self._running[health.feed.name] = health
            future = self._pool.submit(self._poll, health, now)
            future.add_done_callback(self._ended)
        return len(chosen)

    def close(self) -> None:
        """Start nothing more, and wait for the documents that are under way."""
        self._stop.set()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _poll(self, health: FeedHealth, now: datetime) -> PollResult:
        try:
            result = self._poller.poll_feed(health, now)
        finally:
            with self._lock:
                del self._running[health.feed.name]
        if result.new_warnings:
            self._after()
        return result

    def _ended(self, future: Future[PollResult]) -> None:
        """A bug or a locked database must not pass in silence; the next tick tries again."""
        if not future.cancelled() and (error := future.exception()) is not None:
            log.error("a poll failed: %s", type(error).__name__, exc_info=error)


def choose(
    due: Sequence[FeedHealth], running: Mapping[str, FeedHealth], at_once: int
) -> list[FeedHealth]:
    """Which of the feeds that are due are started beside those that run."""
    hosts = Counter(_host(one) for one in running.values())
    failing = sum(one.failures > 0 for one in running.values())
    free = at_once - len(running)
    chosen: list[FeedHealth] = []
    for one in due:
        if one.feed.name in running or len(chosen) >= free or hosts[_host(one)] >= PER_HOST:
            continue
        if one.failures and failing >= max(1, at_once // 2):
            continue
        chosen.append(one)
        hosts[_host(one)] += 1
        failing += one.failures > 0
    return chosen


def _host(health: FeedHealth) -> str:
    return urlsplit(health.feed.url).hostname or ""
