"""The console's reader: set-based reads, one transaction a page, no key to open sealed columns."""

from collections.abc import Collection, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine, case, select

from carealert.adapters.db.board.counts import Counts, counts_of
from carealert.adapters.db.board.drills import drill_counts
from carealert.adapters.db.board.facilities import facility_rows, questions, statuses
from carealert.adapters.db.board.held import held_rows, newest_unmapped
from carealert.adapters.db.board.map import Shapes, facility_features, place_features
from carealert.adapters.db.board.part import facilities_in, is_in
from carealert.adapters.db.board.people import reach, rule_counts, subject_page
from carealert.adapters.db.board.pulse import newest_journal, pulse, unreadable
from carealert.adapters.db.board.reading import reading
from carealert.adapters.db.board.texts import texts
from carealert.adapters.db.board.timeline import timeline
from carealert.adapters.db.board.unknown import unknown_areas
from carealert.adapters.db.board.warnings import Head, Messages
from carealert.adapters.db.tables import subject, task
from carealert.domain.notices import SubjectState
from carealert.domain.warnings import Status
from carealert.services.watching import (
    FacilityRow,
    FeedsView,
    GeoJson,
    IncidentSummary,
    IncidentView,
    Now,
    Phase,
    ServiceStatus,
    SubjectPage,
    TaskRow,
)

#: The first screen shows the first of the open tasks; the cards count them all.
FIRST_TASKS = 8
MOST_TASKS = 500


class SqlBoard:
    """BoardReader on an engine. `assumed_life` is how long a warning without `expires` holds."""

    def __init__(self, engine: Engine, assumed_life: timedelta = timedelta(hours=12)) -> None:
        self._engine = engine.execution_options(carealert_reading=True)
        self._messages = Messages(assumed_life)
        self._shapes = Shapes()

    def _reading(self) -> AbstractContextManager[Connection]:
        return reading(self._engine)

    def answers(self) -> None:
        with self._reading() as connection:
            connection.execute(select(1))

    def now(self, now: datetime) -> Now:
        with self._reading() as connection:
            summaries = self._summaries(connection, now)
            ids = [one.id for one in summaries]
            asked = questions(connection, _active(summaries))
            return Now(
                incidents=tuple(summaries),
                facilities=tuple(facility_rows(connection, now, asked)),
                tasks=_tasks(connection, limit=FIRST_TASKS),
                pulse=pulse(connection, ids, now),
                unknown_areas=unknown_areas(connection, now),
                held=held_rows(connection),
                unmapped=newest_unmapped(connection),
                texts=texts(connection),
            )

    def incident(self, incident: str, now: datetime) -> IncidentView | None:
        with self._reading() as connection:
            head = self._messages.head(connection, incident, now)
            if head is None:
                return None
            messages = self._messages.history(connection, incident)
            asked = questions(connection, [incident])
            refs = {question.ref for question in asked}
            spoken = head.message.infos or next(
                (one.infos for one in reversed(messages) if one.infos), ()
            )
            return IncidentView(
                summary=self._summarise(connection, [head], now)[0],
                texts=tuple(info.text for info in spoken),
                timeline=timeline(connection, incident, messages),
                reach=reach(connection, incident),
                rules=rule_counts(connection, incident),
                facilities=tuple(facility_rows(connection, now, asked, refs)),
                tasks=_tasks(connection, incident),
            )

    def subjects(
        self, incident: str, state: SubjectState | None, page: int, areas: Collection[str] = ()
    ) -> SubjectPage:
        with self._reading() as connection:
            return subject_page(connection, incident, state, page, areas)

    def facilities(self, now: datetime, areas: Collection[str] = ()) -> Sequence[FacilityRow]:
        with self._reading() as connection:
            rows = self._facilities(connection, self._summaries(connection, now), now)
            if not areas:
                return rows
            mine = {row.ref for row in connection.execute(facilities_in(connection, areas))}
            return [row for row in rows if row.ref in mine]

    def tasks(self, now: datetime, areas: Collection[str] = ()) -> Sequence[TaskRow]:  # noqa: ARG002
        with self._reading() as connection:
            return _tasks(connection, areas=areas)

    def feeds(self, now: datetime) -> FeedsView:
        with self._reading() as connection:
            ids = [head.message.incident for head in self._messages.heads(connection, now)]
            return FeedsView(
                pulse(connection, ids, now), unreadable(connection, now), newest_journal(connection)
            )

    def warned_areas(self, now: datetime, incident: str | None = None) -> GeoJson:
        with self._reading() as connection:
            summaries = self._summaries(connection, now)
            facilities = self._facilities(connection, summaries, now)
            shown = [
                one for one in summaries if (one.id == incident if incident else _on_the_map(one))
            ]
            warned = self._shapes.warned(connection, shown)
            points = facility_features(connection, facilities)
            return {**warned, "features": [*warned["features"], *points["features"]]}

    def places(self) -> GeoJson:
        with self._reading() as connection:
            return place_features(connection)

    def _summaries(self, connection: Connection, now: datetime) -> list[IncidentSummary]:
        return self._summarise(connection, self._messages.heads(connection, now), now)

    def _summarise(
        self, connection: Connection, heads: Sequence[Head], now: datetime
    ) -> list[IncidentSummary]:
        ids = [head.message.incident for head in heads]
        counts = counts_of(connection, ids)
        facilities = statuses(connection, questions(connection, ids), now)
        drills = drill_counts(
            connection, [h.message.incident for h in heads if h.message.status == Status.EXERCISE]
        )
        found = [
            replace(
                _summary(head, counts[key], facilities.get(key, {})),
                drill=drills.get(key),
            )
            for head in heads
            for key in [head.message.incident]
        ]
        order = {head.message.incident: head.rank for head in heads}
        return sorted(found, key=lambda one: (order[one.id], -one.people.matched, one.id))

    def _facilities(
        self, connection: Connection, summaries: Sequence[IncidentSummary], now: datetime
    ) -> list[FacilityRow]:
        return facility_rows(connection, now, questions(connection, _active(summaries)))


