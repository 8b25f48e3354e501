"""Warnings in their incidents, on SQL: whatever order an agency's messages come in."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Text,
    bindparam,
    insert,
    literal_column,
    or_,
    select,
    text,
)
from sqlalchemy import update as update_of

from carealert.adapters.db.incidents import Place, SqlIncidents
from carealert.adapters.db.shelf import Known, Memo
from carealert.adapters.db.tables import document, hold, reference
from carealert.adapters.db.tables import warning as table
from carealert.adapters.db.types import UtcDateTime
from carealert.adapters.db.unmapped import unmapped_events
from carealert.adapters.warning_json import from_json, to_json
from carealert.domain.holds import as_real
from carealert.domain.translations import with_translations
from carealert.domain.warnings import HazardWarning, Status
from carealert.services.ports.feeds import StoredWarning, UnmappedEvent
from carealert.services.ports.holds import HoldDecision

#: PostgreSQL only: two transactions that do not see each other's messages would tie nothing
#: together. SQLite has one writer at a time anyway.
_ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(7305216)")


class SqlWarnings:
    """WarningStore on one connection."""

    def __init__(self, connection: Connection, memo: Memo | None = None) -> None:
        self._connection = connection
        self._incidents = SqlIncidents(connection, {} if memo is None else memo)
        self._is_alone = connection.dialect.name != "postgresql"

    def save(self, warning: HazardWarning, document: int, now: datetime) -> StoredWarning | None:
        self._wait_for_others()
        if self._id_of(warning) is not None:
            return None
        place = self._incidents.place(warning)
        self._incidents.gather(place, f"{warning.identifier} belongs to both")
        stored = self._insert(warning, document, now, place)
        self._incidents.shelf.put(
            Known(stored.id, stored.incident, stored.superseded_by, place.gist)
        )
        self._incidents.supersede(place, stored.id)
        return stored

    def translate(self, warning: HazardWarning) -> StoredWarning | None:
        self._wait_for_others()
        known = self._id_of(warning)
        if known is None:
            return None
        # As it was sent: `get` would give a released message as what it means.
        sent = self._connection.execute(
            select(table.c.body).where(table.c.id == known)
        ).scalar_one()
        told = with_translations(from_json(sent), warning)
        if told is None:
            return None
        self._connection.execute(
            update_of(table).where(table.c.id == known).values(body=to_json(told))
        )
        return self.get(known)

    def settle(self, warning_id: int) -> None:
        """Find the place of a stored message anew, because an officer said that it is real."""
        self._wait_for_others()
        stored = self.get(warning_id)
        place = self._incidents.place(stored.warning, warning_id)
        self._incidents.gather(place, f"{stored.warning.identifier} belongs to both")
        self._incidents.supersede(place, warning_id)

    def get(self, warning_id: int) -> StoredWarning:
        row = self._connection.execute(_ROWS.where(table.c.id == warning_id)).one_or_none()
        if row is None:
            raise LookupError(f"there is no warning {warning_id}")
        return _stored(row)

    def find(self, warning: HazardWarning) -> StoredWarning | None:
        found = self._id_of(warning)
        return None if found is None else self.get(found)

    def place_of(self, warning: HazardWarning) -> tuple[str, int]:
        place = self._incidents.place(warning)
        return place.incident, self._incidents.next_revision(place.incident)

    def would_replace(self, warning: HazardWarning) -> frozenset[int]:
        own = self._id_of(warning)
        if own is None:
            return frozenset(self._incidents.place(warning).replaces_alike)
        incident = select(table.c.incident).where(table.c.id == own).scalar_subquery()
        replaced = select(table.c.id).where(
            table.c.incident == incident, table.c.superseded_by == own
        )
        return frozenset(self._connection.execute(replaced).scalars())

    def standing(self, incident: str) -> Sequence[StoredWarning]:
        mine = table.c.incident == incident, table.c.superseded_by.is_(None)
        rows = self._connection.execute(_ROWS.where(*mine).order_by(table.c.id))
        return [_stored(row) for row in rows]

    def like(self, warning: HazardWarning) -> Sequence[StoredWarning]:
        found = sorted(known.id for known in self._incidents.like(warning))
        return [self.get(one) for one in found]

    def unplanned(self, limit: int = 100, *, drills: bool = False) -> Sequence[StoredWarning]:
        # A literal, not a parameter: only so is the index of the few unplanned rows used.
        waiting: ColumnElement[bool] = literal_column("planned_at IS NULL")
        ready = or_(hold.c.warning_id.is_(None), hold.c.decision.is_not(None))
        exercise = table.c.status == Status.EXERCISE.value
        wanted = exercise if drills else or_(table.c.status.is_(None), ~exercise)
        rows = self._connection.execute(
            _ROWS.where(waiting, ready, wanted).order_by(table.c.id).limit(limit)
        )
        return [_stored(row) for row in rows]

    def mark_planned(self, warning_id: int, now: datetime) -> None:
        self._connection.execute(
            update_of(table).where(table.c.id == warning_id).values(planned_at=now)
        )

    def recent(self, limit: int = 100) -> Sequence[StoredWarning]:
        rows = self._connection.execute(_ROWS.order_by(table.c.id.desc()).limit(limit))
        return [_stored(row) for row in rows]

    def planned(self, start: datetime, end: datetime) -> Sequence[StoredWarning]:
        at = table.c.planned_at
        query = _ROWS.where(at >= start, at < end).order_by(at, table.c.id)
        return [_stored(row) for row in self._connection.execute(query)]

    def unmapped(self, limit: int | None = None) -> Sequence[UnmappedEvent]:
        return unmapped_events(self._connection, limit)

    def _wait_for_others(self) -> None:
        if not self._is_alone:
            self._connection.execute(_ONE_AT_A_TIME)
            self._is_alone = True

    def _id_of(self, warning: HazardWarning) -> int | None:
        sender, identifier, sent = warning.key
        values = {"of_sender": sender, "identifier": identifier, "moment": sent}
        return self._connection.execute(_KEY, values).scalar_one_or_none()

    def _insert(
        self, warning: HazardWarning, document: int, now: datetime, place: Place
    ) -> StoredWarning:
        # An incident is named after its first message, which is new here: nothing to count.
        joins = place.joined_by is not None
        revision = self._incidents.next_revision(place.incident) if joins else 0
        values = {
            "sender": warning.sender,
            "identifier": warning.identifier,
            "sent": warning.sent,
            "incident": place.incident,
            "revision": revision,
            "status": warning.status,
            "msg_type": warning.msg_type,
            "body": to_json(warning),
            "document_id": document,
            "received_at": now,
            "superseded_by": place.replaced_by,
            "joined_by": place.joined_by,
        }
        warning_id = int(self._connection.execute(_INSERT, values).scalar_one())
        if rows := _reference_rows(warning, warning_id):
            self._connection.execute(insert(reference), rows)
        return StoredWarning(
            warning_id,
            place.incident,
            revision,
            warning,
            now,
            None,
            place.replaced_by,
            place.joined_by,
        )


_INSERT = insert(table).returning(table.c.id)
_KEY = select(table.c.id).where(
    table.c.sender == bindparam("of_sender", type_=Text),
    table.c.identifier == bindparam("identifier", type_=Text),
    table.c.sent == bindparam("moment", type_=UtcDateTime),
)
_ROWS = (
    select(table, hold.c.decision, document.c.feed)
    .outerjoin(hold, hold.c.warning_id == table.c.id)
    .outerjoin(document, document.c.id == table.c.document_id)
)


def _reference_rows(warning: HazardWarning, warning_id: int) -> list[dict[str, Any]]:
    entries = [
        ("reference", entry.sender, entry.identifier, entry.sent) for entry in warning.references
    ]
    entries += [("incident", None, name, None) for name in warning.incidents]
    entries += [("event", None, key, None) for key in dict.fromkeys(warning.event_keys)]
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
    warning = replace(from_json(row.body), feed=row.feed)
    decision = HoldDecision(row.decision) if row.decision else None
    return StoredWarning(
        id=row.id,
        incident=row.incident,
        revision=row.revision,
        warning=as_real(warning) if decision is HoldDecision.RELEASE else warning,
        received_at=row.received_at,
        planned_at=row.planned_at,
        superseded_by=row.superseded_by,
        joined_by=row.joined_by,
        hold=decision,
    )
