"""G09 to G13, G15, G17 and G23 over what the shipped rules decide, for every hazard and severity.

Each rule is a function from a decision to what breaks it; the same function is given a decision
that was spoilt, so that the test is known to fail.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import permutations, product
from typing import Any

import pytest

from carealert.domain.audiences import ADULT
from carealert.domain.hazards import Hazard
from carealert.domain.notices import NoticeDraft, RecipientKind
from carealert.domain.people import ChannelPreference, Consent, Gender, Need, Purpose
from carealert.domain.plan import Candidate, Plan, WhyNot
from carealert.domain.warnings import Severity
from tests.support.builders import (
    NOW,
    a_candidate,
    a_caregiver,
    a_consent,
    a_phone,
    a_resident,
    alone,
)
from tests.support.drafts import a_composer
from tests.support.shipped_rules import HAZARDS, decided

Record = Callable[[str, Any], None]
DANGERS = list(product(HAZARDS, Severity))
NEEDS = tuple(Need)


def _home(*carers: str, **person: Any) -> Candidate:
    """Somebody who needs dialysis, with caregivers of these refs, each with a phone."""
    given = {"needs": frozenset({Need.DIALYSIS}), "phone": a_phone(9), **person}
    found = [a_caregiver(ref=ref, phone=a_phone(20 + n)) for n, ref in enumerate(carers)]
    resident = a_resident(**given)
    return a_candidate(resident, *found) if found else alone(resident)


def _plans(*people: Candidate) -> Iterator[Plan]:
    return (decided(hazard, severity, *people) for hazard, severity in DANGERS)


def _told(plan: Plan) -> list[NoticeDraft]:
    return [draft for draft in plan.drafts if draft.recipient.kind in _HOUSEHOLD]


_HOUSEHOLD = (RecipientKind.CAREGIVER, RecipientKind.RESIDENT)


def _waves(plan: Plan, carers: set[str]) -> list[str]:
    """G09: all caregivers in one wave, or none of them."""
    told = {draft.recipient.ref: draft.due_at for draft in _told(plan) if not draft.about_self}
    if told and (told.keys() != carers or len(set(told.values())) > 1):
        return [f"told {told}"]
    return []


def test_g09_same_wave_for_all_caregivers(record_property: Record) -> None:
    refs = ("c1", "c2", "c3")
    orders = list(permutations(refs))
    plans = [plan for order in orders for plan in _plans(_home(*order))]
    record_property("G09", len(plans))
    assert sum(bool(plan.drafts) for plan in plans) > len(plans) / 2
    assert [found for plan in plans for found in _waves(plan, set(refs))] == []


def test_g09_a_caregiver_who_is_told_later_or_not_at_all_is_seen() -> None:
    plan = decided(Hazard.FLOOD, Severity.EXTREME, _home("c1", "c2"))
    late = [
        replace(draft, due_at=draft.expires_at) if draft.recipient.ref == "c2" else draft
        for draft in plan.drafts
    ]
    without = [draft for draft in plan.drafts if draft.recipient.ref != "c2"]
    assert _waves(plan, {"c1", "c2"}) == []
    assert _waves(replace(plan, drafts=tuple(late)), {"c1", "c2"})
    assert _waves(replace(plan, drafts=tuple(without)), {"c1", "c2"})


def _of_genders(person: Gender, carer: Gender) -> Candidate:
    home = _home("c1", "c2", gender=person)
    carers = tuple((replace(one, gender=carer), link) for one, link in home.caregivers)
    return replace(home, caregivers=carers)


def _texts(plan: Plan) -> list[tuple[str, str]]:
    composed = a_composer().compose(plan.drafts)
    return [(notice.draft.idempotency_key, notice.text.body) for notice in composed]


def test_g10_gender_invariance(record_property: Record) -> None:
    """Neither whether, when, how nor what: for everybody's gender, also where it is not stated."""
    pairs = list(product(Gender, repeat=2))
    for hazard, severity in DANGERS:
        plans = [decided(hazard, severity, _of_genders(*pair)) for pair in pairs]
        assert _same(plans)
    record_property("G10", len(DANGERS) * len(pairs))
    texts = {tuple(_texts(decided(Hazard.FLOOD, Severity.EXTREME, _of_genders(*p)))) for p in pairs}
    assert len(texts) == 1


def test_g10_a_decision_that_looks_at_gender_is_seen() -> None:
    pairs = list(product(Gender, repeat=2))
    plans = [decided(Hazard.FLOOD, Severity.EXTREME, _of_genders(*pair)) for pair in pairs]
    only_women = [
        plan if carer is Gender.WOMAN else replace(plan, drafts=plan.drafts[:1])
        for plan, (_, carer) in zip(plans, pairs, strict=True)
    ]
    assert _same(plans)
    assert not _same(only_women)


def _same(plans: list[Plan]) -> bool:
    """G10: the same decision."""
    first = (plans[0].drafts, plans[0].not_sent, plans[0].tasks, plans[0].timers)
    return all((one.drafts, one.not_sent, one.tasks, one.timers) == first for one in plans)


def _own_texts(plan: Plan) -> list[str]:
    """G11: who has a phone and agrees hears it in the first person, where anybody hears it."""
    told = _told(plan)
    own = [draft for draft in told if draft.about_self and draft.recipient.ref == "r1"]
    return ["the person concerned is not told"] if told and not own else []


def test_g11_the_person_concerned_is_told_too(record_property: Record) -> None:
    plans = [plan for need in NEEDS for plan in _plans(_home("c1", needs=frozenset({need})))]
    record_property("G11", len(plans))
    assert sum(bool(plan.drafts) for plan in plans) > len(plans) / 3
    assert [found for plan in plans for found in _own_texts(plan)] == []


