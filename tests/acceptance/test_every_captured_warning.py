"""Every captured CAP document, through the whole path to the phones, against a second count.

People are placed inside and outside each document's areas. Who should be told is counted by
tests/support/oracle.py, which shares no code with the product. The documents are other projects'
and are not part of this one.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from carealert.demo.replay import Captured, NothingToReplay, read_folder, rehearse
from carealert.domain.people import Caregiver, Resident
from carealert.services.ports.registry import PlaceArea
from tests.conftest import SHARED
from tests.support.builders import a_caregiver, a_phone, a_resident
from tests.support.city import City, open_city
from tests.support.oracle import Document, Place

pytestmark = pytest.mark.shared

SEED = 7
LANGUAGES = ("en", "bn", "sw")
RULES = """\
apiVersion: carealert/v1
kind: RuleSet
metadata: {id: everybody, title: Everybody inside, owner: Tests, review_by: "2099-01-01"}
rules:
  - id: everybody
    title: Everybody inside any warning
    why: A second count says who must be told.
    when: {msg_type: [Alert, Update]}
    who: {kind: resident}
    do: {priority: urgent, template: care_alert, to: [caregivers], expect_reply: {safe: "1"}}
"""


def _documents() -> list[Captured]:
    """Every well-formed document whose root is an alert with a `sent`, each once."""
    found: dict[tuple[bytes, object], Captured] = {}
    for folder in sorted((SHARED / "feeds").glob("*/")):
        try:
            documents = read_folder(folder).documents
        except NothingToReplay:
            continue
        for document in documents:
            found.setdefault((document.identifier, document.sent), document)
    return list(found.values())


@dataclass(frozen=True)
class Home:
    """Where somebody was put, and who is told for them."""

    place: Place
    resident: Resident
    caregiver: Caregiver


def _homes(places: Iterator[Place]) -> list[Home]:
    homes = []
    for n, place in enumerate(places):
        phone = a_phone(100 + n)
        homes.append(
            Home(
                place,
                a_resident(
                    ref=f"R{n}",
                    lat=place.lat,
                    lon=place.lon,
                    phone=None,
                    area_code=place.code[1] if place.code else None,
                ),
                a_caregiver(ref=f"C{n}", phone=phone, language=LANGUAGES[n % len(LANGUAGES)]),
            )
        )
    return homes


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A config folder whose one rule tells everybody inside."""
    config = tmp_path_factory.mktemp("config")
    (config / "rules").mkdir()
    (config / "rules" / "everybody.yaml").write_text(RULES)
    return config


@pytest.fixture(scope="module")
def city(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    """One stage for all documents of this worker; the register is emptied between them."""
    with open_city(tmp_path_factory.mktemp("city"), config=folder) as city:
        yield city


@pytest.mark.parametrize("document", _documents() if SHARED.is_dir() else [], ids=lambda d: d.name)
def test_exactly_those_inside_are_told_once_and_in_their_language(
    city: City, document: Captured
) -> None:
    city.start_anew()
    now = city.stage.now() + timedelta(seconds=1)
    showing = rehearse([document], now, timedelta(seconds=1))[0]
    oracle = Document(showing.body)
    homes = _homes(oracle.places(now + timedelta(seconds=30), SEED))
    city.know_areas(
        PlaceArea(home.place.code[0], home.place.code[1], 0, None, {}, None)
        for home in homes
        if home.place.code
    )
    for home in homes:
        city.register(home.resident, home.caregiver)

    city.publish(showing.name, showing.body)

    told = {home.caregiver.ref: city.texts(_number(home)) for home in homes}
    should = {home.caregiver.ref for home in homes if home.place.covered}
    assert {ref for ref, texts in told.items() if texts} == should
    assert all(len(texts) <= 1 for texts in told.values())
    for home in homes:
        for text in told[home.caregiver.ref]:
            assert _is_bangla(text) == (home.caregiver.language == "bn")


def test_there_are_as_many_documents_as_a_second_count_finds() -> None:
    count = 0
    seen = set()
    for path in (SHARED / "feeds").rglob("*"):
        try:
            root = ET.fromstring(path.read_bytes().lstrip(b"\xef\xbb\xbf").lstrip())
        except (ET.ParseError, IsADirectoryError):
            continue
        names = {child.tag.rsplit("}", 1)[-1]: (child.text or "").strip() for child in root}
        if root.tag.rsplit("}", 1)[-1] == "alert" and names.get("sent"):
            key = (names.get("identifier"), names["sent"])
            count += key not in seen
            seen.add(key)
    assert len(_documents()) >= count > 80


def _number(home: Home) -> str:
    assert home.caregiver.phone is not None
    return home.caregiver.phone.number


def _is_bangla(text: str) -> bool:
    return any("\u0980" <= letter <= "\u09ff" for letter in text)
