"""Officers on SQL."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, select

from carealert.adapters.db.conflicts import insert_into
from carealert.adapters.db.tables import officer as table
from carealert.domain.access import Actor, Role
from carealert.services.ports.officers import Officer


class SqlOfficers:
    """OfficerStore on one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def put(self, officer: Officer) -> None:
        who = officer.actor
        values = {
            "role": who.role.value,
            "areas": sorted(who.areas),
            "facilities": sorted(who.facilities),
            "since": officer.since,
            "ended_at": officer.ended_at,
        }
        statement = insert_into(self._connection, table).values(name=who.name, **values)
        self._connection.execute(
            statement.on_conflict_do_update(index_elements=["name"], set_=values)
        )

    def get(self, name: str) -> Officer | None:
        row = self._connection.execute(select(table).where(table.c.name == name)).one_or_none()
        return _officer(row) if row else None

    def all(self) -> Sequence[Officer]:
        rows = self._connection.execute(select(table).order_by(table.c.name))
        return [_officer(row) for row in rows]


def _officer(row: Row[Any]) -> Officer:
    who = Actor(row.name, Role(row.role), frozenset(row.areas), frozenset(row.facilities))
    return Officer(who, row.since, row.ended_at)
