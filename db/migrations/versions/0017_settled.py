"""Answers that the others who were told are still to hear of."""

import sqlalchemy as sa
from alembic import op

from carealert.adapters.db.types import Json, UtcDateTime

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "settled",
        sa.Column("notice_id", sa.String(36), nullable=False),
        sa.Column("answer", sa.String(20), nullable=False),
        sa.Column("refs", Json, nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("notice_id", "answer", name=op.f("pk_settled")),
    )
    op.create_index("ix_settled_at", "settled", ["at"])
