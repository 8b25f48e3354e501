"""Drafts to check texts with: the longest values that a register and a warning may hold, and
ordinary ones, with which a text says all that it has to say."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from carealert.domain.checklists import HAZARD_KEYS
from carealert.domain.hazards import Hazard
from carealert.domain.notices import (
    About,
    Channel,
    Facts,
    MessageKind,
    NoticeDraft,
    Recipient,
    RecipientKind,
    Wording,
)
from carealert.domain.people import Need, Phone, PhoneSharing
from carealert.domain.rules import Priority
from carealert.domain.warnings import Severity

#: 40, 12 and 28 characters: the longest source and name that are told whole, the longest upazila.
LONGEST_SOURCE = "Regional Water and Weather Safety Office"
LONGEST_LABELS = ("Rokeya Khala", "Shamsu Chach", "Nurjahan Nan", "Little Tuntu")
#: A letter outside GSM-7 in a French name leaves the text a third less room.
LONGEST_PLACES = {
    "en": "Dhaka South City Corporation",
    "bn": "ঢাকা দক্ষিণ সিটি কর্পোরেশন",
    "fr": "Arrondissement des Gonaïves",
}
CENTRE = "Krishnachura Care Block"

_NOW = datetime(2026, 5, 20, 6, 0, tzinfo=UTC)
_ANSWERS = {"safe": "1", "help": "2"}
_NUMBERS = {"people": 88_888, "facilities": 8_888, "warning": 888_888}
_TO_DESK = ("desk", "held", "drill_desk")
_TO_MESSENGERS = ("relay", "group")
_SETTLED = ("settled_safe", "settled_help")
_TO_MANAGERS = ("facility_confirm", "drill_confirm")
_STATUSES = {"open": "1", "limited": "2", "evacuating": "3", "closed": "4"}
_REPLIES = {
    **dict.fromkeys(_TO_MANAGERS, _STATUSES),
    "relay": {"told": "1", "not_told": "2"},
    "group": {},
    **{template: {} for template in _SETTLED},
    "follow_up": {"well": "1", "missing": "2"},
}
#: Hazards whose steps for needs differ; the others have those of LANDSLIDE or of OTHER.
_WITH_STEPS = frozenset({*HAZARD_KEYS, Hazard.LANDSLIDE, Hazard.OTHER})
_PHONE = Phone("+12025550100", PhoneSharing.UNKNOWN)
_KINDS: Mapping[str, tuple[MessageKind, ...]] = {
    "reminder": (MessageKind.REMINDER, MessageKind.DRILL),
    "stand_down": (MessageKind.STAND_DOWN, MessageKind.DRILL),
    "facility_confirm": (MessageKind.FACILITY_CONFIRM, MessageKind.UPDATE),
    "desk": (MessageKind.DESK,),
    "held": (MessageKind.HELD,),
    "drill_desk": (MessageKind.DRILL,),
    "drill_confirm": (MessageKind.DRILL,),
    "follow_up": (MessageKind.FOLLOW_UP,),
    **dict.fromkeys(_SETTLED, (MessageKind.SETTLED,)),
    **dict.fromkeys(_TO_MESSENGERS, (MessageKind.ALERT, MessageKind.UPDATE)),
}
_ALERT_KINDS = (MessageKind.ALERT, MessageKind.UPDATE, MessageKind.DRILL)


def samples(template: str, language: str) -> Iterator[NoticeDraft]:
    """Drafts of this template over every hazard, wording, kind and, where it matters, need."""
    for hazard in Hazard:
        for wording in Wording:
            for kind in kinds_of(template):
                yield from _drafts(template, language, hazard, wording, kind)


def kinds_of(template: str) -> tuple[MessageKind, ...]:
    """The kinds of message that a template is for, the most common first."""
    return _KINDS.get(template, _ALERT_KINDS)


def sample(
    template: str,
    language: str,
    hazard: Hazard,
    wording: Wording,
    kind: MessageKind,
    about: tuple[About, ...],
    *,
    about_self: bool = False,
    ordinary: bool = False,
) -> NoticeDraft:
    """One draft with the longest values, or with ordinary ones."""
    recipient = Recipient(_recipient(template, about_self), "sample", _PHONE, language, None)
    return NoticeDraft(
        incident="sample",
        recipient=recipient,
        about=about,
        about_self=about_self,
        rule="sample",
        step=1 if template in ("desk", "reminder", "held") else 0,
        revision=0,
        kind=kind,
        priority=Priority.URGENT,
        channel=Channel.SMS,
        wording=wording,
        template=template,
        checklist=None,
        facts=ordinary_facts(hazard) if ordinary else facts(hazard),
        expected_replies=_REPLIES.get(template, _ANSWERS),
        due_at=_NOW,
        expires_at=_NOW,
        reasons=(),
        numbers=_NUMBERS,
    )


def facts(hazard: Hazard) -> Facts:
    """A warning of this hazard with a start on another day and the longest names."""
    return Facts(
        hazard,
        "Unusual thing",
        Severity.EXTREME,
        LONGEST_SOURCE,
        LONGEST_PLACES,
        _NOW + timedelta(days=7, hours=11),
        _NOW + timedelta(days=8, hours=15),
    )


def ordinary_facts(hazard: Hazard) -> Facts:
    """A warning of this hazard that is on, until tomorrow, with short names."""
    return Facts(
        hazard,
        "Unusual thing",
        Severity.SEVERE,
        "Met Office",
        {"en": "Amtali"},
        _NOW,
        _NOW + timedelta(hours=30),
        {"en": "Keep away from the river. Listen to the radio."},
    )


def _drafts(
    template: str, language: str, hazard: Hazard, wording: Wording, kind: MessageKind
) -> Iterator[NoticeDraft]:
    if template in _TO_MESSENGERS:
        if wording is Wording.NEUTRAL:  # their phones are those of an organisation
            people = tuple(replace(one, needs=frozenset()) for one in _people())
            people = people if template == "relay" else ()
            yield sample(template, language, hazard, wording, kind, people)
        return
    if template in _TO_MANAGERS:
        yield sample(template, language, hazard, wording, kind, (About("f1", CENTRE),))
        return
    if template in (*_TO_DESK, *_SETTLED, "reminder", "stand_down", "follow_up"):
        yield sample(template, language, hazard, wording, kind, _people())
        return
    yield sample(template, language, hazard, wording, kind, _people())
    one = (About("r1", "Nani", frozenset({Need.DIALYSIS})),)
    for about_self in (False, True):
        yield sample(
            template,
            language,
            hazard,
            wording,
            kind,
            one,
            about_self=about_self,
            ordinary=True,
        )
    if kind is not MessageKind.ALERT or wording is Wording.CARE_CARD or hazard not in _WITH_STEPS:
        return  # needs are told as in the first text, as for another hazard, or not at all
    for need in Need:
        one = (About("r1", LONGEST_LABELS[0], frozenset({need})),)
        yield sample(template, language, hazard, wording, kind, one)
        yield sample(template, language, hazard, wording, kind, one, about_self=True)


def _people() -> tuple[About, ...]:
    """Four people with different needs: a caregiver's longest text."""
    needs = (Need.DIALYSIS, Need.POWER_DEPENDENT_BREATHING, Need.INFANT, Need.MOBILITY)
    return tuple(
        About(f"r{number}", label, frozenset({need}))
        for number, (label, need) in enumerate(zip(LONGEST_LABELS, needs, strict=True))
    )


def _recipient(template: str, about_self: bool) -> RecipientKind:
    if template in _TO_DESK:
        return RecipientKind.CITY_DESK
    if template in _TO_MANAGERS:
        return RecipientKind.FACILITY_MANAGER
    if template in _TO_MESSENGERS:
        is_relay = template == "relay"
        return RecipientKind.RELAY if is_relay else RecipientKind.COMMUNITY_GROUP
    return RecipientKind.RESIDENT if about_self else RecipientKind.CAREGIVER
