"""Who has read which texts, and what the worker makes of them. Nothing here is about residents."""

from sqlalchemy import Column, Index, String, Table, Text

from carealert.adapters.db.tables.base import id_column, metadata
from carealert.adapters.db.types import Json, UtcDateTime

language_signature = Table(
    "language_signature",
    metadata,
    id_column(),
    Column("language", String(35), nullable=False),
    Column("reviewer", String(60), nullable=False),  # a work name, as officers' are
    Column("role", String(60), nullable=False),
    Column("note", Text, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("files", Json, nullable=False),  # name -> SHA-256
    Column("by", String(60), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Index(None, "language"),
)

language_text = Table(
    "language_text",
    metadata,
    Column("language", String(35), primary_key=True),
    Column("files", Json, nullable=False),
    Column("seen_at", UtcDateTime, nullable=False),
)

broken_text = Table(
    "broken_text",
    metadata,
    Column("file", String(200), primary_key=True),
    Column("problem", Text, nullable=False),
    Column("since", UtcDateTime, nullable=False),
)
