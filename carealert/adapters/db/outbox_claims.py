"""Leasing notices to deliverers, with everything looked at again that may have changed."""

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, bindparam, or_, select, update

from carealert.adapters.db.addresses import Address, addresses
from carealert.adapters.db.conflicts import insert_into
from carealert.adapters.db.lists import one_of
from carealert.adapters.db.outbox_rows import (
    DRILL_LANE,
    in_state,
    lane_name,
    may_be_heard,
    subject_kind,
)
from carealert.adapters.db.subjects import ASKING, answered_among, hasten
from carealert.adapters.db.tables import attempt, notice, pause, suppression
from carealert.adapters.sealing import Sealer
from carealert.domain.notices import (
    Channel,
    Encoding,
    MessageKind,
    NoticeState,
    RecipientKind,
    Text,
    Wording,
    wording_for,
)
from carealert.domain.people import Phone, PhoneSharing
from carealert.domain.rules import Priority
from carealert.services.ports.outbox import ClaimedNotice

_DESK = RecipientKind.CITY_DESK.value
# Not the whole row: reading facts and reasons of every notice would cost as much as the rest.
_COLUMNS = [
    notice.c[name]
    for name in (
        *(
            "id",
            "incident",
            "kind",
            "recipient_kind",
            "recipient_ref",
            "phone_hash",
            "phone_sealed",
        ),
        *("about", "step", "priority", "wording", "language", "text_sealed", "encoding"),
        *("segments", "expires_at", "attempts", "error_code"),
    )
]
_PEOPLE = (RecipientKind.RESIDENT.value, RecipientKind.CAREGIVER.value)
_CAREFUL = list(Wording)
#: A real message that comes meanwhile waits for no more drills than these.
_DRILLS_AT_ONCE = 16


@dataclass(frozen=True, slots=True)
class _Known:
    """What is true now of a batch's recipients and subjects."""

    addresses: Mapping[tuple[str, str], Address]
    suppressed: frozenset[bytes]
    answered: frozenset[str]  # ids of reminders about people who have all answered
    really_asked: frozenset[bytes]  # phones of drills' recipients that a real question holds


def claim(
    connection: Connection,
    sealer: Sealer,
    worker: str,
    now: datetime,
    lease: timedelta,
    limit: int,
    channel: Channel,
    segments: float | None,
) -> list[ClaimedNotice]:
    """Lease up to `limit` notices; goes on past those that must not go out any more."""
    claimed: list[ClaimedNotice] = []
    left = math.inf if segments is None else segments
    lanes = _open_lanes(connection, now)
    while (room := limit - len(claimed)) > 0 and left >= 1:
        rows = _ready(connection, now, room, channel, lanes)
        if not rows:
            break
        known = _known(connection, rows, now)
        dropped = {row.id: why for row in rows if (why := _why_not(row, known, now))}
        _drop(connection, dropped, now)
        kept = _within([row for row in rows if row.id not in dropped], left)
        left -= sum(row.segments for row in kept)
        claimed += _lease(connection, sealer, kept, known, worker, now + lease)
        if claimed and rows[0].priority == DRILL_LANE:
            break
    return sorted(claimed, key=lambda one: one.priority)  # stable: age within a lane is kept


def _within(rows: Sequence[Row[Any]], segments: float) -> list[Row[Any]]:
    """The first rows until the segments are used up; the last one may go beyond."""
    kept = []
    for row in rows:
        if segments < 1:
            break
        kept.append(row)
        segments -= row.segments
    return kept


def _open_lanes(connection: Connection, now: datetime) -> list[int]:
    """The lanes that nobody paused, in their order."""
    query = select(pause.c.what).where(pause.c.until > now)
    paused = set(connection.scalars(query))
    if "all" in paused:
        return []
    return [lane for lane in (*Priority, DRILL_LANE) if lane_name(lane) not in paused]


def _ready(
    connection: Connection, now: datetime, limit: int, channel: Channel, lanes: Sequence[int]
) -> list[Row[Any]]:
    """The next rows, lane by lane: so each lane is one range of the index, and what waits for
    the morning in a lower lane costs nothing.

    Drills come when nothing real is due, and few at a time: a real message never waits for many.
    """
    rows: list[Row[Any]] = []
    for lane in lanes:
        if lane == DRILL_LANE:
            limit = 0 if rows else min(limit, _DRILLS_AT_ONCE)
        if len(rows) < limit:
            query = (
                select(*_COLUMNS)
                .where(
                    in_state(NoticeState.READY),
                    notice.c.channel == channel.value,
                    notice.c.priority == int(lane),
                    notice.c.due_at <= now,
                )
                .order_by(notice.c.due_at, notice.c.id)
                .limit(limit - len(rows))
                .with_for_update(skip_locked=True)
            )
            rows += connection.execute(query)
    return rows


