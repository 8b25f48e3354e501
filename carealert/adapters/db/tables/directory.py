"""The directory: organisations, and the households that they may be asked to look in on."""

from sqlalchemy import (
    Boolean,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
)

from carealert.adapters.db.tables.base import Id, id_column, metadata
from carealert.adapters.db.types import Json

organisation = Table(
    "organisation",
    metadata,
    id_column(),
    Column("ref", String(60), nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("type", String(30), nullable=False),
    Column("area_codes", Json, nullable=False),
    Column("languages", Json, nullable=False),
    Column("services", Json, nullable=False),
    Column("contact_name_sealed", LargeBinary),
    Column("phone_sealed", LargeBinary),
    Column("phone_hash", LargeBinary),
    Column("contact_language", String(35)),
    Column("capacity", Integer),
    Column("women_responders", Boolean),
    Column("verified_on", Date),
    Column("notes_sealed", LargeBinary),
    Column("digest", String(64), nullable=False),  # of the imported row, but for its households
    Index(None, "phone_hash"),
)

household = Table(
    "household",
    metadata,
    Column(
        "organisation_id", Id, ForeignKey("organisation.id", ondelete="CASCADE"), primary_key=True
    ),
    Column("resident_id", Id, ForeignKey("resident.id", ondelete="CASCADE"), primary_key=True),
    Index(None, "resident_id"),
)
