"""Positions in the register: the areas found around them, and the cells that follow from them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Table,
    bindparam,
    func,
    or_,
    select,
    update,
)

from carealert.adapters.db.people_rows import cell_columns
from carealert.adapters.db.tables import facility, resident
from carealert.domain.rules import SubjectKind
from carealert.services.ports.places import CellCheck, Position

_TABLES: Mapping[SubjectKind, Table] = {
    SubjectKind.RESIDENT: resident,
    SubjectKind.FACILITY: facility,
}
_BATCH = 5000


class SqlPlaces:
    """PlaceStore on a connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def positions(self, kind: SubjectKind) -> Iterator[Sequence[Position]]:
        table = _TABLES[kind]
        names = ("ref", "lon", "lat", "area_code", "located_code")
        query = select(*(table.c[name] for name in names)).where(
            table.c.lon.is_not(None), table.c.lat.is_not(None)
        )
        stream = query.order_by(table.c.id).execution_options(yield_per=_BATCH)
        with self._connection.execute(stream) as found:
            for rows in found.partitions():
                yield [Position(*row) for row in rows]

    def keep_located(self, kind: SubjectKind, found: Sequence[tuple[Position, str | None]]) -> None:
        if not found:
            return
        table = _TABLES[kind]
        as_it_was = [
            table.c[name].is_not_distinct_from(bindparam(f"old_{name}", type_=table.c[name].type))
            for name in ("ref", "lon", "lat", "area_code", "located_code")
        ]
        statement = update(table).where(*as_it_was).values(located_code=bindparam("new_code"))
        rows = [
            {
                "old_ref": one.ref,
                "old_lon": one.lon,
                "old_lat": one.lat,
                "old_area_code": one.area_code,
                "old_located_code": one.located_code,
                "new_code": code,
            }
            for one, code in found
        ]
        self._connection.execute(statement, rows)

    def check_cells(self, kind: SubjectKind, most: int) -> CellCheck:
        table = _TABLES[kind]
        has = _is_somewhere(table)
        rows = self._connection.scalar(select(func.count()).select_from(table).where(has)) or 0
        step = -(-rows // most)  # rounded up: never more than `most`, spread over the table
        query = _places(table).where(has)
        if step > 1:
            query = query.where(table.c.id % step == 0)
        looked = wrong = 0
        with self._connection.execute(query.execution_options(yield_per=_BATCH)) as found:
            for some in found.partitions():
                looked += len(some)
                wrong += len(_wrong(some))
        return CellCheck(rows, looked, wrong)

    def repair_cells(self, kind: SubjectKind, after: int) -> tuple[int, int | None]:
        table = _TABLES[kind]
        query = _places(table).where(table.c.id > after).order_by(table.c.id).limit(_BATCH)
        rows = self._connection.execute(query).all()
        wrong = _wrong(rows)
        for row, cell in wrong:
            self._connection.execute(
                update(table)
                .where(
                    table.c.id == row.id,
                    table.c.lat.is_not_distinct_from(row.lat),
                    table.c.lon.is_not_distinct_from(row.lon),
                )
                .values(cell=cell)
            )
        return len(wrong), rows[-1].id if len(rows) == _BATCH else None

    def registered(self, kind: SubjectKind) -> Mapping[str | None, int]:
        table = _TABLES[kind]
        code = func.coalesce(table.c.area_code, table.c.located_code)
        rows = self._connection.execute(select(code, func.count()).group_by(code))
        return {row[0]: row[1] for row in rows}


def _places(table: Table) -> Any:
    return select(table.c.id, table.c.lat, table.c.lon, table.c.cell)


def _is_somewhere(table: Table) -> ColumnElement[bool]:
    """Who has a position, or a cell without one."""
    return or_(table.c.cell.is_not(None), table.c.lat.is_not(None), table.c.lon.is_not(None))


def _wrong(rows: Sequence[Row[Any]]) -> list[tuple[Row[Any], int | None]]:
    """Rows whose cell is not that of their position, with the right one."""
    cells = cell_columns([(row.lat, row.lon) for row in rows])
    return [(row, cell) for row, cell in zip(rows, cells, strict=True) if row.cell != cell]
