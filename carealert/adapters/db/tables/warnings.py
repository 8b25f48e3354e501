"""Feeds, documents, and the warnings read from them."""

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from carealert.adapters.db.tables.base import Id, id_column, metadata
from carealert.adapters.db.types import Json, UtcDateTime

feed = Table(
    "feed",
    metadata,
    Column("name", String(100), primary_key=True),
    Column("url", Text, nullable=False),
    Column("format", String(40), nullable=False),
    Column("interval_s", Integer, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("etag", Text),
    Column("last_modified", Text),
    Column("last_ok_at", UtcDateTime),
    Column("last_error", Text),
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("next_poll_at", UtcDateTime),
)

document = Table(
    "document",
    metadata,
    id_column(),
    Column("feed", String(100)),
    Column("url", Text, nullable=False),
    Column("updated", Text),
    Column("sha256", String(64), nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("fetched_at", UtcDateTime, nullable=False),
    Column("problem", Text),
    UniqueConstraint("url", "sha256"),
)

warning = Table(
    "warning",
    metadata,
    id_column(),
    Column("sender", Text, nullable=False),
    Column("identifier", Text, nullable=False),
    Column("sent", UtcDateTime, nullable=False),
    Column("incident", String(36), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("status", String(20)),
    Column("msg_type", String(20)),
    Column("body", Json, nullable=False),
    Column("document_id", Id, ForeignKey("document.id"), nullable=False),
    Column("received_at", UtcDateTime, nullable=False),
    Column("planned_at", UtcDateTime),
    Column("superseded_by", Id, ForeignKey("warning.id")),
    UniqueConstraint("sender", "identifier", "sent"),
    Index(None, "identifier"),
    Index(None, "incident", "revision"),
    Index(
        "ix_warning_unplanned",
        "id",
        sqlite_where=text("planned_at IS NULL"),
        postgresql_where=text("planned_at IS NULL"),
    ),
)

# Which identifiers a warning refers to, so that an Update that came first is found by its Alert.
reference = Table(
    "reference",
    metadata,
    Column("warning_id", Id, ForeignKey("warning.id"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("kind", String(20), nullable=False),  # 'reference' or 'incident'
    Column("sender", Text),
    Column("identifier", Text, nullable=False),
    Column("sent", UtcDateTime),
    Index(None, "identifier"),
)
