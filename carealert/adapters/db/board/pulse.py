"""Whether the machine is alive: feeds, the outbox, documents that nobody could read."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, exists, func, literal_column, or_, select

from carealert.adapters.db.board.counts import LOST
from carealert.adapters.db.board.drills import REAL
from carealert.adapters.db.lists import one_of
from carealert.adapters.db.tables import attempt, document, feed, hold, journal, notice, warning
from carealert.domain.warnings import Status
from carealert.services.discretion import bare_url, without_contacts
from carealert.services.watching import (
    FeedRow,
    JournalRow,
    Pulse,
    UnreadableRow,
    is_heard,
)

#: Unreadable documents count for this long.
LATELY = timedelta(hours=24)
#: What stops the work, and how long after the last such line it is still on the screen.
ALARMS = ("sender_stopped", "planning_failed", "follow_up_failed", "settling_failed")
JUST_NOW = timedelta(minutes=15)
#: Planning takes seconds; a warning that waits longer is stuck.
PLANNED_WITHIN = timedelta(minutes=1)


def pulse(connection: Connection, incidents: Sequence[str], now: datetime) -> Pulse:
    """The pulse at `now`, without exercises; failures are counted over these incidents."""
    due = func.count(notice.c.id).filter(notice.c.due_at <= now)
    waiting, all_ready = connection.execute(
        select(due, func.count(notice.c.id)).where(_state_is("ready"), REAL)
    ).one()
    claimed = _count(connection, notice.c.id, _state_is("claimed"), REAL)
    return Pulse(
        feeds=_feeds(connection, now),
        waiting=waiting + claimed,
        later=all_ready - waiting,
        unknown=_count(
            connection,
            attempt.c.notice_id,
            attempt.c.state == "unknown",
            _UNFINISHED,
            notice.c.id == attempt.c.notice_id,
            REAL,
        ),
        failed=_count(
            connection, notice.c.id, one_of(connection, notice.c.incident, incidents), LOST, REAL
        ),
        unread=_count(connection, document.c.id, *_unread(now)),
        unplanned=_count(
            connection,
            warning.c.id,
            warning.c.planned_at.is_(None),
            ~exists().where(hold.c.warning_id == warning.c.id, hold.c.decision.is_(None)),
            warning.c.received_at <= now - PLANNED_WITHIN,
            or_(warning.c.status.is_(None), warning.c.status != Status.EXERCISE.value),
        ),
        alarms=_alarms(connection, now),
    )


def unreadable(connection: Connection, now: datetime, limit: int = 50) -> tuple[UnreadableRow, ...]:
    """The newest documents that could not be read, at most `limit`."""
    query = (
        select(document.c.feed, document.c.url, document.c.fetched_at, document.c.problem)
        .where(*_unread(now))
        .order_by(document.c.fetched_at.desc())
        .limit(limit)
    )
    return tuple(
        UnreadableRow(
            row.feed, bare_url(row.url), row.fetched_at, without_contacts(row.problem or "")
        )
        for row in connection.execute(query)
    )


def newest_journal(connection: Connection, limit: int = 30) -> tuple[JournalRow, ...]:
    """The newest journal lines, newest first."""
    query = (
        select(journal.c.at, journal.c.event, journal.c.subject)
        .order_by(journal.c.at.desc(), journal.c.id.desc())
        .limit(limit)
    )
    return tuple(
        JournalRow(row.at, row.event, without_contacts(row.subject))
        for row in connection.execute(query)
    )


#: Literals, not parameters: only so do the databases use their index of the few open rows.
_UNFINISHED: ColumnElement[bool] = literal_column("attempt.state IN ('open', 'unknown')")


def _state_is(state: str) -> ColumnElement[bool]:
    return literal_column(f"notice.state = '{state}'")


def _unread(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return document.c.problem.is_not(None), document.c.fetched_at > now - LATELY


def _alarms(connection: Connection, now: datetime) -> tuple[str, ...]:
    query = select(journal.c.event).where(journal.c.at > now - JUST_NOW).distinct()
    found = set(connection.scalars(query.where(journal.c.event.in_(ALARMS))))
    return tuple(event for event in ALARMS if event in found)


def _count(connection: Connection, column: ColumnElement[Any], *where: ColumnElement[bool]) -> int:
    return connection.scalar(select(func.count(column)).where(*where)) or 0


def _feeds(connection: Connection, now: datetime) -> tuple[FeedRow, ...]:
    rows = connection.execute(select(feed).order_by(feed.c.name))
    return tuple(_feed(row, now) for row in rows)


def _feed(row: Row[Any], now: datetime) -> FeedRow:
    interval = timedelta(seconds=row.interval_s)
    return FeedRow(
        row.name,
        row.format,
        bare_url(row.url),
        interval,
        row.enabled,
        is_heard(row.last_ok_at, interval, row.failures, row.next_poll_at or now, now),
        row.last_ok_at,
        without_contacts(row.last_error) if row.last_error else None,
        row.failures,
        row.next_poll_at,
    )
