"""What is kept for a time only, on SQL."""

import json
import secrets
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Row,
    and_,
    bindparam,
    delete,
    exists,
    func,
    or_,
    select,
    update,
)

from carealert.adapters.db.consents import SqlConsents
from carealert.adapters.db.engine import BUSY_MS
from carealert.adapters.db.forgetting import IDENTITY, forget_identity
from carealert.adapters.db.lists import one_of
from carealert.adapters.db.outbox_rows import PENDING, in_state
from carealert.adapters.db.people_rows import consent_of
from carealert.adapters.db.persons import TABLES
from carealert.adapters.db.reduced import reduced
from carealert.adapters.db.subjects import WAITING
from carealert.adapters.db.tables import (
    care_link,
    caregiver,
    consent,
    erasure,
    escalation_timer,
    inbound,
    notice,
    notice_about,
    resident,
    subject,
    suppression,
    warning,
)
from carealert.adapters.sealing import Sealer
from carealert.domain.consents import ConsentRecord, ConsentStatus, changes
from carealert.domain.notices import SubjectState
from carealert.domain.people import ChannelPreference
from carealert.domain.retention import Standing
from carealert.services.ports.consents import PersonKind
from carealert.services.ports.retention import Registered

_HASH_BYTES = 16
#: A checkpoint that waits for readers makes writers wait, too.
_CHECKPOINT_WAIT_MS = 250
_BEFORE_ALL = datetime(1970, 1, 1, tzinfo=UTC)


class SqlRetention:
    """RetentionStore on one connection."""

    def __init__(self, connection: Connection, sealer: Sealer) -> None:
        self._connection = connection
        self._sealer = sealer

    def is_open(self, incident: str, now: datetime, assumed_life: timedelta) -> bool:
        pending = exists().where(notice.c.incident == incident, in_state(*PENDING))
        if self._connection.scalar(select(or_(pending, _waits(incident)))):
            return True
        query = select(warning.c.sent, warning.c.body).where(
            warning.c.incident == incident, warning.c.superseded_by.is_(None)
        )
        return any(
            _end(row.sent, row.body, assumed_life) > now for row in self._connection.execute(query)
        )

    def texts(self, before: datetime) -> Mapping[str, int]:
        query = select(notice.c.incident, func.count()).where(*_old_texts(before))
        return dict(self._counted(query.group_by(notice.c.incident).order_by(notice.c.incident)))

    def reduce_texts(self, incident: str, before: datetime, now: datetime, limit: int) -> int:
        query = (
            select(notice.c.id, notice.c.template, notice.c.facts, notice.c.text_sealed)
            .where(notice.c.incident == incident, *_old_texts(before))
            .order_by(notice.c.id)
            .limit(limit)
            .with_for_update()
        )
        values = [
            {"its_id": row.id, "its_facts": self._reduced(row), "its_text": self._sealer.seal("")}
            for row in self._connection.execute(query)
        ]
        if values:
            self._connection.execute(
                update(notice)
                .where(notice.c.id == bindparam("its_id"))
                .values(
                    facts=bindparam("its_facts", type_=notice.c.facts.type),
                    text_sealed=bindparam("its_text"),
                    erased_at=now,
                ),
                values,
            )
        return len(values)

    def _reduced(self, row: Any) -> dict[str, Any]:
        """Hashed under a key: who has the rows cannot try out texts until one fits."""
        text = self._sealer.open(row.text_sealed)
        said = json.dumps([row.template, row.facts, text], sort_keys=True, ensure_ascii=False)
        return reduced(row.facts, self._sealer.digest(said) if text else "")

    def answers(self, before: datetime) -> Mapping[str | None, int]:
        joined = select(notice.c.incident, func.count()).select_from(inbound.outerjoin(notice))
        return dict(self._counted(joined.where(*_old_answers(before)).group_by(notice.c.incident)))

    def clear_answers(
        self, incident: str | None, before: datetime, now: datetime, limit: int
    ) -> int:
        same = notice.c.incident.is_(None) if incident is None else notice.c.incident == incident
        query = (
            select(inbound.c.provider_id)
            .select_from(inbound.outerjoin(notice))
            .where(same, *_old_answers(before))
            .order_by(inbound.c.provider_id)
            .limit(limit)
        )
        keys = list(self._connection.scalars(query))
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

    def drop_codes(self, now: datetime) -> None:
        self._connection.execute(delete(erasure).where(erasure.c.expires_at <= now))

    def people(self, kind: PersonKind, after: str, limit: int) -> Sequence[Registered]:
        table = TABLES[kind]
        may_end = exists().where(
            consent.c.person_kind == kind.value,
            consent.c.person_ref == table.c.ref,
            or_(consent.c.status != ConsentStatus.GIVEN.value, consent.c.expires.is_not(None)),
        )
        stopped = exists().where(suppression.c.phone_hash == table.c.phone_hash)
        query = select(table.c.ref).where(table.c.ref > after, or_(may_end, stopped))
        refs = self._connection.scalars(query.order_by(table.c.ref).limit(limit)).all()
        return self._registered(kind, refs)

    def person(self, kind: PersonKind, ref: str) -> Registered | None:
        return next(iter(self._registered(kind, [ref])), None)

    def incidents_of(self, kind: PersonKind, ref: str) -> frozenset[str]:
        told = select(notice.c.incident).where(
            notice.c.recipient_kind == kind.value, notice.c.recipient_ref == ref
        )
        found = set(self._connection.scalars(told.distinct()))
        if kind is PersonKind.RESIDENT:
            for table in (subject, notice_about, escalation_timer):
                theirs = and_(table.c.kind == kind.value, table.c.ref == ref)
                found |= set(self._connection.scalars(select(table.c.incident).where(theirs)))
        return frozenset(found)

    def strip(self, ref: str, now: datetime) -> None:
        forget_identity(self._connection, self._sealer, ref, now)

    def _counted(self, query: Any) -> list[tuple[Any, int]]:
        return [(incident, count) for incident, count in self._connection.execute(query)]

    def _registered(self, kind: PersonKind, refs: Sequence[str]) -> list[Registered]:
        people = self._standings(kind, refs)
        carers: dict[str, list[str]] = {}
        if kind is PersonKind.RESIDENT:
            query = (
                select(resident.c.ref, caregiver.c.ref)
                .select_from(resident.join(care_link).join(caregiver))
                .where(one_of(self._connection, resident.c.ref, refs))
            )
            for home, carer in self._connection.execute(query):
                carers.setdefault(home, []).append(carer)
        wanted = {carer for some in carers.values() for carer in some}
        known = self._standings(PersonKind.CAREGIVER, wanted) if wanted else {}
        return [
            Registered(kind, one, tuple(known[carer] for carer in carers.get(one.ref, ())))
            for one in people.values()
        ]

    def _standings(self, kind: PersonKind, refs: Iterable[str]) -> dict[str, Standing]:
        table = TABLES[kind]
        refs = list(refs)
        rows = self._connection.execute(
            select(table, suppression.c.since)
            .outerjoin(suppression, suppression.c.phone_hash == table.c.phone_hash)
            .where(one_of(self._connection, table.c.ref, refs))
            .order_by(table.c.ref)
        ).all()
        ledger = SqlConsents(self._connection, self._sealer).of(kind, refs)
        return {
            row.ref: Standing(
                row.ref,
                ChannelPreference(row.channel),
                row.since,
                tuple(ledger.get(row.ref) or self._stated(row)),
                any(row._mapping.get(name) is not None for name in IDENTITY),
            )
            for row in rows
        }

    def _stated(self, row: Row[Any]) -> Sequence[ConsentRecord]:
        """What the register says of somebody whom the ledger does not know."""
        return changes({}, consent_of(row, self._sealer), _BEFORE_ALL)