def _known(connection: Connection, rows: Sequence[Row[Any]], now: datetime) -> _Known:
    recipients = {(row.recipient_kind, row.recipient_ref) for row in rows}
    found = addresses(connection, recipients, now)
    hashes = {one.phone_hash for one in found.values()}
    hashes |= {row.phone_hash for row in rows if row.recipient_kind == _DESK}
    query = select(suppression.c.phone_hash).where(
        suppression.c.phone_hash.in_([value for value in hashes if value is not None])
    )
    suppressed = frozenset(bytes(value) for value in connection.scalars(query))
    really_asked = _really_asked(connection, rows, hashes, now)
    return _Known(found, suppressed, _reminders_without_need(connection, rows), really_asked)


def _really_asked(
    connection: Connection,
    rows: Iterable[Row[Any]],
    hashes: Iterable[bytes | None],
    now: datetime,
) -> frozenset[bytes]:
    """The phones that a real message may still ask; looked up only where a drill would ring one."""
    if not any(row.kind == MessageKind.DRILL.value for row in rows):
        return frozenset()
    query = select(notice.c.phone_hash).where(
        notice.c.phone_hash.in_([value for value in hashes if value is not None]),
        notice.c.kind.in_(ASKING),
        notice.c.expires_at > now,
        may_be_heard(),
    )
    return frozenset(bytes(value) for value in connection.scalars(query))


def _reminders_without_need(connection: Connection, rows: Iterable[Row[Any]]) -> frozenset[str]:
    subjects = {
        row.id: {(row.incident, subject_kind(row.recipient_kind).value, ref) for ref in row.about}
        for row in rows
        if (row.step > 0 or row.attempts > 0) and row.recipient_kind != _DESK and row.about
    }
    answered = answered_among(connection, set().union(*subjects.values()))
    return frozenset(key for key, about in subjects.items() if about <= answered)


def _why_not(row: Row[Any], known: _Known, now: datetime) -> tuple[NoticeState, str] | None:
    """The state in which this notice ends here, and why; None where it may go out."""
    if row.expires_at <= now:
        return NoticeState.EXPIRED, "expired"
    if row.id in known.answered:
        return NoticeState.CANCELLED, "answered"
    if row.recipient_kind == _DESK:
        stopped = bytes(row.phone_hash) in known.suppressed
        return (NoticeState.CANCELLED, "opted_out") if stopped else None
    address = known.addresses.get((row.recipient_kind, row.recipient_ref))
    if row.kind == MessageKind.DRILL.value and _disturbs(row, address, known):
        return NoticeState.CANCELLED, "drill_stopped"
    if address is None or address.phone_hash is None:
        return None  # handed out without a number, which the deliverer records as a failure
    if bytes(address.phone_hash) in known.suppressed:
        return NoticeState.CANCELLED, "opted_out"
    if not address.agreed:
        return NoticeState.CANCELLED, "no_consent"
    if _says_too_much(row, address):
        return NoticeState.FAILED, "phone_shared"
    return None


def _disturbs(row: Row[Any], address: Address | None, known: _Known) -> bool:
    """True where a drill's text must not go: to a home, or to a phone that is really asked."""
    if row.recipient_kind in _PEOPLE:
        return True
    phone = address.phone_hash if address else None
    return phone is not None and bytes(phone) in known.really_asked


def _says_too_much(row: Row[Any], address: Address) -> bool:
    """True where others read the phone by now: a private text must not reach it (rule G01)."""
    if row.recipient_kind not in _PEOPLE:
        return False  # what a manager is asked speaks of nobody
    allowed = wording_for(Phone("", address.sharing or PhoneSharing.UNKNOWN))
    return _CAREFUL.index(allowed) > _CAREFUL.index(Wording(row.wording))


def _drop(
    connection: Connection, dropped: Mapping[str, tuple[NoticeState, str]], now: datetime
) -> None:
    if not dropped:
        return
    connection.execute(
        update(notice)
        .where(notice.c.id == bindparam("of_id"))
        .values(state=bindparam("new_state"), error_code=bindparam("why")),
        [
            {"of_id": key, "new_state": state.value, "why": why}
            for key, (state, why) in dropped.items()
        ],
    )
    hasten(connection, [key for key, (_, why) in dropped.items() if why != "answered"], now)


def _lease(
    connection: Connection,
    sealer: Sealer,
    rows: Sequence[Row[Any]],
    known: _Known,
    worker: str,
    until: datetime,
) -> list[ClaimedNotice]:
    if not rows:
        return []
    connection.execute(
        update(notice)
        .where(one_of(connection, notice.c.id, [row.id for row in rows]))
        .values(state=NoticeState.CLAIMED.value, worker=worker, lease_until=until)
    )
    _note_new_phones(connection, rows, known)
    return [_claimed(row, known, sealer) for row in rows]


