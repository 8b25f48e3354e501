"""Silences on SQL."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from carealert.adapters.db.tables import silence as table
from carealert.domain.silences import Silence


class SqlSilences:
    """SilenceStore on one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, silence: Silence) -> Silence:
        names = ("rule", "area", "by", "reason", "since", "until")
        values = {name: getattr(silence, name) for name in names}
        number = self._connection.scalar(insert(table).values(**values).returning(table.c.id))
        return replace(silence, id=number or 0)

    def get(self, number: int) -> Silence | None:
        row = self._connection.execute(select(table).where(table.c.id == number)).one_or_none()
        return _silence(row) if row else None

    def running(self, now: datetime) -> Sequence[Silence]:
        query = select(table).where(table.c.until > now).order_by(table.c.id)
        found = [_silence(row) for row in self._connection.execute(query)]
        return [one for one in found if one.runs(now)]

    def end(self, number: int, now: datetime) -> None:
        self._connection.execute(update(table).where(table.c.id == number).values(ended_at=now))


def _silence(row: Row[Any]) -> Silence:
    return Silence(
        row.id, row.rule, row.area, row.by, row.reason, row.since, row.until, row.ended_at
    )
