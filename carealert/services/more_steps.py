"""Somebody asks for the next steps: what they may be told is looked up anew, for the phone now."""

from collections.abc import Sequence
from typing import TypeGuard

from carealert.domain.notices import RecipientKind, Wording, may_get_list, wording_for
from carealert.domain.people import Need
from carealert.services.ports.registry import Owner
from carealert.services.ports.replies import OpenQuestion, ToldText
from carealert.services.ports.store import Stores
from carealert.services.ports.text import MoreAsked

_MANAGERS = (RecipientKind.FACILITY_MANAGER, RecipientKind.DEPUTY_MANAGER)
_HOUSEHOLD = (RecipientKind.RESIDENT, RecipientKind.CAREGIVER)
#: The most may be said first.
_STRICTNESS = (Wording.PRIVATE, Wording.NEUTRAL, Wording.CARE_CARD)


def is_household_s(question: OpenQuestion | None) -> TypeGuard[OpenQuestion]:
    """True where the newest question on the phone is a household's about a danger."""
    return question is not None and question.recipient_kind in _HOUSEHOLD and _is_real(question)


def may_ask(question: OpenQuestion | None) -> TypeGuard[OpenQuestion]:
    """True where there are steps for whom the newest question asks: a household, or a manager."""
    known = (*_HOUSEHOLD, *_MANAGERS)
    return question is not None and question.recipient_kind in known and _is_real(question)


def _is_real(question: OpenQuestion) -> bool:
    return not (question.is_drill or question.is_consent)


def asked_for(stores: Stores, question: OpenQuestion, owners: Sequence[Owner]) -> MoreAsked | None:
    """What to tell: steps for the people of the message who are still in the sender's care.

    Whose phone it has become since, or who shares it now, gets no step for a need. None where the
    message is too old to be read.
    """
    told = stores.replies.told_in(question.notice)
    if told is None:
        return None
    mine = any(
        (one.kind, one.ref) == (question.recipient_kind.value, question.recipient_ref)
        for one in owners
    )
    if question.recipient_kind in _MANAGERS:
        return _of_a_facility(stores, question, told, mine=mine)
    wording = max(told.wording, _wording_now(stores, question, mine=mine), key=_STRICTNESS.index)
    return MoreAsked(
        told.hazard,
        _needs(stores, question) if mine else frozenset(),
        wording,
        question.recipient_kind is RecipientKind.RESIDENT,
        None,
        question.language,
        told.second_language,
        told.body,
        stores.replies.pages_sent(question.notice),
    )


def _of_a_facility(
    stores: Stores, question: OpenQuestion, told: ToldText, *, mine: bool
) -> MoreAsked:
    """The list of the facility's type, on a phone that is its own or the manager's alone."""
    found = next(iter(stores.facilities.get(question.about[:1])), None)
    is_deputy = question.recipient_kind is RecipientKind.DEPUTY_MANAGER
    contact = (found.deputy if is_deputy else found.manager) if found else None
    ours = contact is not None and may_get_list(contact.phone)
    return MoreAsked(
        told.hazard,
        frozenset(),
        Wording.CARE_CARD,
        False,
        None,
        question.language,
        told.second_language,
        told.body,
        stores.replies.pages_sent(question.notice),
        found.type if found and mine and ours else None,
    )


def _wording_now(stores: Stores, question: OpenQuestion, *, mine: bool) -> Wording:
    if not mine:
        return Wording.CARE_CARD
    ref = question.recipient_ref
    if question.recipient_kind is RecipientKind.RESIDENT:
        phones = [one.phone for one in stores.people.residents([ref])]
    else:
        phones = [one.phone for one, _ in stores.people.caregivers([ref])]
    known = [wording_for(phone) for phone in phones if phone is not None]
    return max(known, key=_STRICTNESS.index, default=Wording.CARE_CARD)


def _needs(stores: Stores, question: OpenQuestion) -> frozenset[Need]:
    refs = set(question.about)
    if question.recipient_kind is RecipientKind.CAREGIVER:
        found = stores.people.caregivers([question.recipient_ref])
        refs &= {link.resident_ref for _, links in found for link in links}
    return frozenset().union(*(one.needs for one in stores.people.residents(sorted(refs))))
