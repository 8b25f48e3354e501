"""Counts what the warnings have led to; a handful of queries, whatever the size of the store."""

from sqlalchemy import ColumnElement, Connection, distinct, func, select

from carealert.adapters.db import tables
from carealert.domain.rules import Priority, SubjectKind
from carealert.services.ports.summary import Outcome

_notice = tables.notice.c


def read_outcome(connection: Connection) -> Outcome:
    """Everything that an `Outcome` counts, as it is in this transaction."""
    matched = _matched(connection)
    segments, delivered, answered = connection.execute(
        select(
            func.coalesce(func.sum(_notice.segments), 0),
            func.count(_notice.delivered_at),
            func.count(_notice.answered_at),
        )
    ).one()
    return Outcome(
        warnings=_warnings(connection),
        residents_matched=matched.get(SubjectKind.RESIDENT.value, 0),
        facilities_matched=matched.get(SubjectKind.FACILITY.value, 0),
        notices_by_priority=_by_priority(connection),
        notices_by_channel=_by(connection, _notice.channel),
        notices_by_language=_by(connection, _notice.language),
        notices_by_kind=_by(connection, _notice.kind),
        notices_by_state=_by(connection, _notice.state),
        segments=int(segments),
        delivered=delivered,
        answered=answered,
        escalated=_escalated(connection),
        open_tasks=connection.scalar(
            select(func.count()).select_from(tables.task).where(tables.task.c.closed_at.is_(None))
        )
        or 0,
        not_sent=_not_sent(connection),
        subjects=_by(connection, tables.subject.c.state),
    )


def _warnings(connection: Connection) -> dict[str, int]:
    status, msg_type = tables.warning.c.status, tables.warning.c.msg_type
    rows = connection.execute(
        select(status, msg_type, func.count()).group_by(status, msg_type).order_by(status, msg_type)
    )
    return {f"{s or 'no status'} {m or 'no msgType'}": n for s, m, n in rows}


def _matched(connection: Connection) -> dict[str, int]:
    """Each person or place once, however many rules and revisions matched it."""
    kind, ref = tables.match.c.kind, tables.match.c.ref
    rows = connection.execute(select(kind, func.count(distinct(ref))).group_by(kind))
    return {str(value): int(count) for value, count in rows}


def _by_priority(connection: Connection) -> dict[str, int]:
    rows = connection.execute(
        select(_notice.priority, func.count()).group_by(_notice.priority).order_by(_notice.priority)
    )
    return {Priority(value).name.lower(): n for value, n in rows}


def _by(connection: Connection, column: ColumnElement[str]) -> dict[str, int]:
    """How many rows of the column's table have each value, the most frequent first."""
    count = func.count()
    rows = connection.execute(select(column, count).group_by(column).order_by(count.desc(), column))
    return {str(value): int(count) for value, count in rows}


def _escalated(connection: Connection) -> int:
    """People and places for whom at least one step was taken because nobody answered."""
    timer = tables.escalation_timer.c
    once = (
        select(timer.incident, timer.kind, timer.ref).where(timer.state == "fired").distinct()
    ).subquery()
    return connection.scalar(select(func.count()).select_from(once)) or 0


def _not_sent(connection: Connection) -> dict[str, int]:
    """By reason; each person, place or warning once a reason, however often it came up."""
    why = tables.not_sent.c
    once = select(why.reason, why.kind, why.ref).distinct().subquery()
    return _by(connection, once.c.reason)
