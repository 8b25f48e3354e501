"""The outbox over its tables; each part of its work is a file `outbox_*.py`."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, select, update

from carealert.adapters.db import (
    deciding,
    outbox_claims,
    outbox_lost,
    outbox_plan,
    outbox_receipts,
    outbox_results,
    outbox_rows,
    told,
)
from carealert.adapters.db.outbox_rows import PENDING, in_state
from carealert.adapters.db.subjects import hasten
from carealert.adapters.db.tables import notice
from carealert.adapters.sealing import Sealer
from carealert.domain.notices import Channel, DeliveryStatus, MessageKind, Notice, NoticeState
from carealert.domain.plan import IncidentHistory, Match, Plan, Told
from carealert.services.ports.outbox import (
    BETWEEN_LOOKS,
    Accepted,
    AttemptResult,
    ClaimedNotice,
    Decision,
    FailureAction,
    LostAttempt,
    OpenEnd,
    SubjectKey,
    ToldLine,
)


class SqlOutbox:
    """OutboxStore on a connection."""

    def __init__(self, connection: Connection, sealer: Sealer) -> None:
        self._connection = connection
        self._sealer = sealer

    def history(
        self, incident: str, revision: int, among: Collection[SubjectKey] | None = None
    ) -> IncidentHistory:
        return told.history(self._connection, self._sealer, incident, revision, among)

    def told_groups(self, incident: str) -> Mapping[str, Told]:
        return told.told_groups(self._connection, self._sealer, incident)

    def told_lines(self, incident: str) -> Sequence[ToldLine]:
        return told.told_lines(self._connection, incident)

    def rules_version(self, warning_id: int) -> str | None:
        return deciding.rules_version(self._connection, warning_id)

    def begin(self, warning_id: int, rules_version: str, now: datetime) -> Decision | None:
        return deciding.begin(self._connection, warning_id, rules_version, now)

    def decided(
        self, decision: int, among: Collection[SubjectKey] | None = None
    ) -> frozenset[SubjectKey]:
        return deciding.decided(self._connection, decision, among)

    def decided_matches(self, decision: int, rules: Collection[str]) -> Sequence[Match]:
        return deciding.decided_matches(self._connection, decision, rules)

    def matched_in(self, incident: str, rules: Collection[str]) -> Sequence[Match]:
        return deciding.matched_in(self._connection, incident, rules)

    def save_part(
        self, decision: int, plan: Plan, notices: Sequence[Notice], warning_id: int, now: datetime
    ) -> int:
        return outbox_plan.save_part(
            self._connection, self._sealer, decision, plan, notices, warning_id, now
        )

    def decision_of(self, warning_id: int) -> int | None:
        return deciding.decision_of(self._connection, warning_id)

    def save_look(
        self, decision: int, plan: Plan, notices: Sequence[Notice], warning_id: int, now: datetime
    ) -> int:
        return outbox_plan.save_part(
            self._connection, self._sealer, decision, plan, notices, warning_id, now, is_look=True
        )

    def save_plan(
        self,
        plan: Plan,
        notices: Sequence[Notice],
        warning_id: int,
        rules_version: str,
        now: datetime,
    ) -> int:
        return outbox_plan.save_plan(
            self._connection, self._sealer, plan, notices, warning_id, rules_version, now
        )

    def add(self, notices: Sequence[Notice], warning_id: int | None, now: datetime) -> int:
        return outbox_rows.insert_notices(self._connection, self._sealer, notices, warning_id, now)

    def claim(
        self,
        worker: str,
        now: datetime,
        lease: timedelta,
        limit: int,
        channel: Channel = Channel.SMS,
        segments: float | None = None,
    ) -> Sequence[ClaimedNotice]:
        return outbox_claims.claim(
            self._connection, self._sealer, worker, now, lease, limit, channel, segments
        )

    def refusals(self, notices: Collection[str]) -> Mapping[str, frozenset[str]]:
        return outbox_claims.refusals(self._connection, notices)

    def still_leased(self, notice: str, worker: str, now: datetime) -> bool:
        return outbox_claims.still_leased(self._connection, notice, worker, now)

    def end_overdue(self, now: datetime) -> int:
        return outbox_claims.end_overdue(self._connection, now)

    def open_attempts(self, notices: Sequence[ClaimedNotice], now: datetime) -> None:
        outbox_claims.open_attempts(self._connection, notices, now)

    def close_attempts(self, results: Sequence[AttemptResult], now: datetime) -> None:
        outbox_results.close_attempts(self._connection, self._sealer, results, now)

    def reap(self, now: datetime) -> int:
        return outbox_lost.reap(self._connection, now)

    def lost(
        self, now: datetime, older_than: timedelta, apart: timedelta = BETWEEN_LOOKS
    ) -> Sequence[LostAttempt]:
        return outbox_lost.lost(self._connection, self._sealer, now, older_than, apart)

    def reconcile(
        self,
        attempt: LostAttempt,
        found: Sequence[Accepted],
        now: datetime,
        apart: timedelta = BETWEEN_LOOKS,
    ) -> None:
        outbox_lost.reconcile(self._connection, self._sealer, attempt, found, now, apart)

    def give_up_looking(self, attempt: LostAttempt, now: datetime) -> None:
        outbox_lost.give_up_looking(self._connection, attempt, now)

    def open_ends(
        self, senders: Collection[str], now: datetime, older_than: timedelta, limit: int
    ) -> Sequence[OpenEnd]:
        return outbox_lost.open_ends(self._connection, senders, now, older_than, limit)

    def is_due(self, now: datetime, channel: Channel) -> bool:
        return outbox_claims.is_due(self._connection, now, channel)

    def receipt(
        self,
        reference: str,
        provider_id: str,
        status: DeliveryStatus,
        code: str | None,
        now: datetime,
        action: FailureAction | None = None,
    ) -> bool:
        return outbox_receipts.receipt(
            self._connection, self._sealer, reference, provider_id, status, code, now, action
        )

    def cancel_to(self, number: str, now: datetime) -> int:
        statement = (
            update(notice)
            .where(notice.c.phone_hash == self._sealer.phone_hash(number), in_state(*PENDING))
            .values(state=NoticeState.CANCELLED.value, error_code="opted_out")
            .returning(notice.c.id)
        )
        cancelled = list(self._connection.scalars(statement))
        if cancelled:
            hasten(self._connection, cancelled, now)
        return len(cancelled)

    def call_off_drill(self, incident: str) -> int:
        done = self._connection.execute(
            update(notice)
            .where(
                notice.c.incident == incident,
                notice.c.kind == MessageKind.DRILL.value,
                in_state(*PENDING),
            )
            .values(state=NoticeState.CANCELLED.value, error_code="drill_over")
        )
        return done.rowcount

    def pending_count(self) -> int:
        query = select(func.count()).select_from(notice).where(in_state(NoticeState.READY))
        claimed = select(func.count()).select_from(notice).where(in_state(NoticeState.CLAIMED))
        return (self._connection.scalar(query) or 0) + (self._connection.scalar(claimed) or 0)
