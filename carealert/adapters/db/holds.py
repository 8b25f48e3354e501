"""Messages that an officer must decide about, on SQL."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, select, update

from carealert.adapters.db.conflicts import insert_into
from carealert.adapters.db.outbox_rows import PENDING, in_state
from carealert.adapters.db.tables import hold, notice, task, warning
from carealert.adapters.warning_json import from_json
from carealert.domain.notices import MessageKind, NoticeState
from carealert.services.ports.holds import HeldWarning, HoldDecision

#: The kind of a task that is about a message, not about somebody.
_KIND = "warning"


class SqlHolds:
    """HoldStore on one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def open(self, warning_id: int, reason: str, now: datetime, deadline: datetime) -> None:
        before = self._replaced_by(warning_id)
        alarms = [row.alarmed_at for row in before if row.alarmed_at is not None]
        values = {
            "warning_id": warning_id,
            "reason": reason,
            "held_at": now,
            "deadline": min([deadline, *(row.deadline for row in before)]),
            "alarmed_at": max(alarms, default=None),
        }
        self._connection.execute(
            insert_into(self._connection, hold).values(**values).on_conflict_do_nothing()
        )

    def get(self, warning_id: int) -> HeldWarning | None:
        row = self._connection.execute(_ROWS.where(hold.c.warning_id == warning_id)).one_or_none()
        return _held(row) if row else None

    def waiting(self) -> Sequence[HeldWarning]:
        query = _ROWS.where(hold.c.decision.is_(None))
        rows = self._connection.execute(query.order_by(hold.c.deadline, hold.c.warning_id))
        return [_held(row) for row in rows]

    def alarmed(self, warning_id: int, now: datetime) -> None:
        self._connection.execute(
            update(hold).where(hold.c.warning_id == warning_id).values(alarmed_at=now)
        )

    def decide(
        self, warning_id: int, decision: HoldDecision, by: str | None, now: datetime
    ) -> bool:
        done = self._connection.execute(
            update(hold)
            .where(hold.c.warning_id == warning_id, hold.c.decision.is_(None))
            .values(decision=decision.value, decided_at=now, decided_by=by)
        )
        return done.rowcount == 1

    def ask_desk(self, warning_id: int, what: str, now: datetime) -> None:
        incident = select(warning.c.incident).where(warning.c.id == warning_id)
        self._connection.execute(
            insert_into(self._connection, task)
            .values(
                incident=incident.scalar_subquery(),
                kind=_KIND,
                ref=str(warning_id),
                what=what,
                created_at=now,
            )
            .on_conflict_do_nothing()
        )

    def desk_done(self, warning_id: int, now: datetime) -> None:
        self._connection.execute(
            update(task)
            .where(task.c.kind == _KIND, task.c.ref == str(warning_id), task.c.closed_at.is_(None))
            .values(closed_at=now)
        )
        incident = select(warning.c.incident).where(warning.c.id == warning_id)
        self._connection.execute(
            update(notice)
            .where(
                notice.c.incident == incident.scalar_subquery(),
                notice.c.kind == MessageKind.HELD.value,
                notice.c.warning_id == warning_id,
                in_state(*PENDING),
            )
            .values(state=NoticeState.CANCELLED.value, error_code="decided")
        )

    def _replaced_by(self, warning_id: int) -> Sequence[Any]:
        """The undecided holds of messages whose place this one took."""
        query = (
            select(hold.c.deadline, hold.c.alarmed_at)
            .join(warning, warning.c.id == hold.c.warning_id)
            .where(
                warning.c.superseded_by == warning_id,
                hold.c.decision.is_(None) | (hold.c.decision == HoldDecision.REPLACED.value),
            )
        )
        return self._connection.execute(query).all()


_ROWS: Select[Any] = select(hold, warning.c.incident, warning.c.body, warning.c.superseded_by).join(
    warning, warning.c.id == hold.c.warning_id
)


def _held(row: Row[Any]) -> HeldWarning:
    return HeldWarning(
        warning_id=row.warning_id,
        incident=row.incident,
        warning=from_json(row.body),
        reason=row.reason,
        held_at=row.held_at,
        deadline=row.deadline,
        alarmed_at=row.alarmed_at,
        is_replaced=row.superseded_by is not None,
        decision=HoldDecision(row.decision) if row.decision else None,
        decided_at=row.decided_at,
        decided_by=row.decided_by,
    )
