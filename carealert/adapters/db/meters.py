"""What monitoring reads: each query uses an index of what is unfinished, or narrow rows alone."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Row, Text, case, cast, func, select

from carealert.adapters.db.audit import overdue_timers
from carealert.adapters.db.board.counts import ARRIVED
from carealert.adapters.db.board.drills import REAL
from carealert.adapters.db.board.reading import reading
from carealert.adapters.db.outbox_lost import UNFINISHED
from carealert.adapters.db.outbox_receipts import GIVEN_UP
from carealert.adapters.db.outbox_rows import DRILL_LANE, in_state, lane_name
from carealert.adapters.db.tables import attempt, lease, notice, pause, sender
from carealert.domain.notices import NoticeState
from carealert.domain.rules import Priority
from carealert.services.auditing import BEAT
from carealert.services.ports.meters import ChannelMeter, LaneMeter, Lately, Meters, SenderMeter

LATELY, JUST_NOW = timedelta(hours=1), timedelta(minutes=5)
#: A receipt takes a while; what was handed over after that moment proves nothing yet.
RECEIPT_TAKES = timedelta(minutes=2)
#: What a sender is called that had no name when it was used.
NAMELESS = "none"
_ENDED = (
    NoticeState.SENT,
    NoticeState.FAILED,
    NoticeState.EXPIRED,
    NoticeState.SUPERSEDED,
    NoticeState.CANCELLED,
)


class SqlMeters:
    """MeterReader on an engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine.execution_options(carealert_reading=True)

    def read(self, now: datetime) -> Meters:
        with reading(self._engine) as connection:
            lost = select(func.min(attempt.c.started_at)).where(
                UNFINISHED, attempt.c.state == "unknown"
            )
            timers = connection.execute(overdue_timers(now)).one()
            waits = select(pause.c.what).where(pause.c.until > now).order_by(pause.c.what)
            beat = select(lease.c.until).where(lease.c.name == BEAT)
            return Meters(
                lanes=_lanes(connection, now),
                senders=_senders(connection, now),
                paused=tuple(connection.scalars(waits)),
                since_unknown=connection.scalar(lost),
                timers_due=timers.many,
                since_timer=timers.since,
                audited_at=connection.scalar(beat),
            )

    def lately(self, now: datetime) -> Lately:
        with reading(self._engine) as connection:
            return _lately(connection, now)

    def ended(self) -> Mapping[tuple[str, str], int]:
        query = (
            select(notice.c.state, notice.c.channel, func.count())
            .where(in_state(*_ENDED))
            .group_by(notice.c.state, notice.c.channel)
        )
        with reading(self._engine) as connection:
            return {(state, channel): n for state, channel, n in connection.execute(query)}


def _lanes(connection: Connection, now: datetime) -> dict[str, LaneMeter]:
    lanes = {lane: LaneMeter() for lane in (*map(int, Priority), DRILL_LANE)}
    due = (
        select(notice.c.priority, func.count(), func.min(notice.c.due_at))
        .where(in_state(NoticeState.READY), notice.c.due_at <= now)
        .group_by(notice.c.priority)
    )
    for lane, many, oldest in connection.execute(due):
        lanes[lane] = replace(lanes[lane], due=many, oldest=oldest)
    claimed = (
        select(notice.c.priority, func.count())
        .where(in_state(NoticeState.CLAIMED))
        .group_by(notice.c.priority)
    )
    for lane, many in connection.execute(claimed):
        lanes[lane] = replace(lanes[lane], claimed=many)
    unknown = (
        select(notice.c.priority, func.count())
        .join(attempt, attempt.c.notice_id == notice.c.id)
        .where(UNFINISHED, attempt.c.state == "unknown")
        .group_by(notice.c.priority)
    )
    for lane, many in connection.execute(unknown):
        lanes[lane] = replace(lanes[lane], unknown=many)
    return {lane_name(lane): meter for lane, meter in lanes.items()}


def _lately(connection: Connection, now: datetime) -> Lately:
    name = func.coalesce(attempt.c.sender, NAMELESS)
    taken = (attempt.c.state == "accepted") & REAL
    settled = taken & (attempt.c.finished_at <= now - RECEIPT_TAKES)
    asks = taken & cast(notice.c.expected_replies, Text).not_in(("{}", "null"))
    query = (
        select(
            name.label("sender"),
            notice.c.channel,
            _many(attempt.c.finished_at >= now - JUST_NOW).label("just_now"),
            _many(settled).label("handed_over"),
            _many(settled & ARRIVED).label("delivered"),
            _many(asks).label("asking"),
            _many(asks & notice.c.answered_at.is_not(None)).label("answered"),
        )
        .join(notice, notice.c.id == attempt.c.notice_id)
        .where(attempt.c.finished_at >= now - LATELY, attempt.c.state.in_(("accepted", GIVEN_UP)))
        .group_by(name, notice.c.channel)
    )
    sent: dict[tuple[str, str], int] = {}
    channels: dict[str, ChannelMeter] = {}
    for row in connection.execute(query):
        sent[row.sender, row.channel] = row.just_now
        channels[row.channel] = _added(channels.get(row.channel, ChannelMeter()), row)
    return Lately(sent, channels)


def _many(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.sum(case((condition, 1), else_=0))


def _added(meter: ChannelMeter, row: Row[Any]) -> ChannelMeter:
    return ChannelMeter(
        meter.handed_over + row.handed_over,
        meter.delivered + row.delivered,
        meter.asking + row.asking,
        meter.answered + row.answered,
    )


def _senders(connection: Connection, now: datetime) -> dict[str, SenderMeter]:
    rows = connection.execute(select(sender).order_by(sender.c.name))
    return {
        row.name: SenderMeter(row.rests_until is not None and row.rests_until > now, row.failures)
        for row in rows
    }
