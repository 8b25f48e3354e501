"""The part of the city that somebody's board shows."""

from collections.abc import Collection

from sqlalchemy import ColumnElement, Connection, Select, and_, func, or_, select

from carealert.adapters.db.descent import codes_below
from carealert.adapters.db.tables import facility, resident


def residents_in(connection: Connection, areas: Collection[str]) -> Select[tuple[str]]:
    """Refs of the residents who live in these areas or below, as stated or by their position."""
    return _residents(codes_below(connection, areas))


def facilities_in(connection: Connection, areas: Collection[str]) -> Select[tuple[str]]:
    """Refs of the facilities that are stated to be in these areas or below."""
    return _facilities(codes_below(connection, areas))


def is_in(
    connection: Connection,
    areas: Collection[str],
    kind: ColumnElement[str],
    ref: ColumnElement[str],
) -> ColumnElement[bool]:
    """Whether what a row is about is in these areas; what has no place is in none."""
    below = codes_below(connection, areas)
    return or_(
        and_(kind == "resident", ref.in_(_residents(below))),
        and_(kind == "facility", ref.in_(_facilities(below))),
    )


def _residents(codes: Select[tuple[str]]) -> Select[tuple[str]]:
    code = func.coalesce(resident.c.area_code, resident.c.located_code)
    return select(resident.c.ref).where(code.in_(codes))


def _facilities(codes: Select[tuple[str]]) -> Select[tuple[str]]:
    return select(facility.c.ref).where(facility.c.area_code.in_(codes))
