"""How often somebody guessed at a code of erasure, and phones for which an officer has to call."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("erasure", schema=None) as batch_op:
        batch_op.alter_column("code", existing_type=sa.String(8), nullable=True)
        batch_op.add_column(
            sa.Column("tries", sa.SmallInteger(), nullable=False, server_default="0")
        )
