"""How feeds answer, which warnings wait for an officer, and areas that nobody knows."""

import sqlalchemy as sa
from alembic import op

from carealert.adapters.db.types import UtcDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    with op.batch_alter_table("feed", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("allow_private", sa.Boolean(), server_default=sa.false(), nullable=False)
        )
        batch_op.add_column(
            sa.Column("signatures", sa.String(10), server_default="ignored", nullable=False)
        )
        batch_op.add_column(sa.Column("certificates", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("alarmed_at", UtcDateTime(), nullable=True))
    with op.batch_alter_table("document", schema=None) as batch_op:
        batch_op.add_column(sa.Column("etag", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("last_modified", sa.Text(), nullable=True))
    with op.batch_alter_table("warning", schema=None) as batch_op:
        batch_op.add_column(sa.Column("joined_by", sa.Text(), nullable=True))
    op.create_table(
        "fetch",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("feed", sa.String(100), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("bytes", sa.Integer(), nullable=False),
        sa.Column("new", sa.Integer(), nullable=False),
        sa.Column("updated", sa.Integer(), nullable=False),
        sa.Column("unread", sa.Integer(), nullable=False),
        sa.Column("ms", sa.Integer(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fetch")),
    )
    with op.batch_alter_table("fetch", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_fetch_feed_at"), ["feed", "at"], unique=False)
    op.create_table(
        "hold",
        sa.Column("warning_id", _ID, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("held_at", UtcDateTime(), nullable=False),
        sa.Column("deadline", UtcDateTime(), nullable=False),
        sa.Column("alarmed_at", UtcDateTime(), nullable=True),
        sa.Column("decision", sa.String(10), nullable=True),
        sa.Column("decided_at", UtcDateTime(), nullable=True),
        sa.Column("decided_by", sa.String(100), nullable=True),
        sa.ForeignKeyConstraint(
            ["warning_id"], ["warning.id"], name=op.f("fk_hold_warning_id_warning")
        ),
        sa.PrimaryKeyConstraint("warning_id", name=op.f("pk_hold")),
    )
    op.create_table(
        "unknown_area",
        sa.Column("sender", sa.String(200), nullable=False),
        sa.Column("system", sa.String(100), nullable=False),
        sa.Column("value", sa.String(200), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("first_at", UtcDateTime(), nullable=False),
        sa.Column("last_at", UtcDateTime(), nullable=False),
        sa.Column("warning_id", _ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["warning_id"], ["warning.id"], name=op.f("fk_unknown_area_warning_id_warning")
        ),
        sa.PrimaryKeyConstraint("sender", "system", "value", name=op.f("pk_unknown_area")),
    )
