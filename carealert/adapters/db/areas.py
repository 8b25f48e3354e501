"""Administrative areas: how they lie in one another, and what senders call them."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy import Connection, Row, Text, bindparam, cast, insert, select, update

from carealert.adapters.db.descent import HIGHEST, codes_above, codes_below
from carealert.adapters.db.lists import one_of
from carealert.adapters.db.placing import CodeIndex, Key, NameIndex
from carealert.adapters.db.tables import area
from carealert.domain.geocodes import Geocode, is_known, read, same_system, spellings
from carealert.services.ports.registry import ImportCounts, PlaceArea, Placed

#: Codes of this length do not mean two places by accident.
_TELLING = 5


class SqlAreas:
    """AreaStore on a connection; what was looked up is remembered for the transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._forget()

    def _forget(self) -> None:
        self._ancestors: dict[str, Sequence[PlaceArea]] = {}
        self._areas: dict[Key, PlaceArea] = {}
        self._spelled: dict[str, list[Key]] = {}
        for cached in ("_codes", "_names"):
            self.__dict__.pop(cached, None)

    def put(self, areas: Iterable[PlaceArea]) -> ImportCounts:
        given = {(one.code_system, one.code): one for one in areas}
        stored = {_key(one): one for one in self._with_codes(code for _, code in given)}
        new = [key for key in given if key not in stored]
        changed = [key for key in given if key in stored and not _same(given[key], stored[key])]
        if new:
            self._connection.execute(insert(area), [_row(given[key]) for key in new])
        if changed:
            self._connection.execute(_UPDATE, [_update_row(given[key]) for key in changed])
        self._forget()
        return ImportCounts(len(new), len(changed), len(given) - len(new) - len(changed))

    def place(self, geocodes: Iterable[tuple[str, str]]) -> Placed:
        sent = list(dict.fromkeys(geocodes))
        meant = {code: pair for name, value in sent for code, pair in _as_sent(name, value)}
        self._look_up({value.strip() for _, value in sent}.union(*map(spellings, meant)))
        found = {code: self._means(code) for code in meant}
        keys = dict.fromkeys(key for keys in found.values() for key in keys)
        unknown = dict.fromkeys(meant[code] for code in meant if not found[code])
        return Placed(
            tuple(self._areas[key] for key in self._loaded(keys)),
            frozenset(code for _, code in keys) | self._bare(sent),
            tuple(unknown),
            any(not found[code] and self._codes.lies_in_known(code) for code in meant),
        )

    def named(self, area_desc: str) -> Placed:
        places: dict[Key, None] = {}
        unknown: list[tuple[str, str]] = []
        unclear = False
        for text, keys in self._names.read(area_desc):
            if keys and self._are_one_place(keys):
                places.update(dict.fromkeys(keys))
            else:
                unclear |= bool(keys)
                unknown.append(("", text))
        around = {code for key in places for code in self._codes.codes_around(key)}
        inner = [key for key in places if key[1] not in around]
        return Placed(
            tuple(self._areas[key] for key in self._loaded(inner)),
            frozenset(code for _, code in inner),
            tuple(unknown),
            bool(inner) and (unclear or len(inner) < len(places)),
        )

    def homes(self, codes: Iterable[str]) -> Mapping[str, BaseGeometry]:
        wanted = sorted(set(codes))
        query = select(area.c.code, area.c.parent_code, area.c.geometry.is_not(None))
        up: dict[str, list[tuple[str | None, bool]]] = {}
        for code, parent, drawn in self._connection.execute(query.order_by(area.c.code_system)):
            up.setdefault(code, []).append((parent, drawn))
        nearest = {code: _nearest_drawn(code, up) for code in wanted}
        drawn_areas: dict[str, BaseGeometry] = {}
        for one in self._with_codes(code for code in nearest.values() if code):
            if one.geometry is not None:
                drawn_areas.setdefault(one.code, one.geometry)
        return {code: drawn_areas[home] for code, home in nearest.items() if home}

    def with_ancestors(self, code: str) -> Sequence[PlaceArea]:
        if code not in self._ancestors:
            codes = codes_above(self._connection, code)
            found = self._with_codes(codes)
            found.sort(key=lambda one: (codes.index(one.code), one.code_system))
            self._ancestors[code] = tuple(found)
        return self._ancestors[code]

    def with_descendants(self, codes: Iterable[str]) -> frozenset[str]:
        return frozenset(self._connection.scalars(codes_below(self._connection, codes)))

    def all(self) -> Sequence[PlaceArea]:
        found = [_area(row) for row in self._connection.execute(select(area))]
        return sorted(found, key=lambda one: (one.level, one.code_system, one.code))

    def _means(self, code: Geocode) -> list[Key]:
        """The areas of this code; where none has an outline, with all that lie in it."""
        keys = [
            key
            for text in sorted(spellings(code))
            for key in self._spelled.get(text, ())
            if code in read(*key)
        ]
        if any(self._areas[key].geometry is not None for key in keys):
            return keys
        return list(dict.fromkeys([*keys, *self._codes.inside(code)]))

    def _bare(self, sent: Iterable[tuple[str, str]]) -> frozenset[str]:
        """Codes as sent, for people registered under codes that nobody has described as areas.

        A code of one known system is another place in the next; and a short code of a system that
        nobody knows is any place at all.
        """
        return frozenset(
            value
            for name, value in ((name, value.strip()) for name, value in sent)
            if (len(value) >= _TELLING or is_known(name))
            and all(
                same_system(name, key[0]) or not (is_known(name) and is_known(key[0]))
                for key in self._spelled.get(value, ())
            )
        )

    def _are_one_place(self, keys: Sequence[Key]) -> bool:
        """One area, or one outline under codes of several systems."""
        if len(keys) == 1:
            return True
        outlines = {
            one.wkb if (one := self._areas[key].geometry) is not None else None
            for key in self._loaded(keys)
        }
        return len(outlines) == 1 and None not in outlines

    def _look_up(self, codes: Iterable[str]) -> None:
        """Remember the areas with codes in just these spellings, by the index."""
        new = [code for code in codes if code not in self._spelled]
        self._spelled.update((code, []) for code in new)
        for one in self._with_codes(new):
            self._spelled[one.code].append(_key(one))
            self._areas[_key(one)] = one

    def _loaded(self, keys: Iterable[Key]) -> Iterable[Key]:
        """The same keys, their areas remembered."""
        wanted = list(keys)
        self._look_up(code for key in wanted if key not in self._areas for code in key[1:])
        return wanted

    @cached_property
    def _codes(self) -> CodeIndex:
        query = select(area.c.code_system, area.c.code, area.c.parent_code)
        return CodeIndex.of(tuple(row) for row in self._connection.execute(query))

    @cached_property
    def _names(self) -> NameIndex:
        query = select(area.c.code_system, area.c.code, cast(area.c.names, Text))
        return NameIndex.of(tuple(row) for row in self._connection.execute(query))

    def _with_codes(self, codes: Iterable[str]) -> list[PlaceArea]:
        query = select(area).where(one_of(self._connection, area.c.code, codes))
        return [_area(row) for row in self._connection.execute(query)]


def _nearest_drawn(code: str, up: Mapping[str, Sequence[tuple[str | None, bool]]]) -> str | None:
    """The code itself or the first around it that has an outline; a circle of parents ends."""
    level = [code]
    for _ in range(HIGHEST):
        rows = [row for one in level for row in up.get(one, ())]
        drawn = next((one for one in level if any(has for _, has in up.get(one, ()))), None)
        if drawn or not rows:
            return drawn
        level = [parent for parent, _ in rows if parent]
    return None


_UPDATE = (
    update(area)
    .where(area.c.code_system == bindparam("the_system"), area.c.code == bindparam("the_code"))
    .values(
        {name: bindparam(f"new_{name}") for name in ("level", "parent_code", "names", "geometry")}
    )
)


def _as_sent(name: str, value: str) -> list[tuple[Geocode, tuple[str, str]]]:
    """Each code that the value means, with what an officer is told if it is not known."""
    codes = read(name, value)
    return [(one, (name, value.strip() if len(codes) == 1 else one.value)) for one in codes]


def _key(one: PlaceArea) -> Key:
    return one.code_system, one.code


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
