"""The journal is chained and refuses to be changed; the register knows more of homes and carers."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from carealert.adapters.db.types import UtcDateTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
_WORDS = "the journal is append-only"

_SQLITE = (
    f"""CREATE TRIGGER journal_is_kept BEFORE DELETE ON journal
        BEGIN SELECT RAISE(ABORT, '{_WORDS}'); END""",
    f"""CREATE TRIGGER journal_is_not_changed BEFORE UPDATE ON journal
        WHEN OLD.number IS NOT NULL OR OLD.id IS NOT NEW.id OR OLD.at IS NOT NEW.at
          OR OLD.event IS NOT NEW.event OR OLD.subject IS NOT NEW.subject
          OR OLD.details IS NOT NEW.details
        BEGIN SELECT RAISE(ABORT, '{_WORDS}'); END""",
)

_POSTGRESQL = (
    f"""CREATE FUNCTION journal_refuses() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION '{_WORDS}'; END $$""",
    """CREATE TRIGGER journal_is_kept BEFORE DELETE ON journal
       FOR EACH ROW EXECUTE FUNCTION journal_refuses()""",
    """CREATE TRIGGER journal_is_not_emptied BEFORE TRUNCATE ON journal
       FOR EACH STATEMENT EXECUTE FUNCTION journal_refuses()""",
    """CREATE TRIGGER journal_is_not_changed BEFORE UPDATE ON journal FOR EACH ROW
       WHEN (OLD.number IS NOT NULL
         OR (OLD.id, OLD.at, OLD.event, OLD.subject, OLD.details)
            IS DISTINCT FROM (NEW.id, NEW.at, NEW.event, NEW.subject, NEW.details))
       EXECUTE FUNCTION journal_refuses()""",
)


def upgrade() -> None:
    with op.batch_alter_table("journal", schema=None) as batch_op:
        batch_op.add_column(sa.Column("number", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("hash", sa.LargeBinary(), nullable=True))
        batch_op.create_unique_constraint(batch_op.f("uq_journal_number"), ["number"])
        batch_op.create_index(
            "ix_journal_unchained",
            ["id"],
            unique=False,
            sqlite_where=sa.text("number IS NULL"),
            postgresql_where=sa.text("number IS NULL"),
        )
    with op.batch_alter_table("resident", schema=None) as batch_op:
        batch_op.add_column(sa.Column("age_band", sa.String(10), nullable=True))
        batch_op.add_column(sa.Column("exposures", _JSON, server_default="[]", nullable=False))
        batch_op.add_column(sa.Column("critical_after_h", sa.Float(), nullable=True))
        batch_op.add_column(sa.Column("consent_giver_sealed", sa.LargeBinary(), nullable=True))
    with op.batch_alter_table("caregiver", schema=None) as batch_op:
        batch_op.add_column(sa.Column("is_minor", sa.Boolean(), nullable=True))
        batch_op.add_column(sa.Column("hours_band", sa.String(10), nullable=True))
        batch_op.add_column(sa.Column("capacity", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("never_from", sa.String(5), nullable=True))
        batch_op.add_column(sa.Column("never_to", sa.String(5), nullable=True))
        batch_op.add_column(sa.Column("responder_gender", sa.String(20), nullable=True))
        batch_op.add_column(sa.Column("companion", sa.Boolean(), nullable=True))
        batch_op.add_column(sa.Column("consent_giver_sealed", sa.LargeBinary(), nullable=True))
    _move_givers("resident")
    _move_givers("caregiver")
    op.create_table(
        "consent",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("person_kind", sa.String(20), nullable=False),
        sa.Column("person_ref", sa.String(60), nullable=False),
        sa.Column("purpose", sa.String(4), nullable=False),
        sa.Column("status", sa.String(12), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("medium", sa.String(12), nullable=False),
        sa.Column("giver_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("delegation", sa.String(30), nullable=False),
        sa.Column("notice_language", sa.String(35), nullable=True),
        sa.Column("notice_version", sa.String(60), nullable=True),
        sa.Column("expires", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent")),
    )
    with op.batch_alter_table("consent", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_consent_person_kind_person_ref"),
            ["person_kind", "person_ref"],
            unique=False,
        )
        batch_op.create_index(batch_op.f("ix_consent_expires"), ["expires"], unique=False)
    op.create_table(
        "keyring",
        sa.Column("id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_keyring")),
    )
    sqlite = op.get_bind().dialect.name == "sqlite"
    for statement in _SQLITE if sqlite else _POSTGRESQL:
        op.execute(statement)


def _move_givers(name: str) -> None:
    """Who gave a consent was sealed inside its JSON, where a change of keys would not find it."""
    people = sa.table(
        name,
        sa.column("id", _ID),
        sa.column("consent", _JSON),
        sa.column("consent_giver_sealed", sa.LargeBinary()),
    )
    connection = op.get_bind()
    for row in connection.execute(sa.select(people.c.id, people.c.consent)).all():
        consent = dict(row.consent)
        giver = consent.pop("giver_sealed", None)
        connection.execute(
            people.update()
            .where(people.c.id == row.id)
            .values(
                consent=consent,
                consent_giver_sealed=bytes.fromhex(giver) if giver else None,
            )
        )
