"""Composing: languages, groups, the user's own files, and what is said when they are wrong."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carealert.domain.hazards import Hazard
from carealert.domain.notices import Encoding, MessageKind, NoticeDraft, Wording
from carealert.domain.people import Need
from carealert.domain.sms import encode
from carealert.domain.warnings import Severity
from carealert.paths import shipped
from carealert.services.ports.text import Composer, TemplateProblem
from tests.support.drafts import (
    DUE,
    a_care_draft,
    a_composer,
    a_facility_draft,
    somebody,
    text_of,
)

COMPOSER = a_composer()
SEVERAL = st.lists(
    st.builds(
        somebody,
        st.sampled_from(("Nani", "A", "নানি", "{{ tag }}", "Rokeya Khala", "Dialysis", "50% {x}")),
        st.sampled_from(Need),
        ref=st.from_regex(r"r[0-9]", fullmatch=True),
    ),
    max_size=4,
)
DRAFTS = st.builds(
    a_care_draft,
    hazard=st.sampled_from((Hazard.FLOOD, Hazard.HEAT, Hazard.OTHER)),
    language=st.sampled_from(("en", "bn", "bn-BD", "my")),
    wording=st.sampled_from(Wording),
    about_self=st.booleans(),
    kind=st.sampled_from((MessageKind.ALERT, MessageKind.UPDATE)),
    template=st.sampled_from(("care_alert", "reminder")),
    due_at=st.sampled_from((DUE, DUE - timedelta(hours=5), DUE - timedelta(days=8))),
)


def test_the_composer_is_one() -> None:
    port: Composer = COMPOSER
    assert port.compose([]) == []


@given(st.lists(st.tuples(DRAFTS, SEVERAL), max_size=12))
@settings(max_examples=40, deadline=None)
def test_drafts_composed_together_read_as_when_composed_alone(
    pairs: list[tuple[NoticeDraft, list[object]]],
) -> None:
    drafts = [replace(draft, about=tuple(about)) for draft, about in pairs]
    together = COMPOSER.compose(drafts)
    assert together == [COMPOSER.compose([draft])[0] for draft in drafts]
    assert [notice.draft for notice in together] == drafts


@given(st.lists(st.tuples(DRAFTS, SEVERAL), min_size=2, max_size=12))
@settings(max_examples=60, deadline=None)
def test_drafts_about_one_warning_read_as_when_composed_alone(
    pairs: list[tuple[NoticeDraft, list[object]]],
) -> None:
    """A decision's drafts share what is said of the warning, and still differ in the rest."""
    first = pairs[0][0]
    shared = {"facts": first.facts, "expected_replies": first.expected_replies}
    drafts = [replace(draft, about=tuple(about), **shared) for draft, about in pairs]
    assert COMPOSER.compose(drafts) == [COMPOSER.compose([draft])[0] for draft in drafts]


@pytest.mark.parametrize(
    "change",
    [
        {"wording": Wording.NEUTRAL},
        {"wording": Wording.CARE_CARD},
        {"about": (somebody("Nani", Need.INFANT),)},
        {"about": (somebody("Nani", Need.DIALYSIS), somebody("Dadu", ref="r2"))},
        {"about_self": True},
        {"template": "reminder"},
        {"kind": MessageKind.UPDATE},
        {"due_at": DUE - timedelta(days=8)},
        {"checklist": "heat"},
        {"expected_replies": {"safe": "7"}},
    ],
)
def test_what_changes_a_text_changes_it_beside_the_unchanged_draft(
    change: dict[str, object],
) -> None:
    draft = a_care_draft(somebody("Nani", Need.DIALYSIS))
    changed = replace(draft, **change)  # type: ignore[arg-type]
    plain, other = COMPOSER.compose([draft, changed])
    assert other == COMPOSER.compose([changed])[0]
    assert other.text != plain.text


