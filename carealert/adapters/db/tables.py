"""Every table, in the order of a warning's way; the migrations are tested to build just these.

Personal data: names, phones, notes and message texts are encrypted (`*_sealed`); a phone is
looked up by a keyed hash (`*_hash`). Moments are UTC.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from carealert.adapters.db.types import Json, UtcDateTime

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# SQLite counts rows by themselves only in a column declared INTEGER.
_Id = BigInteger().with_variant(Integer(), "sqlite")


def _id() -> Column[int]:
    return Column("id", _Id, primary_key=True, autoincrement=True)


# --- where warnings come from

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
)

document = Table(
    "document",
    metadata,
    _id(),
    Column("feed", String(100)),
    Column("url", Text, nullable=False),
    Column("updated", Text),
    Column("sha256", String(64), nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("fetched_at", UtcDateTime, nullable=False),
    Column("problem", Text),
    UniqueConstraint("url", "sha256"),
)

warning = Table(
    "warning",
    metadata,
    _id(),
    Column("sender", Text, nullable=False),
    Column("identifier", Text, nullable=False),
    Column("sent", UtcDateTime, nullable=False),
    Column("incident", String(36), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("status", String(20)),
    Column("msg_type", String(20)),
    Column("body", Json, nullable=False),
    Column("document_id", _Id, ForeignKey("document.id"), nullable=False),
    Column("received_at", UtcDateTime, nullable=False),
    Column("planned_at", UtcDateTime),
    Column("superseded_by", _Id, ForeignKey("warning.id")),
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
    Column("warning_id", _Id, ForeignKey("warning.id"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("kind", String(20), nullable=False),  # 'reference' or 'incident'
    Column("sender", Text),
    Column("identifier", Text, nullable=False),
    Column("sent", UtcDateTime),
    Index(None, "identifier"),
)

# --- the register

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
    _id(),
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
    Column("next_due", UtcDateTime),
    Column("backup_hours", Float),
    Column("notes_sealed", LargeBinary),
    Column("digest", String(64), nullable=False),  # of the imported row: tells changed rows
    Index("ix_resident_cell", "cell", "lon", "lat", "id"),  # covers the spatial match
    Index(None, "area_code"),
    Index(None, "phone_hash"),
)

caregiver = Table(
    "caregiver",
    metadata,
    _id(),
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
    Column("quiet_from", String(5)),
    Column("quiet_to", String(5)),
    Column("lat", Float),
    Column("lon", Float),
    Column("digest", String(64), nullable=False),
    Index(None, "phone_hash"),
)

care_link = Table(
    "care_link",
    metadata,
    Column("resident_id", _Id, ForeignKey("resident.id", ondelete="CASCADE"), primary_key=True),
    Column("caregiver_id", _Id, ForeignKey("caregiver.id", ondelete="CASCADE"), primary_key=True),
    Column("relation", String(40)),
    Column("role", String(20), nullable=False),
    Index(None, "caregiver_id"),
)

facility = Table(
    "facility",
    metadata,
    _id(),
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
    Index("ix_facility_cell", "cell", "lon", "lat", "id"),
    Index(None, "area_code"),
)

facility_contact = Table(
    "facility_contact",
    metadata,
    Column("facility_id", _Id, ForeignKey("facility.id", ondelete="CASCADE"), primary_key=True),
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
    _id(),
    Column("facility_ref", String(60), nullable=False),
    Column("status", String(20), nullable=False),
    Column("reported_at", UtcDateTime, nullable=False),
    Column("valid_until", UtcDateTime, nullable=False),
    Column("source", String(60), nullable=False),
    Index(None, "facility_ref", "reported_at"),
)

suppression = Table(
    "suppression",
    metadata,
    Column("phone_hash", LargeBinary, primary_key=True),
    Column("phone_sealed", LargeBinary, nullable=False),
    Column("since", UtcDateTime, nullable=False),
    Column("source", String(60), nullable=False),
)

# --- what was decided

decision = Table(
    "decision",
    metadata,
    _id(),
    Column("warning_id", _Id, ForeignKey("warning.id"), nullable=False, unique=True),
    Column("incident", String(36), nullable=False),
    Column("rules_version", String(64), nullable=False),
    Column("decided_at", UtcDateTime, nullable=False),
    Index(None, "incident"),
)

match = Table(
    "match",
    metadata,
    Column("decision_id", _Id, ForeignKey("decision.id"), primary_key=True),
    Column("kind", String(20), primary_key=True),
    Column("ref", String(60), primary_key=True),
    Column("rule", String(80), primary_key=True),
    Column("info", SmallInteger, nullable=False),
    Column("reasons", Json, nullable=False),
)

not_sent = Table(
    "not_sent",
    metadata,
    _id(),
    Column("decision_id", _Id, ForeignKey("decision.id"), nullable=False),
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
    _id(),
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
    Column("warning_id", _Id, ForeignKey("warning.id"), nullable=False),
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

# --- the outbox

notice = Table(
    "notice",
    metadata,
    Column("id", String(36), primary_key=True),  # UUID v5 of the idempotency key
    Column("idempotency_key", Text, nullable=False, unique=True),
    Column("incident", String(36), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("warning_id", _Id, ForeignKey("warning.id")),
    Column("recipient_kind", String(20), nullable=False),
    Column("recipient_ref", String(60), nullable=False),
    Column("phone_hash", LargeBinary, nullable=False),
    Column("phone_sealed", LargeBinary, nullable=False),  # as decided; sent to the current one
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
    Index(
        "ix_notice_ready",
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

attempt = Table(
    "attempt",
    metadata,
    Column("notice_id", String(36), ForeignKey("notice.id"), primary_key=True),
    Column("number", SmallInteger, primary_key=True),
    Column("started_at", UtcDateTime, nullable=False),
    Column("finished_at", UtcDateTime),
    Column("looked_at", UtcDateTime),
    Column("state", String(20), nullable=False),  # open, accepted, failed, unknown, not_submitted
    Column("provider_id", String(64), unique=True),
    Column("error_code", String(20)),
    Column("error", Text),
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
    _id(),
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
    Index(None, "phone_hash", "received_at"),
)

# --- records

journal = Table(
    "journal",
    metadata,
    _id(),
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
