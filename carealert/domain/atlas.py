"""Administrative areas as they lie in one another, and what can be wrong with them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Protocol

from shapely.geometry.base import BaseGeometry

#: (code system, code) of an area.
Key = tuple[str, str]


class Mapped(Protocol):
    """An area. `names` is language -> name; level 0 is the country; WGS 84 lon/lat or None."""

    @property
    def code_system(self) -> str: ...  # noqa: D102
    @property
    def code(self) -> str: ...  # noqa: D102
    @property
    def level(self) -> int: ...  # noqa: D102
    @property
    def parent_code(self) -> str | None: ...  # noqa: D102
    @property
    def names(self) -> Mapping[str, str]: ...  # noqa: D102
    @property
    def geometry(self) -> BaseGeometry | None: ...  # noqa: D102


class Fault(StrEnum):
    """What is wrong. The order is that of a report: what misleads most comes first."""

    CODE_TWICE = "code_twice"
    CIRCLE = "circle_of_parents"
    NOT_ABOVE = "parent_not_above"
    INVALID = "invalid_outline"
    SWAPPED = "lat_lon_swapped"
    AWAY = "away_from_parent"
    TWO_PLACES = "code_of_two_places"
    NO_PARENT = "parent_unknown"
    LEVEL_SKIPPED = "level_skipped"
    NO_NAME = "no_name"
    NO_OUTLINE = "no_outline"
    STICKS_OUT = "sticks_out"
    OVERLAP = "overlap"
    GAP = "gap"


#: With these the register would place people wrongly; the others may be as the agency drew them.
ERRORS = frozenset(
    {Fault.CODE_TWICE, Fault.CIRCLE, Fault.NOT_ABOVE, Fault.INVALID, Fault.SWAPPED, Fault.AWAY}
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing about one or two areas. `at` is (lon, lat) of a point to look at.

    `km2` is the size of an overlap, a gap or what sticks out; `share` is its part of the smaller
    area, of the parent, or of the child (0 to 1).
    """

    fault: Fault
    areas: tuple[Key, ...]
    what: str
    at: tuple[float, float] | None = None
    km2: float | None = None
    share: float | None = None

    @property
    def is_error(self) -> bool:
        """Whether the areas must be mended before anybody relies on them."""
        return self.fault in ERRORS


@dataclass(frozen=True, slots=True)
class Tolerance:
    """From where on a difference between two drawings of one border is worth saying.

    `overlap` is a share of the smaller area, `outside` of the child, `gap` of the parent. A gap
    or a strip outside that is narrower than `width` times the root of the parent's area is a
    border drawn twice, however long it is.
    """

    overlap: float = 0.01
    outside: float = 0.01
    gap: float = 0.001
    width: float = 0.01


class Atlas:
    """Areas under check and those that the register has besides, by key, code and parent.

    Of the latter those with a key of the former are left out: an import replaces them.
    """

    def __init__(self, own: Sequence[Mapped], known: Iterable[Mapped] = ()) -> None:
        self.given = own
        self.own: Mapping[Key, Mapped] = {key_of(one): one for one in own}
        self.all: Mapping[Key, Mapped] = {key_of(one): one for one in known} | self.own

    @cached_property
    def _by_code(self) -> Mapping[str, Sequence[Mapped]]:
        found: dict[str, list[Mapped]] = {}
        for one in self.all.values():
            found.setdefault(one.code, []).append(one)
        return found

    def of_code(self, code: str) -> Sequence[Mapped]:
        """Every area with this code, whatever its system."""
        return self._by_code.get(code, ())

    def parent(self, one: Mapped) -> Mapped | None:
        """The area that its parent code means: of its own system first, with an outline first."""
        if one.parent_code is None:
            return None
        return min(
            self.of_code(one.parent_code),
            key=lambda it: (it.code_system != one.code_system, it.geometry is None, key_of(it)),
            default=None,
        )

    def ancestors(self, one: Mapped) -> Iterator[Mapped]:
        """Parents upwards; where they go in a circle, each is given once."""
        seen = {key_of(one)}
        above = self.parent(one)
        while above is not None and key_of(above) not in seen:
            yield above
            seen.add(key_of(above))
            above = self.parent(above)

    def drawn_ancestor(self, one: Mapped) -> Mapped | None:
        """The nearest area around it that has an outline."""
        return next((above for above in self.ancestors(one) if above.geometry is not None), None)

    def is_own(self, *areas: Mapped) -> bool:
        """Whether any of these areas is under check."""
        return any(key_of(one) in self.own for one in areas)

    @cached_property
    def families(self) -> Sequence[tuple[Mapped, Sequence[Mapped]]]:
        """(parent, its children of one system), for all parents that are known.

        Each system divides a parent on its own: the children of two do not fill each other's gaps.
        """
        found: dict[tuple[Key, str], list[Mapped]] = {}
        for one in self.all.values():
            above = self.parent(one)
            if above is not None and above is not one:
                found.setdefault((key_of(above), one.code_system), []).append(one)
        return [(self.all[place[0]], children) for place, children in sorted(found.items())]


def key_of(one: Mapped) -> Key:
    """Its system and code."""
    return one.code_system, one.code


def called(one: Mapped) -> str:
    """How a report names it: the code and one of its names."""
    name = next(iter(one.names.values()), None)
    return f"{one.code} ({name})" if name else one.code