def test_a_name_that_may_not_be_told_leaves_the_others_theirs() -> None:
    facts = a_care_draft().facts
    told = a_care_draft(somebody("Nani", Need.MOBILITY), wording=Wording.NEUTRAL)
    held = a_care_draft(somebody("dialysis", Need.MOBILITY), wording=Wording.NEUTRAL)
    drafts = [
        replace(one, facts=facts, expected_replies=told.expected_replies) for one in (held, told)
    ]
    first, second = (notice.text.body for notice in COMPOSER.compose(drafts))
    assert "dialysis" not in first
    assert "Nani" in second


_STEPS = {
    Need.POWER_DEPENDENT_BREATHING: "Charge the machine",
    Need.DIALYSIS: "Call the dialysis centre",
    Need.INFANT: "Keep breastfeeding",
    Need.MOBILITY: "Leave at the first warning",
}


@given(st.permutations(list(_STEPS)), st.integers(1, 4))
@settings(max_examples=40, deadline=None)
def test_a_step_stands_beside_the_name_of_who_needs_it(order: list[Need], number: int) -> None:
    people = [somebody(f"N{n}", need, ref=f"r{n}") for n, need in enumerate(order[:number])]
    body = text_of(COMPOSER, a_care_draft(*people)).body
    told = [
        (person.label, step)
        for person in people
        for need, step in _STEPS.items()
        if need in person.needs
    ]
    assert any(f"{label}: {step}" in body for label, step in told)
    for label, step in told:
        assert step not in body or f"{label}: {step}" in body
        assert label in body


def test_names_are_never_read_as_templates() -> None:
    body = text_of(COMPOSER, a_care_draft(somebody("{{ tag }} {%"))).body
    assert "about {{ tag }} {%." in body


def test_two_people_with_one_name_are_named_once() -> None:
    pair = (somebody("Nani", ref="r1"), somebody("Nani", ref="r2"))
    assert "about Nani.\n" in text_of(COMPOSER, a_care_draft(*pair)).body


def test_people_with_the_same_need_share_a_step() -> None:
    needs = Need.POWER_DEPENDENT_BREATHING
    draft = a_care_draft(
        somebody("Nani", needs, ref="r1"),
        somebody("A", needs, ref="r2"),
        somebody("B", Need.INFANT, ref="r3"),
    )
    body = text_of(COMPOSER, draft).body
    assert "Nani and A: Charge the machine" in body
    assert "B: Keep breastfeeding" in body
    assert "about" not in body


def test_the_person_concerned_is_spoken_to_without_a_name() -> None:
    draft = a_care_draft(somebody("Nani", Need.DEMENTIA), about_self=True)
    body = text_of(COMPOSER, draft).body
    assert "Leave things for later." in body
    assert "Leave early, together with somebody you trust." in body
    assert "Nani" not in body


def test_two_people_on_one_phone_need_their_names() -> None:
    pair = (somebody("Nani", Need.DIALYSIS, ref="r1"), somebody("Dadu", ref="r2"))
    body = text_of(COMPOSER, a_care_draft(*pair, about_self=True)).body
    assert "Nani: Call the dialysis centre" in body
    assert "about Dadu" in body


def test_a_borrowed_phone_gets_the_hazard_and_the_care_card() -> None:
    draft = a_care_draft(somebody("Nani", Need.DIALYSIS), wording=Wording.CARE_CARD)
    body = text_of(COMPOSER, draft).body
    assert "Follow the care card." in body
    assert "Nani" not in body
    assert "treatment" not in body


def test_an_update_says_so_and_how_grave_it_is_now() -> None:
    facts = {"severity": Severity.EXTREME}
    draft = a_care_draft(kind=MessageKind.UPDATE, facts=facts)
    start = "CareAlert: Update: FLOOD, now extreme. Move to high ground now."
    assert text_of(COMPOSER, draft).body.startswith(start)
    bangla = a_care_draft(kind=MessageKind.UPDATE, facts=facts, language="bn")
    # In Bangla the verb ends the sentence: how grave it is comes after the action (rule G04).
    first, *others = text_of(COMPOSER, bangla).body.splitlines()
    assert first.startswith("CareAlert: হালনাগাদ: বন্যা। এখনই উঁচু ")
    assert any("এখন চরম" in line for line in others)


