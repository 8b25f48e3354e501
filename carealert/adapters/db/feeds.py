"""Feeds and the documents they gave, on SQL."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, Select, and_, delete, func, or_, select, update

from carealert.adapters.db.conflicts import insert_into
from carealert.adapters.db.lists import one_of
from carealert.adapters.db.tables import document, feed, fetch, warning
from carealert.domain.link_rules import parse
from carealert.domain.warnings import HazardWarning
from carealert.services.ports.feeds import (
    Feed,
    FeedHealth,
    FetchRecord,
    KnownDocument,
    NewDocument,
    Signatures,
    Validators,
    WarningKey,
)

#: Documents written by one statement: their bodies may be large.
_AT_ONCE = 50
_RECORD = (
    fetch.c.at,
    fetch.c.status,
    fetch.c.bytes,
    fetch.c.new,
    fetch.c.updated,
    fetch.c.unread,
    fetch.c.ms,
    fetch.c.problem,
)


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
            "allow_private": new.allow_private,
            "signatures": new.signatures,
            "certificates": new.certificates,
            "link_rules": [str(rule) for rule in new.link_rules],
        }
        # What was heard at another address, or read in another format, says nothing about this one.
        fresh = {
            "etag": None,
            "last_modified": None,
            "next_poll_at": None,
            "failures": 0,
            "alarmed_at": None,
        }
        statement = insert_into(self._connection, feed).values(name=new.name, **values, **fresh)
        self._connection.execute(
            statement.on_conflict_do_update(index_elements=["name"], set_=values | fresh)
        )

    def remove(self, name: str) -> bool:
        self._connection.execute(delete(fetch).where(fetch.c.feed == name))
        return self._connection.execute(delete(feed).where(feed.c.name == name)).rowcount > 0

    def get(self, name: str) -> FeedHealth | None:
        row = self._connection.execute(_feeds().where(feed.c.name == name)).one_or_none()
        return _health(row) if row else None

    def all(self) -> Sequence[FeedHealth]:
        rows = self._connection.execute(_feeds().order_by(feed.c.name))
        return [_health(row) for row in rows]

    def due(self, now: datetime) -> Sequence[FeedHealth]:
        rows = self._connection.execute(
            _feeds()
            .where(feed.c.enabled, or_(feed.c.next_poll_at.is_(None), feed.c.next_poll_at <= now))
            .order_by(feed.c.next_poll_at.is_not(None), feed.c.next_poll_at, feed.c.name)
        )
        return [one for one in map(_health, rows) if one.feed.is_polled]

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

    def begin(self, now: datetime) -> None:
        self._connection.execute(
            update(feed)
            .where(feed.c.enabled, feed.c.next_poll_at.is_(None))
            .values(next_poll_at=now)
        )

    def alarm(self, name: str, since: datetime | None) -> None:
        self._connection.execute(update(feed).where(feed.c.name == name).values(alarmed_at=since))

    def record(self, name: str, fetch_record: FetchRecord, keep_from: datetime) -> None:
        one = fetch_record
        self._connection.execute(
            insert_into(self._connection, fetch).values(
                feed=name,
                at=one.at,
                status=one.status,
                bytes=one.bytes,
                new=one.new,
                updated=one.updated,
                unread=one.unread,
                ms=one.ms,
                problem=one.problem,
            )
        )
        self._connection.execute(delete(fetch).where(fetch.c.feed == name, fetch.c.at < keep_from))

    def records(self, name: str, limit: int = 5) -> Sequence[FetchRecord]:
        rows = self._connection.execute(
            select(*_RECORD)
            .where(fetch.c.feed == name)
            .order_by(fetch.c.at.desc(), fetch.c.id.desc())
            .limit(limit)
        )
        return [FetchRecord(*row) for row in rows]

    def known_documents(self, urls: Sequence[str]) -> dict[str, KnownDocument]:
        newest = (
            select(func.max(document.c.fetched_at).label("at"), document.c.url)
            .where(one_of(self._connection, document.c.url, urls))
            .group_by(document.c.url)
            .subquery()
        )
        rows = self._connection.execute(
            select(
                document.c.id,
                document.c.url,
                document.c.updated,
                document.c.sha256,
                document.c.fetched_at,
                document.c.problem,
                document.c.etag,
                document.c.last_modified,
            )
            .join(
                newest,
                and_(newest.c.url == document.c.url, newest.c.at == document.c.fetched_at),
            )
            .order_by(document.c.id)
        )
        return {row.url: _known(row) for row in rows}

    def body(self, document_id: int) -> bytes:
        query = select(document.c.body).where(document.c.id == document_id)
        return bytes(self._connection.execute(query).scalar_one())

    def unchanged(self, documents: Sequence[int], now: datetime) -> None:
        for start in range(0, len(documents), 500):
            some = documents[start : start + 500]
            self._connection.execute(
                update(document).where(document.c.id.in_(some)).values(fetched_at=now)
            )

    def keep_document(
        self,
        feed_name: str | None,
        url: str,
        updated: str | None,
        body: bytes,
        now: datetime,
        problem: str | None,
    ) -> int:
        (kept,) = self.keep_documents(feed_name, [NewDocument(url, updated, body, problem)], now)
        return kept

    def keep_documents(
        self, feed_name: str | None, documents: Sequence[NewDocument], now: datetime
    ) -> Sequence[int]:
        keys = [(one.url, hashlib.sha256(one.body).hexdigest()) for one in documents]
        rows = {
            key: {
                "feed": feed_name,
                "url": one.url,
                "sha256": key[1],
                "body": one.body,
                "updated": one.updated,
                "fetched_at": now,
                "problem": one.problem,
                "etag": one.validators.etag,
                "last_modified": one.validators.last_modified,
            }
            for key, one in zip(keys, documents, strict=True)
        }
        ids: dict[tuple[str, str], int] = {}
        waiting = list(rows.values())
        for start in range(0, len(waiting), _AT_ONCE):
            ids |= self._upsert(waiting[start : start + _AT_ONCE])
        return [ids[key] for key in keys]

    def stored(self, warnings: Sequence[HazardWarning]) -> Mapping[WarningKey, str]:
        names = {one.identifier for one in warnings}
        rows = self._connection.execute(
            select(warning.c.sender, warning.c.identifier, warning.c.sent, document.c.url)
            .join(document, document.c.id == warning.c.document_id)
            .where(one_of(self._connection, warning.c.identifier, names))
        )
        there = {(row.sender, row.identifier, row.sent): row.url for row in rows}
        return {one.key: there[one.key] for one in warnings if one.key in there}

    def _upsert(self, rows: list[dict[str, Any]]) -> dict[tuple[str, str], int]:
        statement = insert_into(self._connection, document)
        said = ("updated", "fetched_at", "problem", "etag", "last_modified")
        found = self._connection.execute(
            statement.on_conflict_do_update(
                index_elements=["url", "sha256"],
                set_={name: statement.excluded[name] for name in said},
            ).returning(document.c.id, document.c.url, document.c.sha256),
            rows,
        )
        return {(row.url, row.sha256): int(row.id) for row in found}


def _feeds() -> Select[Any]:
    tried = select(func.min(fetch.c.at)).where(fetch.c.feed == feed.c.name).scalar_subquery()
    return select(feed, tried.label("tried_at"))


def _health(row: Row[Any]) -> FeedHealth:
    return FeedHealth(
        feed=Feed(
            row.name,
            row.url,
            row.format,
            timedelta(seconds=row.interval_s),
            row.enabled,
            row.allow_private,
            Signatures(row.signatures),
            row.certificates,
            tuple(parse(rule) for rule in row.link_rules),
        ),
        validators=Validators(row.etag, row.last_modified),
        last_ok_at=row.last_ok_at,
        last_error=row.last_error,
        failures=row.failures,
        next_poll_at=row.next_poll_at,
        tried_at=row.tried_at,
        alarmed_at=row.alarmed_at,
    )


def _known(row: Any) -> KnownDocument:
    return KnownDocument(
        row.id,
        row.updated,
        row.sha256,
        row.fetched_at,
        row.problem,
        Validators(row.etag, row.last_modified),
    )
