"""The ledger of consents on SQL, and the register's summary of it."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Table, bindparam, insert, select, update

from carealert.adapters.db.lists import one_of
from carealert.adapters.db.people_rows import consent_json, consent_of
from carealert.adapters.db.tables import caregiver, consent, resident
from carealert.adapters.sealing import Sealer
from carealert.domain.consents import (
    ConsentRecord,
    ConsentStatus,
    Delegation,
    Medium,
    changes,
    effective,
    newest,
)
from carealert.domain.people import Purpose
from carealert.services.ports.consents import PersonKind

_TABLES: dict[PersonKind, Table] = {
    PersonKind.RESIDENT: resident,
    PersonKind.CAREGIVER: caregiver,
}


class SqlConsents:
    """ConsentStore on a connection."""

    def __init__(self, connection: Connection, sealer: Sealer) -> None:
        self._connection = connection
        self._sealer = sealer

    def of(self, kind: PersonKind, refs: Iterable[str]) -> Mapping[str, Sequence[ConsentRecord]]:
        query = (
            select(consent)
            .where(
                consent.c.person_kind == kind.value,
                one_of(self._connection, consent.c.person_ref, refs),
            )
            .order_by(consent.c.id)
        )
        found: dict[str, list[ConsentRecord]] = {}
        for row in self._connection.execute(query):
            found.setdefault(row.person_ref, []).append(self._record(row))
        return found

    def add(
        self, kind: PersonKind, records: Mapping[str, Sequence[ConsentRecord]]
    ) -> Sequence[str]:
        known = {row.ref for row in self._register(kind, records)}
        self._insert(kind, {ref: new for ref, new in records.items() if ref in known})
        self._bring_into_line(kind, known)
        return sorted(records.keys() - known)

    def with_an_end(self, kind: PersonKind, after: datetime, until: datetime) -> frozenset[str]:
        query = select(consent.c.person_ref).where(
            consent.c.person_kind == kind.value,
            consent.c.expires > after,
            consent.c.expires <= until,
        )
        return frozenset(self._connection.scalars(query))

    def take_over(self, kind: PersonKind, refs: Iterable[str], now: datetime) -> Sequence[str]:
        people = {row.ref: row for row in self._register(kind, refs)}
        before = self.of(kind, people)
        added: dict[str, list[ConsentRecord]] = {}
        overruled = []
        for ref, row in people.items():
            known = newest(before.get(ref, ()))
            stated = consent_of(row, self._sealer)
            if new := changes(known, stated, now):
                added[ref] = new
            if any(
                purpose in stated.purposes and record.status is not ConsentStatus.GIVEN
                for purpose, record in known.items()
            ):
                overruled.append(ref)
        self._insert(kind, added)
        self._bring_into_line(kind, overruled)
        return sorted(overruled)

    def _register(self, kind: PersonKind, refs: Iterable[str]) -> Sequence[Row[Any]]:
        table = _TABLES[kind]
        query = select(table.c.ref, table.c.consent, table.c.consent_giver_sealed)
        found = query.where(one_of(self._connection, table.c.ref, refs))
        return list(self._connection.execute(found))

    def _insert(self, kind: PersonKind, records: Mapping[str, Sequence[ConsentRecord]]) -> None:
        rows = [
            {
                "person_kind": kind.value,
                "person_ref": ref,
                "purpose": one.purpose.value,
                "status": one.status.value,
                "at": one.at,
                "medium": one.medium.value,
                "giver_sealed": self._sealer.seal_optional(one.giver),
                "delegation": one.delegation.value,
                "notice_language": one.notice_language,
                "notice_version": one.notice_version,
                "expires": one.expires,
            }
            for ref, new in records.items()
            for one in new
        ]
        if rows:
            self._connection.execute(insert(consent), rows)

    def _bring_into_line(self, kind: PersonKind, refs: Iterable[str]) -> None:
        table = _TABLES[kind]
        rows = []
        for ref, records in self.of(kind, refs).items():
            now_allowed = effective(records)
            sealed = self._sealer.seal_optional(now_allowed.giver)
            rows.append(
                {"its_ref": ref, "its_consent": consent_json(now_allowed), "its_giver": sealed}
            )
        if rows:
            self._connection.execute(
                update(table)
                .where(table.c.ref == bindparam("its_ref"))
                .values(
                    consent=bindparam("its_consent", type_=table.c.consent.type),
                    consent_giver_sealed=bindparam("its_giver"),
                ),
                rows,
            )

    def _record(self, row: Row[Any]) -> ConsentRecord:
        return ConsentRecord(
            Purpose(row.purpose),
            ConsentStatus(row.status),
            row.at,
            Medium(row.medium),
            self._sealer.open_optional(row.giver_sealed),
            Delegation(row.delegation),
            row.notice_language,
            row.notice_version,
            row.expires,
        )
