"""Every send and every not-send about one ref, by the indexes of incident and decision."""

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Connection, Row, func, or_, select

from carealert.adapters.db.tables import (
    decision,
    escalation_timer,
    not_sent,
    notice,
    notice_about,
    subject,
)
from carealert.services.ports.notices import NoticeStory, NotSentLine, PersonStory, StepLine


def person_stories(
    connection: Connection,
    ref: str,
    incident: str | None,
    most: int,
    story: Callable[[Row[Any]], NoticeStory],
) -> Sequence[PersonStory]:
    """The stories of this ref, newest incident first; `story` reads the rest of a notice."""
    incidents = [incident] if incident is not None else _newest(connection, most)
    found = [_one(connection, ref, key, story) for key in incidents]
    return [one for one in found if one.notices or one.not_sent or one.state]


def _newest(connection: Connection, most: int) -> Sequence[str]:
    query = (
        select(decision.c.incident)
        .group_by(decision.c.incident)
        .order_by(func.max(decision.c.id).desc())
        .limit(most)
    )
    return connection.scalars(query).all()


def _one(
    connection: Connection, ref: str, incident: str, story: Callable[[Row[Any]], NoticeStory]
) -> PersonStory:
    about = select(notice_about.c.notice_id).where(
        notice_about.c.incident == incident, notice_about.c.ref == ref
    )
    told = (
        select(notice)
        .where(
            notice.c.incident == incident,
            or_(notice.c.recipient_ref == ref, notice.c.id.in_(about)),
        )
        .order_by(notice.c.created_at, notice.c.step, notice.c.id)
    )
    standing = connection.execute(
        select(subject.c.state, subject.c.since).where(
            subject.c.incident == incident, subject.c.ref == ref
        )
    ).first()
    timer = escalation_timer.c
    steps = (
        select(timer.rule, timer.step, timer.due_at, timer.state)
        .where(timer.incident == incident, timer.ref == ref)
        .order_by(timer.due_at, timer.rule, timer.step)
    )
    refused = (
        select(decision.c.decided_at, not_sent.c.kind, not_sent.c.rule, not_sent.c.reason)
        .join(decision, decision.c.id == not_sent.c.decision_id)
        .where(decision.c.incident == incident, not_sent.c.ref == ref)
        .order_by(decision.c.decided_at, not_sent.c.id)
    )
    return PersonStory(
        incident,
        ref,
        standing.state if standing else None,
        standing.since if standing else None,
        tuple(story(row) for row in connection.execute(told).all()),
        tuple(NotSentLine(*row) for row in connection.execute(refused)),
        tuple(StepLine(*row) for row in connection.execute(steps)),
    )
