"""One warning in, one Plan out: the same function for a dry run and for a live run.

The order of the stages is the order of the questions: may this warning reach anybody? Whom do
the rules match? Who answers for them, and may we tell them? What did they hear before? The
result names everybody who is told, and everybody who is not, with the reason.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from carealert.domain.matching import match_all
from carealert.domain.notices import Facts, MessageKind, NoticeDraft, RecipientKind, SubjectState
from carealert.domain.plan import (
    Candidate,
    DeskTask,
    FacilityCandidate,
    IncidentHistory,
    Match,
    NotSent,
    Office,
    Plan,
    Timer,
    WhyNot,
)
from carealert.domain.rules import Rule, RuleSet, SubjectKind
from carealert.domain.telling import Wish, merge, stand_down_draft, wishes_for
from carealert.domain.updates import what_changed
from carealert.domain.warnings import HazardWarning, Info, MsgType, Scope, Status, is_over

_WARNS = (MsgType.ALERT, MsgType.UPDATE)


def plan(
    warning: HazardWarning,
    rules: RuleSet,
    residents: Sequence[Candidate],
    facilities: Sequence[FacilityCandidate],
    history: IncidentHistory,
    office: Office,
    now: datetime,
    *,
    unresolved: frozenset[int] = frozenset(),
) -> Plan:
    """Decide who is told what about `warning` at `now` (aware).

    `unresolved` numbers the infos that have an area which could not be placed on the map: they
    match only the people found otherwise, and nobody is stood down because of them.
    """
    refusal = why_nobody(warning, history)
    if refusal is not None:
        return Plan(warning, not_sent=(refusal,))
    active = active_infos(warning, now)
    matches, not_sent = match_all(warning, active, rules.rules, residents, facilities, now)
    if not active and not history.told:
        not_sent.append(_about_warning(warning, WhyNot.OVER, "every part of it is over"))
    if unresolved & active.keys():
        not_sent.append(
            _about_warning(
                warning,
                WhyNot.AREA_UNRESOLVED,
                "an area has no polygon, no circle and no known code; an officer must look",
            )
        )
    strongest = _strongest(matches, rules)
    subjects = _subjects(residents, facilities)
    wishes: list[Wish] = []
    for match in strongest:
        rule = _rule(rules, match.rule)
        facts = facts_for(warning, match.info, subjects[match.kind, match.ref].places, office)
        told, refused = wishes_for(
            subjects[match.kind, match.ref], rule, rule.do.to, match, facts, office, now
        )
        wishes += told
        not_sent += refused
    drafts, collapsed = merge(wishes, history, office, now, kind=MessageKind.ALERT, step=0)
    not_sent += collapsed
    drafts, unchanged = _only_news(drafts, history)
    not_sent += unchanged
    if not (unresolved & active.keys()):
        drafts += _stand_downs(warning, drafts, unchanged, history, office, now)
    return _with_consequences(
        Plan(warning, tuple(matches), tuple(drafts), tuple(not_sent)),
        strongest,
        wishes,
        rules,
        history,
        now,
    )


def why_nobody(warning: HazardWarning, history: IncidentHistory) -> NotSent | None:
    """The reason why this warning may reach nobody at all, or None."""
    if warning.status is not Status.ACTUAL:
        status = warning.status.value if warning.status else "missing"
        return _about_warning(warning, WhyNot.NOT_ACTUAL, f"its status is {status}")
    if warning.scope not in (Scope.PUBLIC, None):
        return _about_warning(warning, WhyNot.NOT_PUBLIC, f"its scope is {warning.scope.value}")
    if warning.msg_type is MsgType.CANCEL:
        if history.told:
            return None
        return _about_warning(
            warning, WhyNot.CANCEL_WITHOUT_ALERT, "nobody was told what it cancels"
        )
    if warning.msg_type not in _WARNS:
        kind = warning.msg_type.value if warning.msg_type else "missing"
        return _about_warning(warning, WhyNot.NOT_A_WARNING, f"its msgType is {kind}")
    return None


def active_infos(warning: HazardWarning, now: datetime) -> dict[int, Info]:
    """The infos that still warn somebody at `now`, by their number; none for a Cancel."""
    if warning.msg_type is MsgType.CANCEL:
        return {}
    return {n: info for n, info in enumerate(warning.infos) if not is_over(info, now)}


def facts_for(
    warning: HazardWarning, info: int, places: Mapping[str, str], office: Office
) -> Facts:
    """What messages say of the warning; a missing `expires` becomes sent + the assumed life."""
    chosen = warning.infos[info]
    area = next((area.area_desc for area in chosen.areas if area.area_desc), "")
    return Facts(
        hazard=chosen.hazard,
        event=chosen.event,
        severity=chosen.severity,
        sender_name=chosen.sender_name or warning.sender,
        places=places or ({office.default_language: area} if area else {}),
        onset=chosen.onset or chosen.effective or warning.sent,
        expires=chosen.expires or warning.sent + office.assumed_life,
    )


def _about_warning(warning: HazardWarning, reason: WhyNot, detail: str) -> NotSent:
    return NotSent("warning", warning.identifier, None, reason, detail)


def _strongest(matches: Iterable[Match], rules: RuleSet) -> list[Match]:
    """One match a subject: the strongest priority, then the order of the rule files."""
    order = {rule.id: (rule.do.priority, n) for n, rule in enumerate(rules.rules)}
    best: dict[tuple[SubjectKind, str], Match] = {}
    for match in matches:
        key = (match.kind, match.ref)
        if key not in best or order[match.rule] < order[best[key].rule]:
            best[key] = match
    return list(best.values())


def _subjects(
    residents: Sequence[Candidate], facilities: Sequence[FacilityCandidate]
) -> dict[tuple[SubjectKind, str], Candidate | FacilityCandidate]:
    found: dict[tuple[SubjectKind, str], Candidate | FacilityCandidate] = {}
    for resident in residents:
        found[SubjectKind.RESIDENT, resident.resident.ref] = resident
    for facility in facilities:
        found[SubjectKind.FACILITY, facility.facility.ref] = facility
    return found


def _rule(rules: RuleSet, rule_id: str) -> Rule:
    rule = rules.by_id(rule_id)
    if rule is None:
        raise KeyError(f"rule {rule_id} is not in rule set {rules.version}")
    return rule


def _only_news(
    drafts: Iterable[NoticeDraft], history: IncidentHistory
) -> tuple[list[NoticeDraft], list[NotSent]]:
    """Drop what a recipient was told already; what changed becomes an update."""
    news: list[NoticeDraft] = []
    old: list[NotSent] = []
    for draft in drafts:
        before = history.told.get((draft.recipient.kind, draft.recipient.ref))
        if before is None:
            news.append(draft)
            continue
        changes = what_changed(before, draft)
        if changes:
            kind = draft.kind if before.pending else MessageKind.UPDATE
            news.append(replace(draft, kind=kind, reasons=(*draft.reasons, *changes)))
        else:
            old.append(
                NotSent(
                    draft.recipient.kind.value,
                    draft.recipient.ref,
                    draft.rule,
                    WhyNot.NOTHING_CHANGED,
                    "was told this already in this incident",
                )
            )
    return news, old


def _stand_downs(
    warning: HazardWarning,
    drafts: Sequence[NoticeDraft],
    unchanged: Sequence[NotSent],
    history: IncidentHistory,
    office: Office,
    now: datetime,
) -> list[NoticeDraft]:
    """An end of the story for exactly those who heard its beginning and are no longer warned."""
    still = {(draft.recipient.kind, draft.recipient.ref) for draft in drafts}
    still |= {(RecipientKind(entry.kind), entry.ref) for entry in unchanged}
    gone = [told for key, told in history.told.items() if key not in still]
    return [
        stand_down_draft(told, warning, history, office, now) for told in gone if not told.pending
    ]


def _with_consequences(
    base: Plan,
    strongest: Sequence[Match],
    wishes: Sequence[Wish],
    rules: RuleSet,
    history: IncidentHistory,
    now: datetime,
) -> Plan:
    """Add timers for those asked, desk tasks for those nobody can reach, and the new states."""
    reachable = {wish.subject for wish in wishes}
    asked = {(_subject_kind(draft), about.ref) for draft in base.drafts for about in draft.about}
    timers, tasks = [], []
    states: dict[tuple[SubjectKind, str], SubjectState] = {}
    for match in strongest:
        subject = (match.kind, match.ref)
        if subject not in reachable:
            if history.subjects.get(subject) is SubjectState.WITH_DESK:
                continue
            tasks.append(DeskTask(*subject, "nobody can be told by SMS"))
            states[subject] = SubjectState.WITH_DESK
        elif subject in asked:
            states[subject] = SubjectState.WAITING
            timer = first_timer(match, _rule(rules, match.rule), history, now)
            timers += [timer] if timer else []
    blocked = any(e.reason is WhyNot.AREA_UNRESOLVED for e in base.not_sent)
    if not blocked:
        states |= _stood_down(strongest, history)
    told_again = {(draft.recipient.kind, draft.recipient.ref) for draft in base.drafts}
    matched_before = {
        key for key, told in history.told.items() if told.pending and key not in told_again
    }
    silent = {
        (RecipientKind(e.kind), e.ref) for e in base.not_sent if e.reason is WhyNot.NOTHING_CHANGED
    }
    return replace(
        base,
        timers=tuple(timers),
        tasks=tuple(tasks),
        states=states,
        superseded=frozenset(told_again | (set() if blocked else matched_before - silent)),
    )


def first_timer(match: Match, rule: Rule, history: IncidentHistory, now: datetime) -> Timer | None:
    """The first escalation step of a subject that was just asked, or None without a chain."""
    if not rule.do.escalate:
        return None
    return Timer(
        history.incident,
        match.kind,
        match.ref,
        rule.id,
        1,
        history.revision,
        match.info,
        now,
        now + rule.do.escalate[0].after,
    )


def next_timer(timer: Timer, rule: Rule) -> Timer | None:
    """The step after `timer` in its rule's chain, or None after the last one."""
    if timer.step >= len(rule.do.escalate):
        return None
    due_at = timer.started_at + rule.do.escalate[timer.step].after
    return replace(timer, step=timer.step + 1, due_at=due_at)


def _subject_kind(draft: NoticeDraft) -> SubjectKind:
    of_facility = (RecipientKind.FACILITY_MANAGER, RecipientKind.DEPUTY_MANAGER)
    return SubjectKind.FACILITY if draft.recipient.kind in of_facility else SubjectKind.RESIDENT


def _stood_down(
    strongest: Sequence[Match], history: IncidentHistory
) -> dict[tuple[SubjectKind, str], SubjectState]:
    """Earlier subjects whom no rule matches any more."""
    matched = {(match.kind, match.ref) for match in strongest}
    return dict.fromkeys(history.subjects.keys() - matched, SubjectState.STOOD_DOWN)