def _note_new_phones(connection: Connection, rows: Iterable[Row[Any]], known: _Known) -> None:
    """Keep the number that it is sent to: an answer comes from there, and so does a look-up."""
    changed = [
        {
            "of_id": row.id,
            "new_hash": address.phone_hash,
            "new_sealed": address.phone_sealed,
            "new_sharing": address.sharing.value if address.sharing else PhoneSharing.UNKNOWN.value,
        }
        for row in rows
        if (address := known.addresses.get((row.recipient_kind, row.recipient_ref)))
        and address.phone_hash is not None
        and bytes(address.phone_hash) != bytes(row.phone_hash)
    ]
    if changed:
        connection.execute(
            update(notice)
            .where(notice.c.id == bindparam("of_id"))
            .values(
                phone_hash=bindparam("new_hash"),
                phone_sealed=bindparam("new_sealed"),
                phone_sharing=bindparam("new_sharing"),
            ),
            changed,
        )


def _claimed(row: Row[Any], known: _Known, sealer: Sealer) -> ClaimedNotice:
    sealed: bytes | None = row.phone_sealed
    if row.recipient_kind != _DESK:
        address = known.addresses.get((row.recipient_kind, row.recipient_ref))
        sealed = address.phone_sealed if address else None
    return ClaimedNotice(
        row.id,
        row.incident,
        RecipientKind(row.recipient_kind),
        row.recipient_ref,
        sealer.open_optional(sealed),
        Text(sealer.open(row.text_sealed), row.language, Encoding(row.encoding), row.segments),
        row.step,
        row.priority,
        row.attempts,
        row.expires_at,
        row.error_code,
    )


def open_attempts(connection: Connection, notices: Sequence[ClaimedNotice], now: datetime) -> None:
    """One attempt row each; the number of an attempt that was never submitted is used again."""
    if not notices:
        return
    insert = insert_into(connection, attempt)
    fresh = {
        "started_at": insert.excluded.started_at,
        "sender": insert.excluded.sender,
        "state": "open",
        "finished_at": None,
    }
    connection.execute(
        insert.on_conflict_do_update(
            index_elements=[attempt.c.notice_id, attempt.c.number],
            set_={**fresh, "looked_at": None, "error_code": None, "error": None},
            where=or_(attempt.c.state == "not_submitted", attempt.c.state == "open"),
        ),
        [
            {
                "notice_id": n.id,
                "number": n.attempts + 1,
                "started_at": now,
                "sender": n.sender or None,
                "state": "open",
            }
            for n in notices
        ],
    )
    connection.execute(
        update(notice)
        .where(one_of(connection, notice.c.id, [n.id for n in notices]))
        .values(attempts=notice.c.attempts + 1)
    )


def refusals(connection: Connection, notices: Collection[str]) -> dict[str, frozenset[str]]:
    """notice id -> the senders that refused it, so that it came back for another one."""
    query = select(attempt.c.notice_id, attempt.c.sender).where(
        one_of(connection, attempt.c.notice_id, notices),
        attempt.c.state == "refused",
        attempt.c.sender.is_not(None),
    )
    found: dict[str, frozenset[str]] = {}
    for row in connection.execute(query):
        found[row.notice_id] = found.get(row.notice_id, frozenset()) | {row.sender}
    return found


def still_leased(connection: Connection, notice_id: str, worker: str, now: datetime) -> bool:
    """True while this worker's lease holds, and the notice was not stopped meanwhile."""
    query = select(notice.c.id).where(
        notice.c.id == notice_id,
        in_state(NoticeState.CLAIMED),
        notice.c.worker == worker,
        notice.c.lease_until > now,
        notice.c.expires_at > now,
    )
    return connection.scalar(query) is not None


def end_overdue(connection: Connection, now: datetime) -> int:
    """Silence is certain for these: whoever was to hear them is taken to the next step at once."""
    ended = list(
        connection.scalars(
            update(notice)
            .where(in_state(NoticeState.READY), notice.c.expires_at <= now)
            .values(state=NoticeState.EXPIRED.value, error_code="expired")
            .returning(notice.c.id)
        )
    )
    hasten(connection, ended, now)
    return len(ended)


def is_due(connection: Connection, now: datetime, channel: Channel) -> bool:
    """True where the next claim would find something, if only to end it."""
    query = select(notice.c.id).where(
        in_state(NoticeState.READY),
        notice.c.channel == channel.value,
        notice.c.priority.in_([*map(int, Priority), DRILL_LANE]),
        notice.c.due_at <= now,
    )
    return connection.scalar(query.limit(1)) is not None