def scrub(engine: Engine) -> bool:
    """Empty SQLite's write-ahead log into the file, where deleted text is overwritten.

    False where somebody was reading just then: the log is emptied by the next one. PostgreSQL does
    this in its own time (autovacuum).
    """
    if engine.dialect.name != "sqlite":
        return True
    connection = engine.raw_connection()
    try:
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout={_CHECKPOINT_WAIT_MS}")
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        row = cursor.fetchone()
        cursor.execute(f"PRAGMA busy_timeout={BUSY_MS}")
        cursor.close()
    finally:
        connection.close()
    return row is not None and not row[0]


def _waits(incident: str) -> ColumnElement[bool]:
    """Somebody did not answer, and the escalation still has a step to go."""
    timer = escalation_timer.c
    return exists().where(
        timer.incident == incident,
        timer.state == WAITING,
        subject.c.incident == timer.incident,
        subject.c.kind == timer.kind,
        subject.c.ref == timer.ref,
        subject.c.state == SubjectState.WAITING.value,
    )


def _end(sent: datetime, body: Mapping[str, Any], assumed_life: timedelta) -> datetime:
    """When the last info of a stored warning is over."""
    ends = [sent + assumed_life]
    for info in body.get("infos") or ():
        if info.get("expires"):
            ends.append(datetime.fromisoformat(info["expires"]))
        elif info.get("onset"):
            ends.append(datetime.fromisoformat(info["onset"]) + assumed_life)
    return max(ends)


def _old_texts(before: datetime) -> tuple[ColumnElement[bool], ...]:
    return notice.c.created_at < before, notice.c.erased_at.is_(None), ~in_state(*PENDING)


def _old_answers(before: datetime) -> tuple[ColumnElement[bool], ...]:
    return inbound.c.received_at < before, inbound.c.erased_at.is_(None)
