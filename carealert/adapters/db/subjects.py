"""Subjects of an incident: their states, their timers, the desk's tasks about them."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, exists, select, tuple_, update

from carealert.adapters.db.bulk import Alike, Bulk, Ready
from carealert.adapters.db.conflicts import insert_into
from carealert.adapters.db.lists import one_of
from carealert.adapters.db.outbox_rows import may_be_heard
from carealert.adapters.db.tables import escalation_timer, notice, notice_about, subject, task
from carealert.domain.notices import MessageKind, SubjectState
from carealert.domain.plan import Timer
from carealert.domain.rules import SubjectKind

WAITING, FIRED, STOPPED = "waiting", "fired", "stopped"
SubjectKey = tuple[SubjectKind, str]
_SUBJECT = ("incident", "kind", "ref", "state", "since")
_TIMER = (
    "incident",
    "kind",
    "ref",
    "rule",
    "step",
    "revision",
    "warning_id",
    "info",
    "started_at",
    "due_at",
    "state",
)

#: Messages that an answer may follow.
ASKING = [
    kind.value
    for kind in (
        MessageKind.ALERT,
        MessageKind.UPDATE,
        MessageKind.FACILITY_CONFIRM,
        MessageKind.REMINDER,
    )
]


def put_states(
    connection: Connection,
    incident: str,
    states: Mapping[SubjectKey, SubjectState],
    now: datetime,
) -> None:
    """Write the states of these subjects."""
    bulk = Bulk(connection, subject, _SUBJECT, key=_SUBJECT[:3])
    alike = Alike(bulk, ("ref",))

    def row(kind: SubjectKind, ref: str, state: SubjectState) -> Ready:
        return alike.ready(
            (kind, state),
            (ref,),
            lambda: {
                "incident": incident,
                "kind": kind.value,
                "state": state.value,
                "since": now,
            },
        )

    bulk.write(connection, [row(kind, ref, state) for (kind, ref), state in states.items()])


def put_timers(connection: Connection, timers: Sequence[Timer], warning_id: int) -> None:
    """Write waiting timers; one that is there already stays as it is."""
    bulk = Bulk(connection, escalation_timer, _TIMER, keep_first=True)
    alike = Alike(bulk, ("ref",))
    bulk.write(connection, [_timer_row(alike, timer, warning_id) for timer in timers])


def _timer_row(alike: Alike, timer: Timer, warning_id: int) -> Ready:
    named = (timer.incident, timer.kind, timer.rule, timer.step, timer.revision)
    return alike.ready(
        (*named, timer.info, timer.started_at, timer.due_at),
        (timer.ref,),
        lambda: {
            "incident": timer.incident,
            "kind": timer.kind.value,
            "rule": timer.rule,
            "step": timer.step,
            "revision": timer.revision,
            "warning_id": warning_id,
            "info": timer.info,
            "started_at": timer.started_at,
            "due_at": timer.due_at,
            "state": WAITING,
        },
    )


def stop_timers(connection: Connection, incident: str, subjects: Iterable[SubjectKey]) -> None:
    """Stop every waiting timer of these subjects."""
    refs: dict[SubjectKind, list[str]] = {}
    for kind, ref in subjects:
        refs.setdefault(kind, []).append(ref)
    timer = escalation_timer.c
    for kind, own in refs.items():
        connection.execute(
            update(escalation_timer)
            .where(
                timer.incident == incident,
                timer.kind == kind.value,
                one_of(connection, timer.ref, own),
                timer.state == WAITING,
            )
            .values(state=STOPPED)
        )


def clear_timers(connection: Connection, incident: str, timers: Sequence[Timer]) -> None:
    """Make room for a chain that begins anew: take out the one that was run or stopped."""
    refs: dict[tuple[SubjectKind, str, int], list[str]] = {}
    for one in timers:
        refs.setdefault((one.kind, one.rule, one.revision), []).append(one.ref)
    timer = escalation_timer.c
    for (kind, rule, revision), own in refs.items():
        connection.execute(
            delete(escalation_timer).where(
                timer.incident == incident,
                timer.kind == kind.value,
                timer.rule == rule,
                timer.revision == revision,
                one_of(connection, timer.ref, own),
            )
        )


def hasten(connection: Connection, notice_ids: Iterable[str], now: datetime) -> None:
    """Make due now the timers of subjects whose silence is certain after these notices failed.

    It is certain where no other message that asks about the subject is on its way or arrived.
    """
    failed = list(notice_ids)
    if not failed:
        return
    about, other = notice_about.c, notice_about.alias("other").c
    still_asked = exists().where(
        other.incident == about.incident,
        other.kind == about.kind,
        other.ref == about.ref,
        notice.c.id == other.notice_id,
        notice.c.kind.in_(ASKING),
        may_be_heard(),
    )
    query = select(about.incident, about.kind, about.ref).distinct()
    query = query.where(one_of(connection, about.notice_id, failed), ~still_asked)
    # In one order everywhere: two writers that wait for each other would both be thrown out.
    silent = sorted(tuple(row) for row in connection.execute(query))
    if not silent:
        return
    timer = escalation_timer.c
    connection.execute(
        update(escalation_timer)
        .where(
            timer.incident == bindparam("of_incident"),
            timer.kind == bindparam("of_kind"),
            timer.ref == bindparam("of_ref"),
            timer.state == WAITING,
            timer.due_at > now,
        )
        .values(due_at=now),
        [{"of_incident": key[0], "of_kind": key[1], "of_ref": key[2]} for key in silent],
    )


def open_tasks(
    connection: Connection,
    incident: str,
    tasks: Sequence[tuple[SubjectKind, str, str]],
    now: datetime,
) -> None:
    """Ask the desk, once for a subject and a reason; a closed task is opened again."""
    if not tasks:
        return
    insert = insert_into(connection, task)
    connection.execute(
        insert.on_conflict_do_update(
            index_elements=[task.c.incident, task.c.kind, task.c.ref, task.c.what],
            set_={"created_at": insert.excluded.created_at, "closed_at": None},
            where=task.c.closed_at.is_not(None),
        ),
        [
            {"incident": incident, "kind": kind.value, "ref": ref, "what": what, "created_at": now}
            for kind, ref, what in tasks
        ],
    )


def answered_among(
    connection: Connection, subjects: Iterable[tuple[str, str, str]]
) -> set[tuple[str, str, str]]:
    """Those of these (incident, kind, ref) who have answered."""
    wanted = list(subjects)
    if not wanted:
        return set()
    states = [state.value for state in SubjectState if state.is_answered]
    key = tuple_(subject.c.incident, subject.c.kind, subject.c.ref)
    query = select(subject.c.incident, subject.c.kind, subject.c.ref).where(
        key.in_(wanted), subject.c.state.in_(states)
    )
    return {(row.incident, row.kind, row.ref) for row in connection.execute(query)}
