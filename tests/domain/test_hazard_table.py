"""The kind of hazard is read from the strongest evidence, and a test is never a hazard."""

import csv
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carealert.adapters.hazard_file import load_hazard_table
from carealert.domain.hazard_table import HazardFinding, HazardTable
from carealert.domain.hazards import Hazard
from carealert.domain.warnings import Category
from carealert.paths import shipped

TABLE = load_hazard_table(shipped("rules") / "hazards.tsv")


def classify(event: str = "", **given: Any) -> HazardFinding:
    facts: dict[str, Any] = {
        "event_codes": (),
        "parameters": (),
        "headline": None,
        "description": None,
        "categories": (),
        "language": None,
        **given,
    }
    return TABLE.classify(event, **facts)


def test_the_file_has_one_row_for_each_hazard() -> None:
    path = shipped("rules") / "hazards.tsv"
    with path.open(encoding="utf-8", newline="") as lines:
        codes = [row["code"] for row in csv.DictReader(lines, delimiter="\t")]
    assert sorted(codes) == sorted(hazard.value for hazard in Hazard)


@pytest.mark.parametrize(
    ("event", "language", "hazard"),
    [
        ("Flood Warning", "en", "flood"),
        ("Flash Flood Warning", "en-US", "flash_flood"),
        ("Storm Surge Warning", "en", "storm_surge"),
        ("Storm", "en", "high_wind"),
        ("Tropical Storm Warning", "en", "tropical_cyclone"),
        ("Thunderstorms", "en", "thunderstorm"),
        ("Winter Storm Warning", "en", "snow_ice"),
        ("Fire Weather Watch", "en", "wildfire"),
        ("CYCLONE - signal 10", "en", "tropical_cyclone"),
        ("ঘূর্ণিঝড় সতর্কতা", "bn", "tropical_cyclone"),
        ("তাপপ্রবাহ", "bn-BD", "heat"),
        ("बाढ़ की चेतावनी", "HI", "flood"),
        ("Drought", "hi", "drought"),
        ("Hujan Lebat", "id", "heavy_rain"),
        ("大雨警報", "ja", "heavy_rain"),
        ("พายุไต้ฝุ่น ฉบับที่ 3", "th", "tropical_cyclone"),
        ("STARKES GEWITTER", "de-DE", "thunderstorm"),
        ("Inundación", None, "flood"),
        ("Bagyo", "tl", "tropical_cyclone"),
        ("Something new", "en", "other"),
        ("", None, "other"),
    ],
)
def test_the_words_of_an_event_name_its_hazard(
    event: str, language: str | None, hazard: str
) -> None:
    assert classify(event, language=language).hazard == hazard


@pytest.mark.parametrize(
    ("event", "language"),
    [("Price of Brent oil", "en"), ("Coldharbour closed", "en"), ("Initiation", "en")],
)
def test_a_part_of_a_word_is_no_word(event: str, language: str) -> None:
    assert classify(event, language=language).hazard is Hazard.OTHER


@pytest.mark.parametrize(
    ("codes", "parameters", "hazard"),
    [
        ((("OET:v1.2", "OET-194"),), (), "thunderstorm"),
        ((("OET", "098"),), (), "heat"),
        ((("SAME", "TOR"),), (), "tornado"),
        ((("NationalWeatherService", "FFW"),), (), "flash_flood"),
        ((("NationalWeatherService", "EHW"),), (), "heat"),
        ((("profile:CAP-CP:Event:0.4", "hurricane"),), (), "tropical_cyclone"),
        ((("…:CAP-AU:1.0:AUeventLIST:1.0", "bushFire"),), (), "wildfire"),
        ((("II", "34"),), (), "thunderstorm"),
        ((), (("VTEC", "/O.NEW.KABC.TS.W.0001.260526T0000Z-260527T0000Z/"),), "tsunami"),
        ((), (("awareness_type", "5; High-temperature"),), "heat"),
        ((), (("eventtype", "VO"),), "volcano"),
        # The stronger evidence goes first.
        ((("SAME", "TOR"),), (("awareness_type", "5; Fog"),), "tornado"),
        # A code that says nothing leaves the word to the next.
        ((("SAME", "SPS"), ("SAME", "")), (("eventtype", "DR"),), "drought"),
        ((("OET", "OET-000"),), (("eventtype", "DR"),), "drought"),
    ],
)
def test_codes_speak_before_words(codes: Any, parameters: Any, hazard: str) -> None:
    found = classify("Flood", event_codes=codes, parameters=parameters)
    assert found.hazard == hazard
    assert found.evidence


