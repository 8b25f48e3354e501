"""Where people are, when it was looked up, and when a record was last confirmed."""

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass
