"""Rules that can never change what anybody is told, because another always comes first.

The check is sound and incomplete: what it names is dead; what it does not name may be dead too.
"""

from collections.abc import Sequence
from datetime import timedelta

from carealert.domain.condition_parts import Cutoff, Range
from carealert.domain.conditions import AllOf, AnyOf, Condition, Test, Value
from carealert.domain.rules import Do, Rule


def shadow_of(rule: Rule, others: Sequence[Rule]) -> Rule | None:
    """The first of `others` (in the order of the files, `rule` itself among them) that always
    comes before it for the same people; None where none certainly does."""
    here = others.index(rule)
    replaced = {one.replaces for one in others}
    for number, other in enumerate(others):
        if other.id in replaced:
            continue  # it may stand aside somewhere
        if other is not rule and _comes_first(other, rule, before=number < here):
            return other
    return None


def implies(one: Condition | None, other: Condition | None) -> bool:
    """True only where `other` holds whenever `one` does."""
    if other is None or one == other:
        return True
    if isinstance(other, AllOf):
        return all(implies(one, part) for part in other.parts)
    if isinstance(other, AnyOf) and any(implies(one, part) for part in other.parts):
        return True
    match one:
        case AllOf(parts):
            return any(implies(part, other) for part in parts)
        case AnyOf(parts):
            return all(implies(part, other) for part in parts)
        case Test(name, value) if isinstance(other, Test) and name == other.name:
            return _within(value, other.value)
    return False


def _comes_first(other: Rule, rule: Rule, *, before: bool) -> bool:
    """The same people are told by `other`, in its words and with its chain."""
    do, own = other.do, rule.do
    stronger = do.priority < own.priority or (do.priority == own.priority and before)
    return (
        other.enabled
        and (other.of_area is None or other.of_area == rule.of_area)
        and (other.replaces is None or other.replaces == rule.replaces)
        and other.who.kind is rule.who.kind
        and other.who.within_km >= rule.who.within_km
        and stronger
        and set(do.to) >= set(own.to)
        and _follows_as_much(do, own)
        and implies(rule.when.condition, other.when.condition)
        and implies(rule.who.condition, other.who.condition)
    )


def _follows_as_much(do: Do, own: Do) -> bool:
    """Silence is followed wherever `own` follows it, and nothing else of `own` is done by it."""
    more = own.repeat_every or own.check_after or own.programme
    follows = do.always_follows or not any(steps for _, steps in own.chains())
    starts = own.start_earlier in (timedelta(0), do.start_earlier)
    return follows and starts and not more


def _within(value: Value, other: Value) -> bool:
    """Whatever meets `value` meets `other` as well."""
    if isinstance(value, frozenset) and isinstance(other, frozenset):
        return value <= other
    if isinstance(value, Range) and isinstance(other, Range):
        low = other.at_least is None or (
            value.at_least is not None and value.at_least >= other.at_least
        )
        high = other.below is None or (value.below is not None and value.below <= other.below)
        return low and high
    if isinstance(value, Cutoff) and isinstance(other, Cutoff):
        return value.functions <= other.functions and value.at_least >= other.at_least
    return value == other
