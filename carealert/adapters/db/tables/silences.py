"""Rules and areas that are quiet for a while."""

from sqlalchemy import Column, Index, String, Table, Text

from carealert.adapters.db.tables.base import id_column, metadata
from carealert.adapters.db.types import UtcDateTime

silence = Table(
    "silence",
    metadata,
    id_column(),
    Column("rule", String(80)),  # one of the two
    Column("area", String(60)),
    Column("by", String(60), nullable=False),
    Column("reason", Text, nullable=False),
    Column("since", UtcDateTime, nullable=False),
    Column("until", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime),
    Index(None, "until"),
)