def test_the_text_decides_between_the_hazards_of_one_code() -> None:
    code = (("awareness_type", "7; coastalevent"),)
    assert classify("Coastal event", parameters=code).hazard is Hazard.COASTAL_HAZARD
    assert classify("Storm surge", parameters=code).hazard is Hazard.STORM_SURGE
    assert classify("Yellow warning", parameters=code).hazard is Hazard.COASTAL_HAZARD  # first row


def test_headline_description_and_category_speak_in_this_order() -> None:
    texts = {"headline": "Heavy snow tonight", "description": "Wildfire smoke drifts in"}
    health = (Category.HEALTH,)
    assert classify("PRA 1", **texts, categories=health).hazard is Hazard.SNOW_ICE
    texts["headline"] = "Stay at home"
    assert classify("Notice", **texts, categories=health).hazard is Hazard.WILDFIRE
    assert classify("Notice", categories=health).hazard is Hazard.DISEASE
    assert classify("Notice", categories=(Category.MET,)).hazard is Hazard.OTHER


def test_the_name_of_a_fire_brigade_is_no_fire() -> None:
    said = "RESPONSIBLE AGENCY: Fire and Rescue"
    assert classify("Road closed", description=said).hazard is Hazard.OTHER


@pytest.mark.parametrize(
    "message",
    [
        {"event": "Test Message"},
        {"event": "Simulacro de sismo", "language": "es"},
        {"event": "Flood", "event_codes": (("SAME", "RWT"),)},
        {"event": "Wind", "event_codes": (("profile:CAP-CP:Event:0.4", "testMessage"),)},
        {"event": "Flood", "parameters": (("VTEC", "/T.NEW.KABC.FF.W.0001.26/"),)},
        {"event": "Cyclone", "headline": "Cyclone Dana [TEST]"},
        {"event": "Cyclone", "headline": "TEST: cyclone warning"},
        {"event": "地震", "headline": "避難訓練のお知らせ", "language": "ja"},
        {"event": "ทดสอบระบบ", "language": "th"},
        {"event": "Tornado", "description": "THIS IS\n A TEST. No action is required."},
        {"event": "Sturm", "headline": "Probealarm - bundesweit", "language": "de"},
    ],
)
def test_a_test_is_a_test_whatever_the_status_says(message: dict[str, Any]) -> None:
    assert classify(**message).hazard is Hazard.TEST_MESSAGE


@pytest.mark.parametrize(
    "message",
    [
        {"event": "Flood", "headline": "Water test results: boil before use"},
        {"event": "Flood", "description": "Exercise caution. The latest forecast…"},
        {"event": "Flood", "headline": "THIS IS NOT A TEST", "description": "this is a test bed"},
        {"event": "Flood", "headline": "Contested coast floods"},
        {"event": "Flood", "event_codes": (("SAME", "ADR"),)},
        {"event": "Flood", "event_codes": (("OET:v1.2", "OET-000"),)},
    ],
)
def test_a_real_warning_is_not_taken_for_a_test_or_an_all_clear(message: dict[str, Any]) -> None:
    found = classify(**message).hazard
    assert found not in (Hazard.TEST_MESSAGE, Hazard.NO_WARNING)


