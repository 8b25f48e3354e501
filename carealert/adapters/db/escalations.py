"""Timers, states and tasks: what happens when nobody answers."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, literal, or_, select, update

from carealert.adapters.db import subjects, told
from carealert.adapters.db.lists import one_of
from carealert.adapters.db.tables import escalation_timer, subject
from carealert.domain.notices import SubjectState
from carealert.domain.plan import DeskTask, Timer
from carealert.domain.rules import SubjectKind

#: Written into the SQL, because a bound value would hide the partial index.
WAITS = escalation_timer.c.state == literal(subjects.WAITING, literal_execute=True)
SETTLED = [
    state.value for state in SubjectState if state.is_answered or state is SubjectState.STOOD_DOWN
]


class SqlEscalations:
    """EscalationStore on a connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def due(self, now: datetime, limit: int = 500) -> Sequence[tuple[Timer, int]]:
        timer = escalation_timer.c
        own = and_(
            subject.c.incident == timer.incident,
            subject.c.kind == timer.kind,
            subject.c.ref == timer.ref,
        )
        query = (
            select(escalation_timer)
            .outerjoin(subject, own)
            .where(
                WAITS,
                timer.due_at <= now,
                or_(subject.c.state.is_(None), subject.c.state.not_in(SETTLED)),
            )
            .order_by(timer.due_at, timer.incident, timer.kind, timer.ref, timer.step)
            .limit(limit)
        )
        return [(_timer(row), row.warning_id) for row in self._connection.execute(query)]

    def advance(self, timer: Timer, following: Timer | None, now: datetime) -> None:
        self.advance_all([(timer, following)], now)

    def advance_all(
        self,
        advances: Sequence[tuple[Timer, Timer | None]],
        now: datetime,  # noqa: ARG002
    ) -> None:
        groups: dict[_Step, dict[str, Timer | None]] = {}
        for timer, following in advances:
            groups.setdefault(_step_of(timer), {})[timer.ref] = following
        for step, of_refs in groups.items():
            self._advance(step, of_refs)

    def _advance(self, step: "_Step", of_refs: Mapping[str, Timer | None]) -> None:
        """Fire the timers of one step; one that was stopped meanwhile is followed by nothing."""
        own = and_(
            *(escalation_timer.c[name] == value for name, value in zip(_STEP, step, strict=True)),
            one_of(self._connection, escalation_timer.c.ref, of_refs),
            escalation_timer.c.state != subjects.STOPPED,
        )
        alive = self._connection.execute(
            select(escalation_timer.c.ref, escalation_timer.c.warning_id)
            .where(own)
            .with_for_update()
        ).all()
        self._connection.execute(update(escalation_timer).where(own).values(state=subjects.FIRED))
        following: dict[int, list[Timer]] = {}
        for row in alive:
            if (timer := of_refs[row.ref]) is not None:
                following.setdefault(row.warning_id, []).append(timer)
        for warning_id, timers in following.items():
            subjects.put_timers(self._connection, timers, warning_id)

    def hand_over(self, incident: str, tasks: Sequence[DeskTask], now: datetime) -> None:
        states = {(task.kind, task.ref): SubjectState.WITH_DESK for task in tasks}
        subjects.put_states(self._connection, incident, states, now)
        asked = [(task.kind, task.ref, task.reason) for task in tasks]
        subjects.open_tasks(self._connection, incident, asked, now)

    def set_state(
        self, incident: str, kind: SubjectKind, ref: str, state: SubjectState, now: datetime
    ) -> None:
        subjects.put_states(self._connection, incident, {(kind, ref): state}, now)
        if state.value in SETTLED:
            subjects.stop_timers(self._connection, incident, [(kind, ref)])

    def add_task(
        self, incident: str, kind: SubjectKind, ref: str, what: str, now: datetime
    ) -> None:
        subjects.open_tasks(self._connection, incident, [(kind, ref, what)], now)

    def states(
        self, incident: str, among: Collection[tuple[SubjectKind, str]] | None = None
    ) -> Mapping[tuple[SubjectKind, str], SubjectState]:
        return told.states_of(self._connection, incident, among)


#: What the timers of one step of one rule have in common.
_STEP = ("incident", "kind", "rule", "step", "revision")
_Step = tuple[str, str, str, int, int]


def _step_of(timer: Timer) -> _Step:
    return timer.incident, timer.kind.value, timer.rule, timer.step, timer.revision


def _timer(row: Row[Any]) -> Timer:
    return Timer(
        row.incident,
        SubjectKind(row.kind),
        row.ref,
        row.rule,
        row.step,
        row.revision,
        row.info,
        row.started_at,
        row.due_at,
    )
