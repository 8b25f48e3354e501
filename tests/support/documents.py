"""A kept document for warnings to point at, where the document is not what a test is about."""

import hashlib

from sqlalchemy import Connection, select

from carealert.adapters.db.conflicts import insert_into
from carealert.adapters.db.tables import document
from tests.support.cap import NOW


def a_document(connection: Connection, name: str = "x") -> int:
    """The id of the document of this name; it is made when it is first asked for."""
    connection.execute(
        insert_into(connection, document)
        .values(
            url=f"file:{name}",
            sha256=hashlib.sha256(name.encode()).hexdigest(),
            body=name.encode(),
            fetched_at=NOW,
        )
        .on_conflict_do_nothing()
    )
    found = select(document.c.id).where(document.c.url == f"file:{name}")
    return int(connection.execute(found).scalar_one())
