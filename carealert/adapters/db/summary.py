"""Counts what the warnings have led to; a handful of queries, whatever the size of the store."""

from sqlalchemy import ColumnElement, Connection, Select, distinct, func, or_, select

from carealert.adapters.db import tables
from carealert.domain.notices import MessageKind
from carealert.domain.rules import Priority, SubjectKind
from carealert.domain.warnings import Status
from carealert.services.ports.summary import Outcome

_notice = tables.notice.c
#: Exercises are counted as warnings and nowhere else.
_REAL: ColumnElement[bool] = _notice.kind != MessageKind.DRILL.value


def read_outcome(connection: Connection) -> Outcome:
    """Everything that an `Outcome` counts, as it is in this transaction."""
    matched = _matched(connection)
    segments, delivered, answered = connection.execute(
        select(
            func.coalesce(func.sum(_notice.segments), 0),
            func.count(_notice.delivered_at),
            func.count(_notice.answered_at),
        ).where(_REAL)
    ).one()
    return Outcome(
        warnings=_warnings(connection),
        residents_matched=matched.get(SubjectKind.RESIDENT.value, 0),
        facilities_matched=matched.get(SubjectKind.FACILITY.value, 0),
        notices_by_priority=_by_priority(connection),
        notices_by_channel=_by(connection, _notice.channel, _REAL),
        notices_by_language=_by(connection, _notice.language, _REAL),
        notices_by_kind=_by(connection, _notice.kind, _REAL),
        notices_by_state=_by(connection, _notice.state, _REAL),
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
    query = select(kind, func.count(distinct(ref))).where(
        tables.match.c.decision_id.not_in(_drills())
    )
    rows = connection.execute(query.group_by(kind))
    return {str(value): int(count) for value, count in rows}


def _by_priority(connection: Connection) -> dict[str, int]:
    query = select(_notice.priority, func.count()).where(_REAL)
    rows = connection.execute(query.group_by(_notice.priority).order_by(_notice.priority))
    return {Priority(value).name.lower(): n for value, n in rows}


def _by(
    connection: Connection, column: ColumnElement[str], *where: ColumnElement[bool]
) -> dict[str, int]:
    """How many rows of the column's table have each value, the most frequent first."""
    count = func.count()
    query = select(column, count).where(*where)
    rows = connection.execute(query.group_by(column).order_by(count.desc(), column))
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
    told = or_(why.kind == "warning", why.decision_id.not_in(_drills()))
    once = select(why.reason, why.kind, why.ref).where(told).distinct().subquery()
    return _by(connection, once.c.reason)


def _drills() -> Select[tuple[int]]:
    """The decisions about exercises."""
    warning, decision = tables.warning.c, tables.decision.c
    return (
        select(decision.id)
        .join(tables.warning, warning.id == decision.warning_id)
        .where(warning.status == Status.EXERCISE.value)
    )
