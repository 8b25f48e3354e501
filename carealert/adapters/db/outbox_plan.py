"""A decision written, whole or in parts: each part is complete in itself."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, and_, not_, or_, select, update

from carealert.adapters.db.bulk import Alike, Bulk, Ready
from carealert.adapters.db.deciding import begin
from carealert.adapters.db.lists import one_of
from carealert.adapters.db.outbox_rows import (
    PENDING,
    in_state,
    insert_notices,
)
from carealert.adapters.db.subjects import (
    clear_timers,
    open_tasks,
    put_states,
    put_timers,
    stop_timers,
)
from carealert.adapters.db.tables import match, not_sent, notice, warning
from carealert.adapters.sealing import Sealer
from carealert.domain.notices import MessageKind, Notice, NoticeState, RecipientKind
from carealert.domain.plan import Match, NotSent, Plan
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
    *,
    is_look: bool = False,
) -> int:
    """Write a part of a decision whole, or what a later look adds; return the new notices."""
    incident, revision = connection.execute(
        select(warning.c.incident, warning.c.revision).where(warning.c.id == warning_id)
    ).one()
    _record(connection, plan, decided, is_look=is_look)
    _supersede(connection, plan, incident, revision, now if is_look else None)
    stop_timers(connection, incident, plan.states)
    if is_look:
        clear_timers(connection, incident, plan.timers)
    put_states(connection, incident, plan.states, now)
    new = insert_notices(connection, sealer, notices, warning_id, now)
    put_timers(connection, plan.timers, warning_id)
    open_tasks(
        connection, incident, [(task.kind, task.ref, task.reason) for task in plan.tasks], now
    )
    return new


def _unrecorded(connection: Connection, plan: Plan, decided: int) -> Plan:
    """The plan without the refusals that stand in the decision already."""
    of = not_sent.c
    refs = {one.ref for one in plan.not_sent}
    query = select(of.kind, of.ref, of.rule, of.reason).where(
        of.decision_id == decided, one_of(connection, of.ref, refs)
    )
    known = {tuple(row) for row in connection.execute(query)}
    new = [
        one for one in plan.not_sent if (one.kind, one.ref, one.rule, one.reason.value) not in known
    ]
    return replace(plan, not_sent=tuple(new))


def _record(connection: Connection, plan: Plan, decided: int, *, is_look: bool) -> None:
    """Who matched and why, and who is not told and why; of a look what is not recorded yet."""
    plan = _unrecorded(connection, plan, decided) if is_look else plan
    bulk = Bulk(connection, match, _MATCH, keep_first=is_look)
    alike = Alike(bulk, ("ref",))
    bulk.write(connection, [_match_row(alike, decided, found) for found in plan.matches])
    bulk = Bulk(connection, not_sent, _NOT_SENT)
    alike = Alike(bulk, ("ref",))
    bulk.write(connection, [_refusal_row(alike, decided, refused) for refused in plan.not_sent])


def _match_row(alike: Alike, decided: int, found: Match) -> Ready:
    """Hundreds match a rule for the same reasons: what may be recorded of them is asked once."""
    return alike.ready(
        (found.kind, found.rule, found.info, found.reasons),
        (found.ref,),
        lambda: {
            "decision_id": decided,
            "kind": found.kind.value,
            "rule": found.rule,
            "info": found.info,
            "reasons": list(discreet_reasons(found.kind.value, found.reasons)),
        },
    )


def _refusal_row(alike: Alike, decided: int, refused: NotSent) -> Ready:
    return alike.ready(
        (refused.kind, refused.rule, refused.reason, refused.detail),
        (refused.ref,),
        lambda: {
            "decision_id": decided,
            "kind": refused.kind,
            "rule": refused.rule,
            "reason": refused.reason.value,
            "detail": refused.detail,
        },
    )


def _supersede(
    connection: Connection, plan: Plan, incident: str, revision: int, look_at: datetime | None
) -> None:
    """Stop what recipients have not been sent yet and need not hear any more.

    Of the same message that is only what was decided before a look at `look_at`.

    A leased notice is marked as well: it may be at the gateway already, but is never sent again.
    What the desk is asked to do for one person is not undone by a message about another.
    """
    if revision == 0 and look_at is None:
        return  # nothing came before the first message
    refs: dict[RecipientKind, list[str]] = {}
    for kind, ref in plan.superseded:
        refs.setdefault(kind, []).append(ref)
    earlier = notice.c.revision < revision
    if look_at is not None:
        same = and_(notice.c.revision == revision, notice.c.created_at < look_at)
        earlier = or_(earlier, same)
    for kind, own in refs.items():
        for_desk = and_(notice.c.recipient_kind == RecipientKind.CITY_DESK.value, notice.c.step > 0)
        connection.execute(
            update(notice)
            .where(
                notice.c.incident == incident,
                earlier,
                notice.c.recipient_kind == kind.value,
                one_of(connection, notice.c.recipient_ref, own),
                in_state(*PENDING),
                not_(for_desk),
                notice.c.kind != MessageKind.SETTLED.value,  # a call for help stays news
            )
            .values(state=NoticeState.SUPERSEDED.value)
        )
