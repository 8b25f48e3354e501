"""The steps after the first text: all of them, in turns, a few at a time, and nothing private."""

from dataclasses import replace
from itertools import product

import pytest

from carealert.adapters.texts.pages import STEPS, all_steps
from carealert.domain.checklists import FACILITY_LISTS
from carealert.domain.facilities import FacilityType
from carealert.domain.hazards import Hazard
from carealert.domain.notices import MessageKind, RecipientKind, Wording
from carealert.domain.outline import fits
from carealert.domain.people import Need, PhoneSharing
from carealert.services.ports.text import MoreAsked
from tests.support.builders import a_phone
from tests.support.drafts import a_care_draft, a_composer, a_facility_draft, somebody, text_of

COMPOSER = a_composer()
WITH_LISTS = (
    Hazard.FLOOD,
    Hazard.HEAT,
    Hazard.COLD,
    Hazard.TROPICAL_CYCLONE,
    Hazard.EARTHQUAKE,
    Hazard.TSUNAMI,
    Hazard.WILDFIRE,
    Hazard.AIR_QUALITY,
    Hazard.FOG,
)


def asked(**changes: object) -> MoreAsked:
    plain = MoreAsked(
        hazard=Hazard.FLOOD,
        needs=frozenset({Need.DIALYSIS}),
        wording=Wording.PRIVATE,
        about_self=False,
        checklist=None,
        language="en",
        second_language=None,
        told="",
        page=0,
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def pages(one: MoreAsked) -> list[str]:
    """All pages, until they begin again."""
    found: list[str] = []
    while len(found) < 99:
        body = COMPOSER.more(replace(one, page=len(found))).body
        if found and body == found[0]:
            return found
        found.append(body)
    raise AssertionError("the pages never end")


@pytest.mark.parametrize("language", COMPOSER.languages())
def test_every_step_comes_once_and_every_page_keeps_the_budget(language: str) -> None:
    texts = COMPOSER.language(language)
    combinations = list(product(WITH_LISTS, (None, *Need), Wording, (False, True)))
    for hazard, need, wording, own in combinations:
        needs = frozenset({need} if need else ())
        one = asked(hazard=hazard, needs=needs, wording=wording, about_self=own, language=language)
        steps = all_steps(texts, hazard, needs, wording, own=own)
        found = pages(one)
        lines = [line.removeprefix("CareAlert: ") for body in found for line in body.splitlines()]
        assert [line for line in lines if line in steps] == steps
        assert len(lines) == len(steps) + len(found) - 1  # every page but the last one asks on
        for number in range(len(found)):
            assert fits(COMPOSER.more(replace(one, page=number)))


def test_a_page_has_up_to_three_steps_and_says_how_to_go_on() -> None:
    first, *_, last = pages(asked())
    assert len(first.splitlines()) in (STEPS, STEPS + 1)  # the last line says how to go on
    assert first.endswith("Reply 9 for more steps.")
    assert "Reply 9" not in last


def test_what_was_told_in_the_first_text_is_not_said_again() -> None:
    draft = a_care_draft(somebody("Nani", Need.DIALYSIS))
    told = text_of(COMPOSER, draft).body
    assert "Reply 1 if safe, 2 if you need help, 9 for more steps." in told
    rest = pages(asked(told=told))
    every = all_steps(
        COMPOSER.language("en"), Hazard.FLOOD, {Need.DIALYSIS}, Wording.PRIVATE, own=False
    )
    missing = [step for step in every if step not in told and step not in "\n".join(rest)]
    assert missing == []
    assert not any(step in "\n".join(rest) for step in every if step in told)


def test_who_was_told_everything_is_told_again() -> None:
    steps = all_steps(COMPOSER.language("en"), Hazard.FLOOD, (), Wording.PRIVATE, own=False)
    again = pages(asked(needs=frozenset(), told="\n".join(steps)))
    assert again == pages(asked(needs=frozenset()))


@pytest.mark.parametrize("wording", [Wording.NEUTRAL, Wording.CARE_CARD])
def test_g01_further_steps_give_nothing_away_on_a_phone_that_others_read(wording: Wording) -> None:
    for language, hazard in product(COMPOSER.languages(), WITH_LISTS):
        lexicon = COMPOSER.language(language).lexicon
        one = asked(hazard=hazard, needs=frozenset(Need), wording=wording, language=language)
        for body in pages(one):
            assert lexicon.sensitive_in(body) == (), body
    leaks = COMPOSER.language("en").lexicon.sensitive_in("\n".join(pages(asked())))
    assert leaks, "the same on a private phone does name them"


def test_a_borrowed_phone_gets_the_steps_for_everybody_alone() -> None:
    card = asked(wording=Wording.CARE_CARD)
    assert pages(card) == pages(replace(card, needs=frozenset()))
    assert pages(card) != pages(asked())


def test_several_needs_take_turns() -> None:
    needs = frozenset({Need.DIALYSIS, Need.INFANT})
    steps = all_steps(COMPOSER.language("en"), Hazard.FLOOD, needs, Wording.PRIVATE, own=False)
    lists = COMPOSER.language("en").checklists
    firsts = [lists.hazard_item("flood"), *(lists.need_item(n, "flood") for n in sorted(needs))]
    assert set(steps[:3]) == {item.text for item in firsts if item}


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({}, True),
        ({"kind": MessageKind.UPDATE}, True),
        ({"template": "reminder", "kind": MessageKind.REMINDER}, False),
        ({"hazard": Hazard.FOG}, False),
        ({"expected_replies": {"safe": "1", "at_school": "9"}}, False),
    ],
)
def test_how_to_ask_for_more_is_said_where_there_is_more(
    changes: dict[str, object], says: bool
) -> None:
    draft = a_care_draft(somebody("Nani"), **changes)  # type: ignore[arg-type]
    assert ("9 for more steps" in text_of(COMPOSER, draft).body) is says


