"""Words, dates, times and languages of cells.

A register holds few different ones of them: each is understood once, and then shared.
"""

import re
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo

#: Language, script, region of RFC 5646 (BCP 47); variants and extensions do not choose a text.
_LANGUAGE = re.compile(r"([a-z]{2,3})(?:-([a-z]{4}))?(?:-([a-z]{2}|\d{3}))?", re.IGNORECASE)
_CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)(?::00)?")
_FIRST_YEAR, _LAST_YEAR = 1900, 2200


@lru_cache(maxsize=64)
def _vocabulary(words: type[StrEnum]) -> dict[str, StrEnum]:
    return {word.value.casefold(): word for word in words}


def word_of(words: type[StrEnum], value: str) -> StrEnum | None:
    """The word that is written so, in small letters."""
    return _vocabulary(words).get(value)


@lru_cache(maxsize=4096)
def words_of(words: type[StrEnum], value: str) -> tuple[frozenset[StrEnum], int | None, int]:
    """The words of a list cell, which part (from 1) is none of the list, and how many there are."""
    parts = [part.strip() for part in value.split(";") if part.strip()]
    found = [word_of(words, part) for part in parts]
    strange = found.index(None) + 1 if None in found else None
    return frozenset(word for word in found if word is not None), strange, len(parts)


@lru_cache(maxsize=1024)
def language_of(value: str) -> str | None:
    """A language tag, spelled as RFC 5646 recommends."""
    found = _LANGUAGE.fullmatch(value)
    if not found:
        return None
    language, script, region = found.groups()
    parts = (language.lower(), (script or "").title(), (region or "").upper())
    return "-".join(part for part in parts if part)


@lru_cache(maxsize=2048)
def clock_of(value: str) -> time | None:
    """A time of day from HH:MM."""
    found = _CLOCK.fullmatch(value)
    return time(int(found[1]), int(found[2])) if found else None


def day_of(value: str) -> date | None:
    """A date as in ISO 8601."""
    try:
        return date.fromisoformat(value)
    except ValueError:
        return None


@lru_cache(maxsize=4096)
def moment_of(value: str, whole_day: bool, zone: ZoneInfo) -> datetime | None:
    """An aware moment; a date alone is its first moment in `zone`, or with `whole_day` its last."""
    try:
        day = date.fromisoformat(value)
    except ValueError:  # not a date alone
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            return None
    else:
        moment = datetime.combine(day, time(0))
        # The last days of the calendar have no next day, and no honest use here.
        moment += timedelta(days=whole_day and day.year < _LAST_YEAR)
    if not _FIRST_YEAR <= moment.year <= _LAST_YEAR:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)