@pytest.mark.parametrize(
    ("due", "said"),
    [
        (DUE, "Amtali, until Wed 18:00."),
        (DUE - timedelta(hours=5), "Amtali, from Tue 12:00 until Wed 18:00."),
        (DUE - timedelta(days=8), "Amtali, from Tue 26 May 12:00 until Wed 27 May 18:00."),
    ],
)
def test_times_are_local_and_say_the_day_and_a_start_that_lies_ahead(
    due: object, said: str
) -> None:
    assert said in text_of(COMPOSER, a_care_draft(due_at=due)).body


def test_a_warning_without_an_end_holds_until_further_notice() -> None:
    draft = a_care_draft(facts={"expires": None})
    assert "Amtali, until further notice." in text_of(COMPOSER, draft).body


@pytest.mark.parametrize(
    ("places", "said"),
    [
        ({"bn": "আমতলী", "en": "Amtali"}, "Amtali, "),
        ({"fr": "Région d'Amtali"}, "Région d'Amtali, "),
        ({}, "your area, "),
    ],
)
def test_the_place_is_said_in_a_language_that_there_is(places: dict[str, str], said: str) -> None:
    assert f"\n{said}" in text_of(COMPOSER, a_care_draft(facts={"places": places})).body


def test_the_end_of_an_area_list_is_not_sent() -> None:
    places = {"en": "; ".join(f"Upazila {n} of the long coast" for n in range(40))}
    body = text_of(COMPOSER, a_care_draft(facts={"places": places})).body
    assert "\nUpazila 0 of the long coast" in body
    assert "Upazila 9" not in body


@pytest.mark.parametrize("sender", ["", "https://met.example.org/feed", "  "])
def test_a_source_without_a_name_is_the_official_service(sender: str) -> None:
    body = text_of(COMPOSER, a_care_draft(facts={"sender_name": sender})).body
    assert "Source: the official warning service." in body


def test_a_strange_hazard_is_told_in_its_own_words() -> None:
    draft = a_care_draft(hazard=Hazard.OTHER, facts={"event": "Elephants on the\nroad."})
    assert "DANGER: Elephants on the road. Stay alert" in text_of(COMPOSER, draft).body


def test_an_answer_that_a_rule_invents_is_told_by_its_name() -> None:
    draft = a_care_draft(expected_replies={"safe": "1", "at_school": "7"})
    assert "Reply 1 if safe, 7 at school, 9 for more steps." in text_of(COMPOSER, draft).body
    assert "Reply" not in text_of(COMPOSER, a_care_draft(expected_replies={})).body


def test_a_list_that_nobody_wrote_does_not_cost_the_warning_its_step() -> None:
    body = text_of(COMPOSER, a_care_draft(checklist="no such list")).body
    assert "Move to high ground now." in body


def test_every_hazard_has_a_first_step() -> None:
    for hazard in Hazard:
        first = text_of(COMPOSER, a_care_draft(hazard=hazard)).body.splitlines()[0]
        assert len(sentences_after_hazard(first)) > 8


@pytest.mark.parametrize(
    ("language", "second", "default", "chosen"),
    [
        ("bn", None, "en", "bn"),
        ("bn-BD", None, "en", "bn"),
        ("bn_BD", None, "en", "bn"),
        ("my", "bn", "en", "bn"),
        ("my", "sw-KE", "bn", "bn"),
        ("my", None, "bn-BD", "bn"),
        ("my", None, "sw", "en"),
        ("", None, "bn", "bn"),
    ],
)
def test_g12_the_language_is_the_first_that_serves(
    language: str, second: str | None, default: str, chosen: str
) -> None:
    composer = a_composer(default=default)
    draft = a_care_draft(language=language, second_language=second)
    assert text_of(composer, draft).language == chosen


