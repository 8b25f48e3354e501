"""Why rules match one person or facility for one warning, and why others do not."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from carealert.domain.condition_parts import WarningFacts, warning_facts
from carealert.domain.conditions import VOCABULARY, Test, Trace, holds, trace
from carealert.domain.inheritance import applies, replaced_in
from carealert.domain.matching import facts_of, is_reached, needs_help, seen_earlier
from carealert.domain.plan import Candidate, FacilityCandidate
from carealert.domain.rules import Rule
from carealert.domain.warnings import HazardWarning, Info


class Answer(StrEnum):
    """What comes of a rule, or where it ends."""

    MATCHES = "matches"
    OFF = "off"
    OTHER_WARNING = "other_warning"  # it is about other warnings
    NOT_THERE = "not_there"  # its warning does not hold where they live
    NOT_THEM = "not_them"  # it is about other people or facilities
    OTHER_AREA = "other_area"  # it is a rule of another area
    REPLACED = "replaced"  # a rule of their area stands in its place


@dataclass(frozen=True, slots=True)
class RuleTrace:
    """One rule with what came of its conditions.

    `info` numbers the info that was looked at last. A part that the rule does not ask for is None,
    as is one that was not come to. `earlier`: looked at as it will be when the rule's
    `start_earlier` has passed, because the person needs help to move.
    """

    rule: Rule
    answer: Answer
    info: int | None = None
    when: Trace | None = None
    who: Trace | None = None
    earlier: bool = False


def explain_rules(
    rules: Iterable[Rule],
    warning: HazardWarning,
    active: Mapping[int, Info],
    candidate: Candidate | FacilityCandidate,
    now: datetime,
    assumed_life: timedelta,
) -> tuple[RuleTrace, ...]:
    """Every rule about subjects of this kind, in the order of the rule files."""
    kind, _ = candidate.subject
    every = tuple(rules)
    replaced = replaced_in(every, now)
    return tuple(
        _elsewhere(rule, candidate, replaced)
        or _explained(rule, warning, active, candidate, now, assumed_life)
        for rule in every
        if rule.who.kind is kind
    )


def tests_of(one: Trace) -> Iterable[tuple[Test, Trace]]:
    """The tests of a condition in their order, each with what came of it."""
    if isinstance(one.condition, Test):
        yield one.condition, one
    for part in one.parts:
        yield from tests_of(part)


def plain_seen(test: Test, found: Trace) -> str:
    """What was seen, in words that give no need, age or home away."""
    plain = VOCABULARY[test.name].plain
    if not plain:
        return found.seen
    return plain if found.holds else f"not: {plain}"


def _elsewhere(
    rule: Rule,
    candidate: Candidate | FacilityCandidate,
    replaced: Mapping[str, frozenset[str]],
) -> RuleTrace | None:
    if not rule.enabled or applies(rule, candidate.area_codes, replaced):
        return None
    theirs = rule.of_area is None or rule.of_area in candidate.area_codes
    return RuleTrace(rule, Answer.REPLACED if theirs else Answer.OTHER_AREA)


def _explained(
    rule: Rule,
    warning: HazardWarning,
    active: Mapping[int, Info],
    candidate: Candidate | FacilityCandidate,
    now: datetime,
    assumed_life: timedelta,
) -> RuleTrace:
    """The furthest that the rule comes with any info."""
    if not rule.enabled:
        return RuleTrace(rule, Answer.OFF)
    warned = {n: warning_facts(warning, info, assumed_life, now) for n, info in active.items()}
    found = _furthest(rule, warned, candidate)
    if found.answer is Answer.MATCHES or not rule.do.start_earlier or not needs_help(candidate):
        return found
    later = {n: seen_earlier(rule, facts) for n, facts in warned.items()}
    early = _furthest(rule, later, candidate)
    further = early.answer is Answer.MATCHES or found.answer is Answer.OTHER_WARNING
    return replace(early, earlier=True) if further else found


def _furthest(
    rule: Rule, by_info: Mapping[int, WarningFacts], candidate: Candidate | FacilityCandidate
) -> RuleTrace:
    best = RuleTrace(rule, Answer.OTHER_WARNING)
    for number, warned in by_info.items():
        when = trace(rule.when.condition, warned) if rule.when.condition else None
        if when is not None and not when.holds:
            if best.when is None:
                best = RuleTrace(rule, Answer.OTHER_WARNING, number, when)
            continue
        if not is_reached(rule, number, candidate):
            if best.answer is Answer.OTHER_WARNING:
                best = RuleTrace(rule, Answer.NOT_THERE, number, when)
            continue
        facts = facts_of(candidate, warned)
        who = trace(rule.who.condition, facts) if rule.who.condition else None
        if holds(rule.who.condition, facts):
            return RuleTrace(rule, Answer.MATCHES, number, when, who)
        if best.answer is not Answer.NOT_THEM:
            best = RuleTrace(rule, Answer.NOT_THEM, number, when, who)
    return best
