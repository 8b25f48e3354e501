"""Which step goes into the first text, and that both languages have the same lists."""

import json
from pathlib import Path

import pytest

from carealert.adapters.texts.files import Language, read_language
from carealert.domain.checklists import HAZARD_KEYS, by_urgency, hazard_key
from carealert.domain.hazards import Hazard
from carealert.domain.notices import Encoding, Wording
from carealert.domain.people import Need
from carealert.domain.sms import encode
from carealert.paths import shipped

LANGUAGES = {tag: read_language([shipped("templates")], tag) for tag in ("en", "bn")}
ENGLISH = LANGUAGES["en"].checklists


@pytest.mark.parametrize(
    ("key", "start"),
    [
        ("cyclone", "Go early."),
        ("flood", "Move to high ground now."),
        ("heat", "Offer a cup of water"),
        ("smoke", "Stay indoors"),
        ("wildfire", "Be ready to leave early"),
        ("earthquake", "Drop, cover, hold on."),
        ("tsunami", "Go now to high ground"),
    ],
)
def test_the_hazard_gives_the_first_step_for_everybody(key: str, start: str) -> None:
    item = ENGLISH.hazard_item(key)
    assert item is not None
    assert item.worded(Wording.NEUTRAL).startswith(start)


def test_a_need_that_has_no_list_for_the_hazard_gives_no_step() -> None:
    assert ENGLISH.need_item(Need.DIALYSIS, "heat") is None
    assert ENGLISH.need_item(Need.OTHER, "flood") is None


def test_a_tsunami_leaves_no_time_for_steps_that_prepare() -> None:
    for need in (Need.PREGNANCY_POSTPARTUM, Need.INFANT):
        assert ENGLISH.need_item(need, "tsunami") is None


def test_nobody_is_told_to_leave_because_of_bad_air() -> None:
    for need in Need:
        item = ENGLISH.need_item(need, hazard_key(Hazard.AIR_QUALITY))
        assert item is None or "Leave" not in item.text


def test_a_step_written_for_the_hazard_goes_first() -> None:
    shaking = ENGLISH.need_item(Need.MOBILITY, "earthquake")
    hot = ENGLISH.need_item(Need.PREGNANCY_POSTPARTUM, "heat")
    wandering = ENGLISH.need_item(Need.DEMENTIA, hazard_key(Hazard.LANDSLIDE))
    assert shaking is not None
    assert shaking.text.startswith("Earthquake: lock the wheels")
    assert hot is not None
    assert hot.text.startswith("Drink safe water")
    assert wandering is not None
    assert wandering.n == 1


def test_what_everybody_is_told_is_not_said_twice() -> None:
    assert ENGLISH.need_item(Need.HEAT_COLD_SENSITIVE, "heat") is None
    assert ENGLISH.need_item(Need.RESPIRATORY, "smoke") is None


def test_a_shared_phone_gets_the_neutral_words_and_a_private_one_the_plain_ones() -> None:
    item = ENGLISH.need_item(Need.DIALYSIS, "flood")
    assert item is not None
    assert "dialysis" in item.worded(Wording.PRIVATE)
    assert "dialysis" not in item.worded(Wording.NEUTRAL)


def test_the_person_concerned_is_spoken_to() -> None:
    item = ENGLISH.hazard_item("heat")
    assert item is not None
    assert item.worded(Wording.PRIVATE, about_self=True).startswith("Drink a cup of water")


def test_a_rule_names_a_list_by_hazard_or_by_id() -> None:
    flood = ENGLISH.hazard_item("flood")
    assert ENGLISH.named("flood", "heavy_rain") == flood
    assert ENGLISH.named("R11", "heavy_rain") == flood
    smoke = ENGLISH.named("smoke", "wildfire")
    assert smoke is not None
    assert smoke.n == 7


def test_a_list_for_a_need_is_never_said_to_everybody() -> None:
    assert ENGLISH.named("R01", "flood") is None
    assert ENGLISH.named("dialysis", "flood") is None
    assert ENGLISH.named("F02", "flood") is None
    assert ENGLISH.named("no such list", "flood") is None


def test_breathing_comes_before_everything_else() -> None:
    assert by_urgency(Need)[0] is Need.POWER_DEPENDENT_BREATHING
    assert by_urgency([Need.OTHER]) == []


@pytest.mark.parametrize("language", LANGUAGES.values(), ids=LANGUAGES)
def test_every_language_has_the_same_lists_and_items(language: Language) -> None:
    for known in ENGLISH.lists:
        found = language.checklists.get(known.id)
        assert found is not None
        assert (found.kind, found.need, found.hazards) == (known.kind, known.need, known.hazards)
        shape = [(i.n, i.neutral is None, i.own is None, i.hazards) for i in known.items]
        assert [(i.n, i.neutral is None, i.own is None, i.hazards) for i in found.items] == shape
        assert found.review_status == "machine-drafted"
    assert len(language.checklists.lists) == len(ENGLISH.lists)


@pytest.mark.parametrize("language", LANGUAGES.values(), ids=LANGUAGES)
def test_an_item_fits_one_segment_or_two_in_utf_16(language: Language) -> None:
    most = {Encoding.GSM_7: 1, Encoding.UCS_2: 2}
    for found in language.checklists.lists:
        for item in found.items:
            for text in filter(None, (item.text, item.neutral, item.own)):
                size = encode(text)
                assert size.segments <= most[size.encoding], (found.id, item.n)


@pytest.mark.parametrize("language", LANGUAGES.values(), ids=LANGUAGES)
def test_neutral_and_own_wordings_and_titles_give_nothing_away(language: Language) -> None:
    for found in language.checklists.lists:
        if found.kind != "resident":
            continue
        assert language.lexicon.sensitive_in(found.neutral_title) == ()
        for item in found.items:
            for own in (False, True):
                text = item.worded(Wording.NEUTRAL, about_self=own)
                assert language.lexicon.sensitive_in(text) == (), (found.id, item.n)


_PADS = {"en": "pads", "bn": "প্যাড"}


@pytest.mark.parametrize("language", LANGUAGES.values(), ids=LANGUAGES)
def test_a_hazard_list_that_packs_names_pads_for_everybody(language: Language) -> None:
    """Rule G20: one bag for all genders. The other lists for everybody pack nothing."""
    for name in ("R10", "R11"):
        packing = language.checklists.get(name)
        assert packing is not None
        assert packing.is_for_everybody
        assert any(_PADS[language.tag] in item.worded(Wording.NEUTRAL) for item in packing.items)
    feeding = language.checklists.get("R05")
    assert feeding is not None
    assert {"flood", "cyclone"} <= set(feeding.hazards)


def test_hazards_without_a_list_keep_their_own_code() -> None:
    assert hazard_key(Hazard.LANDSLIDE) == "landslide"
    assert set(HAZARD_KEYS) < set(Hazard)


@pytest.mark.shared
def test_the_english_lists_are_the_ones_that_care_experts_drafted(shared: Path) -> None:
    drafted = json.loads((shared / "care" / "checklists_en.json").read_text())
    changed = []
    for known in drafted:
        found = ENGLISH.get(known["id"])
        assert found is not None
        assert [item.n for item in found.items] == [item["n"] for item in known["items"]]
        for item, before in zip(found.items, known["items"], strict=True):
            if (item.text, item.neutral) != (before["text"], before["neutral"]):
                changed.append((found.id, item.n))
    assert changed == [("R01", 1), ("R13", 1)]
