"""What every table shares: one metadata, one way to name things and to number rows."""

from sqlalchemy import BigInteger, Column, Integer, MetaData

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

#: SQLite counts rows by themselves only in a column declared INTEGER.
Id = BigInteger().with_variant(Integer(), "sqlite")


def id_column() -> Column[int]:
    """A number that the database gives."""
    return Column("id", Id, primary_key=True, autoincrement=True)
