"""The cell index holds the number of a row instead of its ref: smaller, and numbers come out."""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("resident", "facility"):
        op.drop_index(f"ix_{table}_cell", table_name=table)
        op.create_index(
            f"ix_{table}_cell", table, ["cell", "lon", "lat"], postgresql_include=["id"]
        )
