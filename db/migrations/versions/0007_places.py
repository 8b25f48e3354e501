"""Where people were found to be, when their record was last confirmed, and a guard of the cell."""

import sqlalchemy as sa
from alembic import op

from carealert.adapters.db.types import UtcDateTime

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_PLACED = ("resident", "facility")
_WORDS = "the cell does not follow the position: import the row, or run carealert db repair-cells"

# A key without a position, or a position without its key.
_HALF = "(NEW.cell IS NULL) <> (NEW.lat IS NULL OR NEW.lon IS NULL)"
# Cells are 1.2 m by 2.4 m: who moved by 0.0001 degrees is in another one.
_LEFT_BEHIND = (
    "NEW.cell = OLD.cell AND (abs(NEW.lat - OLD.lat) > 0.0001 OR abs(NEW.lon - OLD.lon) > 0.0001)"
)


def upgrade() -> None:
    for name in _PLACED:
        with op.batch_alter_table(name, schema=None) as batch_op:
            batch_op.add_column(sa.Column("located_code", sa.String(60), nullable=True))
            batch_op.create_index(
                batch_op.f(f"ix_{name}_located_code"), ["located_code"], unique=False
            )
    for name in (*_PLACED, "caregiver"):
        with op.batch_alter_table(name, schema=None) as batch_op:
            batch_op.add_column(sa.Column("confirmed_at", UtcDateTime(), nullable=True))
    sqlite = op.get_bind().dialect.name == "sqlite"
    for statement in _sqlite() if sqlite else _postgresql():
        op.execute(statement)


def _sqlite() -> list[str]:
    refuse = f"BEGIN SELECT RAISE(ABORT, '{_WORDS}'); END"
    return [
        f"CREATE TRIGGER {table}_cell_{name} BEFORE {event} ON {table} WHEN {holds} {refuse}"
        for table in _PLACED
        for name, event, holds in (
            ("is_added", "INSERT", _HALF),
            ("is_changed", "UPDATE OF cell, lat, lon", f"{_HALF} OR {_LEFT_BEHIND}"),
        )
    ]


def _postgresql() -> list[str]:
    refuse = f"""CREATE FUNCTION cell_refuses() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION '{_WORDS}'; END $$"""
    return [refuse] + [
        f"""CREATE TRIGGER {table}_cell_{name} BEFORE {event} ON {table}
            FOR EACH ROW WHEN ({holds}) EXECUTE FUNCTION cell_refuses()"""
        for table in _PLACED
        for name, event, holds in (
            ("is_added", "INSERT", _HALF),
            ("is_changed", "UPDATE OF cell, lat, lon", f"{_HALF} OR {_LEFT_BEHIND}"),
        )
    ]
