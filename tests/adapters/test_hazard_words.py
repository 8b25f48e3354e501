"""The office's own words and codes for hazards: what they add, and every fault with its line."""

from pathlib import Path

import pytest

from carealert.adapters.hazard_file import load_interpreter
from carealert.adapters.rules.files import load_rules
from carealert.adapters.rules.strict_yaml import InvalidRules
from carealert.domain.hazards import Hazard
from carealert.domain.meaning import Interpreter
from carealert.paths import shipped

GOOD = """
flood:
  words:
    en: [zorblax, 'river: alert, high']
    bn: [জোয়ারের পানি]
  codes:
    oet: [OET-250]
    vtec: [ZX]
    same: [ZXW]
    awareness_type: [44]
    eventtype: [ZX]
    cap-cp: [zorb flood]
    au: [zorb]
    cap-twp: [zorb]
    hmceve: [9999]
    dwd ii: [999]
heat:
  words: {fr: [grosse chaleur]}
test_message:
  words: {en: [zorb check]}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "rules").mkdir()
    return tmp_path / "rules"


def loaded(folder: Path, text: str) -> Interpreter:
    (folder / "hazards.yaml").write_text(text)
    return load_interpreter((folder, shipped("rules")))


def hazard(table: Interpreter, event: str = "x", **given: object) -> Hazard:
    language = given.get("language", "en")
    codes, parameters = given.get("codes", ()), given.get("parameters", ())
    return table.hazards.classify(event, codes, parameters, None, None, (), language).hazard  # type: ignore[arg-type]


def faults(folder: Path, text: str) -> list[str]:
    with pytest.raises(InvalidRules) as problem:
        loaded(folder, text)
    return [str(one).partition("hazards.yaml:")[2] for one in problem.value.problems]


def test_its_words_are_found_in_their_language(folder: Path) -> None:
    table = loaded(folder, GOOD)
    assert hazard(table, "Zorblax in the west") is Hazard.FLOOD
    assert hazard(table, "RIVER ALERT HIGH") is Hazard.FLOOD
    assert hazard(table, "জোয়ারের পানি", language="bn") is Hazard.FLOOD
    assert hazard(table, "Grosse chaleur", language="fr-FR") is Hazard.HEAT
    assert hazard(table, "zorb check") is Hazard.TEST_MESSAGE
    assert hazard(table, "cyclone") is Hazard.TROPICAL_CYCLONE, "the shipped rows are there too"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("OET:v1.2", "OET-250"),
        ("SAME", "ZXW"),
        ("NationalWeatherService", "ZXW"),
        ("profile:CAP-CP:Event:0.4", "zorb flood"),
        ("AUeventLIST", "zorb"),
        ("profile:CAP-TWP:Event:1.0", "zorb"),
        ("HMCEVE", "9999"),
        ("II", "999"),
    ],
)
def test_its_event_codes_are_found(folder: Path, name: str, value: str) -> None:
    assert hazard(loaded(folder, GOOD), codes=((name, value),)) is Hazard.FLOOD


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("VTEC", "/O.NEW.KTAE.ZX.W.0012.260526T0000Z-260527T0000Z/"),
        ("awareness_type", "44; zorb"),
        ("eventtype", "ZX"),
    ],
)
def test_its_codes_in_parameters_are_found(folder: Path, name: str, value: str) -> None:
    assert hazard(loaded(folder, GOOD), parameters=((name, value),)) is Hazard.FLOOD


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("flod: {words: {en: [a]}}", "1:1: there is no hazard 'flod': use one of tropical_cyclone"),
        ("other: {words: {en: [a]}}", "1:1: there is no hazard 'other'"),
        ("flood: {word: {en: [a]}}", "1:9: there is no 'word' here: use words and codes."),
        ("flood: [a]", "1:1: a mapping is needed here"),
        ("- flood", "1:1: a mapping is needed here"),
        ("flood: {words: [a]}", "1:9: a mapping is needed here"),
        ("flood:\n  words: {english: [a]}", "2:11: 'english' is no language code"),
        ("flood:\n  words: {en: high water}", "2:11: a list is needed here"),
        ("flood:\n  words:\n    en: [true]", "3:10: one word or code is needed here."),
        ("flood:\n  words:\n    en: [ok, '...']", "3:14: '...' has no letter in it."),
        ("flood: {codes: {ugc: [A]}}", "1:17: there is no system 'ugc': use one of oet, vtec"),
        ("flood: {codes: {oet: [99]}}", "1:23: '99' is no code of oet: write it like OET-099."),
        ("flood: {codes: {vtec: [fl]}}", "1:24: 'fl' is no code of vtec: write it like FL."),
        (
            "heat: {codes: {vtec: [FL]}}",
            "1:23: vtec FL means flood already: change it in rules/hazards.tsv.",
        ),
        ("heat: {codes: {same: [FLW]}}", "1:23: same FLW means flood already"),
        ("heat: {codes: {awareness_type: [12]}}", "1:33: awareness_type 12 means flood already"),
        ("flood: {words: {en: [a]}}\nflood: {}", "2:1: the key 'flood' is here twice"),
        ("", "1:1: is empty."),
    ],
)
def test_every_fault_names_its_line_and_what_is_allowed(
    folder: Path, text: str, fault: str
) -> None:
    (said,) = faults(folder, text)
    assert said.startswith(fault)


def test_all_faults_are_said_at_once(folder: Path) -> None:
    text = "flod: {}\nheat:\n  codes: {vtec: [FL, x]}\n"
    assert [fault.partition(" ")[0] for fault in faults(folder, text)] == ["1:1:", "3:18:", "3:22:"]


def test_the_file_is_no_rule_file(folder: Path) -> None:
    (folder / "hazards.yaml").write_text(GOOD)
    assert load_rules((shipped("rules"), folder)).rules == load_rules((shipped("rules"),)).rules


def test_without_the_file_nothing_changes(folder: Path) -> None:
    table = load_interpreter((folder, shipped("rules")))
    assert hazard(table, "zorblax") is Hazard.OTHER
