"""Warnings in their incidents, on SQL: whatever order an agency's messages come in."""

import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    func,
    insert,
    literal_column,
    or_,
    select,
    update,
)

from carealert.adapters.db.lists import one_of
from carealert.adapters.db.tables import decision, reference
from carealert.adapters.db.tables import warning as table
from carealert.adapters.warning_json import from_json, to_json
from carealert.domain.warnings import HazardWarning, MsgType, Reference, Scope, Status
from carealert.services.ports.feeds import StoredWarning

#: Version 5 UUIDs of incidents live in this namespace (RFC 9562).
_NAMESPACE = uuid.UUID("3a1c9bb8-6a7e-5d0e-9b6d-2f6f0c8f7d11")
_REPLACING = (MsgType.UPDATE, MsgType.CANCEL)


class SqlWarnings:
    """WarningStore on one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def save(self, warning: HazardWarning, document: int, now: datetime) -> StoredWarning | None:
        if self._is_stored(warning):
            return None
        earlier = self._earlier(warning)
        later = self._later(warning)
        incident = self._incident([*earlier, *later, *self._same_event(warning)], warning)
        revision = self._next_revision(incident)
        replaced_by = max(
            (row for row in later if _replaces(from_json(row.body), warning)),
            key=lambda row: (row.sent, row.id),
            default=None,
        )
        stored = self._insert(warning, document, now, incident, revision, replaced_by)
        replaced = [row.id for row in earlier if _replaces(warning, from_json(row.body))]
        if replaced:
            self._connection.execute(
                update(table)
                .where(table.c.id.in_(replaced), table.c.superseded_by.is_(None))
                .values(superseded_by=stored.id)
            )
        return stored

    def get(self, warning_id: int) -> StoredWarning:
        row = self._connection.execute(select(table).where(table.c.id == warning_id)).one_or_none()
        if row is None:
            raise LookupError(f"there is no warning {warning_id}")
        return _stored(row)

    def unplanned(self, limit: int = 100) -> Sequence[StoredWarning]:
        # A literal, not a parameter: only so is the index of the few unplanned rows used.
        waiting: ColumnElement[bool] = literal_column("planned_at IS NULL")
        rows = self._connection.execute(
            select(table).where(waiting).order_by(table.c.id).limit(limit)
        )
        return [_stored(row) for row in rows]

    def mark_planned(self, warning_id: int, now: datetime) -> None:
        self._connection.execute(
            update(table).where(table.c.id == warning_id).values(planned_at=now)
        )

    def recent(self, limit: int = 100) -> Sequence[StoredWarning]:
        rows = self._connection.execute(select(table).order_by(table.c.id.desc()).limit(limit))
        return [_stored(row) for row in rows]

    def _is_stored(self, warning: HazardWarning) -> bool:
        found = select(table.c.id).where(
            table.c.sender == warning.sender,
            table.c.identifier == warning.identifier,
            table.c.sent == warning.sent,
        )
        return self._connection.execute(found).first() is not None

    def _earlier(self, warning: HazardWarning) -> list[Row[Any]]:
        """Stored messages that this one refers to, in the order of its references."""
        names = [entry.identifier for entry in warning.references]
        if not names:
            return []
        rows = self._connection.execute(
            select(table)
            .where(one_of(self._connection, table.c.identifier, names))
            .order_by(table.c.id)
        ).all()
        found: dict[int, Row[Any]] = {}
        for entry in warning.references:
            for row in _meant(entry, entry.sender or warning.sender, rows):
                found.setdefault(row.id, row)
        return list(found.values())

    def _later(self, warning: HazardWarning) -> list[Row[Any]]:
        """Stored messages that refer to this one: they came first."""
        rows = self._connection.execute(
            select(table, reference.c.sender.label("meant_sender"))
            .join(reference, reference.c.warning_id == table.c.id)
            .where(
                reference.c.kind == "reference",
                reference.c.identifier == warning.identifier,
                or_(reference.c.sent.is_(None), reference.c.sent == warning.sent),
            )
            .order_by(table.c.id)
        ).all()
        meant = {row.id: row.meant_sender or row.sender for row in rows}
        taken = self._senders_of(warning, set(meant.values()) - {warning.sender})
        return [row for row in rows if meant[row.id] not in taken]

    def _senders_of(self, warning: HazardWarning, senders: Iterable[str]) -> set[str]:
        """Which of these senders have a message of the same identifier: references mean theirs."""
        wanted = list(senders)
        if not wanted:
            return set()
        rows = self._connection.execute(
            select(table.c.sender).where(
                table.c.identifier == warning.identifier,
                one_of(self._connection, table.c.sender, wanted),
            )
        )
        return set(rows.scalars())

    def _same_event(self, warning: HazardWarning) -> list[Row[Any]]:
        """Messages of the same sender that share an element of `incidents`."""
        if not warning.incidents:
            return []
        return list(
            self._connection.execute(
                select(table)
                .join(reference, reference.c.warning_id == table.c.id)
                .where(
                    reference.c.kind == "incident",
                    one_of(self._connection, reference.c.identifier, warning.incidents),
                    table.c.sender == warning.sender,
                )
                .order_by(table.c.id)
            )
        )

    def _incident(self, related: Sequence[Row[Any]], warning: HazardWarning) -> str:
        """The one incident of all these messages; a new one where there are none.

        An incident that led to a decision keeps its id, because notices and timers carry it: of
        two such, this message joins the one referred to first, and the other stays apart.
        """
        found = list(dict.fromkeys(row.incident for row in related))
        if not found:
            return _new_incident(warning)
        decided = set(
            self._connection.execute(
                select(decision.c.incident).where(
                    one_of(self._connection, decision.c.incident, found)
                )
            ).scalars()
        )
        oldest = min(related, key=lambda row: int(row.id)).incident
        kept = next((incident for incident in found if incident in decided), str(oldest))
        self._merge([one for one in found if one != kept and one not in decided], kept)
        return str(kept)

    def _merge(self, incidents: Sequence[str], into: str) -> None:
        """Move undecided messages over, numbered on: a revision stands for one message only."""
        if not incidents:
            return
        moved = self._connection.execute(
            select(table.c.id).where(table.c.incident.in_(incidents)).order_by(table.c.id)
        ).scalars()
        first = self._next_revision(into)
        for number, warning_id in enumerate(list(moved), first):
            self._connection.execute(
                update(table).where(table.c.id == warning_id).values(incident=into, revision=number)
            )

    def _next_revision(self, incident: str) -> int:
        count = select(func.count()).select_from(table).where(table.c.incident == incident)
        return int(self._connection.execute(count).scalar_one())

    def _insert(
        self,
        warning: HazardWarning,
        document: int,
        now: datetime,
        incident: str,
        revision: int,
        replaced_by: Row[Any] | None,
    ) -> StoredWarning:
        superseded_by = None if replaced_by is None else int(replaced_by.id)
        statement = insert(table).values(
            sender=warning.sender,
            identifier=warning.identifier,
            sent=warning.sent,
            incident=incident,
            revision=revision,
            status=warning.status,
            msg_type=warning.msg_type,
            body=to_json(warning),
            document_id=document,
            received_at=now,
            superseded_by=superseded_by,
        )
        warning_id = int(self._connection.execute(statement.returning(table.c.id)).scalar_one())
        if rows := _reference_rows(warning, warning_id):
            self._connection.execute(insert(reference), rows)
        return StoredWarning(warning_id, incident, revision, warning, now, None, superseded_by)


def _meant(entry: Reference, sender: str, rows: Iterable[Row[Any]]) -> list[Row[Any]]:
    """The messages an entry may mean: those of this sender, if there are any, else of others."""
    found = [
        row for row in rows if row.identifier == entry.identifier and entry.sent in (None, row.sent)
    ]
    return [row for row in found if row.sender == sender] or found


def _replaces(later: HazardWarning, earlier: HazardWarning) -> bool:
    """True for an Update or Cancel as real and as public as the message that it refers to.

    An acknowledgement, or an exercise that names a real warning, ends nothing; nor does a message
    that was sent before the one it names (two that name each other would end both).
    """
    return (
        later.msg_type in _REPLACING
        and later.status in (Status.ACTUAL, earlier.status)
        and later.scope in (Scope.PUBLIC, None, earlier.scope)
        and later.key != earlier.key
        and later.sent >= earlier.sent
    )


def _new_incident(warning: HazardWarning) -> str:
    sender, identifier, sent = warning.key
    return str(uuid.uuid5(_NAMESPACE, f"{sender}\n{identifier}\n{sent.timestamp()}"))


def _reference_rows(warning: HazardWarning, warning_id: int) -> list[dict[str, Any]]:
    entries = [
        ("reference", entry.sender, entry.identifier, entry.sent) for entry in warning.references
    ]
    entries += [("incident", None, name, None) for name in warning.incidents]
    return [
        {
            "warning_id": warning_id,
            "position": position,
            "kind": kind,
            "sender": sender,
            "identifier": identifier,
            "sent": sent,
        }
        for position, (kind, sender, identifier, sent) in enumerate(entries)
    ]


def _stored(row: Row[Any]) -> StoredWarning:
    return StoredWarning(
        id=row.id,
        incident=row.incident,
        revision=row.revision,
        warning=from_json(row.body),
        received_at=row.received_at,
        planned_at=row.planned_at,
        superseded_by=row.superseded_by,
    )
