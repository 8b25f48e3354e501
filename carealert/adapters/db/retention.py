"""What has been kept long enough, on SQL."""

import secrets
from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    delete,
    exists,
    func,
    not_,
    or_,
    select,
    text,
    update,
)

from carealert.adapters.db.outbox_rows import PENDING, in_state
from carealert.adapters.db.tables import consent, erasure, inbound, notice, subject
from carealert.adapters.sealing import Sealer
from carealert.domain.consents import ConsentStatus
from carealert.domain.notices import SubjectState
from carealert.services.ports.consents import PersonKind

_HASH_BYTES = 16


class SqlRetention:
    """RetentionStore on one connection."""

    def __init__(self, connection: Connection, sealer: Sealer) -> None:
        self._connection = connection
        self._sealer = sealer

    def texts_due(self, before: datetime) -> int:
        return self._count(notice, _old_texts(before))

    def erase_texts(self, before: datetime, now: datetime, most: int) -> int:
        query = select(notice.c.id, notice.c.text_sealed).where(_old_texts(before)).limit(most)
        rows = self._connection.execute(query).all()
        self._overwrite()
        for row in rows:
            # Enough to say later that a text somebody shows is the one that was sent.
            kept = (
                f"erased, sha256 {sha256(self._sealer.open(row.text_sealed).encode()).hexdigest()}"
            )
            self._connection.execute(
                update(notice)
                .where(notice.c.id == row.id)
                .values(text_sealed=self._sealer.seal(kept), erased_at=now)
            )
        return len(rows)

    def answers_due(self, before: datetime) -> int:
        return self._count(inbound, _old_answers(before))

    def erase_answers(self, before: datetime, now: datetime, most: int) -> int:
        query = select(inbound.c.provider_id).where(_old_answers(before)).limit(most)
        keys = self._connection.scalars(query).all()
        self._overwrite()
        for key in keys:
            self._connection.execute(
                update(inbound)
                .where(inbound.c.provider_id == key)
                .values(
                    body_sealed=self._sealer.seal(""),
                    phone_hash=secrets.token_bytes(_HASH_BYTES),
                    erased_at=now,
                )
            )
        return len(keys)

    def ended_before(self, kind: PersonKind, before: datetime) -> Sequence[str]:
        withdrawn = and_(consent.c.status == ConsentStatus.WITHDRAWN.value, consent.c.at <= before)
        query = (
            select(consent.c.person_ref)
            .where(consent.c.person_kind == kind.value, or_(withdrawn, consent.c.expires <= before))
            .distinct()
            .order_by(consent.c.person_ref)
        )
        return list(self._connection.scalars(query))

    def drop_codes(self, now: datetime) -> int:
        done = self._connection.execute(delete(erasure).where(erasure.c.expires_at <= now))
        return done.rowcount

    def compact(self) -> None:
        if self._connection.dialect.name == "sqlite":
            # Pages from before the change stand in the log until it is folded in and cut off.
            self._connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))

    def _overwrite(self) -> None:
        if self._connection.dialect.name == "sqlite":
            # SQLite leaves what was there in the free parts of its pages otherwise.
            self._connection.execute(text("PRAGMA secure_delete = ON"))

    def _count(self, table: Any, which: ColumnElement[bool]) -> int:
        query = select(func.count()).select_from(table).where(which)
        return self._connection.scalar(query) or 0


def _old_texts(before: datetime) -> ColumnElement[bool]:
    waited_for = exists().where(
        subject.c.incident == notice.c.incident,
        subject.c.state == SubjectState.WAITING.value,
        subject.c.since > before,
    )
    return and_(
        notice.c.erased_at.is_(None),
        notice.c.created_at <= before,
        not_(in_state(*PENDING)),
        not_(waited_for),
    )


def _old_answers(before: datetime) -> ColumnElement[bool]:
    return and_(inbound.c.erased_at.is_(None), inbound.c.received_at <= before)
