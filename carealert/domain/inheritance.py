"""Rules of a metropolitan area and of its cities: tightened below, never loosened in silence.

All rules that match fire and the strongest wins, so a city that adds a rule can only tighten. To
put a rule in the place of one from above takes that one away, and is allowed where the new one is
no weaker in anything, or where somebody has put their name to it for a time (requirements M27).
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from carealert.domain.rule_shadows import implies
from carealert.domain.rules import Do, EscalationStep, Rule


def replaced_in(rules: Sequence[Rule], now: datetime) -> dict[str, frozenset[str]]:
    """Rule -> the areas in which another stands in its place at `now`.

    Where a replacement may not stand, both hold: the stronger one wins, and nobody is left out.
    """
    by_id = {rule.id: rule for rule in rules}
    found: dict[str, set[str]] = {}
    for rule in rules:
        above = by_id.get(rule.replaces) if rule.replaces else None
        if above is None or not rule.enabled or rule.of_area is None:
            continue
        if is_no_weaker(rule, above) or _is_allowed(rule, now):
            found.setdefault(above.id, set()).add(rule.of_area)
    return {name: frozenset(areas) for name, areas in found.items()}


def applies(rule: Rule, areas: frozenset[str], replaced: Mapping[str, frozenset[str]]) -> bool:
    """True where the rule is about somebody registered in these areas (their own and all above)."""
    if rule.of_area is not None and rule.of_area not in areas:
        return False
    return not replaced.get(rule.id, frozenset()) & areas


def is_no_weaker(rule: Rule, above: Rule) -> bool:
    """True only where `rule` tells everybody whom `above` tells, as soon and as much at least.

    Sound and incomplete: what it refuses may be no weaker all the same, and takes an override.
    """
    do, other = rule.do, above.do
    return (
        rule.who.kind is above.who.kind
        and rule.who.within_km >= above.who.within_km
        and implies(above.when.condition, rule.when.condition)
        and implies(above.who.condition, rule.who.condition)
        and do.priority <= other.priority
        and set(do.to) >= set(other.to)
        and (do.expect_reply or {}).keys() >= (other.expect_reply or {}).keys()
        and do.start_earlier >= other.start_earlier
        and _repeats_as_often(do, other)
        and set(do.check_after) >= set(other.check_after)
        and (other.programme is None or do.programme == other.programme)
        and _follows_as_soon(do, other)
    )


def _is_allowed(rule: Rule, now: datetime) -> bool:
    return rule.override is not None and now < rule.override.until


def _repeats_as_often(do: Do, other: Do) -> bool:
    if other.repeat_every is None:
        return True
    return do.repeat_every is not None and do.repeat_every <= other.repeat_every


def _follows_as_soon(do: Do, other: Do) -> bool:
    """For each severity, every step from above has one here that comes as soon and tells them."""
    severities = {*do.escalate_by_severity, *other.escalate_by_severity, None}
    return all(
        any(_is_as_strong(step, wanted) for step in do.chain(one))
        for one in severities
        for wanted in other.chain(one)
    )


def _is_as_strong(step: EscalationStep, wanted: EscalationStep) -> bool:
    other = step.other_channel or not wanted.other_channel
    return other and step.after <= wanted.after and set(step.to) >= set(wanted.to)
