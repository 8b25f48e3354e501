"""From a match to the texts that people get: merged by person and phone, with quiet hours."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from types import MappingProxyType

from carealert.domain.audiences import Reach, reach
from carealert.domain.channels import BY_TEXT, Fit
from carealert.domain.notices import (
    About,
    Channel,
    Facts,
    MessageKind,
    NoticeDraft,
    Recipient,
    RecipientKind,
    Wording,
    wording_for,
)
from carealert.domain.plan import (
    Candidate,
    FacilityCandidate,
    IncidentHistory,
    Match,
    NotSent,
    Office,
    Told,
    WhyNot,
)
from carealert.domain.rules import Audience, Priority, Rule, SubjectKind
from carealert.domain.warnings import SEVERITY_ORDER, HazardWarning, Severity

#: Those whom no rule words a text for: template, and answers by digit.
OWN_WORDS: Mapping[RecipientKind, tuple[str, Mapping[str, str]]] = MappingProxyType(
    {
        RecipientKind.CITY_DESK: ("desk", {}),
        RecipientKind.RELAY: ("relay", {"told": "1", "not_told": "2"}),
        RecipientKind.COMMUNITY_GROUP: ("group", {}),
    }
)
_NOTHING: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class Wish:
    """One recipient to be told about one subject, before merging."""

    recipient: Recipient
    about: About
    about_self: bool
    subject: tuple[SubjectKind, str]
    rule: Rule
    facts: Facts
    reasons: tuple[str, ...]
    quiet: tuple[time, time] | None = None
    fit: Fit = BY_TEXT


def wishes_for(
    candidate: Candidate | FacilityCandidate,
    rule: Rule,
    audiences: Sequence[Audience],
    match: Match,
    facts: Facts,
    office: Office,
    now: datetime,
) -> tuple[list[Wish], list[NotSent]]:
    """Everybody of `audiences` who may be told about the candidate, and who may not and why."""
    return wishes_of(reach(candidate, audiences, office, now), rule, match, facts)


def wishes_of(
    found: Reach, rule: Rule, match: Match, facts: Facts
) -> tuple[list[Wish], list[NotSent]]:
    """The same of those whose reach is known already, which does not hang on the rule."""
    subject = (match.kind, match.ref)
    wishes = [
        Wish(
            one.recipient,
            one.about,
            one.is_subject,
            subject,
            rule,
            facts,
            match.reasons,
            one.quiet,
            one.fit,
        )
        for one in found.told
    ]
    refused = [
        NotSent(kind, ref, rule.id, reason, detail) for kind, ref, reason, detail in found.refused
    ]
    return wishes, refused


def merge(
    wishes: Iterable[Wish],
    history: IncidentHistory,
    office: Office,
    now: datetime,
    *,
    kind: MessageKind,
    step: int,
) -> tuple[list[NoticeDraft], list[NotSent]]:
    """One draft a recipient, however many people they care for (G17), and one a phone.

    The strongest rule gives the template and the lane; among equals the first of `wishes`. Where
    one phone belongs to two people, a caregiver's text is kept and the resident's own is not
    sent: two texts on one shared phone confuse, and the second one's answer would count for the
    wrong person.
    """
    groups: dict[tuple[RecipientKind, str], list[Wish]] = {}
    for wish in wishes:
        groups.setdefault((wish.recipient.kind, wish.recipient.ref), []).append(wish)
    drafts = [_draft(group, history, office, now, kind, step) for group in groups.values()]
    return _one_a_phone(drafts)


def _draft(
    group: Sequence[Wish],
    history: IncidentHistory,
    office: Office,
    now: datetime,
    kind: MessageKind,
    step: int,
) -> NoticeDraft:
    first, reasons = group[0], group[0].reasons
    about: tuple[About, ...] = (first.about,)
    if len(group) > 1:
        first = min(group, key=lambda w: _strength(w.rule.do.priority, w.facts))
        about = _everybody(group)
        reasons = tuple(reason for wish in group for reason in wish.reasons)
    do, recipient = first.rule.do, first.recipient
    template, channel = do.template, first.fit.first
    if step:
        at = do.chain(first.facts.severity)[step - 1]
        template, channel = at.template, first.fit.other if at.other_channel else channel
    to_desk = recipient.kind is RecipientKind.CITY_DESK
    replies = do.expect_reply or _NOTHING
    if recipient.kind in OWN_WORDS:
        template, replies = OWN_WORDS[recipient.kind]
    return NoticeDraft(
        incident=history.incident,
        recipient=recipient,
        about=about,
        about_self=first.about_self,
        rule=first.rule.id,
        step=step,
        revision=history.revision,
        kind=MessageKind.DESK if to_desk else _kind(recipient, kind),
        priority=do.priority,
        channel=channel,
        wording=wording_for(recipient.phone),
        template=template,
        checklist=do.checklist,
        facts=first.facts,
        expected_replies=replies,
        due_at=due_at(do.priority, first.quiet, office, now),
        expires_at=_useful_until(first.facts, office, now, to_desk=to_desk),
        reasons=tuple(dict.fromkeys(reasons)),
        round=history.round,
    )


def _everybody(group: Sequence[Wish]) -> tuple[About, ...]:
    """Whom the wishes are about, each once."""
    about = {wish.about.ref: wish.about for wish in group}
    return tuple(about[ref] for ref in sorted(about))


def _useful_until(facts: Facts, office: Office, now: datetime, *, to_desk: bool) -> datetime:
    """The end of the warning; the desk's work does not end with it: somebody did not answer."""
    if to_desk or facts.expires is None:
        return now + office.assumed_life
    return facts.expires


