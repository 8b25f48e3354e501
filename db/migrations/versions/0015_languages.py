"""Who has read which texts, which are in use, and which are not."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from carealert.adapters.db.types import UtcDateTime

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "language_signature",
        sa.Column("id", _ID, sa.Identity(), nullable=False),
        sa.Column("language", sa.String(35), nullable=False),
        sa.Column("reviewer", sa.String(60), nullable=False),
        sa.Column("role", sa.String(60), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("files", _JSON, nullable=False),
        sa.Column("by", sa.String(60), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_language_signature")),
    )
    op.create_index(op.f("ix_language_signature_language"), "language_signature", ["language"])
    op.create_table(
        "language_text",
        sa.Column("language", sa.String(35), nullable=False),
        sa.Column("files", _JSON, nullable=False),
        sa.Column("seen_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("language", name=op.f("pk_language_text")),
    )
    op.create_table(
        "broken_text",
        sa.Column("file", sa.String(200), nullable=False),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("file", name=op.f("pk_broken_text")),
    )
