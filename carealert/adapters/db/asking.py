"""Erasures that a phone asked for, and whom we asked lately, on SQL."""

import secrets
from datetime import datetime

from sqlalchemy import Connection, delete, exists, func, select

from carealert.adapters.db.conflicts import insert_into
from carealert.adapters.db.tables import erasure, notice
from carealert.adapters.sealing import Sealer
from carealert.domain.notices import MessageKind

#: A code is typed on a keypad by somebody in a hurry, and tried five times an hour at most.
_DIGITS = 4


class SqlAsking:
    """AskingStore on one connection."""

    def __init__(self, connection: Connection, sealer: Sealer) -> None:
        self._connection = connection
        self._sealer = sealer

    def open_erasure(self, number: str, until: datetime) -> str:
        code = "".join(secrets.choice("0123456789") for _ in range(_DIGITS))
        values = {"code": code, "expires_at": until}
        statement = insert_into(self._connection, erasure).values(
            phone_hash=self._sealer.phone_hash(number), **values
        )
        self._connection.execute(
            statement.on_conflict_do_update(index_elements=["phone_hash"], set_=values)
        )
        return code

    def take_erasure(self, number: str, code: str, now: datetime) -> bool:
        done = self._connection.execute(
            delete(erasure).where(
                erasure.c.phone_hash == self._sealer.phone_hash(number),
                erasure.c.code == code,
                erasure.c.expires_at > now,
            )
        )
        return bool(done.rowcount)

    def told_since(self, number: str, since: datetime) -> bool:
        hashed = self._sealer.phone_hash(number)
        told = exists().where(
            notice.c.phone_hash == hashed,
            notice.c.created_at >= since,
            notice.c.kind != MessageKind.CONSENT.value,
        )
        return bool(self._connection.scalar(select(told)))

    def was_asked(self, incident: str, step: int) -> bool:
        asked = exists().where(
            notice.c.incident == incident,
            notice.c.kind == MessageKind.CONSENT.value,
            notice.c.step == step,
        )
        return bool(self._connection.scalar(select(asked)))

    def asked_since(self, since: datetime) -> int:
        query = select(func.count()).where(
            notice.c.kind == MessageKind.CONSENT.value, notice.c.created_at >= since
        )
        return self._connection.scalar(query) or 0
