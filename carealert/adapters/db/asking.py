"""Erasures that a phone asked for, and whom we asked lately, on SQL."""

import secrets
from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import Connection, and_, case, delete, exists, func, or_, select, update

from carealert.adapters.db.conflicts import insert_into
from carealert.adapters.db.lists import one_of
from carealert.adapters.db.persons import TABLES
from carealert.adapters.db.tables import care_link, erasure, notice, resident
from carealert.adapters.sealing import Sealer
from carealert.domain.notices import MessageKind
from carealert.services.ports.consents import PersonKind

#: A code is typed on a keypad by somebody in a hurry.
_DIGITS = 4
#: Whoever sends more wrong codes than this is guessing.
_MOST_TRIES = 5
_MOST_REFS = 1000
_CONSENT = MessageKind.CONSENT.value


class SqlAsking:
    """AskingStore on one connection."""

    def __init__(self, connection: Connection, sealer: Sealer) -> None:
        self._connection = connection
        self._sealer = sealer

    def open_erasure(self, number: str, now: datetime, until: datetime) -> str | None:
        code = "".join(secrets.choice("0123456789") for _ in range(_DIGITS))
        phone_hash = self._sealer.phone_hash(number)
        statement = insert_into(self._connection, erasure).values(
            phone_hash=phone_hash, code=code, expires_at=until
        )
        runs = erasure.c.expires_at > now
        self._connection.execute(
            statement.on_conflict_do_update(
                index_elements=["phone_hash"],
                set_={
                    "code": code,
                    "expires_at": until,
                    "tries": case((runs, erasure.c.tries), else_=0),
                },
                # Who waits for a call, or guessed, does not begin again.
                where=or_(
                    erasure.c.expires_at <= now,
                    and_(erasure.c.code.is_not(None), erasure.c.tries < _MOST_TRIES),
                ),
            )
        )
        kept = self._connection.scalar(
            select(erasure.c.code).where(
                erasure.c.phone_hash == phone_hash, erasure.c.tries < _MOST_TRIES
            )
        )
        return code if kept == code else None

    def take_erasure(self, number: str, code: str, now: datetime) -> bool:
        mine = and_(
            erasure.c.phone_hash == self._sealer.phone_hash(number), erasure.c.expires_at > now
        )
        done = self._connection.execute(
            delete(erasure).where(mine, erasure.c.code == code, erasure.c.tries < _MOST_TRIES)
        )
        if not done.rowcount:
            self._connection.execute(
                update(erasure)
                .where(mine, erasure.c.tries < _MOST_TRIES)
                .values(tries=erasure.c.tries + 1)
            )
        return bool(done.rowcount)

    def leave_to_office(self, number: str, until: datetime) -> None:
        values = {"code": None, "tries": 0, "expires_at": until}
        statement = insert_into(self._connection, erasure).values(
            phone_hash=self._sealer.phone_hash(number), **values
        )
        self._connection.execute(
            statement.on_conflict_do_update(index_elements=["phone_hash"], set_=values)
        )

    def left_to_office(self, now: datetime) -> Sequence[tuple[PersonKind, str]]:
        waits = and_(erasure.c.code.is_(None), erasure.c.expires_at > now)
        return [
            (kind, ref)
            for kind, table in TABLES.items()
            for ref in self._connection.scalars(
                select(table.c.ref)
                .join(erasure, erasure.c.phone_hash == table.c.phone_hash)
                .where(waits)
                .order_by(table.c.ref)
            )
        ]

    def close_erasure(self, kind: PersonKind, ref: str) -> bool:
        table = TABLES[kind]
        phone = select(table.c.phone_hash).where(table.c.ref == ref).scalar_subquery()
        done = self._connection.execute(
            delete(erasure).where(erasure.c.phone_hash == phone, erasure.c.code.is_(None))
        )
        return bool(done.rowcount)

    def nobody_to_tell(self) -> Sequence[str]:
        query = (
            select(resident.c.ref)
            .where(
                resident.c.phone_hash.is_(None),
                ~exists().where(care_link.c.resident_id == resident.c.id),
            )
            .order_by(resident.c.ref)
            .limit(_MOST_REFS)
        )
        return self._connection.scalars(query).all()

    def told_since(self, number: str, since: datetime, now: datetime) -> bool:
        hashed = self._sealer.phone_hash(number)
        told = exists().where(
            notice.c.phone_hash == hashed,
            or_(notice.c.created_at >= since, notice.c.expires_at > now),
            notice.c.kind != _CONSENT,
        )
        return bool(self._connection.scalar(select(told)))

    def asked(self, incidents: Iterable[str]) -> frozenset[tuple[str, int]]:
        query = select(notice.c.incident, notice.c.step).where(
            one_of(self._connection, notice.c.incident, list(incidents)),
            notice.c.kind == _CONSENT,
        )
        return frozenset((row.incident, row.step) for row in self._connection.execute(query))

    def asked_since(self, since: datetime) -> int:
        query = select(func.count()).where(notice.c.kind == _CONSENT, notice.c.created_at >= since)
        return self._connection.scalar(query) or 0
