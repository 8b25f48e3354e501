"""What waits for an officer's word, and words that nobody has mapped: for the first screen."""

from typing import Any

from sqlalchemy import Connection, Row, select

from carealert.adapters.db.tables import hold, warning
from carealert.adapters.db.unmapped import unmapped_events
from carealert.services.discretion import without_contacts
from carealert.services.ports.feeds import UnmappedEvent
from carealert.services.ports.holds import HeldRow

#: The first screen looks at the newest warnings only; `carealert warnings unmapped` at all.
NEWEST, FIRST = 300, 5


def held_rows(connection: Connection) -> tuple[HeldRow, ...]:
    """Every open hold whose message stands, the first deadline first."""
    query = (
        select(hold, warning.c.incident, warning.c.sender, warning.c.body)
        .join(warning, warning.c.id == hold.c.warning_id)
        .where(hold.c.decision.is_(None), warning.c.superseded_by.is_(None))
        .order_by(hold.c.deadline, hold.c.warning_id)
    )
    return tuple(_held(row) for row in connection.execute(query))


def newest_unmapped(connection: Connection) -> tuple[UnmappedEvent, ...]:
    """The most frequent events of late that no table of hazards knows."""
    found = unmapped_events(connection, NEWEST)[:FIRST]
    return tuple(
        UnmappedEvent(
            without_contacts(one.sender),
            without_contacts(one.event),
            one.language,
            one.category,
            one.hazard,
            one.times,
            one.last_at,
        )
        for one in found
    )


def _held(row: Row[Any]) -> HeldRow:
    infos = row.body.get("infos") or [{}]
    return HeldRow(
        row.warning_id,
        row.incident,
        without_contacts(row.sender),
        without_contacts(infos[0].get("event") or ""),
        infos[0].get("language"),
        without_contacts(row.reason),
        row.held_at,
        row.deadline,
    )
