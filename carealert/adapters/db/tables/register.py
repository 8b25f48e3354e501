"""The register: areas, people, facilities, and what managers reported."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    String,
    Table,
    Text,
)

from carealert.adapters.db.tables.base import Id, id_column, metadata
from carealert.adapters.db.types import Json, UtcDateTime

area = Table(
    "area",
    metadata,
    Column("code_system", String(60), primary_key=True),
    Column("code", String(60), primary_key=True),
    Column("level", Integer, nullable=False),
    Column("parent_code", String(60)),
    Column("names", Json, nullable=False),
    Column("geometry", LargeBinary),  # WKB
    Index(None, "code"),
    Index(None, "parent_code"),
)

resident = Table(
    "resident",
    metadata,
    id_column(),
    Column("ref", String(60), nullable=False, unique=True),
    Column("name_sealed", LargeBinary),
    Column("label_sealed", LargeBinary, nullable=False),
    Column("birth_year", Integer),
    Column("gender", String(20), nullable=False),
    Column("lat", Float),
    Column("lon", Float),
    Column("cell", BigInteger),
    Column("area_code", String(60)),
    Column("language", String(35), nullable=False),
    Column("second_language", String(35)),
    Column("needs_sealed", LargeBinary, nullable=False),
    Column("functioning", Json, nullable=False),
    Column("phone_sealed", LargeBinary),
    Column("phone_hash", LargeBinary),
    Column("phone_sharing", String(20)),
    Column("channel", String(20), nullable=False),
    Column("consent", Json, nullable=False),
    Column("consent_giver_sealed", LargeBinary),
    Column("next_due", UtcDateTime),
    Column("backup_hours", Float),
    Column("notes_sealed", LargeBinary),
    Column("age_band", String(10)),
    Column("exposures", Json, nullable=False, server_default="[]"),
    Column("critical_after_h", Float),
    Column("digest", String(64), nullable=False),  # of the imported row: tells changed rows
    Column("located_code", String(60)),  # the area around the position, where none is stated
    Column("confirmed_at", UtcDateTime),
    # Answers the spatial match alone: on SQLite every index holds the id as well.
    Index("ix_resident_cell", "cell", "lon", "lat", postgresql_include=["id"]),
    Index(None, "area_code"),
    Index(None, "located_code"),
    Index(None, "phone_hash"),
)

caregiver = Table(
    "caregiver",
    metadata,
    id_column(),
    Column("ref", String(60), nullable=False, unique=True),
    Column("name_sealed", LargeBinary),
    Column("phone_sealed", LargeBinary),
    Column("phone_hash", LargeBinary),
    Column("phone_sharing", String(20)),
    Column("channel", String(20), nullable=False),
    Column("literacy", String(20)),
    Column("gender", String(20), nullable=False),
    Column("language", String(35), nullable=False),
    Column("second_language", String(35)),
    Column("paid", Boolean),
    Column("consent", Json, nullable=False),
    Column("consent_giver_sealed", LargeBinary),
    Column("quiet_from", String(5)),
    Column("quiet_to", String(5)),
    Column("lat", Float),
    Column("lon", Float),
    Column("is_minor", Boolean),
    Column("hours_band", String(10)),
    Column("capacity", Integer),
    Column("never_from", String(5)),
    Column("never_to", String(5)),
    Column("responder_gender", String(20)),
    Column("companion", Boolean),
    Column("digest", String(64), nullable=False),
    Column("confirmed_at", UtcDateTime),
    Index(None, "phone_hash"),
)

care_link = Table(
    "care_link",
    metadata,
    Column("resident_id", Id, ForeignKey("resident.id", ondelete="CASCADE"), primary_key=True),
    Column("caregiver_id", Id, ForeignKey("caregiver.id", ondelete="CASCADE"), primary_key=True),
    Column("relation", String(40)),
    Column("role", String(20), nullable=False),
    Index(None, "caregiver_id"),
)

facility = Table(
    "facility",
    metadata,
    id_column(),
    Column("ref", String(60), nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("type", String(30), nullable=False),
    Column("services", Json, nullable=False),
    Column("lat", Float),
    Column("lon", Float),
    Column("cell", BigInteger),
    Column("area_code", String(60)),
    Column("details", Json, nullable=False),  # capacity, hours of power and water, accessibility
    Column("digest", String(64), nullable=False),
    Column("located_code", String(60)),
    Column("confirmed_at", UtcDateTime),
    Index("ix_facility_cell", "cell", "lon", "lat", postgresql_include=["id"]),
    Index(None, "area_code"),
    Index(None, "located_code"),
)

facility_contact = Table(
    "facility_contact",
    metadata,
    Column("facility_id", Id, ForeignKey("facility.id", ondelete="CASCADE"), primary_key=True),
    Column("role", String(20), primary_key=True),  # manager, deputy
    Column("name_sealed", LargeBinary),
    Column("phone_sealed", LargeBinary, nullable=False),
    Column("phone_hash", LargeBinary, nullable=False),
    Column("language", String(35), nullable=False),
    Index(None, "phone_hash"),
)

status_report = Table(
    "status_report",
    metadata,
    id_column(),
    Column("facility_ref", String(60), nullable=False),
    Column("status", String(20), nullable=False),
    Column("reported_at", UtcDateTime, nullable=False),
    Column("valid_until", UtcDateTime, nullable=False),
    Column("source", String(60), nullable=False),
    Column("service", Text),  # which service of the facility; null is the whole of it
    Index(None, "facility_ref", "reported_at"),
)

# Every consent and its end, for good: what holds is the newest of each purpose.
consent = Table(
    "consent",
    metadata,
    id_column(),
    Column("person_kind", String(20), nullable=False),  # resident or caregiver
    Column("person_ref", String(60), nullable=False),
    Column("purpose", String(4), nullable=False),
    Column("status", String(12), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("medium", String(12), nullable=False),
    Column("giver_sealed", LargeBinary),
    Column("delegation", String(30), nullable=False),
    Column("notice_language", String(35)),
    Column("notice_version", String(60)),
    Column("expires", UtcDateTime),
    Index(None, "person_kind", "person_ref"),
    Index(None, "expires"),
)

# Phones that asked to be erased, until they send the code back or the day is over. Without a code
# an officer has to call.
erasure = Table(
    "erasure",
    metadata,
    Column("phone_hash", LargeBinary, primary_key=True),
    Column("code", String(8)),
    Column("tries", SmallInteger, nullable=False, server_default="0"),
    Column("expires_at", UtcDateTime, nullable=False),
)

suppression = Table(
    "suppression",
    metadata,
    Column("phone_hash", LargeBinary, primary_key=True),
    Column("phone_sealed", LargeBinary, nullable=False),
    Column("since", UtcDateTime, nullable=False),
    Column("source", String(60), nullable=False),
)
