"""What asking a phone twice before it is erased must remember."""

import sqlalchemy as sa
from alembic import op

from carealert.adapters.db.types import UtcDateTime

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "erasure",
        sa.Column("phone_hash", sa.LargeBinary(), nullable=False),
        sa.Column("code", sa.String(8), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("phone_hash", name=op.f("pk_erasure")),
    )
