"""Senders with limits of their own, what is paused, and which sender carried what."""

import sqlalchemy as sa
from alembic import op

from carealert.adapters.db.types import UtcDateTime

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_READY = sa.text("state = 'ready'")


def upgrade() -> None:
    op.create_table(
        "sender",
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("tokens", sa.Float(), server_default="0", nullable=False),
        sa.Column("refilled_at", UtcDateTime()),
        sa.Column("rests_until", UtcDateTime()),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("code", sa.String(20)),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_sender")),
    )
    op.create_table(
        "pause",
        sa.Column("what", sa.String(80), nullable=False),
        sa.Column("until", UtcDateTime(), nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.Column("by", sa.String(60), nullable=False),
        sa.Column("why", sa.String(200), nullable=False),
        sa.PrimaryKeyConstraint("what", name=op.f("pk_pause")),
    )
    op.add_column("attempt", sa.Column("sender", sa.String(60)))
    op.add_column("attempt", sa.Column("asked_at", UtcDateTime()))
    op.add_column("attempt", sa.Column("redacted_at", UtcDateTime()))
    op.drop_index("ix_notice_ready", table_name="notice")
    op.create_index(
        "ix_notice_ready",
        "notice",
        ["channel", "priority", "due_at", "id"],
        sqlite_where=_READY,
        postgresql_where=_READY,
    )
