"""A decision written, whole or in parts: each part is complete in itself."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, and_, not_, select, update

from carealert.adapters.db.bulk import Bulk
from carealert.adapters.db.deciding import begin
from carealert.adapters.db.lists import one_of
from carealert.adapters.db.outbox_rows import (
    PENDING,
    in_state,
    insert_notices,
)
from carealert.adapters.db.subjects import open_tasks, put_states, put_timers, stop_timers
from carealert.adapters.db.tables import match, not_sent, notice, warning
from carealert.adapters.sealing import Sealer
from carealert.domain.notices import Notice, NoticeState, RecipientKind
from carealert.domain.plan import Match, Plan
from carealert.services.discretion import discreet_reasons

_MATCH = ("decision_id", "kind", "ref", "rule", "info", "reasons")
_NOT_SENT = ("decision_id", "kind", "ref", "rule", "reason", "detail")


def save_plan(
    connection: Connection,
    sealer: Sealer,
    plan: Plan,
    notices: Sequence[Notice],
    warning_id: int,
    rules_version: str,
    now: datetime,
) -> int:
    """Write a decision in one part; 0 and nothing written where it was begun before."""
    decision = begin(connection, warning_id, rules_version, now)
    if decision is None or not decision.is_new:
        return 0
    return save_part(connection, sealer, decision.id, plan, notices, warning_id, now)


def save_part(
    connection: Connection,
    sealer: Sealer,
    decided: int,
    plan: Plan,
    notices: Sequence[Notice],
    warning_id: int,
    now: datetime,
) -> int:
    """Write a part of a decision whole; return how many notices are new."""
    incident, revision = connection.execute(
        select(warning.c.incident, warning.c.revision).where(warning.c.id == warning_id)
    ).one()
    _record(connection, plan, decided)
    _supersede(connection, plan, incident, revision)
    stop_timers(connection, incident, plan.states)
    put_states(connection, incident, plan.states, now)
    new = insert_notices(connection, sealer, notices, warning_id, now)
    put_timers(connection, plan.timers, warning_id)
    open_tasks(
        connection, incident, [(task.kind, task.ref, task.reason) for task in plan.tasks], now
    )
    return new


def _record(connection: Connection, plan: Plan, decided: int) -> None:
    """Who matched and why, and who is not told and why."""
    known: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    matches = (
        {
            "decision_id": decided,
            "kind": found.kind.value,
            "ref": found.ref,
            "rule": found.rule,
            "info": found.info,
            "reasons": _discreet(known, found),
        }
        for found in plan.matches
    )
    refusals = (
        {
            "decision_id": decided,
            "kind": refused.kind,
            "ref": refused.ref,
            "rule": refused.rule,
            "reason": refused.reason.value,
            "detail": refused.detail,
        }
        for refused in plan.not_sent
    )
    for table, names, rows in ((match, _MATCH, matches), (not_sent, _NOT_SENT, refusals)):
        bulk = Bulk(connection, table, names)
        bulk.write(connection, [bulk.ready(row) for row in rows])


def _discreet(known: dict[tuple[str, tuple[str, ...]], list[str]], found: Match) -> list[str]:
    """The reasons as they may be recorded; the same for all who match for the same ones."""
    key = found.kind.value, found.reasons
    if key not in known:
        known[key] = list(discreet_reasons(*key))
    return known[key]


def _supersede(connection: Connection, plan: Plan, incident: str, revision: int) -> None:
    """Stop what recipients have not been sent yet and need not hear any more.

    A leased notice is marked as well: it may be at the gateway already, but is never sent again.
    What the desk is asked to do for one person is not undone by a message about another.
    """
    refs: dict[RecipientKind, list[str]] = {}
    for kind, ref in plan.superseded:
        refs.setdefault(kind, []).append(ref)
    for kind, own in refs.items():
        for_desk = and_(notice.c.recipient_kind == RecipientKind.CITY_DESK.value, notice.c.step > 0)
        connection.execute(
            update(notice)
            .where(
                notice.c.incident == incident,
                notice.c.revision < revision,
                notice.c.recipient_kind == kind.value,
                one_of(connection, notice.c.recipient_ref, own),
                in_state(*PENDING),
                not_(for_desk),
            )
            .values(state=NoticeState.SUPERSEDED.value)
        )
