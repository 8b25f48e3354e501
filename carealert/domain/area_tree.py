"""What can be wrong with areas before anybody looks at a map: codes, names, levels, parents."""

from collections import Counter
from collections.abc import Iterator

from carealert.domain.atlas import Atlas, Fault, Finding, Key, Mapped, called, key_of


def check_words(atlas: Atlas, language: str) -> Iterator[Finding]:
    """Codes that are there twice or mean two places, and areas without a name in `language`."""
    counted = Counter(key_of(one) for one in atlas.given)
    for one in atlas.own.values():
        many = counted[key_of(one)]
        if many > 1:
            yield _finding(Fault.CODE_TWICE, one, f"is there {many} times; the last would count")
        others = [it for it in atlas.of_code(one.code) if _is_elsewhere(one, it)]
        if others:
            systems = ", ".join(sorted(it.code_system for it in others))
            what = f"is another place in the system {systems}: people registered under it are both"
            yield _finding(Fault.TWO_PLACES, one, what)
        if language not in one.names:
            yield _finding(Fault.NO_NAME, one, f"has no name in the office's language ({language})")
        if one.geometry is None:
            what = "has no outline: no position can be found in it"
            yield _finding(Fault.NO_OUTLINE, one, what)


def _is_elsewhere(one: Mapped, other: Mapped) -> bool:
    """Another system's area of this code with an outline that has nothing in common with it."""
    if other.code_system == one.code_system or one.geometry is None or other.geometry is None:
        return False
    return not one.geometry.intersects(other.geometry)


def check_parents(atlas: Atlas) -> Iterator[Finding]:
    """Circles, parents that nobody knows, and levels that do not fit their parent's."""
    top: dict[str, int] = {}
    for one in atlas.all.values():
        top[one.code_system] = min(one.level, top.get(one.code_system, one.level))
    yield from _unknown_parents(atlas)
    circles: set[frozenset[tuple[str, str]]] = set()
    for one in atlas.own.values():
        round_ = _circle(atlas, one)
        if round_:
            members = frozenset(key_of(it) for it in round_)
            if members not in circles:
                circles.add(members)
                way = " in ".join([it.code for it in round_] + [round_[0].code])
                what = f"lies in itself: {way}"
                yield Finding(Fault.CIRCLE, tuple(key_of(it) for it in round_), what)
        else:
            yield from _beside_parent(atlas, one, top[one.code_system])


def _unknown_parents(atlas: Atlas) -> Iterator[Finding]:
    """One finding for each parent, however many name it."""
    named: dict[str, list[Key]] = {}
    for key, one in atlas.own.items():
        if one.parent_code is not None and atlas.parent(one) is None:
            named.setdefault(one.parent_code, []).append(key)
    for code, keys in named.items():
        also = f", as {len(keys) - 1} more do" if len(keys) > 1 else ""
        what = f"names the parent {code}{also}, which is not known: import it too"
        yield Finding(Fault.NO_PARENT, tuple(keys), what)


def _circle(atlas: Atlas, one: Mapped) -> list[Mapped]:
    """The areas of a circle that this one is part of, beginning with it; else empty."""
    above = [one, *atlas.ancestors(one)]
    back = atlas.parent(above[-1])
    return above if back is not None and key_of(back) == key_of(one) else []


def _beside_parent(atlas: Atlas, one: Mapped, top: int) -> Iterator[Finding]:
    above = atlas.parent(one)
    if above is None:
        if one.parent_code is None and one.level > top:
            what = f"is of level {one.level} and names no parent"
            yield _finding(Fault.NO_PARENT, one, what)
    elif above.level >= one.level:
        what = f"is of level {one.level}, and its parent {called(above)} of level {above.level}"
        yield Finding(Fault.NOT_ABOVE, (key_of(one), key_of(above)), what)
    elif above.level < one.level - 1:
        what = (
            f"is of level {one.level}, its parent {called(above)} of level {above.level}: "
            "a level between them is left out"
        )
        yield Finding(Fault.LEVEL_SKIPPED, (key_of(one), key_of(above)), what)


def _finding(fault: Fault, one: Mapped, what: str) -> Finding:
    return Finding(fault, (key_of(one),), what)
