"""Leases that ran out, and posts whose answer was lost: nothing is sent again on a guess."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, literal_column, or_, select, update

from carealert.adapters.db.lists import one_of
from carealert.adapters.db.outbox_results import (
    COLUMNS,
    close_attempts,
    failed,
    is_anothers,
    is_hopeless,
    write_notices,
)
from carealert.adapters.db.outbox_rows import in_state
from carealert.adapters.db.subjects import hasten
from carealert.adapters.db.tables import attempt, notice
from carealert.adapters.sealing import Sealer
from carealert.domain.notices import DeliveryStatus, NoticeState
from carealert.domain.rules import Priority
from carealert.services.ports.outbox import (
    Accepted,
    AttemptResult,
    DeliveryFailed,
    FailureAction,
    LostAttempt,
    OpenEnd,
)

_MOST_LOST = 500
#: A gateway gives up within ten hours; what it says of older ones changes nothing.
_ENDED_BY_THEN = timedelta(days=1)
_LAST_ON_THE_WAY = DeliveryStatus.SENT.rank
_ON_THE_WAY = [one.value for one in DeliveryStatus if one.rank <= _LAST_ON_THE_WAY]
#: Written out, because a bound value would hide the partial index.
UNFINISHED: ColumnElement[bool] = literal_column("attempt.state IN ('open', 'unknown')")


def reap(connection: Connection, now: datetime) -> int:
    """Take back what dead workers held; what they may have posted becomes unknown."""
    query = (
        select(attempt.c.notice_id)
        .join(notice, notice.c.id == attempt.c.notice_id)
        .where(UNFINISHED, attempt.c.state == "open", notice.c.lease_until < now)
    )
    posted = list(connection.scalars(query))
    gone = {"worker": None, "lease_until": None}
    held = [in_state(NoticeState.CLAIMED), notice.c.lease_until < now]
    if posted:
        mine = one_of(connection, notice.c.id, posted)
        lost = {**gone, "state": NoticeState.UNKNOWN.value}
        unknown = connection.execute(update(notice).where(*held, mine).values(lost)).rowcount
        of_these = one_of(connection, attempt.c.notice_id, posted)
        connection.execute(
            update(attempt)
            .where(UNFINISHED, attempt.c.state == "open", of_these)
            .values(state="unknown")
        )
    else:
        unknown = 0
    free = {**gone, "state": NoticeState.READY.value}
    return unknown + connection.execute(update(notice).where(*held).values(free)).rowcount


def lost(
    connection: Connection,
    sealer: Sealer,
    now: datetime,
    older_than: timedelta,
    apart: timedelta,
) -> list[LostAttempt]:
    """Attempts to look for now, the most urgent first."""
    query = (
        select(
            attempt.c.notice_id,
            attempt.c.number,
            attempt.c.started_at,
            attempt.c.looked_at,
            attempt.c.sender,
            notice.c.priority,
            notice.c.phone_sealed,
            notice.c.text_sealed,
        )
        .join(notice, notice.c.id == attempt.c.notice_id)
        .where(
            UNFINISHED,
            attempt.c.state == "unknown",
            attempt.c.started_at <= now - older_than,
            or_(attempt.c.looked_at.is_(None), attempt.c.looked_at <= now - apart),
        )
        .order_by(notice.c.priority, attempt.c.started_at, attempt.c.notice_id)
        .limit(_MOST_LOST)
    )
    return [
        LostAttempt(
            row.notice_id,
            row.number,
            sealer.open(row.phone_sealed),
            sealer.open(row.text_sealed),
            row.started_at,
            row.looked_at,
            row.sender or "",
            row.priority,
        )
        for row in connection.execute(query)
    ]


def reconcile(
    connection: Connection,
    sealer: Sealer,
    lost_one: LostAttempt,
    found: Sequence[Accepted],
    now: datetime,
    apart: timedelta,
) -> None:
    """Adopt what is no other's; note the first look in vain; after the second, send again."""
    key = (attempt.c.notice_id == lost_one.notice, attempt.c.number == lost_one.number)
    of_notice = select(*COLUMNS).where(notice.c.id == lost_one.notice)
    owner = connection.execute(of_notice.with_for_update()).one()
    tried = connection.execute(select(attempt).where(*key)).one()
    if tried.state != "unknown":
        return  # a callback was quicker
    free = (one for one in found if not is_anothers(connection, one.provider_id, lost_one.notice))
    ours = next(free, None)  # the same words may have gone to the same phone more than once
    if ours is not None:
        result = AttemptResult(lost_one.notice, lost_one.number, ours, None)
        close_attempts(connection, sealer, [result], now)
    elif tried.looked_at is None:
        connection.execute(update(attempt).where(*key).values(looked_at=now))
    elif tried.looked_at <= now - apart:
        _never_submitted(connection, owner, lost_one, FailureAction.RETRY, now)


def open_ends(
    connection: Connection,
    senders: Collection[str],
    now: datetime,
    older_than: timedelta,
    limit: int,
) -> list[OpenEnd]:
    """Messages without an end, marked as asked about now."""
    query = (
        select(attempt.c.notice_id, attempt.c.number, attempt.c.provider_id, attempt.c.sender)
        .join(notice, notice.c.id == attempt.c.notice_id)
        .where(
            attempt.c.state == "accepted",
            attempt.c.provider_id.is_not(None),
            attempt.c.sender.in_(sorted(senders)),
            attempt.c.finished_at <= now - older_than,
            attempt.c.finished_at > now - _ENDED_BY_THEN,
            or_(attempt.c.asked_at.is_(None), attempt.c.asked_at <= now - older_than),
            in_state(NoticeState.SENT),
            notice.c.delivery_status.in_(_ON_THE_WAY),
        )
        .order_by(attempt.c.asked_at.is_not(None), attempt.c.asked_at, attempt.c.notice_id)
        .limit(limit)
    )
    found = connection.execute(query).all()
    for row in found:
        connection.execute(
            update(attempt)
            .where(attempt.c.notice_id == row.notice_id, attempt.c.number == row.number)
            .values(asked_at=now)
        )
    return [OpenEnd(f"{row.notice_id}.{row.number}", row.provider_id, row.sender) for row in found]


def give_up_looking(connection: Connection, lost_one: LostAttempt, now: datetime) -> None:
    """Decide without knowing: where a life is at stake twice is better than not at all."""
    key = (attempt.c.notice_id == lost_one.notice, attempt.c.number == lost_one.number)
    of_notice = select(*COLUMNS).where(notice.c.id == lost_one.notice)
    owner = connection.execute(of_notice.with_for_update()).one()
    if connection.execute(select(attempt.c.state).where(*key)).scalar_one() != "unknown":
        return
    urgent = lost_one.priority == Priority.LIFE_THREATENING
    action = FailureAction.RETRY if urgent else FailureAction.PERMANENT
    _never_submitted(connection, owner, lost_one, action, now)


def _never_submitted(
    connection: Connection,
    owner: Row[Any],
    lost_one: LostAttempt,
    action: FailureAction,
    now: datetime,
) -> None:
    key = (attempt.c.notice_id == lost_one.notice, attempt.c.number == lost_one.number)
    connection.execute(update(attempt).where(*key).values(state="not_submitted", finished_at=now))
    if owner.state == NoticeState.UNKNOWN.value and owner.attempts == lost_one.number:
        again = failed(owner, DeliveryFailed("lost", action, "lost"), now)
        write_notices(connection, {owner.id: again})
        hasten(connection, [owner.id] if is_hopeless(again) else [], now)
