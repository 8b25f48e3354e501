"""When a warning is looked at again, though no message came."""

from sqlalchemy import Column, ForeignKey, Index, SmallInteger, String, Table, text

from carealert.adapters.db.tables.base import Id, metadata
from carealert.adapters.db.types import Json, UtcDateTime

look = Table(
    "look",
    metadata,
    Column("warning_id", Id, ForeignKey("warning.id"), primary_key=True),
    Column("kind", String(20), primary_key=True),
    Column("number", SmallInteger, primary_key=True),
    Column("due_at", UtcDateTime, nullable=False),
    Column("repeats", Json, nullable=False),  # ids of rules
    Column("done_at", UtcDateTime),
    Index(
        "ix_look_due",
        "due_at",
        sqlite_where=text("done_at IS NULL"),
        postgresql_where=text("done_at IS NULL"),
    ),
)
