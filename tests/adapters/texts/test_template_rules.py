"""The care rules that a text alone can keep or break, over every text that can be sent."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carealert.adapters.texts.check import ANSWERS, DETAILS, NOTICES
from carealert.adapters.texts.samples import samples
from carealert.domain.hazards import Hazard
from carealert.domain.notices import (
    About,
    Encoding,
    MessageKind,
    Notice,
    NoticeDraft,
    RecipientKind,
    Wording,
)
from carealert.domain.outline import fits
from carealert.domain.people import Need
from carealert.domain.sms import encode, normalise
from carealert.domain.text_rules import Said, broken_rules, sentences
from tests.support.builders import a_phone
from tests.support.drafts import (
    DUE,
    NOT_PRIVATE,
    STATUSES,
    a_care_draft,
    a_composer,
    a_facility_draft,
    bodies,
    somebody,
    text_of,
)

LANGUAGES = ("en", "bn")
COMPOSER = a_composer()


@pytest.fixture(scope="module", params=list(product(LANGUAGES, NOTICES)), ids="-".join)
def notices(request: pytest.FixtureRequest) -> list[Notice]:
    """Every notice of one template and language with the longest values."""
    language, template = request.param
    return COMPOSER.compose(samples(template, language))


def test_g01_no_sensitive_word_on_any_phone_that_others_read() -> None:
    """Every template, language, hazard, need and wording that is not private."""
    for language in LANGUAGES:
        lexicon = COMPOSER.language(language).lexicon
        for body in bodies(COMPOSER, _everything(language)):
            assert lexicon.sensitive_in(body) == (), body


def test_g01_the_scan_would_see_a_leak() -> None:
    """The same drafts on a private phone do hold such words, so the scan above can fail."""
    for language in LANGUAGES:
        drafts = [replace(d, wording=Wording.PRIVATE) for d in _everything(language)]
        lexicon = COMPOSER.language(language).lexicon
        leaks = [body for body in bodies(COMPOSER, drafts) if lexicon.sensitive_in(body)]
        assert len(leaks) > 100


@pytest.mark.parametrize("wording", NOT_PRIVATE)
@pytest.mark.parametrize("label", ["Dialysis Nani", "ডায়ালাইসিস নানি", "my pregnant one"])
def test_g01_a_name_that_gives_a_need_away_is_not_told(wording: Wording, label: str) -> None:
    for language in LANGUAGES:
        draft = a_care_draft(somebody(label, Need.DIALYSIS), language=language, wording=wording)
        assert normalise(label) not in text_of(COMPOSER, draft).body
        private = replace(draft, wording=Wording.PRIVATE)
        assert normalise(label) in text_of(COMPOSER, private).body


def test_g01_a_centre_whose_name_tells_is_called_by_its_reference() -> None:
    told = text_of(COMPOSER, a_facility_draft("Shapla Dialysis Unit")).body
    assert "Dialysis" not in told
    assert "your centre (f1)" in told
    assert "Shapla Care Block" in text_of(COMPOSER, a_facility_draft()).body


def test_g01_the_words_of_a_strange_warning_are_scanned_too() -> None:
    facts = {"event": "Dialysis water shortage"}
    draft = a_care_draft(hazard=Hazard.OTHER, facts=facts, wording=Wording.NEUTRAL)
    assert "Dialysis" not in text_of(COMPOSER, draft).body
    assert "DANGER: Dialysis" in text_of(COMPOSER, replace(draft, wording=Wording.PRIVATE)).body


_NAMES = st.text(st.sampled_from("QXZqxz{}%$.,'\"\ue000\ue001\n\u202eক😀 "), max_size=16)


@given(label=_NAMES, ref=st.from_regex(r"QREF[0-9]{4}", fullmatch=True), data=st.data())
@settings(max_examples=60, deadline=None)
def test_g02_a_text_holds_the_chosen_name_and_no_other_identity(
    label: str, ref: str, data: st.DataObject
) -> None:
    wording = data.draw(st.sampled_from(list(Wording)))
    template = data.draw(st.sampled_from(("care_alert", "reminder", "stand_down")))
    needs = data.draw(st.frozensets(st.sampled_from(Need), max_size=3))
    about = (About(ref, label, needs),)
    draft = a_care_draft(*about, wording=wording, template=template)
    body = text_of(COMPOSER, draft).body
    assert ref not in body
    assert draft.recipient.ref not in body
    assert draft.recipient.phone.number not in body
    assert not any("\ue000" <= char <= "\uf8ff" for char in body)
    if wording is Wording.CARE_CARD:
        assert body == text_of(COMPOSER, replace(draft, about=(About("r", "Other"),))).body


@given(label=_NAMES, needs=st.frozensets(st.sampled_from(Need)))
@settings(max_examples=40, deadline=None)
def test_g02_the_desk_gets_references_and_neither_names_nor_needs(
    label: str, needs: frozenset[Need]
) -> None:
    draft = a_care_draft(
        About("QREF7", label, needs),
        template="desk",
        kind=MessageKind.DESK,
        wording=Wording.NEUTRAL,
        step=2,
        expected_replies={},
    )
    anonymous = replace(draft, about=(About("QREF7", "somebody else"),))
    assert "QREF7" in text_of(COMPOSER, draft).body
    assert text_of(COMPOSER, draft) == text_of(COMPOSER, anonymous)


def test_g04_to_g08_and_g21_every_notice_keeps_the_rules(notices: list[Notice]) -> None:
    for notice in notices:
        assert _broken(notice) == [], notice.text.body


def test_g05_an_alert_says_source_place_end_steps_and_how_to_answer() -> None:
    facts = {"sender_name": "Weather Service"}
    for language, wording, about_self in product(LANGUAGES, Wording, (True, False)):
        draft = a_care_draft(
            somebody("Nani", Need.DIALYSIS),
            language=language,
            wording=wording,
            about_self=about_self,
            facts=facts,
        )
        body = text_of(COMPOSER, draft).body
        place, day = {"en": ("Amtali", "Wed 18:00"), "bn": ("আমতলী", "বুধবার সন্ধ্যা 6:00")}[language]
        for said in ("Weather Service", place, day, "1", "2"):
            assert said in body


def test_g06_no_notice_is_longer_than_its_budget(notices: list[Notice]) -> None:
    for notice in notices:
        size = encode(notice.text.body)
        assert (size.encoding, size.segments) == (notice.text.encoding, notice.text.segments)
        assert fits(size), notice.text.body


@pytest.mark.parametrize("template", NOTICES)
def test_g06_the_longest_sender_tag_fits_in_english(template: str) -> None:
    for notice in a_composer(tag="Amtali City Office 1").compose(samples(template, "en")):
        assert notice.text.segments <= 2, notice.text.body


def test_g06_fixed_answers_take_one_segment_or_two_in_utf_16() -> None:
    most = {Encoding.GSM_7: 1, Encoding.UCS_2: 2}
    for language, template in product(LANGUAGES, ANSWERS):
        text = COMPOSER.answer(template, language, "evacuating", DETAILS)
        assert 1 <= text.segments <= most[text.encoding], text.body


def test_g06_what_is_left_out_is_recorded_and_only_whole_sentences_go() -> None:
    four = [somebody(f"Shamsu {n} Chach", need, ref=f"r{n}") for n, need in enumerate(_NEEDS)]
    text = text_of(COMPOSER, a_care_draft(*four, facts={"sender_name": "Weather Service " * 3}))
    assert text.left_out
    assert text.segments == 2
    assert all(line.rstrip()[-1] in ".:" for line in text.body.splitlines())
    assert text_of(COMPOSER, a_care_draft()).left_out == ()


def test_g06_who_is_not_named_by_a_step_is_named_beside_it() -> None:
    four = [somebody(f"N{n}", need, ref=f"r{n}") for n, need in enumerate(_NEEDS)]
    for language in LANGUAGES:
        body = text_of(COMPOSER, a_care_draft(*four, language=language)).body
        assert all(about.label in body for about in four)


def test_g06_one_foreign_letter_in_a_name_shrinks_the_text_to_the_dearer_budget() -> None:
    text = text_of(COMPOSER, a_care_draft(somebody("নানি", Need.DIALYSIS)))
    assert text.encoding is Encoding.UCS_2
    assert text.segments <= 3
    assert "নানি" in text.body


def test_g07_sentences_are_short(notices: list[Notice]) -> None:
    for notice in notices:
        lengths = [len(part.split()) for part in sentences(notice.text.body)]
        assert max(lengths) <= 18
        assert sum(lengths) / len(lengths) <= 12


def test_g08_and_g21_fixed_answers_keep_the_rules() -> None:
    for language, template in product(LANGUAGES, ANSWERS):
        lexicon = COMPOSER.language(language).lexicon
        body = COMPOSER.answer(template, language, details=DETAILS).body
        said = Said(body, "CareAlert", Wording.CARE_CARD, "", {}, asks_action=False)
        assert broken_rules(said, lexicon) == []


def test_g21_answers_are_single_digits() -> None:
    for language in LANGUAGES:
        body = text_of(COMPOSER, a_facility_draft(language=language)).body
        assert all(digit in body for digit in STATUSES.values())
        words = COMPOSER.language(language).words
        assert all("{digit}" in pattern for pattern in words.answers.values())


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("CareAlert: FLOOD. Move now. Nani needs dialysis.", "G01"),
        ("CareAlert: Beware of water that comes down from the hills soon. FLOOD. Move.", "G04"),
        (
            "CareAlert: FLOOD. Water is coming to the whole town and all of its parts. Move.",
            "G04",
        ),
        ("CareAlert: FLOOD. Move now.", "G05"),
        ("CareAlert: FLOOD. Move now. Amtali. " + "More words here. " * 20, "G06"),
        ("CareAlert: FLOOD. Move now " + "and on " * 18 + ". Amtali.", "G07"),
        ("CareAlert: FLOOD. MOVE NOW to Amtali.", "G07"),
        ("CareAlert: FLOOD. Move now. Ask the mother. Amtali.", "G08"),
        ("CareAlert: FLOOD. Move now. See https://example.org. Amtali.", "G21"),
        ("CareAlert: FLOOD. Move now. Reply STOP or YES. Amtali.", "G21"),
    ],
)
def test_a_planted_breach_is_seen(text: str, rule: str) -> None:
    lexicon = COMPOSER.language("en").lexicon
    must_say = {"place": "Amtali"}
    said = Said(text, "CareAlert", Wording.NEUTRAL, "FLOOD", must_say, asks_action=True)
    assert any(found.startswith(rule) for found in broken_rules(said, lexicon))


_NEEDS = (Need.POWER_DEPENDENT_BREATHING, Need.DIALYSIS, Need.INFANT, Need.MOBILITY)


def _broken(notice: Notice) -> list[str]:
    draft = notice.draft
    language = COMPOSER.language(notice.text.language)
    hazard = language.words.hazards[draft.facts.hazard]
    asks = draft.template in ("care_alert", "reminder", "facility_confirm", "drill_confirm")
    exercise = language.words.exercise if draft.template.startswith("drill_") else ""
    must_say = {"hazard": hazard} | (dict(draft.expected_replies) if asks else {})
    said = Said(notice.text.body, "CareAlert", draft.wording, hazard, must_say, asks, exercise)
    return broken_rules(said, language.lexicon)


def _everything(language: str) -> Iterator[NoticeDraft]:
    """Every template, hazard, need and wording that is not private, with ordinary values."""
    for hazard, wording in product(Hazard, NOT_PRIVATE):
        for need, about_self in product(Need, (True, False)):
            yield a_care_draft(
                somebody("Nani", need),
                hazard=hazard,
                language=language,
                wording=wording,
                about_self=about_self,
            )
        plain = a_care_draft(hazard=hazard, language=language, wording=wording)
        yield replace(plain, template="reminder", kind=MessageKind.REMINDER)
        yield replace(plain, template="stand_down", kind=MessageKind.STAND_DOWN, about=())
        yield replace(plain, kind=MessageKind.UPDATE)
        desk = replace(plain.recipient, kind=RecipientKind.CITY_DESK, phone=a_phone(9))
        yield replace(plain, template="desk", kind=MessageKind.DESK, recipient=desk)
        yield a_facility_draft(hazard=hazard, language=language, wording=wording)
        yield replace(plain, due_at=DUE - timedelta(days=9))
