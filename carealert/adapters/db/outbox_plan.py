"""A decision written whole, and what earlier decisions of its incident have led to."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, and_, not_, select, update

from carealert.adapters.db.bulk import Bulk
from carealert.adapters.db.conflicts import insert_into
from carealert.adapters.db.lists import one_of
from carealert.adapters.db.outbox_rows import (
    PENDING,
    in_state,
    insert_notices,
    may_be_heard,
    told_of,
)
from carealert.adapters.db.reduced import is_reduced
from carealert.adapters.db.subjects import open_tasks, put_states, put_timers, stop_timers
from carealert.adapters.db.tables import decision, match, not_sent, notice, subject, warning
from carealert.adapters.sealing import Sealer
from carealert.domain.notices import MessageKind, Notice, NoticeState, RecipientKind, SubjectState
from carealert.domain.plan import IncidentHistory, Match, Plan, Told
from carealert.domain.rules import SubjectKind
from carealert.services.discretion import discreet_reasons

#: The kinds after which somebody knows of the incident, and the one after which it is over.
_STORY = (
    MessageKind.ALERT,
    MessageKind.UPDATE,
    MessageKind.FACILITY_CONFIRM,
    MessageKind.STAND_DOWN,
)

_MATCH = ("decision_id", "kind", "ref", "rule", "info", "reasons")
_NOT_SENT = ("decision_id", "kind", "ref", "rule", "reason", "detail")


def history(
    connection: Connection, sealer: Sealer, incident: str, revision: int
) -> IncidentHistory:
    """Who was told what last, and the state of every subject.

    Somebody whose last message was a stand-down has heard the end: a later warning is new to them,
    and so it is where that message is too old for its text to be kept.
    """
    query = (
        select(notice)
        .where(
            notice.c.incident == incident,
            notice.c.kind.in_([kind.value for kind in _STORY]),
            may_be_heard(),
        )
        .order_by(notice.c.revision, notice.c.created_at, notice.c.id)
    )
    newest = {(row.recipient_kind, row.recipient_ref): row for row in connection.execute(query)}
    told: dict[tuple[RecipientKind, str], Told] = {
        (RecipientKind(kind), ref): told_of(row, sealer)
        for (kind, ref), row in newest.items()
        if row.kind != MessageKind.STAND_DOWN.value and not is_reduced(row.facts)
    }
    return IncidentHistory(incident, revision, told, states_of(connection, incident))


def states_of(connection: Connection, incident: str) -> dict[tuple[SubjectKind, str], SubjectState]:
    """(kind, ref) -> state of every subject of an incident."""
    query = select(subject.c.kind, subject.c.ref, subject.c.state).where(
        subject.c.incident == incident
    )
    return {
        (SubjectKind(row.kind), row.ref): SubjectState(row.state)
        for row in connection.execute(query)
    }


def save_plan(
    connection: Connection,
    sealer: Sealer,
    plan: Plan,
    notices: Sequence[Notice],
    warning_id: int,
    rules_version: str,
    now: datetime,
) -> int:
    """Write a decision; 0 and nothing written where this warning was decided before."""
    incident, revision = connection.execute(
        select(warning.c.incident, warning.c.revision).where(warning.c.id == warning_id)
    ).one()
    decided = connection.scalar(
        insert_into(connection, decision)
        .values(
            warning_id=warning_id, incident=incident, rules_version=rules_version, decided_at=now
        )
        .on_conflict_do_nothing()
        .returning(decision.c.id)
    )
    if decided is None:
        return 0
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
