"""What to make of times that are missing, stale or without a zone, by the office's table.

The table is `rules/time_rules.tsv`, for the officer to read and to change.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from fnmatch import translate
from functools import lru_cache

#: An `expires` before `sent` by more than this is a template's, or of another zone: nobody would
#: issue what is over since long. Below it, the message says that the event has just ended.
STALE = timedelta(hours=1)

_ZONE = re.compile(r"([+-])(\d\d):(\d\d)")
_KINDS = ("zone", "ends")


@dataclass(frozen=True, slots=True)
class SenderTimes:
    """The rules for one sender: the zone of its times without any, the names of its `ends`."""

    zone: tzinfo = UTC
    is_known_zone: bool = False
    ends: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class _Rule:
    sender: re.Pattern[str]
    kind: str
    value: str


class TimeRules:
    """The table, ready to be asked. Immutable."""

    def __init__(self, rows: Iterable[Mapping[str, str]] = ()) -> None:
        """Read rows of `rules/time_rules.tsv`; raises ValueError naming the row and its fault."""
        self._rules = tuple(_rule(number, row) for number, row in enumerate(rows, 2))
        self.of = lru_cache(maxsize=1024)(self._of)

    def _of(self, sender: str) -> SenderTimes:
        """The rules for this sender (`sender`, or a part of an address in an index)."""
        plain = sender.casefold()
        mine = [rule for rule in self._rules if rule.sender.fullmatch(plain)]
        zones = [_zone(rule.value) for rule in mine if rule.kind == "zone"]
        ends = frozenset(rule.value.casefold() for rule in mine if rule.kind == "ends")
        zone = zones[0] if zones else None
        return SenderTimes(zone or UTC, zone is not None, ends)


def is_stale(expires: datetime, sent: datetime) -> bool:
    """True if `expires` is so long before `sent` that it cannot be meant."""
    return expires < sent - STALE


def _rule(number: int, row: Mapping[str, str]) -> _Rule:
    sender, kind, value = (row.get(name, "").strip() for name in ("sender", "rule", "value"))
    known = kind in _KINDS and value and (kind != "zone" or _zone(value) is not None)
    if not sender or not known:
        raise ValueError(
            f"line {number} is not understood: give a sender (* stands for anything), a rule of "
            f"{' or '.join(_KINDS)}, and its value (a zone is written +08:00)"
        )
    return _Rule(re.compile(translate(sender.casefold())), kind, value)


def _zone(text: str) -> tzinfo | None:
    found = _ZONE.fullmatch(text)
    if found is None or int(found[2]) > 14 or int(found[3]) > 59:
        return None
    offset = timedelta(hours=int(found[2]), minutes=int(found[3]))
    return timezone(-offset if found[1] == "-" else offset)
