"""Who works with the register, and as what."""

from sqlalchemy import Column, String, Table

from carealert.adapters.db.tables.base import metadata
from carealert.adapters.db.types import Json, UtcDateTime

officer = Table(
    "officer",
    metadata,
    Column("name", String(60), primary_key=True),
    Column("role", String(20), nullable=False),
    Column("areas", Json, nullable=False),  # codes; none of them is everywhere
    Column("facilities", Json, nullable=False),  # refs, for the role of a facility
    Column("since", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime),
)
