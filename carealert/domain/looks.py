"""When a warning that was decided about is looked at again, though no message came.

Time alone changes two things: the lead time, by which rules may begin to hold, and that something
was said long ago, which rules may want said again while the warning holds.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from carealert.domain.condition_parts import HOUR, Range, warning_facts
from carealert.domain.conditions import AllOf, AnyOf, Condition, Not, Test
from carealert.domain.matching import live_rules
from carealert.domain.rules import Rule
from carealert.domain.warnings import HazardWarning, Info

#: A lead time "below 12h" holds from just after that moment on.
_JUST_AFTER = timedelta(seconds=1)


class LookKind(StrEnum):
    """What is done when the time has come."""

    AGAIN = "again"  # decide again: who is told now that was not, or is to hear it again
    AFTERWARDS = "afterwards"  # ask what is missing


@dataclass(frozen=True, slots=True)
class Look:
    """Something to be done about a warning at `due_at`; `repeats` are rules that say it again.

    `number` tells the looks of one kind apart: 1, 2, 3 for AGAIN, hours after the end for
    AFTERWARDS.
    """

    kind: LookKind
    number: int
    due_at: datetime
    repeats: frozenset[str] = field(default_factory=frozenset)

    @property
    def round(self) -> str:
        """What tells the messages of this look from earlier ones."""
        return f"{self.kind.value}{self.number}"


def next_look(
    rules: Iterable[Rule],
    warning: HazardWarning,
    active: Mapping[int, Info],
    number: int,
    planned_at: datetime,
    now: datetime,
    assumed_life: timedelta,
) -> Look | None:
    """The first moment after `now` at which another look can change anything, or None.

    Repeats count from `planned_at`, when the warning was first decided about. Nothing is due when
    the warning has ended.
    """
    on = [rule for rule in rules if rule.enabled]
    warned = {n: warning_facts(warning, info, assumed_life, now) for n, info in active.items()}
    ends = [facts.end for facts in warned.values()]
    if not ends:
        return None
    said_again = {
        live.rule.id: _next_repeat(live.rule.do.repeat_every, planned_at, now)
        for live in live_rules(on, warned)
        if live.rule.do.repeat_every
    }
    begins = (at for rule in on for facts in warned.values() for at in _turns(rule, facts.start))
    moments = [at for at in (*begins, *said_again.values()) if now < at < max(ends)]
    if not moments:
        return None
    due_at = min(moments)
    repeats = frozenset(rule for rule, at in said_again.items() if at == due_at)
    return Look(LookKind.AGAIN, number, due_at, repeats)


def afterwards(
    rules: Iterable[Rule],
    warning: HazardWarning,
    active: Mapping[int, Info],
    now: datetime,
    assumed_life: timedelta,
) -> list[Look]:
    """When to ask what is missing: so long after the end as the rules that hold want it."""
    warned = {n: warning_facts(warning, info, assumed_life, now) for n, info in active.items()}
    after = {length for live in live_rules(rules, warned) for length in live.rule.do.check_after}
    end = max((facts.end for facts in warned.values()), default=now)
    return [
        Look(LookKind.AFTERWARDS, round(length / HOUR), end + length) for length in sorted(after)
    ]


def _next_repeat(every: timedelta, planned_at: datetime, now: datetime) -> datetime:
    return planned_at + ((now - planned_at) // every + 1) * every


def _turns(rule: Rule, start: datetime) -> Iterator[datetime]:
    """The moments at which the rule's lead time may begin to hold for what starts then."""
    for bound in _lead_bounds(rule.when.condition):
        turn = start - bound * HOUR + _JUST_AFTER
        yield from (turn, turn - rule.do.start_earlier)


def _lead_bounds(condition: Condition | None) -> Iterator[float]:
    match condition:
        case Test("lead_time", Range(at_least, below)):
            yield from (bound for bound in (at_least, below) if bound is not None)
        case AllOf(parts) | AnyOf(parts):
            for part in parts:
                yield from _lead_bounds(part)
        case Not(part):
            yield from _lead_bounds(part)
