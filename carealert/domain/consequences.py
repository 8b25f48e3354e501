"""What a decision sets going: timers for those asked, tasks for the city desk, new states."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from carealert.domain.notices import NoticeDraft, RecipientKind, SubjectState
from carealert.domain.plan import DeskTask, IncidentHistory, Match, Plan, Timer, Told, WhyNot
from carealert.domain.rules import Audience, EscalationStep, Rule, RuleSet, SubjectKind
from carealert.domain.telling import Wish, line_of
from carealert.domain.warnings import HazardWarning

Chain = tuple[EscalationStep, ...]
#: True where a messenger can go to this subject.
Visited = Callable[[tuple[SubjectKind, str]], bool]


def with_consequences(
    base: Plan,
    wishes: Sequence[Wish],
    rules: RuleSet,
    history: IncidentHistory,
    still: frozenset[tuple[SubjectKind, str]],
    *,
    visited: Visited,
    now: datetime,
) -> Plan:
    """Add timers for those asked, desk tasks for those nobody can reach, and the new states.

    Whom no message reaches a messenger goes to at once, if `visited` says that one can.
    """
    chains = _chains(base.matches, rules, base.warning)
    reachable = {wish.subject for wish in wishes}
    asked_at = _asked_at(base.drafts, wishes)
    timers, tasks = [], []
    states: dict[tuple[SubjectKind, str], SubjectState] = {}
    for subject, match in chains.items():
        before = history.subjects.get(subject)
        if before is SubjectState.NEEDS_HELP:
            continue  # a call for help stays one until a person has acted
        if subject not in reachable:
            if before is SubjectState.WITH_DESK:
                continue
            chain = chain_of(rules.get(match.rule), base.warning, match.info)
            relay = relay_timer(match, chain, history, now) if visited(subject) else None
            if relay is not None and before is not SubjectState.WAITING:
                timers.append(relay)
                states[subject] = SubjectState.WAITING
            elif relay is None:
                tasks.append(DeskTask(*subject, "nobody can be told by SMS"))
                states[subject] = SubjectState.WITH_DESK
        elif subject in asked_at:
            states[subject] = SubjectState.WAITING
            chain = chain_of(rules.get(match.rule), base.warning, match.info)
            timer = first_timer(match, chain, history, asked_at[subject])
            timers += [timer] if timer else []
    blocked = any(e.reason is WhyNot.AREA_UNRESOLVED for e in base.not_sent)
    if not blocked:
        states |= _stood_down(still, history)
    return replace(
        base,
        timers=tuple(timers),
        tasks=tuple(tasks),
        states=states,
        superseded=_superseded(base, still, history, blocked=blocked),
    )


def chain_of(rule: Rule, warning: HazardWarning, info: int) -> Chain:
    """The steps that follow silence about this info of the warning."""
    return rule.do.chain(warning.infos[info].effective_severity)


def first_timer(
    match: Match, chain: Chain, history: IncidentHistory, asked_at: datetime
) -> Timer | None:
    """The first escalation step of a subject asked at `asked_at`, or None without a chain."""
    if not chain:
        return None
    return Timer(
        history.incident,
        match.kind,
        match.ref,
        match.rule,
        1,
        history.revision,
        match.info,
        asked_at,
        asked_at + chain[0].after,
    )


def relay_timer(
    match: Match, chain: Chain, history: IncidentHistory, now: datetime
) -> Timer | None:
    """The step at which a messenger goes, due at once; None in a chain without one."""
    for number, step in enumerate(chain, start=1):
        if Audience.RELAY in step.to:
            return Timer(
                history.incident,
                match.kind,
                match.ref,
                match.rule,
                number,
                history.revision,
                match.info,
                now - step.after,  # so that the desk follows as soon after it as for others
                now,
            )
    return None


def next_timer(timer: Timer, chain: Chain) -> Timer | None:
    """The step after `timer` in its chain, or None after the last one."""
    if timer.step >= len(chain):
        return None
    due_at = timer.started_at + chain[timer.step].after
    return replace(timer, step=timer.step + 1, due_at=due_at)


def strongest_first(matches: Iterable[Match], rules: RuleSet) -> list[Match]:
    """By priority, then in the order of the rule files: all fire, the strongest gives the words."""
    order = {rule.id: (rule.do.priority, n) for n, rule in enumerate(rules.rules)}
    return sorted(matches, key=lambda match: order[match.rule])


def is_warned(told: Told, still: frozenset[tuple[SubjectKind, str]]) -> bool:
    """True where somebody or something that `told` was about is among `still`."""
    kinds = _SUBJECTS_OF.get(told.recipient.kind, tuple(SubjectKind))
    return any((kind, ref) in still for kind in kinds for ref in told.about)


#: What somebody is told about, by their role; the city desk is told about both.
_SUBJECTS_OF = {
    RecipientKind.RESIDENT: (SubjectKind.RESIDENT,),
    RecipientKind.CAREGIVER: (SubjectKind.RESIDENT,),
    RecipientKind.RELAY: (SubjectKind.RESIDENT,),
    RecipientKind.FACILITY_MANAGER: (SubjectKind.FACILITY,),
    RecipientKind.DEPUTY_MANAGER: (SubjectKind.FACILITY,),
}


def _chains(
    matches: Sequence[Match], rules: RuleSet, warning: HazardWarning
) -> dict[tuple[SubjectKind, str], Match]:
    """One match a subject for its timers: the strongest whose rule has a chain, else the first."""

    def follows(match: Match) -> bool:
        return bool(chain_of(rules.get(match.rule), warning, match.info))

    found: dict[tuple[SubjectKind, str], Match] = {}
    for match in strongest_first(matches, rules):
        known = found.setdefault((match.kind, match.ref), match)
        if known is not match and not follows(known) and follows(match):
            found[match.kind, match.ref] = match
    return found


def _asked_at(
    drafts: Sequence[NoticeDraft], wishes: Sequence[Wish]
) -> dict[tuple[SubjectKind, str], datetime]:
    """When each subject's first notice may go out: silence counts from then, not from before."""
    due = {line_of(draft.recipient): draft.due_at for draft in drafts}
    found: dict[tuple[SubjectKind, str], datetime] = {}
    for wish in wishes:
        at = due.get(line_of(wish.recipient))
        if at is not None:
            found[wish.subject] = min(at, found.get(wish.subject, at))
    return found


def _superseded(
    base: Plan,
    still: frozenset[tuple[SubjectKind, str]],
    history: IncidentHistory,
    *,
    blocked: bool,
) -> frozenset[tuple[RecipientKind, str]]:
    """Whose waiting notices must not go out: told anew, or not to be told any more."""
    again = {(draft.recipient.kind, draft.recipient.ref) for draft in base.drafts}
    matched = {(match.kind, match.ref) for match in base.matches}
    silent = {
        (RecipientKind(e.kind), e.ref) for e in base.not_sent if e.reason is WhyNot.NOTHING_CHANGED
    }
    elsewhere = still - matched
    old = {
        key
        for key, told in history.told.items()
        if told.pending and key not in silent and not is_warned(told, elsewhere)
    }
    return frozenset(again | (set() if blocked else old))


def _stood_down(
    still: frozenset[tuple[SubjectKind, str]], history: IncidentHistory
) -> dict[tuple[SubjectKind, str], SubjectState]:
    """Earlier subjects whom nothing warns any more, except those who called for help."""
    kept = (SubjectState.STOOD_DOWN, SubjectState.NEEDS_HELP)
    return {
        subject: SubjectState.STOOD_DOWN
        for subject, state in history.subjects.items()
        if subject not in still and state not in kept
    }
