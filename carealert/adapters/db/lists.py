"""Long lists as one parameter, so that a statement has one text whatever the list's length."""

import json
from collections.abc import Iterable
from typing import Any

from sqlalchemy import (
    ARRAY,
    Column,
    ColumnElement,
    Connection,
    Select,
    Text,
    bindparam,
    func,
    select,
)


def listed(connection: Connection, values: Iterable[str]) -> Select[tuple[str]]:
    """A query of one text column `value` that gives these values, each once."""
    unique = sorted(set(values))
    if connection.dialect.name == "sqlite":
        rows = func.json_each(json.dumps(unique)).table_valued("value")
        return select(rows.c.value)
    return select(func.unnest(bindparam(None, unique, ARRAY(Text))).label("value"))


def one_of(
    connection: Connection, column: Column[Any], values: Iterable[str]
) -> ColumnElement[bool]:
    """The condition that a text column holds one of these values, however many they are."""
    return column.in_(listed(connection, values))
