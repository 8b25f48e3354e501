"""Queries that prove that nothing is stuck; each uses the partial index of what is unfinished."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, Select, and_, exists, func, or_, select

from carealert.adapters.db.escalations import SETTLED, WAITS
from carealert.adapters.db.outbox_lost import UNFINISHED
from carealert.adapters.db.outbox_rows import in_state, lane_name
from carealert.adapters.db.tables import (
    attempt,
    escalation_timer,
    hold,
    notice,
    pause,
    sender,
    subject,
    warning,
)
from carealert.domain.notices import NoticeState
from carealert.domain.rules import Priority
from carealert.domain.warnings import Status
from carealert.services.ports.audit import Finding, Found

#: How long a due message may wait for its turn.
PATIENCE = {
    Priority.LIFE_THREATENING: timedelta(minutes=1),
    Priority.URGENT: timedelta(minutes=5),
    Priority.ROUTINE: timedelta(minutes=30),
}
#: How late the other parts of the work may be.
LATE, LOST_FOR = timedelta(minutes=1), timedelta(minutes=10)
#: Failures in a row after which a sender counts as down.
FAILURES = 3


class SqlAudit:
    """AuditStore on a connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def look(self, now: datetime) -> Sequence[Found]:
        queries = {
            Finding.STUCK: self._stuck(now),
            Finding.DEAD_LEASE: _counted(
                notice.c.lease_until,
                in_state(NoticeState.CLAIMED),
                notice.c.lease_until < now - LATE,
            ),
            Finding.LOST: _counted(
                attempt.c.started_at,
                UNFINISHED,
                attempt.c.state == "unknown",
                attempt.c.started_at < now - LOST_FOR,
            ),
            Finding.LATE_TIMER: overdue_timers(now - LATE),
            Finding.UNPLANNED: _unplanned(now),
            Finding.SENDER_DOWN: _counted(sender.c.refilled_at, sender.c.failures >= FAILURES),
        }
        rows = {what: self._connection.execute(query).one() for what, query in queries.items()}
        return [Found(what, row.many, row.since) for what, row in rows.items() if row.many]

    def _stuck(self, now: datetime) -> Select[int, datetime]:
        paused = set(self._connection.scalars(select(pause.c.what).where(pause.c.until > now)))
        watched = [lane for lane in PATIENCE if not {"all", lane_name(lane)} & paused]
        late = [
            and_(notice.c.priority == int(lane), notice.c.due_at < now - PATIENCE[lane])
            for lane in watched
        ]
        return _counted(notice.c.due_at, in_state(NoticeState.READY), or_(False, *late))


def overdue_timers(before: datetime) -> Select[int, datetime]:
    """How many escalation steps were due before then (`many`), and since when the first (`since`).

    Those of people whom nobody waits for any more do not count.
    """
    timer = escalation_timer.c
    settled = exists().where(
        subject.c.incident == timer.incident,
        subject.c.kind == timer.kind,
        subject.c.ref == timer.ref,
        subject.c.state.in_(SETTLED),
    )
    return _counted(timer.due_at, WAITS, timer.due_at < before, ~settled)


def _unplanned(now: datetime) -> Select[int, datetime]:
    held = exists().where(hold.c.warning_id == warning.c.id, hold.c.decision.is_(None))
    return _counted(
        warning.c.received_at,
        warning.c.planned_at.is_(None),
        ~held,
        warning.c.received_at <= now - LATE,
        or_(warning.c.status.is_(None), warning.c.status != Status.EXERCISE.value),
    )


def _counted(since: ColumnElement[datetime], *where: ColumnElement[bool]) -> Select[int, datetime]:
    return select(func.count().label("many"), func.min(since).label("since")).where(*where)
