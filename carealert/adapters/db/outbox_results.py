"""What became of attempts: results, leases that ran out, and posts whose answer was lost."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    bindparam,
    literal_column,
    or_,
    select,
    update,
)

from carealert.adapters.db.lists import one_of
from carealert.adapters.db.outbox_rows import NOT_HEARD, by_id, in_state
from carealert.adapters.db.people import SqlPeople
from carealert.adapters.db.subjects import hasten
from carealert.adapters.db.tables import attempt, notice
from carealert.adapters.sealing import Sealer
from carealert.domain.notices import DeliveryStatus, NoticeState
from carealert.services.ports.outbox import (
    Accepted,
    AttemptResult,
    DeliveryFailed,
    FailureAction,
    LostAttempt,
)

MOST_ATTEMPTS = 5
LONGEST_WAIT = timedelta(minutes=5)
#: Looked for twice, this far apart, before a lost post counts as never submitted.
BETWEEN_LOOKS = timedelta(seconds=60)
_MOST_LOST = 500
_COLUMNS = [
    notice.c[name]
    for name in (
        *("id", "state", "attempts", "due_at", "expires_at", "delivery_status", "error_code"),
        "phone_sealed",
    )
]

#: Failures that say nothing about the message: how long to wait. They are not counted, so that
#: an outage of the gateway or a wrong password never uses a message up.
_UNCOUNTED = {
    FailureAction.THROTTLED: timedelta(seconds=5),
    FailureAction.UNREACHABLE: timedelta(seconds=10),
    FailureAction.STOP_SENDER: timedelta(seconds=60),
}
#: Written out, because a bound value would hide the partial index.
_UNFINISHED: ColumnElement[bool] = literal_column("attempt.state IN ('open', 'unknown')")


@dataclass(frozen=True, slots=True)
class _After:
    """What a notice's row becomes."""

    state: NoticeState
    attempts: int
    due_at: datetime
    delivery_status: str | None
    error_code: str | None


def close_attempts(
    connection: Connection, sealer: Sealer, results: Sequence[AttemptResult], now: datetime
) -> None:
    """Record results. One that comes late, after its lease ran out, still counts."""
    if not results:
        return
    ids = [result.notice for result in results]
    query = select(*_COLUMNS).where(one_of(connection, notice.c.id, ids)).order_by(notice.c.id)
    rows = by_id(connection.execute(query.with_for_update()))
    states = _states(connection, ids)
    live = [r for r in results if _is_news(r, states.get((r.notice, r.number)))]
    after = {r.notice: _after(rows[r.notice], r, now) for r in live}
    _write_attempts(connection, live, now)
    _write_notices(connection, after)
    people = SqlPeople(connection, sealer)
    for result in live:
        if result.failure and result.failure.action is FailureAction.OPTED_OUT:
            people.suppress(sealer.open(rows[result.notice].phone_sealed), now, "gateway")
    hasten(connection, [key for key, new in after.items() if _is_hopeless(new)], now)


def _states(connection: Connection, ids: Sequence[str]) -> dict[tuple[str, int], str]:
    query = select(attempt.c.notice_id, attempt.c.number, attempt.c.state).where(
        one_of(connection, attempt.c.notice_id, ids)
    )
    return {(row.notice_id, row.number): row.state for row in connection.execute(query)}


def _is_news(result: AttemptResult, state: str | None) -> bool:
    """A callback may have proved the post already; then no failure undoes that."""
    if result.accepted is not None:
        return state is not None
    return state in ("open", "unknown")


def _after(row: Row[Any], result: AttemptResult, now: datetime) -> _After:
    if result.accepted is not None:
        return _sent(row, result.accepted)
    held = row.state in (NoticeState.CLAIMED.value, NoticeState.UNKNOWN.value)
    if result.failure is None or not held:
        return _unchanged(row)  # superseded or cancelled meanwhile
    return _failed(row, result.failure, now)


def _sent(row: Row[Any], accepted: Accepted) -> _After:
    """At the gateway, whatever we wanted meanwhile; a callback may have told more already."""
    if row.delivery_status is None:
        return _After(NoticeState.SENT, row.attempts, row.due_at, accepted.status.value, None)
    status = max(DeliveryStatus(row.delivery_status), accepted.status, key=lambda s: s.rank)
    return _After(NoticeState.SENT, row.attempts, row.due_at, status.value, row.error_code)


def _unchanged(row: Row[Any]) -> _After:
    return _After(
        NoticeState(row.state), row.attempts, row.due_at, row.delivery_status, row.error_code
    )


def _failed(row: Row[Any], failure: DeliveryFailed, now: datetime) -> _After:
    action, code = failure.action, failure.code or failure.action.value
    if action is FailureAction.UNKNOWN:
        return _After(NoticeState.UNKNOWN, row.attempts, row.due_at, row.delivery_status, code)
    if action in _UNCOUNTED:
        wait = max(_UNCOUNTED[action], min(failure.retry_after or timedelta(), LONGEST_WAIT))
        return _again(row, row.attempts - 1, now + wait, code)
    if action is FailureAction.RETRY and row.attempts < MOST_ATTEMPTS:
        wait = min(timedelta(seconds=2**row.attempts), LONGEST_WAIT)
        return _again(row, row.attempts, now + max(wait, failure.retry_after or wait), code)
    return _After(NoticeState.FAILED, row.attempts, row.due_at, row.delivery_status, code)


