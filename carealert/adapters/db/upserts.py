"""Which rows are new or changed, by their ref and digest; the rest is left alone."""

from collections.abc import Mapping

from sqlalchemy import Connection, Table, select

from carealert.adapters.db.lists import one_of
from carealert.services.ports.registry import ImportCounts


def changed_refs(
    connection: Connection, table: Table, digests: Mapping[str, str]
) -> tuple[list[str], list[str], ImportCounts]:
    """Refs that are not stored, refs whose digest differs, and the counts."""
    query = select(table.c.ref, table.c.digest).where(one_of(connection, table.c.ref, digests))
    stored = {row.ref: row.digest for row in connection.execute(query)}
    new = [ref for ref in digests if ref not in stored]
    changed = [ref for ref in digests if stored.get(ref, digests[ref]) != digests[ref]]
    same = len(digests) - len(new) - len(changed)
    return new, changed, ImportCounts(len(new), len(changed), same)
