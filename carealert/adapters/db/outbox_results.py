"""What became of attempts, as their results say."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    Connection,
    Row,
    bindparam,
    select,
    update,
)

from carealert.adapters.db.lists import one_of
from carealert.adapters.db.outbox_rows import NOT_HEARD, by_id
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
)

MOST_ATTEMPTS = 5
LONGEST_WAIT = timedelta(minutes=5)
COLUMNS = [
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
    query = select(*COLUMNS).where(one_of(connection, notice.c.id, ids)).order_by(notice.c.id)
    rows = by_id(connection.execute(query.with_for_update()))
    states = _states(connection, ids)
    live = [r for r in results if _is_news(r, states.get((r.notice, r.number)))]
    after = {r.notice: _after(rows[r.notice], r, now) for r in live}
    _write_attempts(connection, live, now)
    write_notices(connection, after)
    people = SqlPeople(connection, sealer)
    for result in live:
        if result.failure and result.failure.action is FailureAction.OPTED_OUT:
            people.suppress(sealer.open(rows[result.notice].phone_sealed), now, "gateway")
    hasten(connection, [key for key, new in after.items() if is_hopeless(new)], now)


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
    return failed(row, result.failure, now, result.wait)


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


def failed(
    row: Row[Any], failure: DeliveryFailed, now: datetime, asked: timedelta | None = None
) -> _After:
    """What becomes of a notice whose attempt failed; `asked` is how long it waits, if it does."""
    action, code = failure.action, failure.code or failure.action.value
    if action is FailureAction.UNKNOWN:
        return _After(NoticeState.UNKNOWN, row.attempts, row.due_at, row.delivery_status, code)
    if action is FailureAction.EXPIRED:
        return _After(NoticeState.EXPIRED, row.attempts, row.due_at, row.delivery_status, code)
    if action in _UNCOUNTED:
        wait = max(_UNCOUNTED[action], min(failure.retry_after or timedelta(), LONGEST_WAIT))
        return _again(row, row.attempts - 1, now + (wait if asked is None else asked), code)
    if action is FailureAction.OTHER_SENDER and asked is not None:
        return _again(row, row.attempts, now + asked, code)  # there is one that may try
    if action is FailureAction.RETRY and row.attempts < MOST_ATTEMPTS:
        wait = min(timedelta(seconds=2**row.attempts), LONGEST_WAIT)
        return _again(row, row.attempts, now + max(wait, failure.retry_after or wait), code)
    return _After(NoticeState.FAILED, row.attempts, row.due_at, row.delivery_status, code)


def _again(row: Row[Any], attempts: int, due_at: datetime, code: str) -> _After:
    """Back in the queue, unless its useful life ends before its turn: silence is certain now."""
    state = NoticeState.READY if due_at < row.expires_at else NoticeState.EXPIRED
    return _After(state, attempts, due_at, row.delivery_status, code)


def is_hopeless(after: _After) -> bool:
    """True where nobody will hear it: the next step need not wait for an answer."""
    unheard = [status.value for status in NOT_HEARD]
    ended = after.state in (NoticeState.FAILED, NoticeState.EXPIRED)
    return ended or (after.state is NoticeState.SENT and after.delivery_status in unheard)


def _write_attempts(
    connection: Connection, results: Sequence[AttemptResult], now: datetime
) -> None:
    if not results:
        return
    ids = _own_ids(connection, results)
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
                "new_provider": ids.get((result.notice, result.number)),
                "code": result.failure.code if result.failure else None,
                "text": str(result.failure) if result.failure else None,
            }
            for result in results
        ],
    )


def _own_ids(
    connection: Connection, results: Sequence[AttemptResult]
) -> dict[tuple[str, int], str]:
    """The gateway's ids of what it took, without those that it gave to another message before.

    A phone that serves as a gateway counts from 1 again after a reset; that must not undo what is
    known of all the others.
    """
    given: dict[str, tuple[str, int]] = {}
    for one in results:
        if one.accepted is not None:
            given.setdefault(one.accepted.provider_id, (one.notice, one.number))
    query = select(attempt.c.provider_id, attempt.c.notice_id).where(
        one_of(connection, attempt.c.provider_id, given)
    )
    for row in connection.execute(query):
        if given[row.provider_id][0] != row.notice_id:
            del given[row.provider_id]
    return {key: provider_id for provider_id, key in given.items()}


def _attempt_state(result: AttemptResult) -> str:
    if result.failure is None:
        return "accepted"
    if result.failure.action is FailureAction.UNKNOWN:
        return "unknown"
    if result.failure.action is FailureAction.OTHER_SENDER:
        return "refused"
    return "not_submitted" if result.failure.action in _UNCOUNTED else "failed"


def write_notices(connection: Connection, after: Mapping[str, _After]) -> None:
    """Write what became of notices, by id; nobody holds them any more."""
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


def is_anothers(connection: Connection, provider_id: str, notice_id: str) -> bool:
    """True if the gateway's message with this id is known to belong to another notice."""
    query = select(attempt.c.notice_id).where(
        attempt.c.provider_id == provider_id, attempt.c.notice_id != notice_id
    )
    return connection.scalar(query) is not None
