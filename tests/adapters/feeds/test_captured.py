"""Real captured documents: all that are well-formed are read, and read as they are written.

They are facts of other agencies, read from a folder beside the checkout and never copied here.
"""

import csv
from collections import Counter
from datetime import datetime
from functools import cache
from pathlib import Path
from xml.etree import ElementTree

import pytest

from carealert.domain.warnings import Info
from carealert.services.ports.feeds import Reading, UnreadableDocument
from tests.support.cap import reader

pytestmark = pytest.mark.shared

READER = reader()
#: file -> why its warnings are not those that the manifest counts.
EXPLAINED = {
    "google+cap-library/xee.cap": "an external entity: refused on purpose",
    "google+cap-library/no_entries.atom": "an alert element without identifier, sender and sent",
    "SabaSaiid+INDRA/sachet_polygon_sample.xml": "an alert element that holds a polygon only",
    "seevee+cap_alerts/meteoalarm_de.json": "JSON",
    "seevee+cap_alerts/meteoalarm_with_polygons.json": "JSON",
}
#: Documents from which nothing can be read, though they are XML.
NOT_READ = {
    "google+cap-library/xee.atom": "DOCTYPE",
    "google+cap-library/xee.cap": "DOCTYPE",
    "TNRIS+weather-alerts-parser/erroneous.xml": "well-formed",
    "hardenedpenguin+cap-alert/cyclone.xml": "well-formed",
    "openwarn+cap-feed-fetcher-service/malformed.atom.xml": "<atomfeed>",
}
#: Documents with a polygon that goes there and back again and holds no area.
WITHOUT_AREA = {"KDE+kweathercore/dwd-update.xml"}


@cache
def rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "feeds" / "MANIFEST.tsv").open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines, delimiter="\t"))


@cache
def everything(folder: Path) -> dict[str, tuple[bytes, Reading | UnreadableDocument]]:
    """file -> bytes and what they say."""
    found: dict[str, tuple[bytes, Reading | UnreadableDocument]] = {}
    for row in rows(folder):
        body = (folder / "feeds" / row["file"]).read_bytes()
        try:
            found[row["file"]] = (body, READER.read(body, row["file"]))
        except UnreadableDocument as refused:
            found[row["file"]] = (body, refused)
    return found


def test_every_document_is_read_or_refused_and_never_fails_otherwise(shared: Path) -> None:
    assert len(everything(shared)) > 200


def test_every_message_that_the_manifest_counts_is_read(shared: Path) -> None:
    for row in rows(shared):
        _, reading = everything(shared)[row["file"]]
        count = len(reading.warnings) if isinstance(reading, Reading) else 0
        if row["file"] in EXPLAINED:
            assert count != int(row["cap_messages"]), f"{row['file']} needs no explanation"
        else:
            assert count == int(row["cap_messages"]), row["file"]


def test_of_the_xml_only_these_are_refused(shared: Path) -> None:
    refused = {
        name: str(reading)
        for name, (body, reading) in everything(shared).items()
        if isinstance(reading, UnreadableDocument)
        and body.lstrip(b"\xef\xbb\xbf \r\n").startswith(b"<")
        and b"<Report" not in body[:500]  # JMA's own vocabulary, which is not CAP
    }
    assert set(refused) == set(NOT_READ)
    for name, words in NOT_READ.items():
        assert words in refused[name]


def test_every_index_gives_links_or_messages(shared: Path) -> None:
    for row in rows(shared):
        _, reading = everything(shared)[row["file"]]
        entries = row["format"].partition("(")[2].split(" ")[0]
        if entries.isdigit() and int(entries) and isinstance(reading, Reading):
            told = any(problem.where.startswith(("entry", "item")) for problem in reading.problems)
            assert reading.links or reading.warnings or told, row["file"]


def name_of(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]


def words(element: ElementTree.Element, name: str) -> list[str]:
    found = ("".join(child.itertext()).strip() for child in element if name_of(child) == name)
    return [text for text in found if text]


def word(element: ElementTree.Element, name: str) -> str | None:
    return next(iter(words(element, name)), None)


def children(element: ElementTree.Element, name: str) -> list[ElementTree.Element]:
    return [child for child in element if name_of(child) == name]


def independent(body: bytes) -> list[ElementTree.Element]:
    """The alert elements as the standard library finds them."""
    root = ElementTree.fromstring(body.lstrip(b"\xef\xbb\xbf \r\n"))
    return [element for element in root.iter() if name_of(element) == "alert"]


def test_fields_are_those_that_the_standard_library_reads(shared: Path) -> None:
    compared: Counter[str] = Counter()
    for name, (body, reading) in everything(shared).items():
        if isinstance(reading, UnreadableDocument) or not reading.warnings or name in EXPLAINED:
            continue
        elements = independent(body)
        if len(elements) != len(reading.warnings):
            compared["inside text"] += 1
            continue
        for element, warning in zip(elements, reading.warnings, strict=True):
            compared["messages"] += 1
            assert warning.identifier == word(element, "identifier"), name
            assert warning.sender == word(element, "sender"), name
            assert warning.sent == datetime.fromisoformat(word(element, "sent") or ""), name
            assert warning.status == word(element, "status"), name
            assert warning.msg_type == word(element, "msgType"), name
            assert len(warning.infos) == len(children(element, "info")), name
            for there, info in zip(children(element, "info"), warning.infos, strict=True):
                compared["infos"] += 1
                compare_info(name, there, info, compared)
    assert compared["messages"] > 190
    assert compared["shapes"] > 100
    assert compared["inside text"] <= 2


def compare_info(name: str, there: ElementTree.Element, info: Info, compared: Counter[str]) -> None:
    assert info.event == (word(there, "event") or ""), name
    assert info.headline == word(there, "headline"), name
    assert len(info.areas) == len(children(there, "area")), name
    for element, area in zip(children(there, "area"), info.areas, strict=True):
        assert area.area_desc == (word(element, "areaDesc") or ""), name
        texts = words(element, "polygon") + words(element, "circle")
        compared["shapes"] += len(texts)
        if name not in WITHOUT_AREA:
            assert (area.geometry is not None) == bool(texts), (name, area.area_desc)
        assert area.geometry is None or area.geometry.is_valid
        pairs = [
            code
            for code in children(element, "geocode")
            if word(code, "value") and word(code, "valueName")
        ]
        assert len(area.geocodes) == len(pairs), name


def test_most_real_messages_have_a_hazard(shared: Path) -> None:
    hazards: Counter[str] = Counter()
    for _, reading in everything(shared).values():
        if isinstance(reading, Reading):
            for warning in reading.warnings:
                hazards.update({info.hazard.value for info in warning.infos})
    assert hazards["other"] < 0.1 * sum(hazards.values())
    assert hazards["tsunami"] >= 7
    assert hazards["wildfire"] >= 40
    assert hazards["test_message"] >= 8
