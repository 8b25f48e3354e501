"""When nobody has answered: the next step of each chain, until a person of the city acts.

Pure, as planning is: the same function follows up in live running and in rule tests.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from carealert.domain.consequences import chain_of, next_timer
from carealert.domain.facts import facts_for
from carealert.domain.notices import Facts, MessageKind, NoticeDraft
from carealert.domain.plan import (
    Candidate,
    DeskTask,
    FacilityCandidate,
    IncidentHistory,
    Match,
    NotSent,
    Office,
    Timer,
)
from carealert.domain.rules import Audience, Rule, RuleSet, SubjectKind
from carealert.domain.telling import Wish, merge, wishes_for
from carealert.domain.warnings import HazardWarning

#: What the city desk is asked to do; the words are stable, a task is unique by them.
NOBODY_ANSWERED = "nobody answered"
RULE_GONE = "the rule that was followed is gone"

Subjects = Mapping[tuple[SubjectKind, str], Candidate | FacilityCandidate]


@dataclass(frozen=True, slots=True)
class FollowUp:
    """What due timers of one incident and step lead to; subjects with a task are with the desk.

    `advances` are the fired timers with what follows each; `gone` are subjects that are no
    longer registered, whose chains end.
    """

    drafts: tuple[NoticeDraft, ...] = ()
    not_sent: tuple[NotSent, ...] = ()
    tasks: tuple[DeskTask, ...] = ()
    advances: tuple[tuple[Timer, Timer | None], ...] = ()
    gone: tuple[tuple[SubjectKind, str], ...] = ()


def follow(
    timers: Sequence[Timer],
    warning: HazardWarning,
    rules: RuleSet,
    subjects: Subjects,
    office: Office,
    now: datetime,
) -> FollowUp:
    """The next step for subjects who have not answered; `timers` share incident, step, revision.

    A caregiver of four is reminded once. A step to the city desk, the end of a chain, and a rule
    that is gone give the desk a task: no chain ends without a person who acts (rule G22). A step
    that can tell nobody is passed at once.
    """
    wishes: list[Wish] = []
    not_sent: list[NotSent] = []
    tasks: list[DeskTask] = []
    advances: list[tuple[Timer, Timer | None]] = []
    gone: list[tuple[SubjectKind, str]] = []
    for timer in timers:
        key = (timer.kind, timer.ref)
        rule, candidate = rules.by_id(timer.rule), subjects.get(key)
        if candidate is None:
            gone.append(key)
            advances.append((timer, None))
        elif rule is None or timer.step > len(chain_of(rule, warning, timer.info)):
            tasks.append(DeskTask(*key, RULE_GONE))
            advances.append((timer, None))
        else:
            chain = chain_of(rule, warning, timer.info)
            following = next_timer(timer, chain)
            told, refused = _told(timer, rule, candidate, warning, office, now)
            if following is not None and not told:
                following = replace(following, due_at=now)  # to wait for nobody helps nobody
            wishes += told
            not_sent += refused
            advances.append((timer, following))
            if following is None or Audience.CITY_DESK in chain[timer.step - 1].to:
                tasks.append(DeskTask(*key, NOBODY_ANSWERED))
    drafts, collapsed = _merged(wishes, timers, office, now)
    return FollowUp(
        tuple(drafts),
        (*not_sent, *collapsed),
        tuple(tasks),
        tuple(advances),
        tuple(gone),
    )


def _told(
    timer: Timer,
    rule: Rule,
    candidate: Candidate | FacilityCandidate,
    warning: HazardWarning,
    office: Office,
    now: datetime,
) -> tuple[list[Wish], list[NotSent]]:
    facts: Facts = facts_for(warning, timer.info, candidate.places, office)
    reason = f"no answer since {timer.started_at:%Y-%m-%d %H:%M %Z}"
    match = Match(timer.kind, timer.ref, rule.id, timer.info, (reason,))
    audiences = chain_of(rule, warning, timer.info)[timer.step - 1].to
    return wishes_for(candidate, rule, audiences, match, facts, office, now)


def _merged(
    wishes: Sequence[Wish], timers: Sequence[Timer], office: Office, now: datetime
) -> tuple[list[NoticeDraft], list[NotSent]]:
    if not wishes:
        return [], []
    first = timers[0]
    # Another home of the same caregiver may come to this step at another time: a reminder of its
    # own, which the outbox must not take for the first one.
    due = first.due_at.astimezone(UTC)
    history = IncidentHistory(first.incident, first.revision, round=f"{due:%Y%m%dT%H%M%S.%fZ}")
    return merge(wishes, history, office, now, kind=MessageKind.REMINDER, step=first.step)
