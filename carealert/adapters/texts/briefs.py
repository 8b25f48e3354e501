"""Which drafts render alike, what their people are called, and what their text would say."""

from collections.abc import Callable, Collection, Hashable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from carealert.adapters.texts.files import Language, Words
from carealert.adapters.texts.pages import all_steps
from carealert.adapters.texts.phrases import fill
from carealert.domain.checklists import NEED_KEYS, by_urgency, hazard_key
from carealert.domain.hazards import Hazard
from carealert.domain.notices import (
    Facts,
    MessageKind,
    NoticeDraft,
    RecipientKind,
    Wording,
    may_get_list,
)
from carealert.domain.outline import Outline, Step, by_person, sentences_of
from carealert.domain.people import Need
from carealert.domain.replies import MORE_DIGIT
from carealert.domain.sms import cut, one_line

#: Longest name of a centre in characters.
CENTRE = 30
#: Steps for needs beside the hazard's own: a text has one to three actions (rule G05).
NEED_STEPS = 2
#: A weekday names one day only within a week.
NEAR = timedelta(days=6)
#: A start that is this close is now.
SOON = timedelta(hours=1)

MANAGERS = (RecipientKind.FACILITY_MANAGER, RecipientKind.DEPUTY_MANAGER)


@dataclass(frozen=True, slots=True)
class Brief:
    """All that decides a text except the names: drafts with equal briefs render alike.

    `said` is one number for all facts that say the same. `told` and `named` are per person, those
    with the most urgent needs first: the step for the person's need, if the text tells one, and
    whether the name may be told.
    """

    language: str
    template: str
    kind: MessageKind
    wording: Wording
    about_self: bool
    step: int
    said: int
    checklist: str | None
    replies: tuple[tuple[str, str], ...]
    told: tuple[str | None, ...]
    named: tuple[bool, ...]
    starts: bool
    near: bool
    more: bool
    numbers: tuple[tuple[str, int], ...] = ()


def labels_for(
    draft: NoticeDraft,
    words: Words,
    is_sensitive: Callable[[str], bool],
    plain: Callable[[str], str] = one_line,
) -> tuple[str, ...]:
    """What each person or facility of the draft may be called on this phone; "" is not at all.

    The desk gets references. A borrowed phone gets no name, and other shared phones none that
    gives a need away; a centre whose name does is told by its reference. `plain` is `one_line`,
    which a caller may remember: caregivers choose few names.
    """
    if draft.recipient.kind is RecipientKind.CITY_DESK or draft.kind is MessageKind.DESK:
        return tuple([plain(about.ref) for about in draft.about])
    if draft.recipient.kind is RecipientKind.RELAY:
        return tuple(
            plain(about.ref if is_sensitive(about.label) else about.label) for about in draft.about
        )
    is_manager = draft.recipient.kind in MANAGERS
    if not is_manager and (own_voice(draft) or draft.wording is Wording.CARE_CARD):
        return ("",) * len(draft.about)
    labels = [plain(about.label) for about in draft.about]
    if is_manager:
        labels = [cut(label, CENTRE) for label in labels]
    if draft.wording is not Wording.PRIVATE:
        for number, label in enumerate(labels):
            if is_sensitive(label):
                ref = plain(draft.about[number].ref)
                labels[number] = fill(words.your_facility, ref=ref) if is_manager else ""
    return tuple(labels)


#: How urgent a person's step is (0 most), and its text; None without a step.
NeedStep = tuple[int, str] | None


def need_step(
    needs: frozenset[Need], hazard: Hazard, language: Language, wording: Wording, *, own: bool
) -> NeedStep:
    """The step for the most urgent of one person's needs, worded for this phone."""
    if wording is Wording.CARE_CARD:
        return None
    for need in by_urgency(needs):
        item = language.checklists.need_item(need, hazard_key(hazard))
        if item is not None:
            return _URGENCY[need], item.worded(wording, about_self=own)
    return None


