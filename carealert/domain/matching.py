"""Which rules hold for which residents and facilities, with the reasons; gender is not read."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import chain

from carealert.domain.condition_parts import (
    HOUR,
    FacilityFacts,
    Facts,
    ResidentFacts,
    WarningFacts,
    warning_facts,
)
from carealert.domain.conditions import holds, reason
from carealert.domain.inheritance import applies, replaced_in
from carealert.domain.moving import needs_help_to_move
from carealert.domain.plan import Candidate, FacilityCandidate, Match, NotSent, WhyNot
from carealert.domain.rules import Rule, SubjectKind
from carealert.domain.warnings import SEVERITY_ORDER, HazardWarning, Info, Severity


@dataclass(frozen=True, slots=True)
class Live:
    """A rule that holds for some info, and the numbers of those infos, the worst first.

    `early` are infos for which it holds only for people who need help to move.
    """

    rule: Rule
    infos: Sequence[int]
    early: Sequence[int] = ()


def match_all(
    warning: HazardWarning,
    active: Mapping[int, Info],
    rules: Sequence[Rule],
    residents: Iterable[Candidate],
    facilities: Iterable[FacilityCandidate],
    now: datetime,
    assumed_life: timedelta = timedelta(hours=12),
) -> tuple[list[Match], list[NotSent]]:
    """Every (rule, subject) that holds, and every subject inside the area for whom none does."""
    warned = {n: warning_facts(warning, info, assumed_life, now) for n, info in active.items()}
    live = live_rules(rules, warned)
    seen = _Seen(warned, replaced_in(rules, now))
    by_kind = {kind: [one for one in live if one.rule.who.kind is kind] for kind in SubjectKind}
    matches: list[Match] = []
    not_sent: list[NotSent] = []
    candidates: Iterable[Candidate | FacilityCandidate] = chain(residents, facilities)
    for candidate in candidates:
        kind, ref = candidate.subject
        found = seen.matches(candidate, by_kind[kind])
        matches += found
        if not found and candidate.inside & active.keys():
            not_sent.append(_no_rule(kind, ref))
    return matches, not_sent


def is_anybody_s(
    rules: Iterable[Rule],
    warning: HazardWarning,
    active: Mapping[int, Info],
    now: datetime,
    assumed_life: timedelta,
) -> bool:
    """True where some rule holds for the warning, whomever it may be about."""
    warned = {n: warning_facts(warning, info, assumed_life, now) for n, info in active.items()}
    return bool(live_rules(rules, warned))


def live_rules(rules: Iterable[Rule], warned: Mapping[int, WarningFacts]) -> list[Live]:
    """The rules that are on and whose `when` holds for some info."""
    found = [
        Live(rule, infos_for(rule, warned), early_infos_for(rule, warned))
        for rule in rules
        if rule.enabled
    ]
    return [one for one in found if one.infos or one.early]


def infos_for(rule: Rule, warned: Mapping[int, WarningFacts]) -> list[int]:
    """The infos for which `when` holds, most severe first, else in the sender's order."""
    held = [n for n, facts in warned.items() if holds(rule.when.condition, facts)]
    return sorted(held, key=lambda n: _rank(warned[n].info))


def early_infos_for(rule: Rule, warned: Mapping[int, WarningFacts]) -> list[int]:
    """The other infos for which `when` will hold within the time by which the rule starts earlier.

    Only the lead time changes with time alone.
    """
    if not rule.do.start_earlier:
        return []
    now = infos_for(rule, warned)
    later = {n: seen_earlier(rule, facts) for n, facts in warned.items() if n not in now}
    return infos_for(rule, later)


def seen_earlier(rule: Rule, warned: WarningFacts) -> WarningFacts:
    """An info as it will be when the rule's `start_earlier` has passed."""
    return replace(warned, now=warned.now + rule.do.start_earlier)


def distances(
    rules: Iterable[Rule],
    warning: HazardWarning,
    active: Mapping[int, Info],
    now: datetime,
    assumed_life: timedelta,
) -> frozenset[float]:
    """How many km around the area the rules for this warning look; none where all look inside."""
    warned = {n: warning_facts(warning, info, assumed_life, now) for n, info in active.items()}
    return frozenset(one.rule.who.within_km for one in live_rules(rules, warned)) - {0.0}