def test_no_warning_is_read_from_the_event_and_from_a_green_level_only() -> None:
    green = (("awareness_level", "1; green; Minor"), ("awareness_type", "5; high-temperature"))
    assert classify("Heat", parameters=green).hazard is Hazard.NO_WARNING
    assert classify("Keine Warnung", language="de").hazard is Hazard.NO_WARNING
    orange = (("awareness_level", "3; orange; Severe"),)
    said = {"headline": "No warning before the wave", "description": "No warnings in force"}
    assert classify("Heat", parameters=orange, **said).hazard is Hazard.HEAT


def test_short_words_of_other_languages_do_not_count() -> None:
    assert classify("Init sequence", language="en").hazard is Hazard.OTHER  # fil "init": heat
    assert classify("Init", language="fil").hazard is Hazard.HEAT


def test_an_unknown_code_in_the_table_is_refused() -> None:
    with pytest.raises(ValueError, match="sharknado"):
        HazardTable([{"code": "sharknado"}])


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=60), st.text(max_size=60), st.text(max_size=8))
def test_the_same_question_gets_the_same_answer_and_never_raises(
    event: str, text: str, language: str
) -> None:
    first = classify(event, headline=text, description=text, language=language)
    assert first == classify(event, headline=text, description=text, language=language)


def test_a_fire_is_of_the_bush_where_any_text_says_so_and_else_of_a_building() -> None:
    codes = (("AUeventLIST:1.0", "fire"),)
    assert classify("Fire", event_codes=codes).hazard is Hazard.HAZMAT
    bush = classify("Fire", event_codes=codes, headline="Bush fire near the school")
    assert bush == HazardFinding(Hazard.WILDFIRE, "headline 'bush fire'")
    assert classify("Fire", headline="Fire Service at work").hazard is Hazard.HAZMAT


@pytest.mark.parametrize(
    ("event", "headline", "description"),
    [
        ("TestCase", None, None),
        ("Tornado", "Sample Alert Message with Audio File", None),
        ("Tornado", "5- Alert Message", "This example contains an Alert Message with a picture"),
    ],
)
def test_a_sample_is_a_test(event: str, headline: str | None, description: str | None) -> None:
    found = classify(event, headline=headline, description=description, language="en-CA")
    assert found.hazard is Hazard.TEST_MESSAGE


@pytest.mark.parametrize("value", ["Information", "information statement"])
def test_a_tsunami_bulletin_for_information_is_no_warning(value: str) -> None:
    code = (("TsunamiSystemCategory", value),)
    assert classify("Tsunami", event_codes=code).hazard is Hazard.NO_WARNING
    assert classify("Tsunami", event_codes=(("TsunamiSystemCategory", "Warning"),)).hazard is (
        Hazard.TSUNAMI
    )


def test_a_note_speaks_of_a_test_in_single_words_and_otherwise_says_nothing() -> None:
    found = TABLE.test_in_note("Part of the yearly 'Exercise'")
    assert found == HazardFinding(Hazard.TEST_MESSAGE, "note 'exercise'")
    assert TABLE.test_in_note("The latest measurements are attached") is None
    assert TABLE.test_in_note(None) is None


def test_every_phrase_of_a_test_is_found_in_a_long_text() -> None:
    """The quick look must not lose what the search by words would find."""
    with (shipped("rules") / "hazards.tsv").open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines, delimiter="\t"))
    row = next(row for row in rows if row["code"] == "test_message")
    phrases = [
        (entry.partition(":")[0], phrase)
        for entry in row["text_proposed"].split("|")
        for phrase in entry.partition(":")[2].split(",")
        if " " in phrase
    ]
    assert len(phrases) > 20
    for language, phrase in phrases:
        text = f"2026-05-26: {phrase.upper()}. +++"
        found = classify("1234", description=text, language=language)
        assert found.hazard is Hazard.TEST_MESSAGE, phrase
