"""When a service is open in an ordinary week: a well-defined part of OSM's `opening_hours`.

Read are `24/7`, weekdays (`Mo-Fr`, `Sa,Su`, `Sa-Th`) with times (`08:00-12:00,13:00-17:00`,
`22:00-06:00` over midnight), and `off`. Rules are separated by `;`, where a later one takes the
place of what was said of its days, or by a comma, where it adds to it. A rule without weekdays is
for every day. What hangs on a calendar or the sun (PH, SH, months, weeks, sunset, open ends) is
refused rather than half understood.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

_DAYS = ("mo", "tu", "we", "th", "fr", "sa", "su")
_DAY_MINUTES = 24 * 60
_DAY = "(?:mo|tu|we|th|fr|sa|su)"
_DAY_RANGE = rf"{_DAY}(?:\s*-\s*{_DAY})?"
_SPAN = r"\d{1,2}:\d{2}\s*-\s*\d{1,2}:\d{2}"
_RULE = re.compile(
    rf"(?:(?P<days>{_DAY_RANGE}(?:\s*,\s*{_DAY_RANGE})*)\s*:?\s*)?"
    rf"(?P<times>{_SPAN}(?:\s*,\s*{_SPAN})*|off|closed)"
)
_TIME = re.compile(r"(\d{1,2}):(\d{2})")
#: A comma before a weekday that follows a time begins a further rule.
_FURTHER = re.compile(rf"(?<=\d)\s*,\s*(?={_DAY})")

#: Minutes from the midnight on which the day begins; the end may lie in the day after.
Span = tuple[int, int]


class UnclearHours(ValueError):
    """Hours that this module does not read. The message says what to write, and never the text."""


@dataclass(frozen=True, slots=True)
class OpeningHours:
    """The spans that begin on each day, Monday first, in the order of the day.

    A span belongs to the day on which it begins: where Friday is open until 04:00 and Saturday is
    off, Saturday is open until 04:00.
    """

    days: tuple[tuple[Span, ...], ...]


@lru_cache(maxsize=1024)
def read_hours(text: str) -> OpeningHours:
    """The hours that the text states; raises UnclearHours."""
    days: list[tuple[Span, ...]] = [()] * len(_DAYS)
    plain = " ".join(text.casefold().replace("\u2013", "-").split())
    if plain == "24/7":
        return OpeningHours(tuple(((0, _DAY_MINUTES),) for _ in days))
    for group in plain.split(";"):
        named: set[int] = set()
        for rule in _FURTHER.split(group.strip()):
            numbers, spans = _read_rule(rule)
            for number in numbers:
                kept = days[number] if number in named else ()
                days[number] = tuple(sorted({*kept, *spans})) if spans else ()
            named.update(numbers)
    return OpeningHours(tuple(days))


def is_open(hours: OpeningHours, local: datetime) -> bool:
    """Whether it is open then: `local` is a moment on the clock of the place.

    The zone is not looked at: in the hour that a change of clocks repeats, both count alike.
    """
    minute, today = local.hour * 60 + local.minute, local.weekday()
    over_midnight = minute + _DAY_MINUTES
    return any(start <= minute < end for start, end in hours.days[today]) or any(
        start <= over_midnight < end for start, end in hours.days[today - 1]
    )


def _read_rule(rule: str) -> tuple[list[int], list[Span]]:
    """The days of one rule, and the spans on each of them; no spans where it is off."""
    found = _RULE.fullmatch(rule)
    if found is None:
        raise UnclearHours("Write 'Mo-Fr 08:00-17:00', 'Sa off' or '24/7', without holidays")
    days = list(_days(found["days"])) if found["days"] else list(range(len(_DAYS)))
    if found["times"] in ("off", "closed"):
        return days, []
    return days, [_span(part) for part in found["times"].split(",")]


def _days(text: str) -> Iterator[int]:
    """Monday is 0; `Sa-Th` goes on over the end of the week."""
    for part in text.split(","):
        first, _, last = (one.strip() for one in part.partition("-"))
        start = _DAYS.index(first)
        length = (_DAYS.index(last or first) - start) % len(_DAYS)
        yield from ((start + n) % len(_DAYS) for n in range(length + 1))


def _span(text: str) -> Span:
    start, end = (_minutes(*found) for found in _TIME.findall(text))
    if start >= _DAY_MINUTES or end > _DAY_MINUTES:
        raise UnclearHours("A day has 24 hours: write times from 00:00 to 24:00")
    if start == end:
        raise UnclearHours("A time begins and ends alike: write 00:00-24:00 for the whole day")
    return start, end if end > start else end + _DAY_MINUTES


def _minutes(hour: str, minute: str) -> int:
    if int(minute) > 59:
        raise UnclearHours("An hour has 60 minutes: write times such as 08:30")
    return int(hour) * 60 + int(minute)
