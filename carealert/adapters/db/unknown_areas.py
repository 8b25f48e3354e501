"""Areas that warnings name and the register lacks."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import Connection, case, delete, select, tuple_

from carealert.adapters.db.conflicts import insert_into
from carealert.adapters.db.tables import unknown_area
from carealert.services.ports.registry import UnknownArea

#: As wide as the table's columns; no code is longer, and a longer name says no more.
_SENDER, _SYSTEM, _VALUE = 200, 100, 200


class SqlUnknownAreas:
    """UnknownAreaStore on a connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def note(
        self, sender: str, unknown: Iterable[tuple[str, str]], warning_id: int, now: datetime
    ) -> None:
        keys = dict.fromkeys((system[:_SYSTEM], value[:_VALUE]) for system, value in unknown)
        rows = [
            {
                "sender": sender[:_SENDER],
                "system": system,
                "value": value,
                "times": 1,
                "first_at": now,
                "last_at": now,
                "warning_id": warning_id,
            }
            for system, value in sorted(keys)  # one order, so that two writers do not deadlock
        ]
        if not rows:
            return
        statement = insert_into(self._connection, unknown_area)
        again = unknown_area.c.warning_id == statement.excluded.warning_id
        self._connection.execute(
            statement.on_conflict_do_update(
                index_elements=["sender", "system", "value"],
                set_={
                    "times": unknown_area.c.times + case((again, 0), else_=1),
                    "last_at": statement.excluded.last_at,
                    "warning_id": statement.excluded.warning_id,
                },
            ),
            rows,
        )

    def all(self) -> Sequence[UnknownArea]:
        order = (
            unknown_area.c.times.desc(),
            unknown_area.c.last_at.desc(),
            unknown_area.c.sender,
            unknown_area.c.system,
            unknown_area.c.value,
        )
        rows = self._connection.execute(select(unknown_area).order_by(*order))
        return [UnknownArea(*row) for row in rows]

    def forget(self, known: Iterable[UnknownArea]) -> None:
        key = tuple_(unknown_area.c.sender, unknown_area.c.system, unknown_area.c.value)
        gone = [(one.sender, one.system, one.value) for one in known]
        for start in range(0, len(gone), _BATCH):
            some = gone[start : start + _BATCH]
            self._connection.execute(delete(unknown_area).where(key.in_(some)))


#: SQLite binds a limited number of values in one statement.
_BATCH = 200
