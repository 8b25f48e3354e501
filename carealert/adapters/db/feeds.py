"""Feeds and the documents they gave, on SQL."""

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, and_, delete, func, or_, select, update

from carealert.adapters.db.conflicts import insert_into
from carealert.adapters.db.lists import one_of
from carealert.adapters.db.tables import document, feed
from carealert.services.ports.feeds import Feed, FeedHealth, Validators


class SqlFeeds:
    """FeedStore on one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, new: Feed) -> None:
        values = {
            "url": new.url,
            "format": new.format,
            "interval_s": int(new.interval.total_seconds()),
            "enabled": new.enabled,
        }
        # What was heard at another address, or read in another format, says nothing about this one.
        fresh = {"etag": None, "last_modified": None, "next_poll_at": None, "failures": 0}
        statement = insert_into(self._connection, feed).values(name=new.name, **values, **fresh)
        self._connection.execute(
            statement.on_conflict_do_update(index_elements=["name"], set_=values | fresh)
        )

    def remove(self, name: str) -> bool:
        return self._connection.execute(delete(feed).where(feed.c.name == name)).rowcount > 0

    def all(self) -> Sequence[FeedHealth]:
        rows = self._connection.execute(select(feed).order_by(feed.c.name))
        return [_health(row) for row in rows]

    def due(self, now: datetime) -> Sequence[FeedHealth]:
        rows = self._connection.execute(
            select(feed)
            .where(feed.c.enabled, or_(feed.c.next_poll_at.is_(None), feed.c.next_poll_at <= now))
            .order_by(feed.c.next_poll_at.is_not(None), feed.c.next_poll_at, feed.c.name)
        )
        return [_health(row) for row in rows]

    def heard(
        self, name: str, validators: Validators, now: datetime, next_poll_at: datetime
    ) -> None:
        self._connection.execute(
            update(feed)
            .where(feed.c.name == name)
            .values(
                etag=validators.etag,
                last_modified=validators.last_modified,
                last_ok_at=now,
                last_error=None,
                failures=0,
                next_poll_at=next_poll_at,
            )
        )

    def failed(self, name: str, problem: str, now: datetime, next_poll_at: datetime) -> None:  # noqa: ARG002
        self._connection.execute(
            update(feed)
            .where(feed.c.name == name)
            .values(last_error=problem, failures=feed.c.failures + 1, next_poll_at=next_poll_at)
        )

    def known_documents(self, urls: Sequence[str]) -> dict[str, str | None]:
        newest = (
            select(func.max(document.c.fetched_at).label("at"), document.c.url)
            .where(document.c.problem.is_(None), one_of(self._connection, document.c.url, urls))
            .group_by(document.c.url)
            .subquery()
        )
        rows = self._connection.execute(
            select(document.c.url, document.c.updated)
            .join(
                newest,
                and_(newest.c.url == document.c.url, newest.c.at == document.c.fetched_at),
            )
            .where(document.c.problem.is_(None))
            .order_by(document.c.id)
        )
        return {row.url: row.updated for row in rows}

    def keep_document(
        self,
        feed: str | None,
        url: str,
        updated: str | None,
        body: bytes,
        now: datetime,
        problem: str | None,
    ) -> int:
        seen = {"updated": updated, "fetched_at": now, "problem": problem}
        statement = insert_into(self._connection, document).values(
            feed=feed, url=url, sha256=hashlib.sha256(body).hexdigest(), body=body, **seen
        )
        found = self._connection.execute(
            statement.on_conflict_do_update(index_elements=["url", "sha256"], set_=seen).returning(
                document.c.id
            )
        )
        return int(found.scalar_one())


def _health(row: Row[Any]) -> FeedHealth:
    return FeedHealth(
        feed=Feed(row.name, row.url, row.format, timedelta(seconds=row.interval_s), row.enabled),
        validators=Validators(row.etag, row.last_modified),
        last_ok_at=row.last_ok_at,
        last_error=row.last_error,
        failures=row.failures,
        next_poll_at=row.next_poll_at,
    )
