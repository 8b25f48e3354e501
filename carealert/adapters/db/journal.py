"""The journal: append-only, and chained soon after a line is written."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    bindparam,
    func,
    insert,
    literal_column,
    select,
)
from sqlalchemy import update as update_of

from carealert.adapters.db.tables import journal
from carealert.domain.chain import GENESIS, ChainedLine, link
from carealert.services.ports.records import JournalLine

# A literal, not a parameter: only so is the index of the few unchained rows used.
_UNCHAINED: ColumnElement[bool] = literal_column("number IS NULL")


class SqlJournal:
    """JournalStore on a connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def write(self, at: datetime, event: str, subject: str, **details: str) -> None:
        row = {"at": at, "event": event, "subject": subject, "details": details}
        self._connection.execute(insert(journal), [row])

    def recent(self, limit: int = 100, event: str | None = None) -> Sequence[JournalLine]:
        query = select(journal).order_by(journal.c.id.desc()).limit(limit)
        return self._lines(query if event is None else query.where(journal.c.event == event))

    def since(self, start: datetime, event: str) -> Sequence[JournalLine]:
        wanted = and_(journal.c.at >= start, journal.c.event == event)
        return self._lines(select(journal).where(wanted).order_by(journal.c.at, journal.c.id))

    def _lines(self, query: Select[Any]) -> Sequence[JournalLine]:
        return [
            JournalLine(row.at, row.event, row.subject, row.details)
            for row in self._connection.execute(query)
        ]

    def chain(self, limit: int = 1000) -> int:
        rows = self._connection.execute(
            select(journal).where(_UNCHAINED).order_by(journal.c.id).limit(limit)
        ).all()
        if not rows:
            return 0
        number, head = self._end()
        changes = []
        for row in rows:
            number += 1
            head = link(head, number, row.at, row.event, row.subject, row.details)
            changes.append({"row_id": row.id, "number": number, "hash": head})
        self._connection.execute(
            update_of(journal)
            .where(journal.c.id == bindparam("row_id"))
            .values(number=bindparam("number"), hash=bindparam("hash")),
            changes,
        )
        return len(rows)

    def chained(self, after: int, limit: int = 1000) -> Sequence[ChainedLine]:
        query = (
            select(journal).where(journal.c.number > after).order_by(journal.c.number).limit(limit)
        )
        return [
            ChainedLine(row.number, row.at, row.event, row.subject, row.details, row.hash)
            for row in self._connection.execute(query)
        ]

    def unchained_count(self) -> int:
        query = select(func.count()).select_from(journal).where(_UNCHAINED)
        return int(self._connection.execute(query).scalar_one())

    def _end(self) -> tuple[int, bytes]:
        row = self._connection.execute(
            select(journal.c.number, journal.c.hash)
            .where(journal.c.number.is_not(None))
            .order_by(journal.c.number.desc())
            .limit(1)
        ).one_or_none()
        return (row.number, row.hash) if row else (0, GENESIS)