def facts_of(candidate: Candidate | FacilityCandidate, warned: WarningFacts) -> Facts:
    """The candidate as conditions see it."""
    if isinstance(candidate, Candidate):
        return ResidentFacts(candidate.resident, candidate.caregivers, candidate.area_codes, warned)
    return FacilityFacts(candidate.facility, candidate.area_codes, warned, candidate.evidence)


def is_reached(rule: Rule, number: int, candidate: Candidate | FacilityCandidate) -> bool:
    """True where the candidate is inside an info's area, or as near to it as the rule asks."""
    if number in candidate.inside:
        return True
    return number in candidate.near and candidate.near[number] <= rule.who.within_km


class _Seen:
    """Candidates as the rules for one warning see them; what many share is said once."""

    def __init__(
        self, warned: Mapping[int, WarningFacts], replaced: Mapping[str, frozenset[str]]
    ) -> None:
        self._warned, self._replaced = warned, replaced
        self._places: dict[tuple[int, float], str] = {}

    def matches(
        self, candidate: Candidate | FacilityCandidate, live: Iterable[Live]
    ) -> list[Match]:
        """One for each rule that holds, of the first info at the home for which it does."""
        facts: dict[int, Facts] = {}
        found = (self._first(one, candidate, facts) for one in live)
        return [match for match in found if match is not None]

    def _first(
        self, live: Live, candidate: Candidate | FacilityCandidate, facts: dict[int, Facts]
    ) -> Match | None:
        if not applies(live.rule, candidate.area_codes, self._replaced):
            return None
        match = self._match(live.rule, live.infos, candidate, facts)
        if match is not None or not live.early or not needs_help(candidate):
            return match
        early = self._match(live.rule, live.early, candidate, facts)
        return early and replace(early, reasons=_earlier(live.rule, early.reasons))

    def _match(
        self,
        rule: Rule,
        infos: Sequence[int],
        candidate: Candidate | FacilityCandidate,
        facts: dict[int, Facts],
    ) -> Match | None:
        for number in infos:
            if not is_reached(rule, number, candidate):
                continue
            if rule.who.condition is None:
                why: str | None = _said_of_all(candidate)
            else:
                if number not in facts:
                    facts[number] = facts_of(candidate, self._warned[number])
                why = reason(rule.who.condition, facts[number])
            if why is not None:
                kind, ref = candidate.subject
                near = rule.who.within_km if number not in candidate.inside else 0.0
                return Match(kind, ref, rule.id, number, (self._place(number, near), why))
        return None

    def _place(self, number: int, near: float) -> str:
        key = (number, near)
        if key not in self._places:
            self._places[key] = _where(self._warned[number].info, near)
        return self._places[key]


def needs_help(candidate: Candidate | FacilityCandidate) -> bool:
    """True for a resident who needs help to move."""
    return isinstance(candidate, Candidate) and needs_help_to_move(candidate.resident)


def _earlier(rule: Rule, reasons: tuple[str, ...]) -> tuple[str, ...]:
    """What a match says where it comes before its time; "needs" is kept out of open records."""
    place, why = reasons
    hours = rule.do.start_earlier / HOUR
    return place, f"needs help to move, so told {hours:g} h earlier; {why}"


def _said_of_all(candidate: Candidate | FacilityCandidate) -> str:
    """The reason where a rule asks nothing of its subjects."""
    if isinstance(candidate, Candidate):
        return "everybody inside"
    return f"a {candidate.facility.type.value}"


def _where(info: Info, km: float) -> str:
    words = [word.value for word in (info.effective_severity, info.urgency, info.certainty) if word]
    area = next((area.area_desc for area in info.areas), "")
    far = f"{km:g} km around " if km else ""
    return f"inside {far}{info.hazard.value} ({', '.join(words)}): {area}"


def _rank(info: Info) -> int:
    return SEVERITY_ORDER.index(info.effective_severity or Severity.UNKNOWN)


def _no_rule(kind: SubjectKind, ref: str) -> NotSent:
    return NotSent(kind.value, ref, None, WhyNot.NO_RULE, "inside the area, but no rule applies")
