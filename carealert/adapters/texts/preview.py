"""One template as somebody's phone would show it, with all that can be known of it beforehand."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from carealert.adapters.texts.check import ANSWERS, DETAILS, breaches_of
from carealert.adapters.texts.composer import TemplateComposer
from carealert.adapters.texts.samples import facts, kinds_of, sample
from carealert.domain.hazards import Hazard
from carealert.domain.notices import (
    About,
    MessageKind,
    NoticeDraft,
    RecipientKind,
    Text,
    wording_for,
)
from carealert.domain.people import Need, Phone, PhoneSharing
from carealert.domain.text_rules import PREVIEW
from carealert.services.ports.text import MoreAsked

#: Ordinary values; the longest ones are those of the samples.
LABEL, CENTRE, SOURCE = "Nani", "Shapla Clinic", "Weather Service"
PLACES: Mapping[str, str] = {"en": "Amtali", "bn": "আমতলী"}
_NUMBER = "+12025550100"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is previewed: for whom, on which phone, about what. `longest` takes longest values."""

    template: str
    language: str
    hazard: Hazard = Hazard.FLOOD
    sharing: PhoneSharing = PhoneSharing.PRIVATE
    need: Need | None = None
    kind: MessageKind | None = None
    about_self: bool = False
    longest: bool = False


@dataclass(frozen=True, slots=True)
class Preview:
    """The text, what a lock screen shows of it, and each rule that it breaks."""

    wanted: Wanted
    text: Text
    lock_screen: str
    breaches: tuple[str, ...]

    @property
    def is_fallback(self) -> bool:
        """True where the template is not there in the wanted language."""
        return self.text.language != self.wanted.language


def preview(composer: TemplateComposer, wanted: Wanted) -> Preview:
    """Make the text; raises TemplateProblem."""
    if wanted.template in ANSWERS:
        text = composer.answer(wanted.template, wanted.language, "open", DETAILS)
        breaches = breaches_of(composer, text, None)
    else:
        (notice,) = composer.compose([_draft(wanted)])
        text = notice.text
        breaches = breaches_of(composer, text, notice.draft)
    body = text.body.removeprefix(f"{composer.sender_tag}: ")
    return Preview(wanted, text, body[:PREVIEW].replace("\n", " "), tuple(breaches))


def further_steps(composer: TemplateComposer, wanted: Wanted, told: str) -> list[Text]:
    """What each `9` brings after the text `told`, until it begins again."""
    draft = _draft(wanted)
    asked = MoreAsked(
        wanted.hazard,
        draft.about[0].needs,
        draft.wording,
        wanted.about_self,
        None,
        wanted.language,
        None,
        told,
        0,
    )
    found = [composer.more(asked)]
    while (after := composer.more(replace(asked, page=len(found)))) != found[0]:
        found.append(after)
    return found


def call(composer: TemplateComposer, wanted: Wanted, answer_url: str) -> str | None:
    """What the gateway is told to say; None where nothing speaks the language."""
    return composer.call(_draft(wanted), answer_url)


def _draft(wanted: Wanted) -> NoticeDraft:
    kind = wanted.kind or kinds_of(wanted.template)[0]
    phone = Phone(_NUMBER, wanted.sharing)
    needs = frozenset({wanted.need} if wanted.need else ())
    draft = sample(
        wanted.template,
        wanted.language,
        wanted.hazard,
        wording_for(phone),
        kind,
        (About("r1", LABEL, needs),),
        about_self=wanted.about_self,
    )
    if wanted.longest:
        return draft
    if draft.recipient.kind is RecipientKind.FACILITY_MANAGER:
        draft = replace(draft, about=(About("f1", CENTRE),))
    told = facts(wanted.hazard)
    soon = replace(
        told,
        sender_name=SOURCE,
        places=PLACES,
        onset=draft.due_at + timedelta(hours=3),
        expires=draft.due_at + timedelta(hours=30),
    )
    return replace(draft, facts=soon)