def test_g12_a_template_that_a_language_lacks_comes_in_the_next_one(tmp_path: Path) -> None:
    _write(tmp_path, "sms/en/visit.txt.j2", "{{ tag }}: {{ hazard }}.")
    composer = a_composer(tmp_path, default="bn")
    text = text_of(composer, a_care_draft(template="visit", language="bn"))
    assert (text.language, text.body) == ("en", "CareAlert: FLOOD.")


def test_fixed_answers_come_in_the_language_and_repeat_what_was_said() -> None:
    thanks = COMPOSER.answer("facility_thanks", "bn-BD", "limited")
    assert thanks.language == "bn"
    assert "সীমিত" in thanks.body
    assert thanks.encoding is Encoding.UCS_2
    assert "limited" in COMPOSER.answer("facility_thanks", "xx", "limited").body
    assert ": " not in COMPOSER.answer("facility_thanks", "en").body.removeprefix("CareAlert: ")


def test_the_composer_names_what_rules_may_name() -> None:
    assert {"care_alert", "reminder", "stand_down", "facility_confirm", "desk"} < set(
        COMPOSER.template_names()
    )
    folders = (shipped("templates") / "sms").iterdir()
    assert COMPOSER.languages() == tuple(sorted(folder.name for folder in folders))
    assert {"flood", "cyclone", "power", "R11"} < set(COMPOSER.checklist_names())
    assert COMPOSER.templates()["desk"] == COMPOSER.languages()


def test_a_user_s_template_wins_over_the_shipped_one(tmp_path: Path) -> None:
    _write(tmp_path, "sms/en/care_alert.txt.j2", "{{ tag }}: mine, {{ hazard }}")
    assert text_of(a_composer(tmp_path), a_care_draft()).body == "CareAlert: mine, FLOOD"


def test_a_user_s_template_may_extend_the_shipped_one(tmp_path: Path) -> None:
    shipped = '{% extends "default:sms/en/care_alert.txt.j2" %}'
    own = shipped + "{% block facts %}At {{ place }}.{% endblock %}"
    _write(tmp_path, "sms/en/care_alert.txt.j2", own)
    body = text_of(a_composer(tmp_path), a_care_draft()).body
    assert body == (
        "CareAlert: FLOOD. Move to high ground now. Move the person first, things later.\n"
        "This is about Nani.\nAt Amtali.\nReply 1 if safe, 2 if you need help, 9 for more steps."
    )


def test_a_user_s_words_add_to_the_shipped_ones(tmp_path: Path) -> None:
    _write(
        tmp_path, "sms/en/words.yaml", "hazards: {flood: HIGH WATER}\nsources: {X: Our Office}\n"
    )
    _write(tmp_path, "lexicons/en.yaml", "sensitive: [tin roof]\n")
    composer = a_composer(tmp_path)
    body = text_of(composer, a_care_draft(facts={"sender_name": "X"})).body
    assert "HIGH WATER" in body
    assert "Our Office" in body
    assert composer.is_sensitive("a tin roof")
    assert composer.is_sensitive("dialysis")


@pytest.mark.usefixtures("few_samples")
def test_a_pattern_with_a_wrong_name_in_braces_is_found_by_the_check(tmp_path: Path) -> None:
    _write(tmp_path, "sms/en/words.yaml", 'until: "until {endd} {end.x}"\n')
    composer = a_composer(tmp_path)
    assert "until {endd}" in text_of(composer, a_care_draft()).body
    assert any("{endd} is not filled in" in str(problem) for problem in composer.check("en"))


def test_a_user_s_checklist_takes_the_place_of_the_shipped_one(tmp_path: Path) -> None:
    _write(tmp_path, "checklists/en.json", _CHECKLIST)
    assert "Go to the school roof." in text_of(a_composer(tmp_path), a_care_draft()).body


