"""What was decided about a warning, and where everybody stands."""

from sqlalchemy import (
    Column,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from carealert.adapters.db.tables.base import Id, id_column, metadata
from carealert.adapters.db.types import Json, UtcDateTime

decision = Table(
    "decision",
    metadata,
    id_column(),
    Column("warning_id", Id, ForeignKey("warning.id"), nullable=False, unique=True),
    Column("incident", String(36), nullable=False),
    Column("rules_version", String(64), nullable=False),
    Column("decided_at", UtcDateTime, nullable=False),
    Index(None, "incident"),
)

match = Table(
    "match",
    metadata,
    Column("decision_id", Id, ForeignKey("decision.id"), primary_key=True),
    Column("kind", String(20), primary_key=True),
    Column("ref", String(60), primary_key=True),
    Column("rule", String(80), primary_key=True),
    Column("info", SmallInteger, nullable=False),
    Column("reasons", Json, nullable=False),
)

not_sent = Table(
    "not_sent",
    metadata,
    id_column(),
    Column("decision_id", Id, ForeignKey("decision.id"), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("ref", Text, nullable=False),
    Column("rule", String(80)),
    Column("reason", String(40), nullable=False),
    Column("detail", Text, nullable=False),
    Index(None, "decision_id"),
)

subject = Table(
    "subject",
    metadata,
    Column("incident", String(36), primary_key=True),
    Column("kind", String(20), primary_key=True),
    Column("ref", String(60), primary_key=True),
    Column("state", String(20), nullable=False),
    Column("since", UtcDateTime, nullable=False),
)

task = Table(
    "task",
    metadata,
    id_column(),
    Column("incident", String(36), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("ref", String(60), nullable=False),
    Column("what", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("closed_at", UtcDateTime),
    UniqueConstraint("incident", "kind", "ref", "what"),
)

escalation_timer = Table(
    "escalation_timer",
    metadata,
    Column("incident", String(36), primary_key=True),
    Column("kind", String(20), primary_key=True),
    Column("ref", String(60), primary_key=True),
    Column("rule", String(80), primary_key=True),
    Column("step", SmallInteger, primary_key=True),
    Column("revision", Integer, primary_key=True),
    Column("warning_id", Id, ForeignKey("warning.id"), nullable=False),
    Column("info", SmallInteger, nullable=False),
    Column("started_at", UtcDateTime, nullable=False),
    Column("due_at", UtcDateTime, nullable=False),
    Column("state", String(20), nullable=False),  # waiting, fired, stopped
    Index(
        "ix_escalation_timer_due",
        "due_at",
        sqlite_where=text("state = 'waiting'"),
        postgresql_where=text("state = 'waiting'"),
    ),
)
