"""Walks through the tree of areas; a circle of parents in the data ends the walk."""

from collections.abc import Collection, Iterable, Sequence

from sqlalchemy import Connection, Integer, Select, Table, func, literal, select

from carealert.adapters.db.lists import listed, one_of
from carealert.adapters.db.tables import area

#: No country has so many levels of areas: a longer way up is a circle.
HIGHEST = 20


def codes_below(connection: Connection, codes: Iterable[str]) -> Select[tuple[str]]:
    """A query of these codes, whether known as areas or not, and of all areas below them."""
    # Without a name of its own, so that one statement may ask for several.
    tree = listed(connection, codes).cte(recursive=True)
    # UNION drops a code that was found before, which is what ends a circle.
    tree = tree.union(select(area.c.code).join(tree, area.c.parent_code == tree.c.value))
    return select(tree.c.value)


def codes_below_each(connection: Connection, codes: Iterable[str]) -> dict[str, frozenset[str]]:
    """Each of these codes -> itself, whether known as an area or not, and all areas below it."""
    start = listed(connection, codes).subquery()
    tree = select(start.c.value.label("root"), start.c.value.label("code")).cte(
        "below_each", recursive=True
    )
    # UNION drops a pair that was found before, which is what ends a circle.
    tree = tree.union(
        select(tree.c.root, area.c.code).join(tree, area.c.parent_code == tree.c.code)
    )
    found: dict[str, set[str]] = {}
    for root, code in connection.execute(select(tree.c.root, tree.c.code)):
        found.setdefault(root, set()).add(code)
    return {root: frozenset(below) for root, below in found.items()}


def refs_below_each(
    connection: Connection, table: Table, groups: Sequence[Collection[str]]
) -> list[frozenset[str]]:
    """For each group of codes the refs of the rows under one of them or below it."""
    below = codes_below_each(connection, {code for group in groups for code in group})
    every = {code for codes in below.values() for code in codes}
    query = select(table.c.area_code, table.c.ref).where(
        one_of(connection, table.c.area_code, every)
    )
    refs: dict[str, list[str]] = {}
    for code, ref in connection.execute(query) if every else ():
        refs.setdefault(code, []).append(ref)
    return [
        frozenset(ref for root in group for code in below[root] for ref in refs.get(code, ()))
        for group in groups
    ]


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
