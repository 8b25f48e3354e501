"""Administrative areas and how they lie in one another."""

from collections.abc import Iterable, Sequence
from typing import Any

import shapely
from sqlalchemy import Connection, Row, bindparam, insert, select, update

from carealert.adapters.db.descent import codes_above
from carealert.adapters.db.lists import one_of
from carealert.adapters.db.tables import area
from carealert.services.ports.registry import ImportCounts, PlaceArea

_Key = tuple[str, str]


class SqlAreas:
    """AreaStore on a connection; what was looked up is remembered for the transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._ancestors: dict[str, Sequence[PlaceArea]] = {}

    def put(self, areas: Iterable[PlaceArea]) -> ImportCounts:
        given = {(one.code_system, one.code): one for one in areas}
        stored = {_key(one): one for one in self._with_codes(code for _, code in given)}
        new = [key for key in given if key not in stored]
        changed = [key for key in given if key in stored and not _same(given[key], stored[key])]
        if new:
            self._connection.execute(insert(area), [_row(given[key]) for key in new])
        if changed:
            self._connection.execute(_UPDATE, [_update_row(given[key]) for key in changed])
        self._ancestors.clear()
        return ImportCounts(len(new), len(changed), len(given) - len(new) - len(changed))

    def resolve(self, geocodes: Iterable[tuple[str, str]]) -> Sequence[PlaceArea]:
        wanted = dict.fromkeys((_plain(system), code.strip()) for system, code in geocodes)
        found: dict[_Key, list[PlaceArea]] = {}
        for one in self._with_codes(code for _, code in wanted):
            found.setdefault((_plain(one.code_system), one.code), []).append(one)
        return [one for key in wanted for one in found.get(key, ())]

    def with_ancestors(self, code: str) -> Sequence[PlaceArea]:
        if code not in self._ancestors:
            codes = codes_above(self._connection, code)
            found = self._with_codes(codes)
            found.sort(key=lambda one: (codes.index(one.code), one.code_system))
            self._ancestors[code] = tuple(found)
        return self._ancestors[code]

    def all(self) -> Sequence[PlaceArea]:
        found = [_area(row) for row in self._connection.execute(select(area))]
        return sorted(found, key=lambda one: (one.level, one.code_system, one.code))

    def _with_codes(self, codes: Iterable[str]) -> list[PlaceArea]:
        query = select(area).where(one_of(self._connection, area.c.code, codes))
        return [_area(row) for row in self._connection.execute(query)]


_UPDATE = (
    update(area)
    .where(area.c.code_system == bindparam("the_system"), area.c.code == bindparam("the_code"))
    .values(
        {name: bindparam(f"new_{name}") for name in ("level", "parent_code", "names", "geometry")}
    )
)


def _key(one: PlaceArea) -> _Key:
    return one.code_system, one.code


def _plain(system: str) -> str:
    """A code system's name as agencies mean it: `P-Code`, `p code` and `PCODE` are one."""
    return "".join(letter for letter in system.casefold() if letter.isalnum())


def _same(one: PlaceArea, other: PlaceArea) -> bool:
    return _row(one) == _row(other)


def _row(one: PlaceArea) -> dict[str, Any]:
    return {
        "code_system": one.code_system,
        "code": one.code,
        "level": one.level,
        "parent_code": one.parent_code,
        "names": dict(one.names),
        "geometry": shapely.to_wkb(one.geometry) if one.geometry is not None else None,
    }


def _update_row(one: PlaceArea) -> dict[str, Any]:
    row = _row(one)
    key = {"the_system": row.pop("code_system"), "the_code": row.pop("code")}
    return key | {f"new_{name}": value for name, value in row.items()}


def _area(row: Row[Any]) -> PlaceArea:
    return PlaceArea(
        code_system=row.code_system,
        code=row.code,
        level=row.level,
        parent_code=row.parent_code,
        names=row.names,
        geometry=shapely.from_wkb(row.geometry) if row.geometry is not None else None,
    )
