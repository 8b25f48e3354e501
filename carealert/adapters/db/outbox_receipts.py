"""Status callbacks: proof that a message exists, and how far it has come."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, select, update

from carealert.adapters.db.conflicts import insert_into
from carealert.adapters.db.outbox_results import is_anothers
from carealert.adapters.db.outbox_rows import NOT_HEARD
from carealert.adapters.db.people import SqlPeople
from carealert.adapters.db.subjects import hasten
from carealert.adapters.db.tables import attempt, delivery_event, notice
from carealert.adapters.sealing import Sealer
from carealert.domain.notices import DeliveryStatus, NoticeState
from carealert.services.ports.outbox import FailureAction

#: A handset that was off, or a carrier that gave no reason, may take it later: once more, after
#: this long. Until it arrives the notice counts as not delivered: nobody waits for it.
AGAIN_AFTER = timedelta(minutes=5)
#: The state of an attempt whose message was given up by the network and is sent again.
GIVEN_UP = "given_up"
_ARRIVED = (DeliveryStatus.DELIVERED, DeliveryStatus.READ)


def receipt(
    connection: Connection,
    sealer: Sealer,
    reference: str,
    provider_id: str,
    status: DeliveryStatus,
    code: str | None,
    now: datetime,
    action: FailureAction | None = None,
) -> bool:
    """Record one callback; in whatever order and however often they come, the end is the same.

    `action` is what the code of a message that did not arrive asks for.
    """
    key = _key(reference)
    if key is None:
        return False
    row = connection.execute(
        select(notice).where(notice.c.id == key[0]).with_for_update()
    ).one_or_none()
    tried = connection.execute(
        select(attempt).where(attempt.c.notice_id == key[0], attempt.c.number == key[1])
    ).one_or_none()
    if row is None or tried is None:
        return False
    _record(connection, key, provider_id, status, code, now)
    if tried.provider_id not in (None, provider_id):
        return True
    if tried.state == GIVEN_UP and status not in _ARRIVED:
        return True  # it is sent again already; only that it arrived after all is news
    _adopt(connection, row, tried, provider_id, now)
    if _raise_status(connection, row, status, code, now) and status in NOT_HEARD:
        _not_heard(connection, sealer, row, tried, action, now)
    return True


def _key(reference: str) -> tuple[str, int] | None:
    notice_id, dot, number = reference.rpartition(".")
    # More digits than a smallint holds would be an error in the database, not an unknown one.
    known = dot and number.isascii() and number.isdecimal() and len(number) <= 4
    return (notice_id, int(number)) if known else None


def _record(
    connection: Connection,
    key: tuple[str, int],
    provider_id: str,
    status: DeliveryStatus,
    code: str | None,
    now: datetime,
) -> None:
    connection.execute(
        insert_into(connection, delivery_event)
        .values(
            notice_id=key[0],
            number=key[1],
            provider_id=provider_id,
            status=status.value,
            error_code=code,
            at=now,
        )
        .on_conflict_do_nothing()
    )


def _adopt(
    connection: Connection, row: Row[Any], tried: Row[Any], provider_id: str, now: datetime
) -> None:
    """The gateway has it, whatever the answer to the POST was: it is never sent again."""
    if tried.state != "accepted":
        taken = is_anothers(connection, provider_id, row.id)
        connection.execute(
            update(attempt)
            .where(attempt.c.notice_id == tried.notice_id, attempt.c.number == tried.number)
            .values(
                state="accepted",
                provider_id=None if taken else provider_id,
                finished_at=tried.finished_at or now,
            )
        )
    if row.state != NoticeState.SENT.value:
        connection.execute(
            update(notice)
            .where(notice.c.id == row.id)
            .values(state=NoticeState.SENT.value, worker=None, lease_until=None)
        )


def _raise_status(
    connection: Connection,
    row: Row[Any],
    status: DeliveryStatus,
    code: str | None,
    now: datetime,
) -> bool:
    """Whether the status is further along than what was known; then it is noted."""
    known = DeliveryStatus(row.delivery_status) if row.delivery_status else None
    if known is not None and status.rank <= known.rank:
        return False
    changes: dict[str, Any] = {"delivery_status": status.value, "error_code": code}
    if status in _ARRIVED and row.delivered_at is None:
        changes["delivered_at"] = now
    connection.execute(update(notice).where(notice.c.id == row.id).values(changes))
    return True


def _not_heard(
    connection: Connection,
    sealer: Sealer,
    row: Row[Any],
    tried: Row[Any],
    action: FailureAction | None,
    now: datetime,
) -> None:
    """The next step is taken at once; where trying again can help, that is done beside it."""
    hasten(connection, [row.id], now)
    if action is FailureAction.OPTED_OUT:
        SqlPeople(connection, sealer).suppress(sealer.open(row.phone_sealed), now, "gateway")
    due = now + AGAIN_AFTER
    if action is not FailureAction.RETRY or due >= row.expires_at:
        return
    key = (attempt.c.notice_id == tried.notice_id, attempt.c.number == tried.number)
    connection.execute(update(attempt).where(*key).values(state=GIVEN_UP))
    connection.execute(
        update(notice)
        .where(notice.c.id == row.id, notice.c.state == NoticeState.SENT.value)
        .values(state=NoticeState.READY.value, due_at=due)
    )
