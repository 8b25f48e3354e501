"""The push feeds of an installation: one subscriber for each, as the table of feeds says."""

import hashlib
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from carealert.adapters.feeds.brokers import broker_of
from carealert.adapters.feeds.mqtt import CONNECTING, PAUSES, Subscriber
from carealert.adapters.feeds.reading import public_url
from carealert.services import pushing
from carealert.services.harvesting import Tools
from carealert.services.ports.feeds import Feed

#: How often at most a feed's health is written while nothing changes.
_NOTED_EVERY = timedelta(seconds=30)


@dataclass(slots=True)
class _Listening:
    """One feed that is listened to, and what was last noted of it."""

    feed: Feed
    subscriber: Subscriber
    noted: str | None = ""
    noted_at: datetime | None = None


class PushFeeds:
    """Listens while this process leads; `start` is cheap and made to be called by every tick.

    `secret` makes the name under which a broker knows this installation: two offices with the
    same name would cut each other off. `after` runs after each message that was stored.
    """

    def __init__(
        self,
        tools: Tools,
        secret: bytes,
        now: Callable[[], datetime],
        after: Callable[[], None] = lambda: None,
        pauses: tuple[float, ...] = PAUSES,
    ) -> None:
        self._tools = tools
        self._secret = secret
        self._now = now
        self._after = after
        self._pauses = pauses
        self._listening: dict[str, _Listening] = {}
        self._lock = threading.Lock()

    def start(self) -> None:
        """Listen to every push feed there is, to no other, and note how they are."""
        with self._lock:
            wanted = {feed.name: feed for feed in pushing.push_feeds(self._tools)}
            self._end(wanted)
            for name, feed in wanted.items():
                if name not in self._listening:
                    self._begin(feed)
            for one in self._listening.values():
                self._note(one)

    def close(self) -> None:
        """Stop listening: what comes meanwhile waits with the brokers."""
        with self._lock:
            self._end({})

    @property
    def connected(self) -> frozenset[str]:
        """The feeds whose brokers answer."""
        with self._lock:
            every = list(self._listening.items())
        return frozenset(name for name, one in every if one.subscriber.is_connected)

    def _begin(self, feed: Feed) -> None:
        try:
            broker = broker_of(feed.url)
        except ValueError as error:
            said = f"{public_url(feed.url)} {error}."
            pushing.unreachable(self._tools, feed.name, said, self._now())
            return
        subscriber = Subscriber(
            broker,
            self._client_id(feed),
            lambda body: pushing.receive(self._tools, feed.name, body, self._now()),
            lambda tried: pushing.given_up(self._tools, feed.name, tried, self._now()),
            self._after,
            allow_private=feed.allow_private,
            pauses=self._pauses,
        )
        self._listening[feed.name] = _Listening(feed, subscriber)
        subscriber.start()

    def _end(self, wanted: Mapping[str, Feed]) -> None:
        """Stop those that are gone or were changed."""
        for name, one in list(self._listening.items()):
            if wanted.get(name) != one.feed:
                one.subscriber.close()
                del self._listening[name]

    def _note(self, one: _Listening) -> None:
        """Write a feed's health when it changes, and now and then."""
        problem, now = one.subscriber.problem, self._now()
        pause = min(_NOTED_EVERY, one.feed.interval)
        if problem == CONNECTING:
            return
        if problem == one.noted and one.noted_at and now - one.noted_at < pause:
            return
        if problem is None:
            pushing.heard(self._tools, one.feed.name, now)
        else:
            said = f"{public_url(one.feed.url)} {problem}."
            pushing.unreachable(self._tools, one.feed.name, said, now)
        one.noted, one.noted_at = problem, now

    def _client_id(self, feed: Feed) -> str:
        """Stable for this installation and feed, and telling nothing of either."""
        digest = hashlib.blake2b(feed.name.encode(), key=self._secret[:64], digest_size=12)
        return f"carealert-{digest.hexdigest()}"
