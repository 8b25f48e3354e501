"""One consistent look at the database, for pages and for monitoring."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from carealert.services.watching import BoardUnavailable


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """One state for the whole look: counts must not disagree with their list.

    Raises BoardUnavailable where the database does not answer.
    """
    try:
        with engine.connect() as connection:
            if connection.dialect.name == "postgresql":
                connection.execution_options(isolation_level="REPEATABLE READ")
            yield connection
    except SQLAlchemyError as error:
        raise BoardUnavailable(
            "The database does not answer as it should: run 'carealert doctor'."
        ) from error