def brief_for(
    draft: NoticeDraft,
    language: str,
    labels: Sequence[str],
    steps: Sequence[NeedStep],
    said: int,
    *,
    more: bool,
) -> tuple[Brief, tuple[int, ...]]:
    """The brief of a draft, and the numbers of its people in the order in which the brief has them.

    `said` is one number for all facts that say the same (`said_of`).
    Sorting by urgency makes many briefs equal, which saves most of the renderings.
    """
    facts = draft.facts
    order = sorted(range(len(steps)), key=lambda n: steps[n] or _NO_STEP)
    told: dict[str, None] = {}
    for n in order:
        step = steps[n]
        if step is not None and len(told) < NEED_STEPS:
            told[step[1]] = None
    brief = Brief(
        language,
        draft.template,
        draft.kind,
        draft.wording,
        own_voice(draft),
        draft.step,
        said,
        draft.checklist,
        tuple(draft.expected_replies.items()),
        tuple(_told(steps[n], told) for n in order),
        tuple(bool(labels[n]) for n in order),
        facts.onset is not None and facts.onset - draft.due_at >= SOON,
        facts.expires is None or facts.expires - draft.due_at < NEAR,
        more,
        tuple(sorted(draft.numbers.items())),
    )
    return brief, tuple(order)


def class_of(draft: NoticeDraft, labels: Sequence[str]) -> Hashable:
    """The same for drafts that are sure to have equal briefs, and quicker to make than those.

    Facts and replies go by their ids: the drafts must be kept as long as the class is.
    """
    recipient = draft.recipient
    return (
        recipient.language,
        recipient.second_language,
        draft.template,
        draft.kind,
        draft.wording,
        draft.about_self,
        draft.step,
        draft.checklist,
        draft.due_at,
        id(draft.facts),
        id(draft.expected_replies),
        tuple(draft.numbers.items()),
        may_ask_for_more(draft),
        tuple([about.needs for about in draft.about]),
        tuple(map(bool, labels)),
    )


def said_of(facts: Facts) -> tuple[object, ...]:
    """All that a text can say of the warning, to be compared."""
    return (
        facts.hazard,
        facts.event,
        facts.severity,
        facts.sender_name,
        tuple(sorted(facts.places.items())),
        facts.onset,
        facts.expires,
        tuple(sorted(facts.instructions.items())),
    )


def whole_outline(
    brief: Brief, facts: Facts, language: Language, advice: tuple[str, ...]
) -> Outline:
    """Everything that the text would say if it had room."""
    found = [(person, text) for person, text in enumerate(brief.told) if text is not None]
    return Outline(
        (_hazard_step(brief, facts, language), *by_person(found)), more=brief.more, advice=advice
    )


def own_voice(draft: NoticeDraft) -> bool:
    """True where the reader is the one person concerned; two on one phone need their names."""
    return draft.about_self and len(draft.about) == 1


def needs_of(draft: NoticeDraft) -> frozenset[Need]:
    """The needs of everybody that the draft is about."""
    return frozenset().union(*(about.needs for about in draft.about))


def may_ask_for_more(draft: NoticeDraft) -> bool:
    """True where the reader is of a household that is told what to do, or runs a facility."""
    if not draft.expected_replies or MORE_DIGIT in draft.expected_replies.values():
        return False  # nothing is open that could be answered, or the digit is the rule's own
    if draft.recipient.kind in MANAGERS:
        asks = draft.kind in (MessageKind.FACILITY_CONFIRM, MessageKind.UPDATE)
        return asks and may_get_list(draft.recipient.phone)
    of_household = draft.recipient.kind in (RecipientKind.RESIDENT, RecipientKind.CAREGIVER)
    return of_household and draft.kind in (MessageKind.ALERT, MessageKind.UPDATE)


def _hazard_step(brief: Brief, facts: Facts, language: Language) -> Step:
    (first, *_) = all_steps(
        language,
        facts.hazard,
        (),
        brief.wording,
        own=brief.about_self,
        checklist=brief.checklist,
    )
    return Step(sentences_of(first))


def _told(step: NeedStep, told: Collection[str]) -> str | None:
    return step[1] if step is not None and step[1] in told else None


_URGENCY = {need: number for number, need in enumerate(NEED_KEYS)}
_NO_STEP = (len(NEED_KEYS), "")
