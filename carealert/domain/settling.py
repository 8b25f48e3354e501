"""One answer settles it: the others who were told hear that somebody has answered (rule G22)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from carealert.domain.audiences import Addressee, reach
from carealert.domain.notices import (
    About,
    Channel,
    MessageKind,
    NoticeDraft,
    RecipientKind,
    wording_for,
)
from carealert.domain.plan import Candidate, Office, Told
from carealert.domain.rules import Audience, Priority

#: Answer -> the template that tells the others, and who they are. A person is not told that
#: somebody asked for help for them: the desk calls. To be called safe by somebody else is another
#: matter: whoever is not must be able to say so.
PASSED_ON: Mapping[str, tuple[str, tuple[Audience, ...]]] = MappingProxyType(
    {
        "safe": ("settled_safe", (Audience.CAREGIVERS, Audience.RESIDENT)),
        "help": ("settled_help", (Audience.CAREGIVERS,)),
    }
)

Line = tuple[RecipientKind, str]


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered (a key of PASSED_ON) about these people, and who answered.

    `notice` is the one that asked: the others hear of an answer to it once.
    """

    notice: str
    answer: str
    by: Line


def settle(
    said: Answer,
    people: Sequence[Candidate],
    told: Mapping[Line, Told],
    incident: str,
    revision: int,
    office: Office,
    now: datetime,
) -> list[NoticeDraft]:
    """One text to each of the others who have heard of the incident about some of `people`.

    Nobody who may not be told any more, nobody who is still to hear of the warning itself, and
    none on the phone that answered.
    """
    template, audiences = PASSED_ON[said.answer]
    lines: dict[Line, list[Addressee]] = {}
    for person in people:
        for one in reach(person, audiences, office, now).told:
            lines.setdefault((one.recipient.kind, one.recipient.ref), []).append(one)
    heard = {_number(lines[said.by]) if said.by in lines else ""}
    drafts = []
    for line, group in sorted(lines.items()):
        before = told.get(line)
        if before is None or before.pending or line == said.by or _number(group) in heard:
            continue
        heard.add(_number(group))
        drafts.append(_draft(said, template, group, before, incident, revision, office, now))
    return drafts


def _number(group: Sequence[Addressee]) -> str:
    return group[0].recipient.phone.number


def _draft(
    said: Answer,
    template: str,
    group: Sequence[Addressee],
    before: Told,
    incident: str,
    revision: int,
    office: Office,
    now: datetime,
) -> NoticeDraft:
    first, facts = group[0], before.facts
    about: dict[str, About] = {one.about.ref: one.about for one in group}
    ends = facts.expires if facts.expires and facts.expires > now else now + office.assumed_life
    urgent = Priority.URGENT if said.answer == "safe" else min(Priority.URGENT, before.priority)
    return NoticeDraft(
        incident=incident,
        recipient=first.recipient,
        about=tuple(about[ref] for ref in sorted(about)),
        about_self=first.is_subject,
        rule=before.rule,
        step=0,
        revision=revision,
        kind=MessageKind.SETTLED,
        priority=urgent,
        channel=Channel.SMS,
        wording=wording_for(first.recipient.phone),
        template=template,
        checklist=None,
        facts=facts,
        expected_replies={},
        due_at=now,
        expires_at=ends,
        reasons=(f"somebody else answered: {said.answer}",),
        round=f"settled:{said.notice}:{said.answer}",
    )
