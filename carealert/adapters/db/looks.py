"""Looks on SQL."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, and_, literal_column, select, update

from carealert.adapters.db.conflicts import insert_into
from carealert.adapters.db.tables import look as table
from carealert.adapters.db.tables import warning
from carealert.domain.looks import Look, LookKind
from carealert.services.ports.looks import DueLook

#: Written into the SQL, because a bound value would hide the partial index.
_WAITS: ColumnElement[bool] = literal_column("done_at IS NULL")


class SqlLooks:
    """LookStore on one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def put(self, warning_id: int, looks: Iterable[Look]) -> None:
        rows = [
            {
                "warning_id": warning_id,
                "kind": one.kind.value,
                "number": one.number,
                "due_at": one.due_at,
                "repeats": sorted(one.repeats),
            }
            for one in looks
        ]
        if rows:
            statement = insert_into(self._connection, table).on_conflict_do_nothing()
            self._connection.execute(statement, rows)

    def due(self, now: datetime, limit: int = 20) -> Sequence[DueLook]:
        query = (
            select(table)
            .where(_WAITS, table.c.due_at <= now)
            .order_by(table.c.due_at, table.c.warning_id, table.c.kind, table.c.number)
            .limit(limit)
        )
        return [
            DueLook(
                row.warning_id,
                Look(LookKind(row.kind), row.number, row.due_at, frozenset(row.repeats)),
            )
            for row in self._connection.execute(query)
        ]

    def waits(self, due: DueLook) -> bool:
        query = select(table.c.number).where(_is(due), _WAITS).with_for_update()
        return self._connection.execute(query).one_or_none() is not None

    def done(self, due: DueLook, now: datetime) -> None:
        self._connection.execute(update(table).where(_is(due)).values(done_at=now))

    def postpone(self, due: DueLook, until: datetime) -> None:
        self._connection.execute(update(table).where(_is(due)).values(due_at=until))

    def ended(self, incident: str, now: datetime, length: timedelta) -> None:
        of_incident = select(warning.c.id).where(warning.c.incident == incident)
        query = select(table.c.warning_id, table.c.number, table.c.due_at).where(
            _WAITS,
            table.c.kind == LookKind.AFTERWARDS.value,
            table.c.warning_id.in_(of_incident),
        )
        for row in self._connection.execute(query).all():
            sooner = now + row.number * length
            if sooner < row.due_at:
                one = DueLook(row.warning_id, Look(LookKind.AFTERWARDS, row.number, row.due_at))
                self.postpone(one, sooner)


def _is(due: DueLook) -> ColumnElement[bool]:
    of, look = table.c, due.look
    return and_(of.warning_id == due.warning, of.kind == look.kind.value, of.number == look.number)
