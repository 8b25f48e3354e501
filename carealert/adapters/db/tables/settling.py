"""Answers that others are still to hear of."""

from sqlalchemy import Column, Index, String, Table

from carealert.adapters.db.tables.base import metadata
from carealert.adapters.db.types import Json, UtcDateTime

#: A row lives until the others are told, moments. It goes with its notice, whose key is no foreign
#: one: whoever is forgotten in between must not be kept by it.
settled = Table(
    "settled",
    metadata,
    Column("notice_id", String(36), primary_key=True),
    Column("answer", String(20), primary_key=True),
    Column("refs", Json, nullable=False),  # of residents
    Column("at", UtcDateTime, nullable=False),
    Index("ix_settled_at", "at"),
)
