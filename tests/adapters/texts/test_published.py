"""A broken text of an office costs nobody the warning: the shipped one serves, or the next."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from carealert.adapters.texts.composer import TemplateComposer
from carealert.adapters.texts.files import Ignored
from carealert.adapters.texts.published import REVIEWED_FOR, PublishedComposer
from carealert.domain.notices import NoticeDraft, Wording
from carealert.domain.people import Need
from carealert.paths import shipped
from carealert.services.ports.text import TemplateProblem
from tests.support.drafts import a_care_draft, a_composer, a_facility_draft, somebody

pytestmark = pytest.mark.usefixtures("few_samples")

SHIPPED = a_composer()
DRAFTS = [
    a_care_draft(somebody("Nani", Need.DIALYSIS)),
    a_care_draft(somebody("Nani", Need.DIALYSIS), wording=Wording.NEUTRAL, language="bn"),
    a_facility_draft(),
]


def write(folder: Path, name: str, content: str) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8")


def published(
    own: Path,
    default: str = "en",
    reviewed: Callable[[], frozenset[str]] | None = None,
    **more: object,
) -> PublishedComposer:
    folders = (own, shipped("templates"))

    def make(*, ignored: Ignored, reviewed: frozenset[str] | None) -> TemplateComposer:
        return TemplateComposer(
            folders,
            sender_tag="CareAlert",
            time_zone=ZoneInfo("Asia/Dhaka"),
            default_language=default,
            ignored=ignored,
            reviewed=reviewed,
        )

    return PublishedComposer(make, folders, reviewed, **more)


def texts(composer: PublishedComposer | TemplateComposer, drafts: list[NoticeDraft]) -> list[str]:
    return [notice.text.body for notice in composer.compose(drafts)]


ALERT = "sms/en/care_alert.txt.j2"
BROKEN = [
    (ALERT, "{{ tag }}: {% if %}"),
    (ALERT, "{{ tag }}: {{ hazzard }}"),
    (ALERT, "{{ numbers.people }} {{ tag }}: {{ hazard }}"),
    (ALERT, '{% extends "default:sms/en/nothing.txt.j2" %}'),
    ("sms/en/words.yaml", "until: ["),
    ("sms/en/words.yaml", "untill: x"),
    ("sms/en/words.yaml", 'times: {near: "QQQQQQQ", far: "QQQQQQQ"}'),
    ("checklists/en.json", "[{]"),
    ("lexicons/en.yaml", "sensitive: 3"),
]
BREACHES = [
    (ALERT, "{{ tag }}: {{ hazard }}. Go to dialysis. {{ answers }}"),  # G01
    (
        ALERT,
        "{{ tag }}: {{ place }} {{ place }} {{ place }} {{ hazard }}. Go. {{ answers }}",
    ),  # G04
    (ALERT, "{{ tag }}: {{ hazard }}. Go now."),  # G05
    (ALERT, "{{ tag }}: {{ hazard }}. Go. {{ answers }} " + "Words. " * 60),  # G06
    (ALERT, "{{ tag }}: {{ hazard }}. Go. Ask the mother. {{ answers }}"),  # G08
    (ALERT, "{{ tag }}: {{ hazard }}. Go. https://x.example {{ answers }}"),  # G21
    ("sms/en/words.yaml", "no_end: until her husband says so\nfrom_until: until his word"),
    ("sms/en/words.yaml", 'until: "until {endd}"\nfrom_until: "until {endd}"'),
]


@pytest.mark.parametrize(("file", "content"), [*BROKEN, *BREACHES])
def test_in_place_of_a_broken_own_file_the_shipped_one_serves(
    tmp_path: Path, file: str, content: str
) -> None:
    write(tmp_path, file, content)
    composer = published(tmp_path)
    assert texts(composer, DRAFTS) == texts(SHIPPED, DRAFTS)
    assert list(composer.refused) == [file]
    assert composer.answer("stopped", "en") == SHIPPED.answer("stopped", "en")


def test_a_good_own_text_stays_in_use_beside_a_broken_one(tmp_path: Path) -> None:
    write(tmp_path, ALERT, "{% if %}")
    write(tmp_path, "sms/en/words.yaml", "hazards: {flood: HIGH WATER}")
    write(tmp_path, "sms/en/stopped.txt.j2", "{{ tag }}: Good bye.")
    composer = published(tmp_path)
    assert "HIGH WATER" in texts(composer, DRAFTS)[0]
    assert composer.answer("stopped", "en").body == "CareAlert: Good bye."
    assert list(composer.refused) == [ALERT]


def test_words_that_break_shipped_texts_are_passed_over_and_good_templates_stay(
    tmp_path: Path,
) -> None:
    own = '{% extends "default:sms/en/care_alert.txt.j2" %}{% block steps %}Be quick.{% endblock %}'
    write(tmp_path, "sms/en/words.yaml", 'reply: "Reply {answers} or STOP."')
    write(tmp_path, ALERT, own)
    composer = published(tmp_path)
    assert list(composer.refused) == ["sms/en/words.yaml"]
    assert texts(composer, DRAFTS[1:]) == texts(SHIPPED, DRAFTS[1:])
    assert "Be quick." in texts(composer, DRAFTS)[0]
    assert "STOP" not in texts(composer, DRAFTS)[0]


def test_an_added_sensitive_word_stays_even_where_shipped_texts_have_it(tmp_path: Path) -> None:
    write(tmp_path, "lexicons/en.yaml", "sensitive: [flood]")
    composer = published(tmp_path)
    assert dict(composer.refused) == {}
    label = somebody("Flood Nani", Need.DIALYSIS)
    (text,) = texts(composer, [a_care_draft(label, wording=Wording.NEUTRAL)])
    assert "Nani" not in text


def test_what_only_breaks_with_real_values_is_passed_over_when_it_does(tmp_path: Path) -> None:
    path = shipped("templates") / ALERT
    # Samples are full of numbers; a care alert has none.
    write(tmp_path, ALERT, path.read_text(encoding="utf-8") + "{{ numbers.people // 99999 }}")
    composer = published(tmp_path)
    before = dict(composer.refused)
    assert texts(composer, DRAFTS) == texts(SHIPPED, DRAFTS)
    assert (before, list(composer.refused)) == ({}, [ALERT])


def test_a_language_that_only_the_office_has_gives_way_to_the_person_s_next(tmp_path: Path) -> None:
    shutil.copytree(shipped("templates") / "sms/en", tmp_path / "sms/syl")
    shutil.copy(shipped("templates") / "lexicons/en.yaml", tmp_path / "syl.yaml")
    (tmp_path / "lexicons").mkdir()
    (tmp_path / "syl.yaml").rename(tmp_path / "lexicons/syl.yaml")
    draft = a_care_draft(language="syl", second_language="bn")
    assert published(tmp_path).compose([draft])[0].text.language == "syl"
    write(tmp_path, "sms/syl/care_alert.txt.j2", "{{ nobody }}")
    composer = published(tmp_path)
    assert composer.compose([draft])[0].text.language == "bn"
    assert composer.compose([replace(draft, template="reminder")])[0].text.language == "syl"
    write(tmp_path, "sms/syl/words.yaml", "until: [")
    assert published(tmp_path).compose([draft])[0].text.language == "bn"


def test_planning_waits_only_where_nothing_is_left_to_say(tmp_path: Path) -> None:
    write(tmp_path, "sms/en/our_own.txt.j2", "{{ nobody }}")
    with pytest.raises(TemplateProblem, match="our_own"):
        published(tmp_path).compose([a_care_draft(template="our_own")])


def test_copies_of_shipped_files_are_not_checked_again_and_never_passed_over(
    tmp_path: Path,
) -> None:
    own = tmp_path / "templates"
    shutil.copytree(shipped("templates"), own)
    write(own, "sms/en/words.yaml", (own / "sms/en/words.yaml").read_text() + "\nuntill: x\n")
    composer = published(own)
    assert list(composer.refused) == ["sms/en/words.yaml"]
    assert texts(composer, DRAFTS) == texts(SHIPPED, DRAFTS)


@pytest.mark.parametrize(
    ("signed", "wanted", "second", "default", "told"),
    [
        ({"en", "bn"}, "bn", None, "en", "bn"),
        ({"en"}, "bn", None, "en", "en"),
        ({"bn"}, "en", "bn", "en", "bn"),
        ({"bn"}, "en", None, "bn", "bn"),
        ({"en"}, "bn-BD", "bn", "bn", "en"),
        (set(), "bn", None, "en", "en"),  # rather the office's own language than nobody warned
        (set(), "en", None, "bn", "bn"),
    ],
)
def test_with_reviewed_texts_only_who_has_none_is_told_in_the_next_language(
    tmp_path: Path, signed: set[str], wanted: str, second: str | None, default: str, told: str
) -> None:
    composer = published(tmp_path, default, lambda: frozenset(signed))
    draft = a_care_draft(language=wanted, second_language=second)
    assert composer.compose([draft])[0].text.language == told
    if second is None:
        assert composer.answer("stopped", wanted).language == told


def test_a_new_signature_counts_after_a_while_and_is_not_asked_for_each_text(
    tmp_path: Path,
) -> None:
    signed, asked, at = {"en"}, [], [0.0]

    def reviewed() -> frozenset[str]:
        asked.append(at[0])
        return frozenset(signed)

    composer = published(tmp_path, reviewed=reviewed, clock=lambda: at[0])
    draft = a_care_draft(language="bn")

    def told() -> str:
        return composer.compose([draft])[0].text.language

    assert (told(), told()) == ("en", "en")
    signed.add("bn")
    at[0] = REVIEWED_FOR - 1
    assert told() == "en"
    at[0] = REVIEWED_FOR
    assert told() == "bn"
    assert asked == [0.0, REVIEWED_FOR]
