"""When a warning is looked at again, though no message came."""

import sqlalchemy as sa
from alembic import op

from carealert.adapters.db.types import Json, UtcDateTime

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "look",
        sa.Column("warning_id", _ID, nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("number", sa.SmallInteger(), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.Column("repeats", Json, nullable=False),
        sa.Column("done_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["warning_id"], ["warning.id"], name=op.f("fk_look_warning_id_warning")
        ),
        sa.PrimaryKeyConstraint("warning_id", "kind", "number", name=op.f("pk_look")),
    )
    op.create_index(
        "ix_look_due",
        "look",
        ["due_at"],
        sqlite_where=sa.text("done_at IS NULL"),
        postgresql_where=sa.text("done_at IS NULL"),
    )
