"""After the end: the people who were told are asked what is missing (requirements M06)."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, time, timedelta

from carealert.domain.audiences import reach
from carealert.domain.consequences import strongest_first
from carealert.domain.facts import facts_for
from carealert.domain.notices import MessageKind, NoticeDraft, RecipientKind
from carealert.domain.plan import Candidate, IncidentHistory, Match, NotSent, Office
from carealert.domain.rules import Audience, Priority, RuleSet
from carealert.domain.telling import Wish, due_at, merge, wishes_of
from carealert.domain.warnings import HazardWarning

TEMPLATE = "follow_up"
#: Answer -> digit.
REPLIES: Mapping[str, str] = {"well": "1", "missing": "2"}
#: How long the question is worth asking.
USEFUL = timedelta(hours=24)
_ASKED = (Audience.RESIDENT, Audience.CAREGIVERS)


def ask_afterwards(
    matches: Sequence[Match],
    warning: HazardWarning,
    rules: RuleSet,
    people: Mapping[str, Candidate],
    history: IncidentHistory,
    office: Office,
    now: datetime,
) -> tuple[list[NoticeDraft], list[NotSent]]:
    """One question a recipient, about all for whom they care: those whom the rules told then.

    It keeps to the caregiver's quiet hours, as nothing urgent is said.
    """
    wishes: list[Wish] = []
    not_sent: list[NotSent] = []
    for match in strongest_first(matches, rules):
        candidate, rule = people.get(match.ref), rules.get(match.rule)
        if candidate is None:
            continue
        audiences = [one for one in _ASKED if one in rule.do.to]
        facts = facts_for(warning, match.info, candidate.places, office)
        found = reach(candidate, audiences, office, now)
        told, refused = wishes_of(found, rule, match, facts)
        wishes += told
        not_sent += refused
    quiet = {(one.recipient.kind, one.recipient.ref): one.quiet for one in wishes}
    drafts, same_phone = merge(wishes, history, office, now, kind=MessageKind.FOLLOW_UP, step=0)
    return [_question(one, quiet, office, now) for one in drafts], [*not_sent, *same_phone]


def _question(
    draft: NoticeDraft,
    quiet: Mapping[tuple[RecipientKind, str], tuple[time, time] | None],
    office: Office,
    now: datetime,
) -> NoticeDraft:
    hours = quiet[draft.recipient.kind, draft.recipient.ref]
    due = due_at(Priority.ROUTINE, hours, office, now)
    return replace(
        draft,
        template=TEMPLATE,
        checklist=None,
        expected_replies=REPLIES,
        priority=Priority.ROUTINE,
        due_at=due,
        expires_at=due + USEFUL,
        reasons=("asked after the end what is missing",),
    )