def _again(row: Row[Any], attempts: int, due_at: datetime, code: str) -> _After:
    """Back in the queue, unless its useful life ends before its turn: silence is certain now."""
    state = NoticeState.READY if due_at < row.expires_at else NoticeState.EXPIRED
    return _After(state, attempts, due_at, row.delivery_status, code)


def _is_hopeless(after: _After) -> bool:
    unheard = [status.value for status in NOT_HEARD]
    ended = after.state in (NoticeState.FAILED, NoticeState.EXPIRED)
    return ended or (after.state is NoticeState.SENT and after.delivery_status in unheard)


def _write_attempts(
    connection: Connection, results: Sequence[AttemptResult], now: datetime
) -> None:
    if not results:
        return
    connection.execute(
        update(attempt)
        .where(
            attempt.c.notice_id == bindparam("of_notice"), attempt.c.number == bindparam("of_nr")
        )
        .values(
            state=bindparam("new_state"),
            finished_at=bindparam("at"),
            provider_id=bindparam("new_provider"),
            error_code=bindparam("code"),
            error=bindparam("text"),
        ),
        [
            {
                "of_notice": result.notice,
                "of_nr": result.number,
                "new_state": _attempt_state(result),
                "at": now,
                "new_provider": result.accepted.provider_id if result.accepted else None,
                "code": result.failure.code if result.failure else None,
                "text": str(result.failure) if result.failure else None,
            }
            for result in results
        ],
    )


def _attempt_state(result: AttemptResult) -> str:
    if result.failure is None:
        return "accepted"
    if result.failure.action is FailureAction.UNKNOWN:
        return "unknown"
    return "not_submitted" if result.failure.action in _UNCOUNTED else "failed"


def _write_notices(connection: Connection, after: Mapping[str, _After]) -> None:
    if not after:
        return
    connection.execute(
        update(notice)
        .where(notice.c.id == bindparam("of_id"))
        .values(
            state=bindparam("new_state"),
            attempts=bindparam("new_attempts"),
            due_at=bindparam("new_due"),
            delivery_status=bindparam("new_status"),
            error_code=bindparam("code"),
            worker=None,
            lease_until=None,
        ),
        [
            {
                "of_id": key,
                "new_state": new.state.value,
                "new_attempts": new.attempts,
                "new_due": new.due_at,
                "new_status": new.delivery_status,
                "code": new.error_code,
            }
            for key, new in after.items()
        ],
    )


def reap(connection: Connection, now: datetime) -> int:
    """Take back what dead workers held; what they may have posted becomes unknown."""
    query = (
        select(attempt.c.notice_id)
        .join(notice, notice.c.id == attempt.c.notice_id)
        .where(_UNFINISHED, attempt.c.state == "open", notice.c.lease_until < now)
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
            .where(_UNFINISHED, attempt.c.state == "open", of_these)
            .values(state="unknown")
        )
    else:
        unknown = 0
    free = {**gone, "state": NoticeState.READY.value}
    return unknown + connection.execute(update(notice).where(*held).values(free)).rowcount


def lost(
    connection: Connection, sealer: Sealer, now: datetime, older_than: timedelta
) -> list[LostAttempt]:
    """Attempts to look for now, the most urgent first."""
    query = (
        select(
            attempt.c.notice_id,
            attempt.c.number,
            attempt.c.started_at,
            attempt.c.looked_at,
            notice.c.phone_sealed,
            notice.c.text_sealed,
        )
        .join(notice, notice.c.id == attempt.c.notice_id)
        .where(
            _UNFINISHED,
            attempt.c.state == "unknown",
            attempt.c.started_at <= now - older_than,
            or_(attempt.c.looked_at.is_(None), attempt.c.looked_at <= now - BETWEEN_LOOKS),
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
        )
        for row in connection.execute(query)
    ]


def reconcile(
    connection: Connection,
    sealer: Sealer,
    lost_one: LostAttempt,
    found: Accepted | None,
    now: datetime,
) -> None:
    """Adopt what was found; note the first look in vain; after the second, send again."""
    key = (attempt.c.notice_id == lost_one.notice, attempt.c.number == lost_one.number)
    of_notice = select(*_COLUMNS).where(notice.c.id == lost_one.notice)
    owner = connection.execute(of_notice.with_for_update()).one()
    tried = connection.execute(select(attempt).where(*key)).one()
    if tried.state != "unknown":
        return  # a callback was quicker
    if found is not None and not is_anothers(connection, found.provider_id, lost_one.notice):
        result = AttemptResult(lost_one.notice, lost_one.number, found, None)
        close_attempts(connection, sealer, [result], now)
    elif tried.looked_at is None:
        connection.execute(update(attempt).where(*key).values(looked_at=now))
    elif tried.looked_at <= now - BETWEEN_LOOKS:
        connection.execute(
            update(attempt).where(*key).values(state="not_submitted", finished_at=now)
        )
        if owner.state == NoticeState.UNKNOWN.value and owner.attempts == lost_one.number:
            again = _failed(owner, DeliveryFailed("lost", FailureAction.RETRY, "lost"), now)
            _write_notices(connection, {owner.id: again})
            hasten(connection, [owner.id] if _is_hopeless(again) else [], now)


def is_anothers(connection: Connection, provider_id: str, notice_id: str) -> bool:
    """True if the gateway's message with this id is known to belong to another notice."""
    query = select(attempt.c.notice_id).where(
        attempt.c.provider_id == provider_id, attempt.c.notice_id != notice_id
    )
    return connection.scalar(query) is not None
