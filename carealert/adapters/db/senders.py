"""Senders on a connection."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select, update

from carealert.adapters.db.conflicts import insert_into
from carealert.adapters.db.tables import sender
from carealert.domain.senders import SenderState, refilled


class SqlSenders:
    """SenderStore on a connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def states(self, names: Collection[str]) -> Mapping[str, SenderState]:
        query = select(sender).where(sender.c.name.in_(sorted(names)))
        found = {row.name: _state(row) for row in self._connection.execute(query)}
        return {name: found.get(name) or SenderState(name) for name in names}

    def budget(self, name: str, per_second: float, now: datetime) -> float:
        tokens = refilled(self._held(name), per_second, now)
        self._connection.execute(
            update(sender).where(sender.c.name == name).values(tokens=tokens, refilled_at=now)
        )
        return tokens

    def spend(self, name: str, segments: int) -> None:
        self._connection.execute(
            update(sender)
            .where(sender.c.name == name)
            .values(tokens=sender.c.tokens - float(segments))
        )

    def rest(self, name: str, until: datetime, code: str | None) -> bool:
        before = self._held(name)
        later = max(until, before.rests_until) if before.rests_until else until
        self._connection.execute(
            update(sender)
            .where(sender.c.name == name)
            .values(rests_until=later, failures=sender.c.failures + 1, code=code)
        )
        return before.failures == 0

    def mended(self, name: str) -> None:
        self._connection.execute(
            update(sender)
            .where(sender.c.name == name, sender.c.failures > 0)
            .values(failures=0, rests_until=None, code=None)
        )

    def _held(self, name: str) -> SenderState:
        """The row, locked until the transaction ends; made where it is the first time."""
        self._connection.execute(
            insert_into(self._connection, sender).values(name=name).on_conflict_do_nothing()
        )
        query = select(sender).where(sender.c.name == name).with_for_update()
        return _state(self._connection.execute(query).one())


def _state(row: Row[Any]) -> SenderState:
    return SenderState(
        row.name, row.tokens, row.refilled_at, row.rests_until, row.failures, row.code
    )
