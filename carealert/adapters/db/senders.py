"""Senders on a connection."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select, update

from carealert.adapters.db.conflicts import insert_into
from carealert.adapters.db.tables import pause, sender
from carealert.domain.pauses import SENDER
from carealert.domain.senders import SenderState, refilled


class SqlSenders:
    """SenderStore on a connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def states(self, names: Collection[str]) -> Mapping[str, SenderState]:
        query = select(sender).where(sender.c.name.in_(sorted(names)))
        found = {row.name: _state(row) for row in self._connection.execute(query)}
        paused = self._paused(names)
        return {
            name: _paused_too(found.get(name) or SenderState(name), paused.get(name))
            for name in names
        }

    def _paused(self, names: Collection[str]) -> dict[str, datetime]:
        query = select(pause.c.what, pause.c.until).where(
            pause.c.what.in_([f"{SENDER}{name}" for name in sorted(names)])
        )
        return {row.what.removeprefix(SENDER): row.until for row in self._connection.execute(query)}

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


def _paused_too(state: SenderState, until: datetime | None) -> SenderState:
    """Whoever is paused rests as long; it has not failed for that."""
    if until is None or (state.rests_until is not None and state.rests_until >= until):
        return state
    return replace(state, rests_until=until)


def _state(row: Row[Any]) -> SenderState:
    return SenderState(
        row.name, row.tokens, row.refilled_at, row.rests_until, row.failures, row.code
    )
