"""The journal and the leases."""

from sqlalchemy import BigInteger, Column, Index, String, Table, Text

from carealert.adapters.db.tables.base import id_column, metadata
from carealert.adapters.db.types import Json, UtcDateTime

journal = Table(
    "journal",
    metadata,
    id_column(),
    Column("at", UtcDateTime, nullable=False),
    Column("event", String(60), nullable=False),
    Column("subject", Text, nullable=False),
    Column("details", Json, nullable=False),
    Index(None, "at"),
)

lease = Table(
    "lease",
    metadata,
    Column("name", String(60), primary_key=True),
    Column("holder", String(120), nullable=False),
    Column("until", UtcDateTime, nullable=False),
    Column("fence", BigInteger, nullable=False),
)
