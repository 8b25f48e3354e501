"""Which rules hold for which residents and facilities, with the reasons; gender is not read."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from carealert.domain.conditions import Subject
from carealert.domain.plan import Candidate, FacilityCandidate, Match, NotSent, WhyNot
from carealert.domain.rules import Rule, SubjectKind, When
from carealert.domain.warnings import SEVERITY_ORDER, HazardWarning, Info, Severity


def match_all(
    warning: HazardWarning,
    active: Mapping[int, Info],
    rules: Sequence[Rule],
    residents: Iterable[Candidate],
    facilities: Iterable[FacilityCandidate],
    now: datetime,
) -> tuple[list[Match], list[NotSent]]:
    """Every (rule, subject) that holds, and every subject inside the area for whom none does."""
    enabled = [rule for rule in rules if rule.enabled]
    for_residents = [rule for rule in enabled if rule.who.kind is SubjectKind.RESIDENT]
    for_facilities = [rule for rule in enabled if rule.who.kind is SubjectKind.FACILITY]
    infos_of = {rule.id: _infos(rule.when, warning, active) for rule in enabled}
    matches: list[Match] = []
    not_sent: list[NotSent] = []
    for candidate in residents:
        inside = candidate.inside & active.keys()
        found = [
            m
            for rule in for_residents
            if (m := _resident(rule, infos_of[rule.id], inside, candidate, active, now))
        ]
        matches += found
        if inside and not found:
            not_sent.append(_no_rule(SubjectKind.RESIDENT, candidate.resident.ref))
    for place in facilities:
        inside = place.inside & active.keys()
        found = [
            m
            for rule in for_facilities
            if (m := _facility(rule, infos_of[rule.id], inside, place, active))
        ]
        matches += found
        if inside and not found:
            not_sent.append(_no_rule(SubjectKind.FACILITY, place.facility.ref))
    return matches, not_sent


def holds(when: When, info: Info, warning: HazardWarning) -> bool:
    """True if every condition on the warning holds; a field that is absent fails a condition."""
    return (
        _one_of(info.hazard, when.hazards)
        and _one_of(info.effective_severity, when.severities)
        and _one_of(info.urgency, when.urgencies)
        and _one_of(info.certainty, when.certainties)
        and _one_of(warning.msg_type, when.msg_types)
        and (not when.response_types or bool(when.response_types & set(info.response_types)))
    )


def _one_of(value: object, allowed: frozenset[object] | frozenset[str]) -> bool:
    return not allowed or value in allowed


def _infos(when: When, warning: HazardWarning, active: Mapping[int, Info]) -> list[int]:
    """The infos for which `when` holds, most severe first, else in the sender's order."""
    held = [n for n, info in active.items() if holds(when, info, warning)]
    return sorted(
        held, key=lambda n: SEVERITY_ORDER.index(active[n].effective_severity or Severity.UNKNOWN)
    )


def _resident(
    rule: Rule,
    infos: Sequence[int],
    inside: frozenset[int],
    candidate: Candidate,
    active: Mapping[int, Info],
    now: datetime,
) -> Match | None:
    info = next((n for n in infos if n in inside), None)
    if info is None:
        return None
    subject = Subject(candidate.resident, candidate.area_codes, now)
    reason = rule.who.condition.reason(subject) if rule.who.condition else "everybody inside"
    if reason is None:
        return None
    ref = candidate.resident.ref
    return Match(SubjectKind.RESIDENT, ref, rule.id, info, (_why(active[info]), reason))


def _facility(
    rule: Rule,
    infos: Sequence[int],
    inside: frozenset[int],
    place: FacilityCandidate,
    active: Mapping[int, Info],
) -> Match | None:
    info = next((n for n in infos if n in inside), None)
    kinds = rule.who.facility_types
    if info is None or (kinds and place.facility.type not in kinds):
        return None
    reason = f"a {place.facility.type.value}"
    return Match(
        SubjectKind.FACILITY, place.facility.ref, rule.id, info, (_why(active[info]), reason)
    )


def _why(info: Info) -> str:
    words = [word.value for word in (info.effective_severity, info.urgency, info.certainty) if word]
    area = next((area.area_desc for area in info.areas), "")
    return f"inside {info.hazard.value} ({', '.join(words)}): {area}"


def _no_rule(kind: SubjectKind, ref: str) -> NotSent:
    return NotSent(kind.value, ref, None, WhyNot.NO_RULE, "inside the area, but no rule applies")
