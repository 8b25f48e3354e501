"""Named leases by compare-and-set, so that one process leads."""

from datetime import datetime, timedelta

from sqlalchemy import Connection, and_, case, or_, select, update

from carealert.adapters.db.conflicts import insert_into
from carealert.adapters.db.tables import lease


class SqlLeases:
    """LeaseStore on a connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def take(self, name: str, holder: str, now: datetime, length: timedelta) -> int | None:
        """The fence stays the same while one holder extends in time, and rises otherwise."""
        column = lease.c
        extends = and_(column.holder == holder, column.until > now)
        fence = self._connection.scalar(
            update(lease)
            .where(column.name == name, or_(column.until <= now, column.holder == holder))
            .values(
                holder=holder,
                until=now + length,
                fence=column.fence + case((extends, 0), else_=1),
            )
            .returning(column.fence)
        )
        if fence is not None:
            return int(fence)
        first = self._connection.scalar(
            insert_into(self._connection, lease)
            .values(name=name, holder=holder, until=now + length, fence=1)
            .on_conflict_do_nothing()
            .returning(column.fence)
        )
        return None if first is None else int(first)

    def until(self, name: str) -> datetime | None:
        """When the lease runs out or ran out; None where nobody ever took it."""
        return self._connection.scalar(select(lease.c.until).where(lease.c.name == name))
