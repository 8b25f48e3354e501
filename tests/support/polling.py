"""An office with a database and a feed at a real server, for tests of polling."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine, func, select

from carealert.adapters.db.stores import SqlDatabase
from carealert.adapters.db.tables import warning
from carealert.adapters.feeds.http import HttpFetcher
from carealert.adapters.sealing import Sealer
from carealert.services.harvesting import Tools
from carealert.services.polling import Poller, PollResult
from carealert.services.ports.feeds import Feed, FeedHealth, FetchRecord
from carealert.services.ports.records import JournalLine
from tests.support.cap import NOW, atom, reader
from tests.support.http import Answer, Server, serving

MINUTE = timedelta(minutes=1)
READER = reader()


@dataclass
class Office:
    """A database, a feed at a real server, and the time."""

    db: SqlDatabase
    engine: Engine
    server: Server
    fetcher: HttpFetcher

    def poll(self, now: datetime = NOW, name: str = "met") -> PollResult:
        return self.poller().poll(name, now)

    def poller(self, **tools: Any) -> Poller:
        return Poller(Tools(self.db, self.fetcher, READER, **tools))

    def add(self, name: str = "met", path: str = "/feed", **settings: Any) -> None:
        url = self.server.url + path
        with self.db.transaction() as stores:
            stores.feeds.add(Feed(name, url, "auto", MINUTE, allow_private=True, **settings))

    def health(self, name: str = "met") -> FeedHealth:
        with self.db.reading() as stores:
            return next(one for one in stores.feeds.all() if one.feed.name == name)

    def records(self, name: str = "met") -> list[FetchRecord]:
        with self.db.reading() as stores:
            return list(stores.feeds.records(name, 100))

    def journal(self, event: str) -> list[JournalLine]:
        with self.db.reading() as stores:
            return [line for line in stores.journal.recent() if line.event == event]

    def count(self, table: object = warning) -> int:
        with self.engine.connect() as connection:
            query = select(func.count()).select_from(table)  # type: ignore[arg-type]
            return connection.scalar(query) or 0

    def serve(self, *messages: tuple[str, bytes], etag: str = '"1"') -> None:
        """An Atom index of these messages (path, CAP)."""
        index = atom((path, f"of {etag}") for path, _ in messages)
        self.server.answers["/feed"] = Answer(index, headers={"ETag": etag})
        for path, body in messages:
            self.server.answers[path] = Answer(body)


def waits(health: FeedHealth) -> float:
    """Minutes until the next poll."""
    return ((health.next_poll_at or NOW) - NOW) / MINUTE


@contextmanager
def an_office(engine: Engine, sealer: Sealer) -> Iterator[Office]:
    """An office that polls the feed "met" at `/feed` of a server of its own."""
    with serving() as server:
        fetcher = HttpFetcher(deadline=timedelta(seconds=1), max_bytes=2 * 2**20)
        office = Office(SqlDatabase(engine, sealer), engine, server, fetcher)
        office.add()
        yield office