def test_the_desk_and_messengers_are_not_offered_steps() -> None:
    draft = a_care_draft(somebody("Nani"))
    for kind in RecipientKind:
        recipient = replace(draft.recipient, kind=kind)
        body = text_of(COMPOSER, replace(draft, recipient=recipient)).body
        household = kind in (RecipientKind.RESIDENT, RecipientKind.CAREGIVER)
        assert ("9 for more steps" in body) is household


@pytest.mark.parametrize("language", COMPOSER.languages())
def test_a_caregiver_s_page_holds_every_step_and_a_title_that_gives_nothing_away(
    language: str,
) -> None:
    lexicon = COMPOSER.language(language).lexicon
    shared = asked(wording=Wording.NEUTRAL, needs=frozenset(Need), language=language)
    page = COMPOSER.care_page(shared)
    assert page.language == language
    assert page.is_right_to_left is (language in ("ar", "ur"))
    shown = "\n".join([page.title, page.hazard, *page.steps])
    assert lexicon.sensitive_in(shown) == ()
    steps = [line for body in pages(shared) for line in body.splitlines()]
    assert all(any(step in line for line in steps) for step in page.steps)
    assert page.answers["safe"]


def test_a_private_page_says_what_it_is_about() -> None:
    assert COMPOSER.care_page(asked()).steps != COMPOSER.care_page(asked(needs=frozenset())).steps


@pytest.mark.parametrize("language", COMPOSER.languages())
def test_a_manager_gets_the_list_of_the_facility_s_type(language: str) -> None:
    lists = COMPOSER.language(language).checklists
    for type_, name in FACILITY_LISTS.items():
        found = lists.get(name)
        assert found is not None
        told = "\n".join(pages(asked(facility=type_, language=language)))
        assert all(item.text in told for item in found.items)
    housing = asked(facility=FacilityType.SOCIAL_HOUSING, language=language)
    assert pages(housing) == pages(replace(housing, facility=None))


@pytest.mark.parametrize(
    ("sharing", "says"),
    [
        (PhoneSharing.FACILITY, True),
        (PhoneSharing.PRIVATE, True),
        (PhoneSharing.UNKNOWN, False),
        (PhoneSharing.BORROWED, False),
    ],
)
def test_a_manager_is_told_how_to_ask_where_the_list_may_be_read(
    sharing: PhoneSharing, says: bool
) -> None:
    draft = a_facility_draft()
    phone = replace(draft.recipient.phone, sharing=sharing)
    asking = replace(draft, recipient=replace(draft.recipient, phone=phone))
    others = replace(draft, recipient=replace(draft.recipient, phone=a_phone(8, UNKNOWN)))
    told = [notice.text.body for notice in COMPOSER.compose([others, asking, others])]
    assert ["9 for more steps" in body for body in told] == [False, says, False]


UNKNOWN = PhoneSharing.UNKNOWN
