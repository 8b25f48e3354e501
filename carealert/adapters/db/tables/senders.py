"""What workers share about the ways out, and what is paused."""

from sqlalchemy import Column, Float, Integer, String, Table

from carealert.adapters.db.tables.base import metadata
from carealert.adapters.db.types import UtcDateTime

sender = Table(
    "sender",
    metadata,
    Column("name", String(60), primary_key=True),
    Column("tokens", Float, nullable=False, server_default="0"),  # segments, see domain/senders.py
    Column("refilled_at", UtcDateTime),
    Column("rests_until", UtcDateTime),
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("code", String(20)),
)

# A pause always ends by itself: one that is forgotten must not keep a warning back for ever.
pause = Table(
    "pause",
    metadata,
    Column("what", String(80), primary_key=True),  # all, a lane, or sender:NAME
    Column("until", UtcDateTime, nullable=False),
    Column("since", UtcDateTime, nullable=False),
    Column("by", String(60), nullable=False),
    Column("why", String(200), nullable=False),
)