@pytest.mark.parametrize(
    ("template", "line", "words"),
    [
        ("{{ tag }}:\n{{ hazzard }}", 2, ["the variable 'hazzard' is not known"]),
        ("a\nb\n{{ actions.first_one }}", 3, ["the variable 'first_one' is not known"]),
        ("a\n{% if %}", 2, ["is not a template"]),
        ("{% for x in actions %}", 1, ["is not a template"]),
        ("a\n{{ 1 // 0 }}", 2, ["cannot be filled in"]),
        ("{{ tag.__class__.__mro__ }}", 1, ["cannot be filled in"]),
        ('{% extends "default:sms/en/nothing.txt.j2" %}', None, ["extends", "nothing.txt.j2"]),
    ],
)
def test_a_wrong_template_is_told_in_one_sentence(
    tmp_path: Path, template: str, line: int | None, words: list[str]
) -> None:
    path = _write(tmp_path, "sms/en/care_alert.txt.j2", template)
    with pytest.raises(TemplateProblem) as problem:
        a_composer(tmp_path).compose([a_care_draft()])
    sentence = str(problem.value)
    assert sentence.startswith(f"{path}, line {line}:" if line else f"{path}:")
    assert all(word in sentence for word in words)
    assert "\n" not in sentence


def test_a_problem_never_repeats_a_name(tmp_path: Path) -> None:
    _write(tmp_path, "sms/en/care_alert.txt.j2", "{{ people + nothing }}")
    with pytest.raises(TemplateProblem) as problem:
        a_composer(tmp_path).compose([a_care_draft(somebody("Qxzwv"))])
    assert "Qxzwv" not in str(problem.value)


def test_a_template_that_nobody_wrote_is_named_with_those_there_are() -> None:
    with pytest.raises(TemplateProblem, match=r"no template 'care_alrt'.* one of: care_alert"):
        COMPOSER.compose([a_care_draft(template="care_alrt")])
    with pytest.raises(TemplateProblem, match="'nothing'"):
        COMPOSER.answer("nothing", "en")


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("sms/en/words.yaml", "until: [", "words.yaml, line 1: is not YAML"),
        ("sms/en/words.yaml", "- a", "words.yaml: is not a list of names"),
        ("sms/en/words.yaml", "untill: x", "words.yaml: untill: Extra inputs"),
        ("sms/en/words.yaml", "hazards: {fire: FIRE}", "words.yaml: hazards.fire"),
        ("sms/xx/words.yaml", "until: x", "words.yaml: review_status: Field required"),
        ("lexicons/en.yaml", "sensitive: 3", "en.yaml: sensitive: Input should be a valid list"),
        ("checklists/en.json", "[{]", "en.json, line 1: is not JSON"),
        ("checklists/en.json", '{"a": 1}', "en.json: is not a list of checklists"),
        ("checklists/en.json", '[{"id": "R99"}]', "en.json, list 1: kind: Field required"),
    ],
)
def test_a_wrong_file_is_told_in_one_sentence(
    tmp_path: Path, name: str, content: str, said: str
) -> None:
    _write(tmp_path, name, content)
    composer = a_composer(tmp_path)
    with pytest.raises(TemplateProblem) as problem:
        composer.language("xx" if "/xx/" in name else "en")
    assert said in str(problem.value)


def test_a_broken_language_does_not_stop_the_others(tmp_path: Path) -> None:
    _write(tmp_path, "sms/xx/words.yaml", "until: [")
    assert text_of(a_composer(tmp_path), a_care_draft(wording=Wording.NEUTRAL)).language == "en"


@pytest.mark.parametrize("wording", [Wording.NEUTRAL, Wording.CARE_CARD])
def test_a_name_in_another_language_is_scanned_in_that_language(wording: Wording) -> None:
    composer = a_composer(default="en")
    body = text_of(composer, a_care_draft(somebody("গর্ভবতী আপা"), wording=wording)).body
    assert encode(body).encoding is Encoding.GSM_7


