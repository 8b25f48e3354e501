"""What was erased because it had been kept long enough."""

import sqlalchemy as sa
from alembic import op

from carealert.adapters.db.types import UtcDateTime

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("notice", "inbound"):
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.add_column(sa.Column("erased_at", UtcDateTime(), nullable=True))
