"""Who may be in the register twice: pairs with a reason and a score, proposed and never merged.

Only people who share a phone or a name are compared with each other (blocking), so that a register
of a hundred thousand takes seconds. A score is a guess for sorting: 1 - the product of what each
reason leaves open.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import combinations, islice, takewhile
from math import cos, hypot, radians

from carealert.domain.people import Caregiver, PhoneSharing, Resident

#: Two homes nearer than this count as one place, in metres.
NEAR_M = 200.0
#: Pairs below this are not worth an officer's time.
LEAST = 0.35
#: A phone or a name that more people share tells nothing about any two of them.
CROWD = 20

_METRES_A_DEGREE = 111_195.0
_ACCENTS = re.compile("[\u0300-\u036f]")
_NOT_A_LETTER = re.compile(r"[^\w\u0900-\u0dff\s]|_")


class Sign(StrEnum):
    """Why two people may be one."""

    PHONE = "same phone"
    NAME_AND_PLACE = "same name, homes less than 200 m apart"
    NAME_AND_AREA = "same name in the same area"
    NAME_AND_YEAR = "same name and birth year"


_WEIGHTS = {
    Sign.PHONE: 0.6,
    Sign.NAME_AND_PLACE: 0.75,
    Sign.NAME_AND_AREA: 0.5,
    Sign.NAME_AND_YEAR: 0.6,
}
_SHARED_PHONE = 0.35  # a household's phone: its people are two more often than one
_OTHER_YEAR = 0.5  # mother and daughter, and twins, share much


@dataclass(frozen=True, slots=True)
class Trace:
    """What tells one person from another. `name` is a `name_key`; `lat`, `lon` in degrees."""

    ref: str
    name: str | None = field(repr=False)
    phone: str | None = field(repr=False)
    is_shared: bool = False
    lat: float | None = None
    lon: float | None = None
    area_code: str | None = None
    birth_year: int | None = None


@dataclass(frozen=True, slots=True)
class Pair:
    """Two refs that may be one person, in alphabetical order; `score` from 0 to 1."""

    first: str
    second: str
    signs: tuple[Sign, ...]
    score: float


@dataclass(frozen=True, slots=True)
class Likeness:
    """What a search found, the likeliest first.

    `crowds` counts phones and names that so many people share that they were not compared.
    """

    pairs: tuple[Pair, ...]
    crowds: int = 0


def name_key(name: str | None) -> str | None:
    """A name without case, accents of Latin letters, punctuation and the order of its parts."""
    if not name:
        return None
    plain = name.casefold()
    if not plain.isascii():
        plain = _ACCENTS.sub("", unicodedata.normalize("NFKD", plain))
    parts = _NOT_A_LETTER.sub(" ", plain).split()
    return " ".join(sorted(parts)) or None


def trace_of(person: Resident | Caregiver) -> Trace:
    """The trace of one person."""
    phone = person.phone
    resident = person if isinstance(person, Resident) else None
    return Trace(
        person.ref,
        name_key(person.name),
        phone.number if phone else None,
        phone is not None and is_shared(phone.sharing),
        person.lat,
        person.lon,
        resident.area_code if resident else None,
        resident.birth_year if resident else None,
    )


def is_shared(sharing: PhoneSharing) -> bool:
    """True where somebody said that others use the phone; unknown is no statement."""
    return sharing not in (PhoneSharing.PRIVATE, PhoneSharing.UNKNOWN)


def alike(people: Iterable[Trace], among: Container[str] | None = None) -> Likeness:
    """Pairs of these people that may be one; with `among` only pairs with one of these refs."""
    by_phone: dict[str, list[Trace]] = defaultdict(list)
    by_name: dict[str, list[Trace]] = defaultdict(list)
    for one in people:
        if one.phone:
            by_phone[one.phone].append(one)
        if one.name:
            by_name[one.name].append(one)
    found: dict[tuple[str, str], tuple[Trace, Trace]] = {}
    blocks = [*by_phone.values(), *(part for block in by_name.values() for part in _groups(block))]
    crowds = sum(len(block) > CROWD for block in blocks)
    for block in blocks:
        for one, other in combinations(block, 2) if len(block) <= CROWD else ():
            if one.ref != other.ref and (among is None or one.ref in among or other.ref in among):
                first, second = sorted((one, other), key=lambda trace: trace.ref)
                found[first.ref, second.ref] = first, second
    pairs = [_pair(first, second) for first, second in found.values()]
    good = [pair for pair in pairs if pair.score >= LEAST]
    return Likeness(tuple(sorted(good, key=lambda p: (-p.score, p.first, p.second))), crowds)


def _groups(namesakes: Sequence[Trace]) -> Iterator[list[Trace]]:
    """Namesakes who share a birth year or an area, and each with those who live near."""
    if len(namesakes) < 2:
        return
    groups: dict[tuple[str, object], list[Trace]] = defaultdict(list)
    for one in namesakes:
        if one.birth_year is not None:
            groups["year", one.birth_year].append(one)
        if one.area_code is not None:
            groups["area", one.area_code].append(one)
    yield from (group for group in groups.values() if len(group) > 1)
    yield from _neighbours(namesakes)


def _neighbours(namesakes: Sequence[Trace]) -> Iterator[list[Trace]]:
    """Pairs of homes near each other; one list where more than a crowd are near one home."""
    placed = sorted((one for one in namesakes if one.lat is not None), key=lambda t: t.lat or 0.0)
    for n, one in enumerate(placed):
        north = (one.lat or 0.0) + NEAR_M / _METRES_A_DEGREE
        within = takewhile(lambda other: (other.lat or 0.0) <= north, islice(placed, n + 1, None))  # noqa: B023 - used up at once
        near = list(islice((other for other in within if _metres(one, other) < NEAR_M), CROWD))
        if len(near) == CROWD:
            yield [one, *near]
        else:
            yield from ([one, other] for other in near)


def _pair(first: Trace, second: Trace) -> Pair:
    signs = tuple(_signs(first, second))
    left = 1.0
    for sign in signs:
        weight = _WEIGHTS[sign]
        if sign is Sign.PHONE and first.is_shared and second.is_shared:
            weight = _SHARED_PHONE
        left *= 1 - weight
    score = 1 - left
    years = (first.birth_year, second.birth_year)
    if None not in years and years[0] != years[1]:
        score *= _OTHER_YEAR
    return Pair(first.ref, second.ref, signs, round(score, 2))


def _signs(first: Trace, second: Trace) -> Iterator[Sign]:
    if first.phone and first.phone == second.phone:
        yield Sign.PHONE
    if not first.name or first.name != second.name:
        return
    if _metres(first, second) < NEAR_M:
        yield Sign.NAME_AND_PLACE
    elif first.area_code and first.area_code == second.area_code:
        yield Sign.NAME_AND_AREA
    if first.birth_year is not None and first.birth_year == second.birth_year:
        yield Sign.NAME_AND_YEAR


def _metres(first: Trace, second: Trace) -> float:
    """The distance on a flat map, good enough for hundreds of metres; infinite if unknown."""
    if first.lat is None or first.lon is None or second.lat is None or second.lon is None:
        return float("inf")
    east = (first.lon - second.lon + 180) % 360 - 180
    north = first.lat - second.lat
    middle = cos(radians((first.lat + second.lat) / 2))
    return hypot(north, east * middle) * _METRES_A_DEGREE
