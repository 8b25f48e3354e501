"""Community groups: told once that danger comes to their area, and once that it is over.

They hear of nobody by name, and answer nothing: who needs somebody at the door is the business of
the messengers (`Audience.RELAY`) and of the city desk.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from carealert.domain.consequences import strongest_first
from carealert.domain.facts import facts_for
from carealert.domain.notices import (
    Channel,
    MessageKind,
    NoticeDraft,
    Recipient,
    RecipientKind,
    wording_for,
)
from carealert.domain.organisations import Organisation, OrganisationType
from carealert.domain.plan import IncidentHistory, Match, NotSent, Office, Plan, Told, WhyNot
from carealert.domain.rules import Audience, RuleSet, SubjectKind
from carealert.domain.telling import OWN_WORDS, due_at, stand_down_draft
from carealert.domain.updates import Hearing, what_changed
from carealert.domain.warnings import HazardWarning

#: Organisations of neighbours; utilities and offices have their own ways.
TYPES = frozenset(
    {
        OrganisationType.WOMENS_GROUP,
        OrganisationType.MOTHERS_CENTRE,
        OrganisationType.NEIGHBOURS,
        OrganisationType.UNION,
        OrganisationType.ASSOCIATION,
        OrganisationType.NGO,
        OrganisationType.FAITH_GROUP,
    }
)


@dataclass(frozen=True, slots=True)
class Group:
    """A group with the residents registered in its areas, and what those areas are called."""

    organisation: Organisation
    residents: Collection[str]
    places: Mapping[str, str]


def rules_for_groups(rules: RuleSet) -> frozenset[str]:
    """The rules that tell community groups."""
    return frozenset(
        rule.id for rule in rules.rules if rule.enabled and Audience.COMMUNITY_GROUP in rule.do.to
    )


def groups_plan(
    warning: HazardWarning,
    rules: RuleSet,
    groups: Sequence[Group],
    matches: Sequence[Match],
    told: Mapping[str, Told],
    history: IncidentHistory,
    office: Office,
    now: datetime,
    *,
    hearing: Hearing = Hearing.ALL,
    may_end: bool = True,
) -> Plan:
    """What the groups are told: those in whose areas a rule that tells them matched somebody.

    `told` is what each group was last told in the incident. One that was told, and has nobody
    warned any more, hears the end, unless `may_end` is false because others still warn there.
    """
    asked = rules_for_groups(rules)
    strongest = [one for one in strongest_first(matches, rules) if one.rule in asked]
    drafts: list[NoticeDraft] = []
    not_sent: list[NotSent] = []
    for group in groups:
        first = next((one for one in strongest if _lives_there(one, group)), None)
        if first is None:
            continue
        ref = group.organisation.ref
        why_not = _why_not(group.organisation, office)
        if why_not is not None:
            reason, detail = why_not
            kind = RecipientKind.COMMUNITY_GROUP.value
            not_sent.append(NotSent(kind, ref, first.rule, reason, detail))
            continue
        draft = _draft(group, first, warning, rules, history, office, now)
        news = _news(draft, told.get(ref), hearing)
        drafts += [news] if news is not None else []
    warned = {
        one.organisation.ref for one in groups if any(_lives_there(m, one) for m in strongest)
    }
    if may_end:
        drafts += [
            stand_down_draft(before, warning, history, office, now)
            for ref, before in told.items()
            if ref not in warned
            and not before.pending
            and before.recipient.phone.number not in office.suppressed
        ]
    ended = {ref for ref in told if ref not in warned} if may_end else set()
    again = {draft.recipient.ref for draft in drafts} | ended
    superseded = frozenset((RecipientKind.COMMUNITY_GROUP, ref) for ref in again)
    return Plan(warning, drafts=tuple(drafts), not_sent=tuple(not_sent), superseded=superseded)


def _lives_there(match: Match, group: Group) -> bool:
    return match.kind is SubjectKind.RESIDENT and match.ref in group.residents


def _why_not(one: Organisation, office: Office) -> tuple[WhyNot, str] | None:
    if one.contact is None:
        return WhyNot.NO_PHONE, "no phone is registered"
    if one.contact.phone.number in office.suppressed:
        return WhyNot.OPTED_OUT, "the phone said STOP"
    return None


def _draft(
    group: Group,
    match: Match,
    warning: HazardWarning,
    rules: RuleSet,
    history: IncidentHistory,
    office: Office,
    now: datetime,
) -> NoticeDraft:
    contact = group.organisation.contact
    if contact is None:
        raise ValueError(f"organisation {group.organisation.ref} has no contact")
    rule = rules.get(match.rule)
    facts = facts_for(warning, match.info, group.places, office)
    kind = RecipientKind.COMMUNITY_GROUP
    template, replies = OWN_WORDS[kind]
    return NoticeDraft(
        incident=history.incident,
        recipient=Recipient(kind, group.organisation.ref, contact.phone, contact.language, None),
        about=(),
        about_self=False,
        rule=rule.id,
        step=0,
        revision=history.revision,
        kind=MessageKind.ALERT,
        priority=rule.do.priority,
        channel=Channel.SMS,
        wording=wording_for(contact.phone),
        template=template,
        checklist=rule.do.checklist,
        facts=facts,
        expected_replies=replies,
        due_at=due_at(rule.do.priority, None, office, now),
        expires_at=facts.expires or now + office.assumed_life,
        reasons=(match.reasons[0],),
        round=history.round,
    )


def _news(draft: NoticeDraft, before: Told | None, hearing: Hearing) -> NoticeDraft | None:
    if before is None:
        return draft
    changes = what_changed(before, draft, hearing)
    if not changes:
        return None
    kind = draft.kind if before.pending else MessageKind.UPDATE
    return replace(draft, kind=kind, reasons=(*draft.reasons, *changes))
