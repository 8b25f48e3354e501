"""What an Exercise leads to: a whole plan on paper, one text to the desk, questions to managers.

The plan on paper is that of the same message as if it were real (CAP 1.2, section 3.2.1,
`status`). Nobody in care and no caregiver is ever told of it, and nothing of it is kept where
real warnings look: no states, no timers, no tasks.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from carealert.domain.desk_facts import facts_for_desk
from carealert.domain.holds import as_real
from carealert.domain.notices import (
    Channel,
    MessageKind,
    NoticeDraft,
    RecipientKind,
    wording_for,
)
from carealert.domain.plan import NotSent, Office, Plan, WhyNot
from carealert.domain.planning import active_infos
from carealert.domain.rules import Priority, RuleSet
from carealert.domain.warnings import HazardWarning, MsgType, Status

#: The rule and the revision under which a drill's texts are kept: each person gets one a drill.
_RULE, _REVISION = "drill", 0
#: Questions go out this far apart: a gateway that sends one segment a second is never full of
#: them when a real warning comes.
APART = timedelta(seconds=3)
_PEOPLE = frozenset({RecipientKind.RESIDENT.value, RecipientKind.CAREGIVER.value})
_MANAGERS = (RecipientKind.FACILITY_MANAGER, RecipientKind.DEPUTY_MANAGER)
_TOLD_OF_DRILLS = frozenset({*_MANAGERS, RecipientKind.CITY_DESK})


class Drills(StrEnum):
    """Who hears of an Exercise; each includes the one before."""

    BOARD = "board"  # it is counted and shown
    DESK = "desk"  # the city desk gets one text
    FACILITIES = "facilities"  # facility managers are asked


@dataclass(frozen=True, slots=True)
class WouldTell:
    """Whom an exercise would have told, were it real.

    `people` are residents and caregivers; `facilities` are those whose managers would have been
    asked; `by_rule` counts both by the id of their rule.
    """

    people: int = 0
    facilities: int = 0
    by_rule: Mapping[str, int] | None = None


def is_drill(warning: HazardWarning) -> bool:
    """True for an Exercise; Test, System and Draft lead to nothing at all."""
    return warning.status is Status.EXERCISE


def as_if_real(warning: HazardWarning) -> HazardWarning:
    """The exercise as it would have come: Actual, of the hazard that its words say besides."""
    return replace(as_real(warning), status=Status.ACTUAL)


def drill_plan(
    warning: HazardWarning,
    on_paper: Plan,
    rules: RuleSet,
    setting: Drills,
    office: Office,
    incident: str,
    now: datetime,
) -> Plan:
    """What is kept and sent of an exercise, given the plan of the same message `as_if_real`.

    Who would have been told is in `not_sent` with the reason DRILL, beside who would not have
    been and why. Drafts go to the desk and to managers only, in the last lane.
    """
    would = [draft for draft in on_paper.drafts if draft.recipient.kind not in _DESK]
    refused = [entry for entry in on_paper.not_sent if entry.reason is not WhyNot.NOT_ACTUAL]
    decided = Plan(
        warning,
        matches=on_paper.matches,
        not_sent=(_not_actual(warning), *map(_would_have, would), *refused),
    )
    questions = _questions(would, rules, incident, now) if setting is Drills.FACILITIES else []
    to_desk = []
    if setting is not Drills.BOARD and on_paper.matches:
        to_desk = _to_desk(warning, would_tell(decided), office, incident, now)
    return replace(decided, drafts=_only_allowed((*to_desk, *questions)))


def ends_drill(warning: HazardWarning, office: Office, now: datetime) -> bool:
    """True where an exercise's message says that the exercise is over."""
    warns = warning.msg_type in (MsgType.ALERT, MsgType.UPDATE)
    cancels = warning.msg_type is MsgType.CANCEL
    return cancels or (warns and not active_infos(as_if_real(warning), office, now))


def would_tell(decided: Plan) -> WouldTell:
    """Count whom a drill's plan would have told, each person or facility once."""
    entries = [entry for entry in decided.not_sent if entry.reason is WhyNot.DRILL]
    people = {(entry.kind, entry.ref) for entry in entries if entry.kind in _PEOPLE}
    places = {entry.ref for entry in entries if entry.kind not in _PEOPLE}
    by_rule: dict[str, int] = {}
    for entry in sorted(entries, key=lambda one: one.rule or ""):
        by_rule[entry.rule or ""] = by_rule.get(entry.rule or "", 0) + 1
    return WouldTell(len(people), len(places), by_rule)


def drill_digits(asked: Iterable[str], rules: RuleSet) -> dict[str, str]:
    """A digit for each answer that no real question uses: one can never be taken for the other.

    `asked` are the names of answers, such as `open`. Where single digits run out, numbers follow.
    """
    used = {digit for rule in rules.rules for digit in (rule.do.expect_reply or {}).values()}
    free = (str(number) for number in range(1, 1000) if str(number) not in used)
    return dict(zip(asked, free, strict=False))


_DESK = (RecipientKind.CITY_DESK,)


def _not_actual(warning: HazardWarning) -> NotSent:
    detail = "its status is Exercise: nobody in care and no caregiver is told"
    return NotSent("warning", warning.identifier, None, WhyNot.NOT_ACTUAL, detail)


def _would_have(draft: NoticeDraft) -> NotSent:
    recipient = draft.recipient
    detail = "would have been told, were the exercise real"
    return NotSent(recipient.kind.value, recipient.ref, draft.rule, WhyNot.DRILL, detail)


def _to_desk(
    warning: HazardWarning, would: WouldTell, office: Office, incident: str, now: datetime
) -> list[NoticeDraft]:
    if office.desk is None:
        return []
    facts = facts_for_desk(as_if_real(warning), office, now)
    return [
        NoticeDraft(
            incident=incident,
            recipient=office.desk,
            about=(),
            about_self=False,
            rule=_RULE,
            step=0,
            revision=_REVISION,
            kind=MessageKind.DRILL,
            priority=Priority.ROUTINE,
            channel=Channel.SMS,
            wording=wording_for(office.desk.phone),
            template="drill_desk",
            checklist=None,
            facts=facts,
            expected_replies={},
            due_at=now,
            expires_at=_until(facts.expires, office, now),
            reasons=("an exercise that would have told somebody here",),
            numbers={"people": would.people, "facilities": would.facilities},
        )
    ]


def _questions(
    would: Iterable[NoticeDraft], rules: RuleSet, incident: str, now: datetime
) -> list[NoticeDraft]:
    """What managers would have been asked, asked as an exercise; one question a facility."""
    asked = [d for d in would if d.recipient.kind in _MANAGERS and d.expected_replies]
    return [
        replace(
            draft,
            incident=incident,
            rule=_RULE,
            step=0,
            revision=_REVISION,
            kind=MessageKind.DRILL,
            priority=Priority.ROUTINE,
            template="drill_confirm",
            checklist=None,
            expected_replies=drill_digits(draft.expected_replies, rules),
            due_at=now + APART * number,
            reasons=(f"an exercise; were it real, by {draft.rule}", *draft.reasons),
        )
        for number, draft in enumerate(asked, start=1)
    ]


def _only_allowed(drafts: Sequence[NoticeDraft]) -> tuple[NoticeDraft, ...]:
    """The last door: whatever is above, nobody else hears of an exercise."""
    return tuple(draft for draft in drafts if draft.recipient.kind in _TOLD_OF_DRILLS)


def _until(end: datetime | None, office: Office, now: datetime) -> datetime:
    latest = now + office.assumed_life
    return min(end, latest) if end is not None else latest
