"""The journal and the leases."""

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    LargeBinary,
    SmallInteger,
    String,
    Table,
    Text,
    text,
)

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
    # Its place in the chain, soon after it was written: two writers then need not wait in line.
    Column("number", BigInteger, unique=True),
    Column("hash", LargeBinary),
    Index(None, "at"),
    Index(
        "ix_journal_unchained",
        "id",
        sqlite_where=text("number IS NULL"),
        postgresql_where=text("number IS NULL"),
    ),
)

# One row: the keys of personal fields, wrapped by the office's secret. None until the first change.
keyring = Table(
    "keyring",
    metadata,
    Column("id", SmallInteger, primary_key=True, autoincrement=False),
    Column("wrapped", LargeBinary, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
)

lease = Table(
    "lease",
    metadata,
    Column("name", String(60), primary_key=True),
    Column("holder", String(120), nullable=False),
    Column("until", UtcDateTime, nullable=False),
    Column("fence", BigInteger, nullable=False),
)
