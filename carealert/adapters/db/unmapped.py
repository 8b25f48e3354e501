"""Events that no table of hazards knows, counted by the database from the stored bodies."""

from collections.abc import Sequence

from sqlalchemy import Connection, Row, text

from carealert.adapters.db.types import UtcDateTime
from carealert.services.ports.feeds import UnmappedEvent

#: What the hazard table says where only the category decided, or nothing did.
_BY_CATEGORY, _BY_NOTHING = "category ", "nothing in the message"

_SQLITE = """
    SELECT sender, event, language, category, hazard, count(*) AS times, max(received_at) AS last_at
    FROM (
        SELECT w.sender, w.received_at,
               json_extract(info.value, '$.event') AS event,
               json_extract(info.value, '$.language') AS language,
               json_extract(info.value, '$.categories[0]') AS category,
               json_extract(info.value, '$.hazard') AS hazard,
               json_extract(info.value, '$.evidence[0]') AS evidence
        FROM (SELECT sender, received_at, body FROM warning ORDER BY id DESC LIMIT :newest) AS w,
             json_each(w.body, '$.infos') AS info
    )"""
_POSTGRESQL = """
    SELECT sender, event, language, category, hazard, count(*) AS times, max(received_at) AS last_at
    FROM (
        SELECT w.sender, w.received_at,
               info ->> 'event' AS event,
               info ->> 'language' AS language,
               info -> 'categories' ->> 0 AS category,
               info ->> 'hazard' AS hazard,
               info -> 'evidence' ->> 0 AS evidence
        FROM (SELECT sender, received_at, body FROM warning ORDER BY id DESC LIMIT :newest) AS w
             CROSS JOIN LATERAL jsonb_array_elements(w.body -> 'infos') AS info
    ) AS said"""
_REST = """
    WHERE hazard = 'other' OR evidence LIKE :by_category OR evidence LIKE :by_nothing
    GROUP BY sender, event, language, category, hazard
    ORDER BY times DESC, sender, event, language
"""
_ALL = 2**31


def unmapped_events(connection: Connection, newest: int | None) -> Sequence[UnmappedEvent]:
    """The events of the newest warnings (of all, where None) that nothing mapped."""
    sql = _POSTGRESQL if connection.dialect.name == "postgresql" else _SQLITE
    query = text(sql + _REST).columns(last_at=UtcDateTime())
    values = {
        "newest": _ALL if newest is None else newest,
        "by_category": f"{_BY_CATEGORY}%",
        "by_nothing": f"{_BY_NOTHING}%",
    }
    return [_event(row) for row in connection.execute(query, values)]


def _event(row: Row[tuple[object, ...]]) -> UnmappedEvent:
    return UnmappedEvent(
        row.sender,
        row.event or "",
        row.language,
        row.category,
        row.hazard or "other",
        row.times,
        row.last_at,
    )
