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
    false,
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
    Column("allow_private", Boolean, nullable=False, server_default=false()),
    Column("signatures", String(10), nullable=False, server_default="ignored"),
    Column("certificates", Text),  # PEM
    Column("alarmed_at", UtcDateTime),  # since when its silence is an alarm
    Column("link_rules", Json, nullable=False, server_default="[]"),  # as an officer writes them
)

# One row for each answer of a feed: how it has been answering, and how fast.
fetch = Table(
    "fetch",
    metadata,
    id_column(),
    Column("feed", String(100), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("status", Integer),  # of HTTP; none where nothing was answered
    Column("bytes", Integer, nullable=False),
    Column("new", Integer, nullable=False),  # warnings that were not stored before
    Column("updated", Integer, nullable=False),  # documents that had changed
    Column("unread", Integer, nullable=False),  # documents that could not be had or read
    Column("ms", Integer, nullable=False),
    Column("problem", Text),
    Index(None, "feed", "at"),
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
    Column("etag", Text),
    Column("last_modified", Text),
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
    Column("joined_by", Text),  # why it is of its incident, where others were there before
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
    Column("kind", String(20), nullable=False),  # 'reference', 'incident' or 'event'
    Column("sender", Text),
    Column("identifier", Text, nullable=False),
    Column("sent", UtcDateTime),
    Index(None, "identifier"),
)

# Real by their status, a test by their text: an officer decides, or is reminded to.
hold = Table(
    "hold",
    metadata,
    Column("warning_id", Id, ForeignKey("warning.id"), primary_key=True),
    Column("reason", Text, nullable=False),
    Column("held_at", UtcDateTime, nullable=False),
    Column("deadline", UtcDateTime, nullable=False),
    Column("alarmed_at", UtcDateTime),
    Column("decision", String(10)),  # 'release' or 'discard'
    Column("decided_at", UtcDateTime),
    Column("decided_by", String(100)),
)

# Areas that no table of the office knows: somebody may live there.
unknown_area = Table(
    "unknown_area",
    metadata,
    Column("sender", String(200), primary_key=True),
    Column("system", String(100), primary_key=True),  # the geocode's name; empty for a name only
    Column("value", String(200), primary_key=True),
    Column("times", Integer, nullable=False),
    Column("first_at", UtcDateTime, nullable=False),
    Column("last_at", UtcDateTime, nullable=False),
    Column("warning_id", Id, ForeignKey("warning.id"), nullable=False),  # the latest
)