@pytest.mark.usefixtures("few_samples")
def test_the_check_finds_what_is_missing_wrong_long_or_unsafe(tmp_path: Path) -> None:
    _write(tmp_path, "sms/en/care_alert.txt.j2", "{{ tag }}: {{ hazard }}. Go. {{ plaace }}")
    _write(tmp_path, "sms/en/reminder.txt.j2", "{{ tag }}: {{ hazard }}. Reply. " + "Words. " * 60)
    _write(tmp_path, "sms/en/desk.txt.j2", "{{ tag }}: {{ hazard }}. Dialysis of {{ people }}.")
    _write(tmp_path, "sms/en/stopped.txt.j2", "{{ tag }}: Ask your mother. Reply START.")
    _write(tmp_path, "sms/sw/words.yaml", _shipped_words())
    found = [str(problem) for problem in a_composer(tmp_path).check("en", "sw", "bn")]
    for said in (
        "variable 'plaace'",
        "en/reminder.txt.j2: G06",
        "en/reminder.txt.j2: G05: says no answer 'safe'",
        "en/desk.txt.j2, line 1: G01: 'dialysis'",
        "en/stopped.txt.j2, line 1: G08: 'mother'",
        "en/stopped.txt.j2, line 1: G21: 'START'",
        "sms/sw/care_alert.txt.j2: does not exist",
        "lexicons/sw.yaml: is missing",
        "checklists/sw.json: has no list R01",
    ):
        assert any(said in problem for problem in found), said
    assert not any("bn/" in problem for problem in found)


@pytest.mark.usefixtures("few_samples")
def test_the_check_finds_an_unsafe_or_long_checklist_item(tmp_path: Path) -> None:
    unsafe = _CHECKLIST.replace("Go to the school roof.", "Take the wheelchair. " * 9)
    _write(tmp_path, "checklists/en.json", unsafe)
    found = [str(problem) for problem in a_composer(tmp_path).check("en")]
    assert any("list R11, item 1: G01: 'wheelchair'" in problem for problem in found)
    assert any("list R11, item 1: G06" in problem for problem in found)


def test_the_manager_is_asked_with_four_digits() -> None:
    body = text_of(COMPOSER, a_facility_draft()).body
    assert body.startswith("CareAlert: FLOOD. Please tell us if care goes on at Shapla Care Block.")
    assert "Reply 1 open, 2 limited, 3 evacuating, 4 closed, 9 for more steps." in body


_CHECKLIST = """[{"id": "R11", "kind": "resident", "need": "any", "hazards": ["flood"],
"title": "Flood", "neutral_title": "Your plan", "sources": [], "review_status": "reviewed",
"items": [{"n": 1, "text": "Go to the school roof.", "neutral": null}]}]"""


def sentences_after_hazard(line: str) -> str:
    """What the first line says after tag and hazard."""
    return line.split(". ", 1)[1]


def _shipped_words() -> str:
    root = Path(__file__).resolve().parents[3]
    return (root / "templates" / "sms" / "en" / "words.yaml").read_text(encoding="utf-8")


def _write(folder: Path, name: str, content: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8")
    return path


@pytest.mark.parametrize("language", COMPOSER.languages())
@pytest.mark.parametrize("template", ["care_alert", "reminder", "stand_down", "drill_confirm"])
def test_a_drill_s_text_begins_with_the_word_for_an_exercise_once(
    language: str, template: str
) -> None:
    word = COMPOSER.language(language).words.exercise
    draft = a_care_draft(language=language, template=template, kind=MessageKind.DRILL)
    body = text_of(COMPOSER, draft).body
    assert body.startswith(f"CareAlert: {word}")
    assert body.count(word) == 1
    real = text_of(COMPOSER, replace(draft, kind=MessageKind.ALERT)).body
    assert template == "drill_confirm" or word not in real
