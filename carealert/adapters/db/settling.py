"""Answers that others are still to hear of, on SQL."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import Connection, delete, select

from carealert.adapters.db.conflicts import insert_into
from carealert.adapters.db.tables import notice
from carealert.adapters.db.tables import settled as table
from carealert.domain.notices import RecipientKind
from carealert.services.ports.settling import Settled


class SqlSettling:
    """SettlingStore on one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def note(self, notice: str, answer: str, refs: Collection[str], now: datetime) -> None:
        row = {"notice_id": notice, "answer": answer, "refs": sorted(refs), "at": now}
        statement = insert_into(self._connection, table).on_conflict_do_nothing()
        self._connection.execute(statement, [row])

    def any_waiting(self) -> bool:
        return self._connection.execute(select(table.c.at).limit(1)).first() is not None

    def waiting(self, limit: int) -> Sequence[Settled]:
        asked = select(notice.c.id).where(notice.c.warning_id.is_not(None))
        gone = table.c.notice_id.not_in(asked)
        self._connection.execute(delete(table).where(gone))
        of = notice.c
        query = (
            select(
                table,
                of.incident,
                of.revision,
                of.warning_id,
                of.recipient_kind,
                of.recipient_ref,
            )
            .join(notice, of.id == table.c.notice_id)
            .order_by(table.c.at, table.c.notice_id, table.c.answer)
            .limit(limit)
        )
        return [
            Settled(
                row.notice_id,
                row.answer,
                tuple(row.refs),
                row.at,
                row.incident,
                row.revision,
                row.warning_id,
                (RecipientKind(row.recipient_kind), row.recipient_ref),
            )
            for row in self._connection.execute(query)
        ]

    def done(self, entry: Settled) -> bool:
        of = table.c
        mine = (of.notice_id == entry.notice) & (of.answer == entry.answer)
        return self._connection.execute(delete(table).where(mine)).rowcount == 1
