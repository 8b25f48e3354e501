"""Versions of the rules, and what was done with them."""

from sqlalchemy import Column, ForeignKey, String, Table, Text

from carealert.adapters.db.tables.base import id_column, metadata
from carealert.adapters.db.types import Json, UtcDateTime

rule_version = Table(
    "rule_version",
    metadata,
    Column("version", String(64), primary_key=True),  # the hash of what the rules say
    Column("texts", Json, nullable=False),  # [layer, name, text] of each file
    Column("kept_at", UtcDateTime, nullable=False),
)

rule_step = Table(
    "rule_step",
    metadata,
    id_column(),
    Column("version", String(64), ForeignKey("rule_version.version"), nullable=False),
    Column("kind", String(12), nullable=False),
    Column("by", String(60), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("effective", UtcDateTime, nullable=False),
    Column("note", Text, nullable=False),
)