def test_g11_a_person_who_is_passed_over_is_seen_and_a_child_is_not_told() -> None:
    plan = decided(Hazard.FLOOD, Severity.EXTREME, _home("c1"))
    carers = tuple(draft for draft in plan.drafts if not draft.about_self)
    assert _own_texts(replace(plan, drafts=carers))
    child = _home("c1", birth_year=NOW.year - ADULT + 1)
    assert _own_texts(decided(Hazard.FLOOD, Severity.EXTREME, child))


def test_g12_language_honoured(record_property: Record) -> None:
    """Every shipped message exists in every shipped language: nobody gets another one's."""
    composer = a_composer(default="en")
    pairs = list(product(composer.template_names(), composer.languages()))
    record_property("G12", len(pairs))
    for template, tag in pairs:
        assert composer.language_for(template, tag, None).tag == tag, template


@pytest.mark.parametrize(
    ("language", "second", "default", "found"),
    [
        ("bn", "en", "fil", "bn"),
        ("my", "bn", "fil", "bn"),
        ("my", None, "fil", "fil"),
        ("my", "km", "lo", "en"),
        ("bn-BD", None, "fil", "bn"),
    ],
)
def test_g12_where_there_is_none_the_next_one_serves(
    language: str, second: str | None, default: str, found: str
) -> None:
    composer = a_composer(default=default)
    assert composer.language_for("care_alert", language, second).tag == found


@pytest.mark.parametrize("channel", [ChannelPreference.RELAY, ChannelPreference.VISIT])
def test_g13_channel_fits_the_person(channel: ChannelPreference, record_property: Record) -> None:
    """A text never stands for reaching somebody who cannot take it in: a person goes there."""
    plans = list(_plans(_home(channel=channel)))
    record_property("G13", len(plans))
    for plan in plans:
        assert _told(plan) == []
        if plan.matches:
            assert WhyNot.NO_SUITABLE_CHANNEL in {one.reason for one in plan.not_sent}
    assert any(_told(plan) for plan in _plans(_home(channel=ChannelPreference.TEXT)))


def _earliest(hazard: Hazard, need: Need | None) -> int | None:
    """The lowest severity, by its place in the order, at which somebody with this need is told."""
    person = _home("c1", birth_year=1995, needs=frozenset({need} if need else ()))
    told = [
        rank
        for rank, severity in enumerate(_SEVERITIES)
        if _told(decided(hazard, severity, person))
    ]
    return min(told, default=None)


_SEVERITIES = (Severity.MINOR, Severity.MODERATE, Severity.SEVERE, Severity.EXTREME)
_LEAVING = (
    Hazard.TROPICAL_CYCLONE,
    Hazard.STORM_SURGE,
    Hazard.FLOOD,
    Hazard.FLASH_FLOOD,
    Hazard.EARTHQUAKE,
    Hazard.TSUNAMI,
    Hazard.WILDFIRE,
)


@pytest.mark.parametrize("hazard", HAZARDS)
def test_g15_earlier_start_for_those_who_need_help_to_move(
    hazard: Hazard, record_property: Record
) -> None:
    """Never later than others, and earlier where people have to leave."""
    others = _earliest(hazard, None)
    helped = _earliest(hazard, Need.MOBILITY)
    record_property("G15", 2 * len(_SEVERITIES))
    if others is not None:
        assert helped is not None
        assert helped <= others
    if hazard in _LEAVING:
        assert (helped, others) == (_SEVERITIES.index(Severity.MODERATE), 2)


def _burden(plan: Plan) -> list[str]:
    """G17: one message for each phone, however many people it is about."""
    numbers = [draft.recipient.phone.number for draft in _told(plan)]
    return [] if len(numbers) == len(set(numbers)) else ["a phone rings twice"]


def test_g17_burden_cap_and_merge(record_property: Record) -> None:
    carer = a_caregiver(ref="c1", phone=a_phone(20))
    needs = (Need.DIALYSIS, Need.INFANT, Need.MOBILITY, Need.DEMENTIA)
    homes = [
        a_candidate(a_resident(ref=f"r{n}", needs=frozenset({need}), phone=None), carer)
        for n, need in enumerate(needs)
    ]
    plans = list(_plans(*homes))
    record_property("G17", len(plans))
    assert [found for plan in plans for found in _burden(plan)] == []
    merged = _told(decided(Hazard.FLOOD, Severity.EXTREME, *homes))
    assert [len(draft.about) for draft in merged] == [4]
    plan = decided(Hazard.FLOOD, Severity.EXTREME, *homes)
    assert _burden(replace(plan, drafts=plan.drafts * 2))


def _without_consent(plan: Plan, refused: set[str]) -> list[str]:
    """G23: who did not agree is never messaged."""
    return [draft.recipient.ref for draft in plan.drafts if draft.recipient.ref in refused]


@pytest.mark.parametrize(
    "consent",
    [
        Consent(frozenset()),
        a_consent(Purpose.STATISTICS),
        a_consent(Purpose.ALERT_CARER, Purpose.STATISTICS),
        a_consent(expires=NOW),
    ],
    ids=["none", "statistics", "carer's", "expired"],
)
def test_g23_consent_is_the_person_s_own(consent: Consent, record_property: Record) -> None:
    """A caregiver's yes is not the person's, and the person's is not the caregiver's."""
    homes = [_home("c1", consent=consent, needs=frozenset({need})) for need in NEEDS]
    plans = [plan for home in homes for plan in _plans(home)]
    record_property("G23", len(plans))
    assert [found for plan in plans for found in _without_consent(plan, {"r1"})] == []
    agreed = decided(Hazard.FLOOD, Severity.EXTREME, _home("c1"))
    assert _without_consent(agreed, {"r1"}) == ["r1"]
