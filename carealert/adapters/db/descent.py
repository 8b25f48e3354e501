"""Walks through the tree of areas; a circle of parents in the data ends the walk."""

from collections.abc import Iterable

from sqlalchemy import Connection, Integer, Select, func, literal, select

from carealert.adapters.db.lists import listed
from carealert.adapters.db.tables import area

#: No country has so many levels of areas: a longer way up is a circle.
HIGHEST = 20


def codes_below(connection: Connection, codes: Iterable[str]) -> Select[tuple[str]]:
    """A query of these codes, whether known as areas or not, and of all areas below them."""
    tree = listed(connection, codes).cte("below", recursive=True)
    # UNION drops a code that was found before, which is what ends a circle.
    tree = tree.union(select(area.c.code).join(tree, area.c.parent_code == tree.c.value))
    return select(tree.c.value)


def codes_above(connection: Connection, code: str) -> list[str]:
    """The code, its parent and so on upwards, each once; empty if the code is unknown."""
    up = (
        select(area.c.code, area.c.parent_code, literal(0, Integer).label("steps"))
        .where(area.c.code == code)
        .cte("above", recursive=True)
    )
    up = up.union_all(
        select(area.c.code, area.c.parent_code, up.c.steps + 1)
        .join(up, area.c.code == up.c.parent_code)
        .where(up.c.steps < HIGHEST)
    )
    first = func.min(up.c.steps)
    query = select(up.c.code).group_by(up.c.code).order_by(first, up.c.code)
    return list(connection.scalars(query))
