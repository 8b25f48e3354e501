"""Finds, among many messages, those whose areas may have something in common with one's own.

It only spares comparisons: whatever `Gist.overlap` finds to overlap is among what this finds.
"""

import math
from collections.abc import Hashable, Iterable, Iterator

from carealert.domain.gist import Gist
from carealert.domain.hazards import Hazard

#: Sizes of the squares, in degrees, and up to how many small ones a shape is told by.
_SMALL, _LARGE = 1, 10
_MOST = 64

Tag = tuple[Hashable, ...]


class Nearby:
    """Numbers of messages by hazard and place."""

    def __init__(self) -> None:
        self._by_tag: dict[Tag, set[int]] = {}

    def add(self, number: int, gist: Gist) -> None:
        """Put a message in; putting it in twice changes nothing."""
        for hazard in gist.hazards:
            for tag in _own_tags(gist):
                self._by_tag.setdefault((hazard, *tag), set()).add(number)

    def find(self, gist: Gist, hazards: Iterable[Hazard]) -> set[int]:
        """Messages about any of these hazards near this one."""
        tags = list(_asked_tags(gist))
        found: set[int] = set()
        for hazard in hazards:
            for tag in tags:
                found |= self._by_tag.get((hazard, *tag), set())
        return found


def _own_tags(gist: Gist) -> Iterator[Tag]:
    """Under which tags a message is found."""
    yield from _said_tags(gist)
    for name in gist.names:
        yield ("name", name)
        if gist.is_named_only:
            yield ("named only", name)
    large = list(_squares(gist, _LARGE))
    yield from (("any", *square) for square in large)
    if _is_small(gist):
        yield from (("small", *square) for square in _squares(gist, _SMALL))
    else:
        yield from (("wide", *square) for square in large)


def _asked_tags(gist: Gist) -> Iterator[Tag]:
    """Under which tags those near a message are."""
    yield from _said_tags(gist)
    kind = "name" if gist.is_named_only else "named only"
    yield from ((kind, name) for name in gist.names)
    large = _squares(gist, _LARGE)
    if _is_small(gist):
        yield from (("small", *square) for square in _squares(gist, _SMALL))
        yield from (("wide", *square) for square in large)
    else:
        yield from (("any", *square) for square in large)


def _said_tags(gist: Gist) -> Iterator[Tag]:
    for system, values in gist.codes.items():
        yield from (("code", system, value) for value in values)


def _is_small(gist: Gist) -> bool:
    low_x, low_y, high_x, high_y = gist.box
    return (high_x - low_x + 1) * (high_y - low_y + 1) <= _MOST


def _squares(gist: Gist, size: int) -> Iterator[Tag]:
    """The squares of this size that the shape's box touches."""
    if gist.shape is None:
        return
    low_x, low_y, high_x, high_y = (math.floor(edge / size) for edge in gist.box)
    for x in range(low_x, high_x + 1):
        for y in range(low_y, high_y + 1):
            yield (x, y)
