"""Accents left out where an office wants it, the language is signed, and it saves segments."""

from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carealert.adapters.texts.check import ANSWERS, DETAILS, NOTICES
from carealert.adapters.texts.composer import TemplateComposer
from carealert.adapters.texts.samples import samples
from carealert.adapters.texts.transliteration import plain, read_letters
from carealert.domain.hazards import Hazard
from carealert.domain.notices import Encoding, Wording
from carealert.domain.outline import fits
from carealert.domain.sms import encode
from carealert.paths import shipped
from carealert.services.ports.text import MoreAsked, TemplateProblem
from tests.support.drafts import a_care_draft, a_composer, somebody, text_of

FOLDERS = (shipped("templates"),)
TAGS = ("es", "pt-BR")
LETTERS = {tag: read_letters(FOLDERS, tag, frozenset()) for tag in TAGS}


def composer(*tags: str) -> TemplateComposer:
    return TemplateComposer(
        FOLDERS,
        sender_tag="CareAlert",
        time_zone=ZoneInfo("Asia/Dhaka"),
        transliterated=frozenset(tags),
    )


def test_by_default_every_accent_stays() -> None:
    text = text_of(a_composer(), a_care_draft(somebody("Ana"), language="pt-BR"))
    assert text.encoding is Encoding.UCS_2
    assert "INUNDAÇÃO" in text.body


def test_where_it_is_wanted_a_text_takes_fewer_segments_and_says_more() -> None:
    draft = a_care_draft(somebody("Ana"), language="pt-BR")
    whole, short = text_of(a_composer(), draft), text_of(composer("pt-BR"), draft)
    assert short.encoding is Encoding.GSM_7
    assert "INUNDACAO" in short.body or "INUNDAÇAO" in short.body
    assert short.segments < whole.segments
    assert set(short.left_out) <= set(whole.left_out)


def test_a_step_that_was_told_without_accents_is_not_told_again() -> None:
    made = composer("pt-BR")
    told = text_of(made, a_care_draft(somebody("Ana"), language="pt-BR")).body
    asked = MoreAsked(
        hazard=Hazard.FLOOD,
        needs=frozenset(),
        wording=Wording.NEUTRAL,
        about_self=False,
        checklist=None,
        language="pt-BR",
        second_language=None,
        told=told,
        page=0,
    )
    first = told.splitlines()[0].split(". ")[1]
    assert first not in made.more(asked).body
    assert first in made.more(replace(asked, told="")).body


def test_one_foreign_letter_in_a_name_and_all_accents_stay() -> None:
    text = text_of(composer("pt-BR"), a_care_draft(somebody("নানি"), language="pt-BR"))
    assert text.encoding is Encoding.UCS_2
    assert "INUNDAÇÃO" in text.body


def test_other_languages_keep_theirs() -> None:
    text = text_of(composer("pt-BR"), a_care_draft(somebody("Nani"), language="fr"))
    assert text == text_of(a_composer(), a_care_draft(somebody("Nani"), language="fr"))


@pytest.mark.parametrize("tag", TAGS)
def test_every_shipped_text_of_the_language_then_travels_in_gsm_7_and_fits(tag: str) -> None:
    made = composer(tag)
    for template in NOTICES:
        for notice in made.compose(samples(template, tag)):
            assert notice.text.encoding is Encoding.GSM_7, notice.text.body
            assert fits(notice.text)
    for answer in ANSWERS:
        assert made.answer(answer, tag, "open", DETAILS).encoding is Encoding.GSM_7


@given(st.text(st.sampled_from("aáeéiíoóuúüñ¿¡ÁÉÑ ç.7")))
@settings(deadline=None)
def test_spanish_keeps_what_travels_and_the_number_of_letters(text: str) -> None:
    found = plain(text, LETTERS["es"])
    assert len(found) == len(text)
    assert [c for c in found if c in "ñÑ¿¡éÉüç"] == [c for c in text if c in "ñÑ¿¡éÉüç"]
    assert encode(found).units <= encode(text).units or encode(text).encoding is Encoding.UCS_2


@pytest.mark.parametrize("tag", TAGS)
def test_letters_are_written_in_letters_that_travel(tag: str) -> None:
    assert LETTERS[tag]
    for letter, written in LETTERS[tag].items():
        assert encode(letter).encoding is Encoding.UCS_2, letter
        assert encode(written).encoding is Encoding.GSM_7, letter


def test_a_wrong_file_is_told(tmp_path: Path) -> None:
    path = tmp_path / "transliterations" / "es.yaml"
    path.parent.mkdir()
    path.write_text("review_status: mine\nletters: {áá: a}\n")
    with pytest.raises(TemplateProblem, match=r"es\.yaml: letters"):
        read_letters((tmp_path,), "es", frozenset())
