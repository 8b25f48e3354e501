"""What happened in an incident, in order: one line for each kind of event, not for each person."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, func, select

from carealert.adapters.db.board.counts import ARRIVED, LOST
from carealert.adapters.db.board.warnings import Message
from carealert.adapters.db.tables import (
    attempt,
    decision,
    escalation_timer,
    match,
    notice,
    task,
)
from carealert.services.watching import TimelineEntry


def timeline(
    connection: Connection, incident: str, messages: Iterable[Message]
) -> tuple[TimelineEntry, ...]:
    """Received, planned, handed over, delivered, answered, escalated, given to the desk."""
    entries = [
        *(_received(message) for message in messages),
        *_planned(connection, incident),
        *_notices(connection, incident),
        *_answers(connection, incident),
        *_escalations(connection, incident),
        *_tasks(connection, incident),
    ]
    return tuple(sorted(entries, key=lambda one: (one.at, _ORDER.index(one.what))))


#: What comes first of two things at the same moment.
_ORDER = [
    "received",
    "planned",
    "escalated",
    "handed_over",
    "delivered",
    "not_delivered",
    "answered",
    "desk_task",
    "desk_done",
    "due_next",
]


def _received(message: Message) -> TimelineEntry:
    return TimelineEntry(
        message.received_at, message.received_at, "received", 1, message.msg_type or "message"
    )


def _planned(connection: Connection, incident: str) -> list[TimelineEntry]:
    matched = (
        select(match.c.decision_id, match.c.kind, match.c.ref)
        .join(decision, decision.c.id == match.c.decision_id)
        .where(decision.c.incident == incident)
        .distinct()
        .subquery()
    )
    query = (
        select(decision.c.decided_at, func.count(matched.c.ref).label("n"))
        .outerjoin(matched, matched.c.decision_id == decision.c.id)
        .where(decision.c.incident == incident)
        .group_by(decision.c.id, decision.c.decided_at)
    )
    return [
        TimelineEntry(row.decided_at, row.decided_at, "planned", row.n)
        for row in connection.execute(query)
    ]


def _notices(connection: Connection, incident: str) -> list[TimelineEntry]:
    tried = notice.join(attempt, attempt.c.notice_id == notice.c.id)
    taken = attempt.c.state == "accepted"
    mine = notice.c.incident == incident
    handed = _of_steps(attempt.c.started_at).select_from(tried).where(mine, taken)
    arrived = _of_steps(notice.c.delivered_at).where(mine, ARRIVED)
    lost = _of_steps(attempt.c.started_at).select_from(tried).where(mine, LOST)
    return [
        *_entries(connection.execute(handed), "handed_over"),
        *_entries(connection.execute(arrived), "delivered"),
        *_entries(connection.execute(lost), "not_delivered"),
    ]


def _of_steps(moment: ColumnElement[datetime | None]) -> Select[Any]:
    return select(
        notice.c.revision,
        notice.c.step,
        notice.c.kind.label("detail"),
        func.count(notice.c.id.distinct()).label("n"),
        func.min(moment).label("at"),
        func.max(moment).label("until"),
    ).group_by(notice.c.revision, notice.c.step, notice.c.kind)


def _entries(rows: Iterable[Row[Any]], what: str) -> list[TimelineEntry]:
    return [
        TimelineEntry(row.at, row.until, what, row.n, row.detail, row.step)
        for row in rows
        if row.at is not None
    ]


def _answers(connection: Connection, incident: str) -> list[TimelineEntry]:
    query = (
        select(
            notice.c.answer,
            func.count().label("n"),
            func.min(notice.c.answered_at).label("at"),
            func.max(notice.c.answered_at).label("until"),
        )
        .where(notice.c.incident == incident, notice.c.answered_at.is_not(None))
        .group_by(notice.c.answer)
    )
    return [
        TimelineEntry(row.at, row.until, "answered", row.n, row.answer)
        for row in connection.execute(query)
    ]


def _escalations(connection: Connection, incident: str) -> list[TimelineEntry]:
    timer = escalation_timer.c
    query = (
        select(
            timer.revision,
            timer.step,
            timer.kind,
            timer.state,
            func.count().label("n"),
            func.min(timer.due_at).label("at"),
            func.max(timer.due_at).label("until"),
        )
        .where(timer.incident == incident, timer.state.in_(_ESCALATED))
        .group_by(timer.revision, timer.step, timer.kind, timer.state)
    )
    return [
        TimelineEntry(row.at, row.until, _ESCALATED[row.state], row.n, row.kind, row.step)
        for row in connection.execute(query)
    ]


_ESCALATED = {"fired": "escalated", "waiting": "due_next"}


def _tasks(connection: Connection, incident: str) -> list[TimelineEntry]:
    made = (
        select(
            task.c.what,
            func.count().label("n"),
            func.min(task.c.created_at).label("at"),
            func.max(task.c.created_at).label("until"),
        )
        .where(task.c.incident == incident)
        .group_by(task.c.what)
    )
    closed = (
        select(
            task.c.what,
            func.count().label("n"),
            func.min(task.c.closed_at).label("at"),
            func.max(task.c.closed_at).label("until"),
        )
        .where(task.c.incident == incident, task.c.closed_at.is_not(None))
        .group_by(task.c.what)
    )
    return [
        TimelineEntry(row.at, row.until, what, row.n, row.what)
        for what, query in (("desk_task", made), ("desk_done", closed))
        for row in connection.execute(query)
    ]
