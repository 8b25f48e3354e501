"""Notices as officers look at them, and what they do to them."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, delete, select, update

from carealert.adapters.db.conflicts import insert_into
from carealert.adapters.db.lists import one_of
from carealert.adapters.db.notice_why import person_stories
from carealert.adapters.db.outbox_rows import lane_name, lane_number
from carealert.adapters.db.tables import attempt, delivery_event, notice, pause
from carealert.domain.notices import NoticeState
from carealert.domain.pauses import Pause
from carealert.services.ports.notices import (
    AttemptLine,
    EventLine,
    NoticeLine,
    NoticeStory,
    PersonStory,
    Wanted,
)


class SqlNotices:
    """NoticeStore on a connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def find(self, wanted: Wanted, limit: int) -> Sequence[NoticeLine]:
        query = (
            select(notice)
            .where(*_conditions(wanted))
            .order_by(notice.c.created_at.desc(), notice.c.id)
            .limit(limit)
        )
        return [_line(row) for row in self._connection.execute(query)]

    def stories(self, start: str) -> Sequence[NoticeStory]:
        query = select(notice).where(notice.c.id.startswith(start, autoescape=True))
        rows = self._connection.execute(query.order_by(notice.c.id).limit(2)).all()
        return [self._story(row) for row in rows]

    def about(self, ref: str, incident: str | None, most: int) -> Sequence[PersonStory]:
        return person_stories(self._connection, ref, incident, most, self._story)

    def _story(self, row: Row[Any]) -> NoticeStory:
        tried = select(attempt).where(attempt.c.notice_id == row.id).order_by(attempt.c.number)
        told = (
            select(delivery_event)
            .where(delivery_event.c.notice_id == row.id)
            .order_by(delivery_event.c.at, delivery_event.c.id)
        )
        return NoticeStory(
            _line(row),
            tuple(row.about),
            row.language,
            row.wording,
            row.template,
            row.segments,
            tuple(row.reasons),
            row.answered_at,
            tuple(
                AttemptLine(
                    one.number,
                    one.sender,
                    one.started_at,
                    one.finished_at,
                    one.state,
                    one.error_code,
                    one.provider_id,
                )
                for one in self._connection.execute(tried)
            ),
            tuple(
                EventLine(one.number, one.status, one.error_code, one.at)
                for one in self._connection.execute(told)
            ),
        )

    def try_again(self, notices: Collection[str], now: datetime) -> Sequence[str]:
        statement = (
            update(notice)
            .where(
                one_of(self._connection, notice.c.id, notices),
                notice.c.state == NoticeState.FAILED.value,
                notice.c.expires_at > now,
            )
            .values(state=NoticeState.READY.value, due_at=now, error_code=None)
            .returning(notice.c.id)
        )
        return sorted(self._connection.scalars(statement))

    def pause(self, pause_: Pause) -> None:
        values = {
            "until": pause_.until,
            "since": pause_.since,
            "by": pause_.by,
            "why": pause_.why,
        }
        self._connection.execute(
            insert_into(self._connection, pause)
            .values(what=pause_.what, **values)
            .on_conflict_do_update(index_elements=[pause.c.what], set_=values)
        )

    def resume(self, what: str) -> bool:
        return self._connection.execute(delete(pause).where(pause.c.what == what)).rowcount > 0

    def pauses(self, now: datetime) -> Sequence[Pause]:
        query = select(pause).where(pause.c.until > now).order_by(pause.c.until, pause.c.what)
        return [
            Pause(row.what, row.since, row.until, row.by, row.why)
            for row in self._connection.execute(query)
        ]


def _conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.states:
        found.append(notice.c.state.in_(sorted(wanted.states)))
    if wanted.incident is not None:
        found.append(notice.c.incident == wanted.incident)
    if wanted.lane is not None:
        found.append(notice.c.priority == lane_number(wanted.lane))
    if wanted.code is not None:
        found.append(notice.c.error_code == wanted.code)
    if wanted.recipient is not None:
        found.append(notice.c.recipient_ref == wanted.recipient)
    return found


def _line(row: Row[Any]) -> NoticeLine:
    return NoticeLine(
        row.id,
        row.incident,
        row.kind,
        f"{row.recipient_kind}:{row.recipient_ref}",
        row.rule,
        row.step,
        lane_name(row.priority),
        row.channel,
        row.state,
        row.delivery_status,
        row.attempts,
        row.created_at,
        row.due_at,
        row.expires_at,
        row.error_code,
        row.answer,
    )
