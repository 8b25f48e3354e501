"""Notices on their way, their attempts and receipts, and what came back."""

from sqlalchemy import (
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from carealert.adapters.db.tables.base import Id, id_column, metadata
from carealert.adapters.db.types import Json, UtcDateTime

notice = Table(
    "notice",
    metadata,
    Column("id", String(36), primary_key=True),  # UUID v5 of the idempotency key
    Column("idempotency_key", Text, nullable=False, unique=True),
    Column("incident", String(36), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("warning_id", Id, ForeignKey("warning.id")),
    Column("recipient_kind", String(20), nullable=False),
    Column("recipient_ref", String(60), nullable=False),
    Column("phone_hash", LargeBinary, nullable=False),
    Column("phone_sealed", LargeBinary, nullable=False),  # as decided, then as sent to
    Column("phone_sharing", String(20), nullable=False),
    Column("second_language", String(35)),
    Column("about", Json, nullable=False),  # refs
    Column("rule", String(80), nullable=False),
    Column("step", SmallInteger, nullable=False),
    Column("kind", String(20), nullable=False),
    Column("priority", SmallInteger, nullable=False),
    Column("channel", String(20), nullable=False),
    Column("wording", String(20), nullable=False),
    Column("template", String(80), nullable=False),
    Column("language", String(35), nullable=False),  # of the text
    Column("wanted_language", String(35), nullable=False),  # of the recipient
    Column("facts", Json, nullable=False),
    Column("text_sealed", LargeBinary, nullable=False),
    Column("encoding", String(10), nullable=False),
    Column("segments", SmallInteger, nullable=False),
    Column("expected_replies", Json, nullable=False),
    Column("reasons", Json, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("due_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("state", String(20), nullable=False),
    Column("worker", String(80)),
    Column("lease_until", UtcDateTime),
    Column("attempts", SmallInteger, nullable=False, server_default="0"),
    Column("delivery_status", String(20)),
    Column("delivered_at", UtcDateTime),
    Column("error_code", String(20)),
    Column("answer", String(30)),
    Column("answered_at", UtcDateTime),
    Column("erased_at", UtcDateTime),  # the text: kept long enough
    Index(
        "ix_notice_ready",
        "channel",
        "priority",
        "due_at",
        "id",
        sqlite_where=text("state = 'ready'"),
        postgresql_where=text("state = 'ready'"),
    ),
    Index(
        "ix_notice_leased",
        "lease_until",
        sqlite_where=text("state = 'claimed'"),
        postgresql_where=text("state = 'claimed'"),
    ),
    Index(None, "incident", "recipient_kind", "recipient_ref"),
    Index(None, "phone_hash", "created_at"),
)

# Whom a notice is about, found by the person: an answer or a failed send asks for just that. The
# desk's notices have no rows here; they are about what others did not answer.
notice_about = Table(
    "notice_about",
    metadata,
    Column("incident", String(36), primary_key=True),
    Column("kind", String(20), primary_key=True),
    Column("ref", String(60), primary_key=True),
    Column("notice_id", String(36), ForeignKey("notice.id"), primary_key=True),
    Index(None, "notice_id"),
)

attempt = Table(
    "attempt",
    metadata,
    Column("notice_id", String(36), ForeignKey("notice.id"), primary_key=True),
    Column("number", SmallInteger, primary_key=True),
    Column("started_at", UtcDateTime, nullable=False),
    Column("finished_at", UtcDateTime),
    Column("looked_at", UtcDateTime),
    Column("state", String(20), nullable=False),  # see outbox_results.py
    Column("provider_id", String(64), unique=True),
    Column("sender", String(60)),
    Column("error_code", String(20)),
    Column("error", Text),
    Column("asked_at", UtcDateTime),  # the gateway was asked what became of it
    Column("redacted_at", UtcDateTime),  # the gateway was asked to forget the text
    Index(
        "ix_attempt_unfinished",
        "started_at",
        sqlite_where=text("state IN ('open', 'unknown')"),
        postgresql_where=text("state IN ('open', 'unknown')"),
    ),
)

delivery_event = Table(
    "delivery_event",
    metadata,
    id_column(),
    Column("notice_id", String(36), ForeignKey("notice.id"), nullable=False),
    Column("number", SmallInteger, nullable=False),
    Column("provider_id", String(64), nullable=False),
    Column("status", String(20), nullable=False),
    Column("error_code", String(20)),
    Column("at", UtcDateTime, nullable=False),
    UniqueConstraint("provider_id", "status"),
    Index(None, "notice_id"),
)

inbound = Table(
    "inbound",
    metadata,
    Column("provider_id", String(64), primary_key=True),
    Column("phone_hash", LargeBinary, nullable=False),
    Column("body_sealed", LargeBinary, nullable=False),
    Column("received_at", UtcDateTime, nullable=False),
    Column("meaning", String(30)),
    Column("notice_id", String(36), ForeignKey("notice.id")),
    Column("erased_at", UtcDateTime),  # what was written and by whom
    Index(None, "phone_hash", "received_at"),
)
