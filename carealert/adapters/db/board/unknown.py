"""Areas that warnings named lately and the register lacks, for the first screen."""

from datetime import datetime, timedelta

from sqlalchemy import Connection, select

from carealert.adapters.db.tables import unknown_area
from carealert.services.discretion import without_contacts
from carealert.services.ports.registry import UnknownArea

#: Older ones are in `carealert areas unknown`.
LATELY = timedelta(days=30)


def unknown_areas(connection: Connection, now: datetime, limit: int = 6) -> tuple[UnknownArea, ...]:
    """The most often named first, at most `limit`; texts of strangers come without contacts."""
    query = (
        select(unknown_area)
        .where(unknown_area.c.last_at > now - LATELY)
        .order_by(unknown_area.c.times.desc(), unknown_area.c.last_at.desc(), unknown_area.c.value)
        .limit(limit)
    )
    return tuple(
        UnknownArea(without_contacts(row.sender), row.system, without_contacts(row.value), *row[3:])
        for row in connection.execute(query)
    )
