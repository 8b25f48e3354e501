"""Rows in by their ref: new ones inserted, changed ones updated, the rest left alone."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Table, bindparam, insert, select, update

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


def write(
    connection: Connection,
    table: Table,
    new: Sequence[dict[str, Any]],
    changed: Sequence[dict[str, Any]],
) -> None:
    """Insert and update in two batches."""
    if new:
        connection.execute(insert(table), new)
    if changed:
        columns: dict[str, Any] = {
            name: bindparam(f"new_{name}") for name in changed[0] if name != "ref"
        }
        statement = update(table).where(table.c.ref == bindparam("new_ref")).values(columns)
        rows = [{f"new_{name}": value for name, value in row.items()} for row in changed]
        connection.execute(statement, rows)