def _active(summaries: Sequence[IncidentSummary]) -> list[str]:
    return [one.id for one in summaries if one.phase is Phase.ACTIVE]


def _on_the_map(one: IncidentSummary) -> bool:
    return one.phase is Phase.ACTIVE and one.concerns_us


def _tasks(
    connection: Connection,
    incident: str | None = None,
    limit: int = MOST_TASKS,
    areas: Collection[str] = (),
) -> tuple[TaskRow, ...]:
    mine = (
        (subject.c.incident == task.c.incident)
        & (subject.c.kind == task.c.kind)
        & (subject.c.ref == task.c.ref)
    )
    help_first = case((subject.c.state == SubjectState.NEEDS_HELP.value, 0), else_=1)
    query = (
        select(task, subject.c.state)
        .outerjoin(subject, mine)
        .where(task.c.closed_at.is_(None))
        .order_by(help_first, task.c.created_at, task.c.id)
    )
    if incident is not None:
        query = query.where(task.c.incident == incident)
    if areas:
        query = query.where(is_in(connection, areas, task.c.kind, task.c.ref))
    query = query.limit(limit)
    return tuple(
        TaskRow(
            row.incident,
            row.kind,
            row.ref,
            row.what,
            SubjectState(row.state) if row.state else None,
            row.created_at,
        )
        for row in connection.execute(query)
    )


def _summary(head: Head, counts: Counts, facilities: dict[ServiceStatus, int]) -> IncidentSummary:
    message, info = head.message, head.info
    return IncidentSummary(
        id=message.incident,
        phase=head.phase,
        status=message.status,
        msg_type=message.msg_type,
        hazard=info.hazard,
        event=info.text.event,
        headline=info.text.headline,
        language=info.text.language,
        sender_name=info.sender_name or message.sender,
        severity=info.severity,
        urgency=info.urgency,
        certainty=info.certainty,
        areas=info.areas,
        sent=message.sent,
        onset=info.onset,
        expires=info.expires,
        ends_at=head.ends_at,
        planned=head.planned,
        people=counts.people,
        messages=counts.messages,
        facilities=facilities,
        not_sent=counts.not_sent,
        open_tasks=counts.open_tasks,
    )
