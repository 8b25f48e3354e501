"""From the codes and names that senders use to areas of the register."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache

from carealert.domain import geocodes
from carealert.domain.geocodes import Geocode
from carealert.domain.place_names import PlaceName, parts_of, place_name

#: (code system, code) of an area.
Key = tuple[str, str]


@dataclass(slots=True)
class CodeIndex:
    """The register's codes in their one spelling, and which lie in which.

    `below` is by the codes' digits, `children` by what the register says.
    """

    known: dict[Geocode, list[Key]] = field(default_factory=dict)
    below: dict[Geocode, list[Key]] = field(default_factory=dict)
    children: dict[str, list[Key]] = field(default_factory=dict)
    parents: dict[str, set[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, rows: Iterable[tuple[str, str, str | None]]) -> "CodeIndex":
        """An index of areas by (code system, code, code of the parent)."""
        index = cls()
        for system, code, parent_code in rows:
            key = (system, code)
            if parent_code is not None:
                index.children.setdefault(parent_code, []).append(key)
                index.parents.setdefault(code, set()).add(parent_code)
            for one in geocodes.read(system, code):
                index.known.setdefault(one, []).append(key)
                for parent in geocodes.parents(one):
                    index.below.setdefault(parent, []).append(key)
        return index

    def inside(self, code: Geocode) -> list[Key]:
        """The areas of this code, and everything that lies in them."""
        found = dict.fromkeys([*self.known.get(code, ()), *self.below.get(code, ())])
        new = list(found)
        while new:
            below = [key for _, one in new for key in self.children.get(one, ())]
            new = [key for key in dict.fromkeys(below) if key not in found]
            found.update(dict.fromkeys(new))
        return list(found)

    def codes_around(self, key: Key) -> set[str]:
        """The codes of all areas in which this one lies, by its digits or by the register."""
        digits = (parent for code in geocodes.read(*key) for parent in geocodes.parents(code))
        found = {code for parent in digits for _, code in self.known.get(parent, ())}
        new = {key[1]}
        while new:
            new = {parent for code in new for parent in self.parents.get(code, ())} - found
            found |= new
        return found - {key[1]}

    def lies_in_known(self, code: Geocode) -> bool:
        """True if an area around it is known."""
        return any(parent in self.known for parent in geocodes.parents(code))


@dataclass(slots=True)
class NameIndex:
    """The register's names in every language, as they compare."""

    known: dict[str, list[tuple[PlaceName, Key]]] = field(default_factory=dict)

    @classmethod
    def of(cls, rows: Iterable[tuple[str, str, str]]) -> "NameIndex":
        """An index of areas by (code system, code, names as JSON text)."""
        index = cls()
        for system, code, names in rows:
            for name in _names_in(names):
                index.known.setdefault(name.own, []).append((name, (system, code)))
        return index

    def keys(self, text: str) -> tuple[Key, ...]:
        """Every area with this name."""
        name = place_name(text)
        if name is None:
            return ()
        found = [key for other, key in self.known.get(name.own, ()) if name.agrees(other)]
        return tuple(dict.fromkeys(found))

    def read(self, area_desc: str) -> list[tuple[str, tuple[Key, ...]]]:
        """(text, areas of that name) for the whole text, or for each place that it lists."""
        parts = parts_of(area_desc)
        whole = self.keys(area_desc) if parts else ()
        if whole:
            return [(area_desc, whole)]
        return [read for part in parts for read in self._part(part)] or [(area_desc, ())]

    def _part(self, part: tuple[str, ...]) -> list[tuple[str, tuple[Key, ...]]]:
        """ "Trinidad and Tobago" is one place, "Barguna and Bhola" are two."""
        whole, *pieces = part
        keys = self.keys(whole)
        if keys or len(pieces) < 2:
            return [(whole, keys)]
        return [(piece, self.keys(piece)) for piece in pieces]


@lru_cache(maxsize=65536)
def _names_in(names: str) -> frozenset[PlaceName]:
    """Remembered, because a register's names are asked for with every warning."""
    found = (place_name(one) for one in json.loads(names).values())
    return frozenset(name for name in found if name is not None)