def _strength(priority: Priority, facts: Facts) -> tuple[Priority, int]:
    """Strongest first. Where polygons differ, the worst of them is what the one text must say."""
    return priority, SEVERITY_ORDER.index(facts.severity or Severity.UNKNOWN)


def _kind(recipient: Recipient, kind: MessageKind) -> MessageKind:
    manager = recipient.kind in (RecipientKind.FACILITY_MANAGER, RecipientKind.DEPUTY_MANAGER)
    return MessageKind.FACILITY_CONFIRM if manager and kind is MessageKind.ALERT else kind


def line_of(recipient: Recipient) -> tuple[str, str]:
    """What must not ring twice: the phone of people, the post of managers and of the desk."""
    if recipient.kind in (RecipientKind.CAREGIVER, RecipientKind.RESIDENT):
        return ("phone", recipient.phone.number)
    return (recipient.kind, recipient.ref)


def _one_a_phone(drafts: Iterable[NoticeDraft]) -> tuple[list[NoticeDraft], list[NotSent]]:
    kept: dict[tuple[str, str], NoticeDraft] = {}
    dropped: list[NotSent] = []
    # "caregiver" sorts before "resident": the caregiver's text is the one that is kept.
    for draft in sorted(drafts, key=lambda d: (d.recipient.kind, d.recipient.ref)):
        line = line_of(draft.recipient)
        first = kept.setdefault(line, draft)
        if first is not draft:
            kept[line] = _joined(first, draft)
            dropped.append(
                NotSent(
                    draft.recipient.kind.value,
                    draft.recipient.ref,
                    draft.rule,
                    WhyNot.SAME_PHONE,
                    f"shares a phone with {first.recipient.ref}",
                )
            )
    return list(kept.values()), dropped


def _joined(first: NoticeDraft, second: NoticeDraft) -> NoticeDraft:
    """The kept draft's recipient told about both's people, in the words of the stronger one."""
    about = {entry.ref: entry for entry in (*first.about, *second.about)}
    return replace(
        min(first, second, key=lambda d: _strength(d.priority, d.facts)),
        recipient=first.recipient,
        about_self=first.about_self,
        about=tuple(sorted(about.values(), key=lambda entry: entry.ref)),
        due_at=min(first.due_at, second.due_at),
        wording=max(first.wording, second.wording, key=list(Wording).index),
        reasons=tuple(dict.fromkeys((*first.reasons, *second.reasons))),
    )


def due_at(
    priority: Priority, quiet: tuple[time, time] | None, office: Office, now: datetime
) -> datetime:
    """When it may go out: at once, or for routine messages after the caregiver's quiet hours."""
    if priority is not Priority.ROUTINE or quiet is None:
        return now
    local = now.astimezone(office.time_zone)
    start, end = quiet
    clock = local.time()
    inside = start <= clock < end if start < end else clock >= start or clock < end
    if not inside:
        return now
    wake = local.replace(hour=end.hour, minute=end.minute, second=0, microsecond=0)
    return wake if wake > local else wake + timedelta(days=1)


def stand_down_draft(
    told: Told, warning: HazardWarning, history: IncidentHistory, office: Office, now: datetime
) -> NoticeDraft:
    """The end of the story for somebody who was told and is not warned any more (rule G24)."""
    sender = next((i.sender_name for i in warning.infos if i.sender_name), told.facts.sender_name)
    return NoticeDraft(
        incident=history.incident,
        recipient=told.recipient,
        about=(),
        about_self=False,
        rule=told.rule,
        step=0,
        revision=history.revision,
        kind=MessageKind.STAND_DOWN,
        priority=Priority.URGENT,
        channel=Channel.SMS,
        wording=wording_for(told.recipient.phone),
        template="stand_down",
        checklist=None,
        facts=replace(told.facts, sender_name=sender),
        expected_replies={},
        due_at=now,
        expires_at=now + office.assumed_life,
        reasons=(f"was told, and {warning.identifier} ends it",),
    )
