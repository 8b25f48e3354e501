"""The journal: append-only."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, insert, select

from carealert.adapters.db.tables import journal
from carealert.services.ports.records import JournalLine


class SqlJournal:
    """JournalStore on a connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def write(self, at: datetime, event: str, subject: str, **details: str) -> None:
        row = {"at": at, "event": event, "subject": subject, "details": details}
        self._connection.execute(insert(journal), [row])

    def recent(self, limit: int = 100) -> Sequence[JournalLine]:
        query = select(journal).order_by(journal.c.id.desc()).limit(limit)
        return [
            JournalLine(row.at, row.event, row.subject, row.details)
            for row in self._connection.execute(query)
        ]
