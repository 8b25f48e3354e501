"""The warning's own instruction: in the reader's language, whole sentences, nothing unsafe."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carealert.adapters.texts.advice import advice_in
from carealert.domain.facts import FactsByPlace
from carealert.domain.notices import MessageKind, Wording
from carealert.domain.outline import fits, sentences_of
from carealert.domain.people import Need
from carealert.domain.sms import one_line
from carealert.domain.translations import instructions_of
from carealert.domain.warnings import Severity
from tests.support.builders import a_warning, an_area, an_info, an_office
from tests.support.drafts import a_care_draft, a_composer, somebody, text_of

COMPOSER = a_composer()
TOLD = "Keep away from the river. Listen to the radio."


def body(instruction: str, language: str = "en", given: str = "en-US", **changes: object) -> str:
    facts = {"instructions": {given: instruction}}
    draft = a_care_draft(somebody("Nani"), language=language, facts=facts, **changes)  # type: ignore[arg-type]
    return text_of(COMPOSER, draft).body


def advice(instruction: str, wording: Wording = Wording.NEUTRAL) -> tuple[str, ...]:
    language = COMPOSER.language("en")
    return advice_in({"en": instruction}, language, wording, COMPOSER.is_sensitive)


def test_the_sender_s_own_words_are_told_after_the_steps() -> None:
    lines = body(TOLD).splitlines()
    assert lines[2] == f"Official advice: {TOLD}"
    assert lines[0].startswith("CareAlert: FLOOD. Move to high ground now.")


@pytest.mark.parametrize(
    ("language", "given", "told"),
    [
        ("en", "en-US", True),
        ("en", "EN", True),
        ("bn", "en-US", False),
        ("bn", "bn-BD", True),
        ("pt-BR", "pt-PT", True),
        ("fil", "fi", False),
    ],
)
def test_only_in_the_reader_s_language(language: str, given: str, told: bool) -> None:
    draft = a_care_draft(language=language, facts={"instructions": {given: TOLD}})
    assert ("Keep away from the river." in COMPOSER.spoken(draft).body) is told


@pytest.mark.parametrize(
    ("instruction", "told"),
    [
        ("Stay indoors", ("Stay indoors.",)),
        ("None", ()),
        ("N/A", ()),
        ("Stay indoors. See https://met.example/x for more. Boil water.", ("Stay indoors.",)),
        ("TAKE COVER NOW.", ()),
        ("Boil water. Call the dialysis centre. Stay in.", ("Boil water.",)),
        ("Ask the mother of each home.", ()),
        ("Reply YES to this text.", ()),
        ("Go " + "and then go on " * 6 + "home.", ()),
    ],
)
def test_it_ends_before_the_first_sentence_that_may_not_be_told(
    instruction: str, told: tuple[str, ...]
) -> None:
    assert advice(instruction) == told


def test_on_a_private_phone_a_sensitive_word_is_no_secret_and_violence_stays_one() -> None:
    assert advice("Call the dialysis centre now.", Wording.PRIVATE) != ()
    assert advice("Call the abuse line now.", Wording.PRIVATE) == ()


@given(st.text(max_size=200))
@settings(max_examples=150, deadline=None)
def test_whatever_an_agency_writes_only_a_beginning_of_whole_sentences_is_told(text: str) -> None:
    told = advice(text)
    written = sentences_of(one_line(text))
    assert [sentence.rstrip(".") for sentence in told] == [
        sentence.rstrip(".") for sentence in written[: len(told)]
    ]
    draft = a_care_draft(somebody("Nani"), facts={"instructions": {"en": text}})
    found = text_of(COMPOSER, draft)
    assert fits(found)
    assert "Reply 1 if safe" in found.body


def test_a_long_instruction_loses_its_end_first_and_never_our_own_steps() -> None:
    long = "Keep away from the river. " + "Listen to the radio now and then. " * 9
    found = body(long)
    assert "Move the person first, things later." in found
    assert "Official advice: Keep away from the river." in found
    assert found.count("Listen") < 9
    assert all(line[-1] in ".:" for line in found.splitlines())


def test_our_step_for_a_need_outlives_the_sender_s_advice() -> None:
    four = [
        somebody(f"Shamsu {n} Chach", need, ref=f"r{n}")
        for n, need in enumerate((Need.DIALYSIS, Need.INFANT, Need.MOBILITY))
    ]
    facts = {"instructions": {"en": TOLD}, "sender_name": "Weather Service " * 3}
    text = text_of(COMPOSER, a_care_draft(*four, facts=facts))
    assert "the advice" in text.left_out
    assert "dialysis" in text.body


def test_it_is_part_of_what_makes_texts_alike() -> None:
    facts = a_care_draft().facts
    drafts = [
        replace(a_care_draft(), facts=replace(facts, instructions=one))
        for one in ({}, {"en": TOLD}, {"en": "Stay in your home now."})
    ]
    bodies = {notice.text.body for notice in COMPOSER.compose(drafts)}
    assert len(bodies) == 3


def test_reminders_and_other_messages_do_not_repeat_it() -> None:
    assert "Official" not in body(TOLD, template="reminder", kind=MessageKind.REMINDER)


def test_translations_of_one_info_lend_it_their_words() -> None:
    english = an_info(language="en-US", instruction=TOLD)
    bangla = an_info(language="bn", instruction="নদী থেকে দূরে থাকুন।")
    other = an_info(language="fr", severity=Severity.MINOR, instruction="Restez chez vous.")
    silent = an_info(language=None, instruction=None)
    infos = (english, bangla, other, silent)
    assert instructions_of(infos, 0) == {"en-US": TOLD, "bn": "নদী থেকে দূরে থাকুন।"}
    assert instructions_of(infos, 2) == {"fr": "Restez chez vous."}


def test_where_two_infos_of_one_language_differ_each_place_hears_its_own() -> None:
    coast = an_info(instruction="Leave the coast now.", areas=(an_area(area_desc="Coast"),))
    hills = an_info(instruction="Stay off slopes now.", areas=(an_area(area_desc="Hills"),))
    warning = a_warning(coast, hills)
    say = FactsByPlace(warning, an_office())
    assert [dict(say.of(n, {}).instructions) for n in (0, 1)] == [
        {"en": "Leave the coast now."},
        {"en": "Stay off slopes now."},
    ]
