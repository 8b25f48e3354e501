"""G01, G02, G05, G06, G18 and G21: which names a text may tell, and what it sheds to stay short."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jinja2 import Environment, meta

from carealert.adapters.texts.check import ANSWERS, DETAILS, NOTICES
from carealert.adapters.texts.samples import samples
from carealert.domain.hazards import Hazard
from carealert.domain.notices import (
    About,
    Encoding,
    MessageKind,
    NoticeDraft,
    RecipientKind,
    Wording,
)
from carealert.domain.outline import fits
from carealert.domain.people import Need
from carealert.domain.sms import normalise
from carealert.domain.text_rules import Said, broken_rules
from carealert.paths import shipped
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
from tests.support.surveys import planted

COMPOSER = a_composer()
#: Every shipped language, and two of which the words are spelt out here.
LANGUAGES, SPELT = COMPOSER.languages(), ("en", "bn")


def test_g01_the_scan_would_see_a_leak() -> None:
    """Drafts for a private phone do hold such words, so the scan of the others can fail."""
    for language in SPELT:
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


def test_g05_an_alert_says_source_place_end_steps_and_how_to_answer() -> None:
    facts = {"sender_name": "Weather Service"}
    for language, wording, about_self in product(SPELT, Wording, (True, False)):
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


@pytest.mark.parametrize("template", NOTICES)
def test_g06_the_longest_sender_tag_fits_in_english(template: str) -> None:
    for notice in a_composer(tag="Amtali City Office 1").compose(samples(template, "en")):
        assert notice.text.segments <= 2, notice.text.body


def test_g06_fixed_answers_take_one_segment_or_two_in_utf_16() -> None:
    most = {Encoding.GSM_7: 1, Encoding.UCS_2: 2}
    for language, template in product(SPELT, ANSWERS):
        text = COMPOSER.answer(template, language, "evacuating", DETAILS)
        assert 1 <= text.segments <= most[text.encoding], text.body


def test_g06_fixed_answers_in_wordier_languages_keep_to_the_budget_of_a_warning() -> None:
    for language, template in product(LANGUAGES, ANSWERS):
        text = COMPOSER.answer(template, language, "evacuating", DETAILS)
        assert fits(text), text.body


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


#: All that a template is given to fill in: of places, only the one that is warned.
_GIVEN = frozenset(
    {"tag", "kind", "kind_word", "wording", "about_self", "step", "numbers", "exercise"}
    | {"hazard", "event", "severity", "actions", "people", "others", "place", "period"}
    | {"source", "answers", "short", "advice"}
)
_ANSWERS_GET = frozenset({"tag", "answer", "digits_note", "office_phone", *DETAILS})


def _asked_for(text: str) -> set[str]:
    return meta.find_undeclared_variables(Environment(autoescape=True).parse(text))


@pytest.mark.parametrize("path", sorted(shipped("templates").glob("sms/*/*.j2")), ids=str)
def test_g18_only_verified_safe_accessible_places(
    path: Path, record_property: Callable[[str, Any], None]
) -> None:
    """No text names a shelter: none is given one, verified or not (PLACE answers with those)."""
    record_property("G18", 1)
    answer = path.name.partition(".")[0] in ANSWERS
    assert _asked_for(path.read_text(encoding="utf-8")) <= (_ANSWERS_GET if answer else _GIVEN)


def test_g18_a_template_that_names_a_shelter_is_refused(tmp_path: Path) -> None:
    text = "{{ tag }}: {{ hazard }}. {{ actions[0] }} Go to {{ shelter }}."
    assert _asked_for(text) - _GIVEN == {"shelter"}
    assert any("'shelter'" in what for what in planted(tmp_path, "sms/en/care_alert.txt.j2", text))


def test_g18_what_a_template_is_given_is_what_is_judged_here(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    given: list[set[str]] = []
    composer = a_composer()
    render = composer.render
    monkeypatch.setattr(
        composer,
        "render",
        lambda language, template, values: (
            given.append(set(values)) or render(language, template, values)
        ),
    )
    composer.compose([a_care_draft()])
    assert given[0] == _GIVEN


_NEEDS = (Need.POWER_DEPENDENT_BREATHING, Need.DIALYSIS, Need.INFANT, Need.MOBILITY)


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
