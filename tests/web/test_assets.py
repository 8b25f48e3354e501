"""Assets come from their wheels, unchanged, and our own are sound."""

import re
from hashlib import sha256
from xml.etree import ElementTree

import pytest
from starlette.testclient import TestClient

from carealert.adapters.db.board.pulse import ALARMS
from carealert.domain.facilities import FacilityType
from carealert.domain.hazards import Hazard
from carealert.domain.notices import MessageKind, SubjectState
from carealert.domain.plan import WhyNot
from carealert.domain.warnings import Certainty, Severity, Urgency
from carealert.services.watching import ServiceStatus
from carealert.web import words
from carealert.web.assets import folder_of, url_of

#: Of the files that npm publishes as leaflet@1.9.4 and htmx.org@2.0.3.
PUBLISHED = {
    "leaflet/leaflet.js": "db49d009c841f5ca34a888c96511ae936fd9f5533e90d8b2c4d57596f4e5641a",
    "leaflet/leaflet.css": "a7837102824184820dfa198d1ebcd109ff6d0ff9a2672a074b9a1b4d147d04c6",
    "htmx/htmx.min.js": "491955cd1810747d7d7b9ccb936400afb760e06d25d53e4572b64b6563b2784e",
}
STATIC = folder_of("/static")
CSS = (STATIC / "console.css").read_text()


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_wheels_carry_what_was_published(console: TestClient, name: str) -> None:
    content = console.get(f"/assets/{name}").content
    assert sha256(content).hexdigest() == PUBLISHED[name]


def test_an_address_changes_with_its_content() -> None:
    content = (STATIC / "console.css").read_bytes()
    assert url_of("/static/console.css") == (
        f"/static/console.css?v={sha256(content).hexdigest()[:10]}"
    )


@pytest.mark.parametrize(
    "name", ["console.css", "refresh.js", "map.js", "icons.svg", "favicon.svg"]
)
def test_our_own_assets_name_no_other_server(name: str) -> None:
    text = (STATIC / name).read_text().replace("http://www.w3.org/2000/svg", "")
    assert not re.search(r"https?:|//[a-z]+\.[a-z]|@import|url\(|eval\(|innerHTML", text)


@pytest.mark.parametrize("name", ["refresh.js", "map.js"])
def test_our_modules_are_small(name: str) -> None:
    assert len((STATIC / name).read_text().splitlines()) <= 300


def test_every_code_has_a_word_and_a_shape() -> None:
    assert set(words.SERVICE_STATUS) == set(ServiceStatus)
    assert set(words.SUBJECT_STATE) == set(SubjectState)
    assert set(words.WHY_NOT) == set(WhyNot)
    assert set(words.HAZARD_SHAPE) == set(Hazard)
    assert set(words.FACILITY_TYPE) == set(FacilityType)
    assert set(words.SEVERITY) == {one.value for one in Severity}
    assert set(words.URGENCY) == {one.value for one in Urgency}
    assert set(words.CERTAINTY) == {one.value for one in Certainty}
    assert set(words.MESSAGE_KIND) == {one.value for one in MessageKind}
    assert set(words.ALARM) == set(ALARMS)
    drawn = {one.attrib["id"] for one in _symbols()}
    needed = {*words.HAZARD_SHAPE.values(), *words.SERVICE_STATUS, *words.SUBJECT_STATE}
    assert needed <= drawn


def test_no_two_states_look_alike() -> None:
    codes = {one.value for one in ServiceStatus}
    shapes = [
        tuple((part.tag, *sorted(part.attrib.items())) for part in symbol)
        for symbol in _symbols()
        if symbol.attrib["id"] in codes
    ]
    assert len(shapes) == len(set(shapes)) == len(codes)


@pytest.mark.parametrize(
    ("ink", "ground"),
    [
        *((ink, ground) for ink in ("ink", "soft", "accent", "red", "amber", "green")
          for ground in ("paper", "ground", "red-soft")),
        ("accent", "accent-soft"),
        ("amber", "amber-soft"),
        ("paper", "accent"), ("paper", "red"), ("paper", "soft"), ("paper", "ink"),
    ],
)  # fmt: skip
def test_words_stand_out_from_their_ground(ink: str, ground: str) -> None:
    assert _contrast(_colour(ink), _colour(ground)) >= 4.5


def test_severities_stand_out_from_paper() -> None:
    levels = re.findall(r"--level: (#[0-9a-f]{6})", CSS)
    assert len(levels) == 5
    assert all(_contrast(level, "#ffffff") >= 4.5 for level in levels)


def test_edges_of_controls_stand_out() -> None:
    assert _contrast(_colour("edge"), _colour("paper")) >= 3
    assert _contrast(_colour("edge"), _colour("ground")) >= 3


def _symbols() -> list[ElementTree.Element]:
    root = ElementTree.fromstring((STATIC / "icons.svg").read_text())
    return root.findall("{http://www.w3.org/2000/svg}symbol")


def _colour(name: str) -> str:
    found = re.search(rf"--{name}: (#[0-9a-f]+);", CSS)
    assert found
    value = found.group(1)
    return value if len(value) == 7 else "#" + "".join(letter * 2 for letter in value[1:])


def _contrast(one: str, other: str) -> float:
    """WCAG 2.2 contrast ratio."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
