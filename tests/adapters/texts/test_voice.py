"""Calls: the same text read out, or a recording, and one key."""

import re
from itertools import product
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carealert.adapters.texts.check import NOTICES
from carealert.adapters.texts.samples import samples
from carealert.adapters.texts.voice import lower
from carealert.domain.hazards import Hazard
from carealert.domain.notices import Wording
from carealert.domain.people import Need
from carealert.services.ports.text import TemplateProblem
from tests.support.drafts import a_care_draft, a_composer, somebody

COMPOSER = a_composer()
URL = "https://office.example/hooks/voice/abc"
#: Twilio takes at most this many characters of TwiML with a call (Calls, "Twiml").
LONGEST = 4000


def said(twiml: str | None) -> str:
    assert twiml is not None
    found = ET.fromstring(twiml).find("Gather/Say")
    assert found is not None
    return found.text or ""


def test_a_call_says_all_of_it_twice_and_takes_one_key() -> None:
    draft = a_care_draft(somebody("Nani", Need.DIALYSIS))
    twiml = COMPOSER.call(draft, URL)
    assert twiml is not None
    gather = ET.fromstring(twiml).find("Gather")
    assert gather is not None
    assert dict(gather.attrib) == {
        "action": URL,
        "input": "dtmf",
        "method": "POST",
        "numDigits": "1",
        "timeout": "10",
    }
    say = gather.find("Say")
    assert say is not None
    assert (say.get("language"), say.get("loop")) == ("en-US", "2")
    assert "Press 1 if safe, 2 if you need help." in said(twiml)
    assert "Reply" not in said(twiml)
    assert "more steps" not in said(twiml), "a key brings no page: there is one question"


def test_the_danger_is_said_as_a_word_and_not_spelt() -> None:
    assert said(COMPOSER.call(a_care_draft(), URL)).startswith("CareAlert: flood. Move to high")


def test_turkish_small_letters_are_turkish() -> None:
    assert lower("FIRTINA İZMİR", "tr") == "fırtına izmir"
    assert lower("FIRE IN", "en") == "fire in"


def test_nothing_is_shed_in_speech_and_it_still_fits_a_call() -> None:
    for language in COMPOSER.languages():
        for template in NOTICES:
            for draft in list(samples(template, language))[::23]:
                twiml = COMPOSER.call(draft, URL)
                if twiml is not None:
                    assert len(twiml) <= LONGEST
    four = [somebody(f"Person {n}", need, ref=f"r{n}") for n, need in enumerate(list(Need)[:4])]
    body = said(COMPOSER.call(a_care_draft(*four), URL))
    assert all(about.label in body for about in four)


@pytest.mark.parametrize("language", COMPOSER.languages())
def test_g01_a_voice_on_a_phone_that_others_hear_gives_nothing_away(language: str) -> None:
    lexicon = COMPOSER.language(language).lexicon
    wordings = (Wording.NEUTRAL, Wording.CARE_CARD)
    for hazard, wording, need, own in product(Hazard, wordings, Need, (False, True)):
        draft = a_care_draft(
            somebody("Nani", need),
            hazard=hazard,
            language=language,
            wording=wording,
            about_self=own,
        )
        assert lexicon.sensitive_in(COMPOSER.spoken(draft).body) == ()


@given(label=st.text(max_size=20))
@settings(max_examples=60, deadline=None)
def test_whatever_a_caregiver_calls_somebody_the_call_is_well_formed(label: str) -> None:
    ET.fromstring(COMPOSER.call(a_care_draft(somebody(label or "A")), URL) or "")


def test_a_language_that_no_machine_speaks_is_played_where_it_was_recorded(tmp_path: Path) -> None:
    draft = a_care_draft(language="ne")
    assert COMPOSER.call(draft, URL) is None
    own = tmp_path / "voice" / "voices.yaml"
    own.parent.mkdir()
    own.write_text('ne: {recordings: "https://o.example/ne/{template}-{hazard}.mp3"}\n')
    twiml = a_composer(tmp_path).call(draft, URL)
    assert twiml is not None
    play = ET.fromstring(twiml).find("Gather/Play")
    assert play is not None
    assert play.text == "https://o.example/ne/care_alert-flood.mp3"
    assert a_composer(tmp_path).call(a_care_draft(), URL) is not None, "the shipped ones stay"


@pytest.mark.parametrize(
    ("content", "what"),
    [
        ("ne: {}", "needs either language or recordings"),
        ("ne: {language: ne-NP, recordings: 'https://o.example'}", "needs either"),
        ("ne: {recordings: 'http://o.example/x.mp3'}", "must be an https"),
        ("ne: {langage: ne-NP}", "langage"),
    ],
)
def test_a_wrong_voice_is_told_with_its_file(tmp_path: Path, content: str, what: str) -> None:
    own = tmp_path / "voice" / "voices.yaml"
    own.parent.mkdir()
    own.write_text(content)
    with pytest.raises(TemplateProblem, match=f"{re.escape(str(own))}, ne.*{what}"):
        a_composer(tmp_path).call(a_care_draft(language="ne"), URL)


def test_every_shipped_language_has_a_voice_or_is_known_to_have_none() -> None:
    silent = {
        tag
        for tag in COMPOSER.languages()
        if COMPOSER.call(a_care_draft(language=tag), URL) is None
    }
    assert silent == {"ne", "ur"}
