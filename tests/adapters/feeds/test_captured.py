"""Real captured documents: each is read to the facts of our table, or refused as it says.

The documents are other agencies', read from a folder beside the checkout and never copied here.
The facts in `expectations.tsv` (counts, codes, words of enumerations, bounds, hazards) were taken
from the documents themselves with the standard library's parsers and by eye, not from what this
reader makes of them. `?` is a fact that the document leaves open; `-` is none.
"""

import csv
import re
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from xml.etree import ElementTree

import pytest

from carealert.domain.warnings import Area, HazardWarning, Info
from carealert.services.ports.feeds import Reading, UnreadableDocument
from tests.support.cap import reader
from tests.support.captured import captured, document

pytestmark = pytest.mark.shared

READER = reader()
TABLE = Path(__file__).with_name("expectations.tsv")
Row = dict[str, str]


def table() -> list[Row]:
    with TABLE.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines, delimiter="\t"))


ROWS = table()
READ = [row for row in ROWS if not row["verdict"].startswith("refused")]
#: What the table says of a document and a reading does not: a reading has shapes, not texts.
NOT_READ = ("file", "verdict", "entries", "polygons", "circles", "why")
FACTS = [name for name in ROWS[0] if name not in NOT_READ]


def read(folder: Path, name: str) -> Reading:
    # The folder in the address stands for the agency's own; queries never reach a message.
    return READER.read(document(folder, name), f"https://captured.example/{name}")


def by_file(row: Row) -> str:
    return row["file"]


def test_the_table_has_every_document_and_no_other(shared: Path) -> None:
    names = [name for name, _ in captured(shared)]
    assert sorted(row["file"] for row in ROWS) == names
    assert len(names) > 200


@pytest.mark.parametrize("row", ROWS, ids=by_file)
def test_a_document_is_read_or_refused_as_the_table_says(shared: Path, row: Row) -> None:
    verdict, _, words = row["verdict"].partition(": ")
    if verdict == "refused":
        with pytest.raises(UnreadableDocument, match=re.escape(words)):
            read(shared, row["file"])
        return
    reading = read(shared, row["file"])
    told = {place(where) for where in places(reading)}
    assert told >= set(words.split(", ") if words else ()), row["why"]
    if not words:
        assert not [problem for problem in reading.problems if problem.level == "error"]


def places(reading: Reading) -> list[str]:
    """Where something was odd: in the document, and in the shapes when they were drawn."""
    areas = [area for one in reading.warnings for info in one.infos for area in info.areas]
    drawn = [where for area in areas for where, _ in area.drawing_notes]
    return [problem.where for problem in reading.problems] + drawn


def place(where: str) -> str:
    """The last part of a problem's path, without its number: `alert[1]/info[2]` is `info`."""
    return where.rpartition("/")[2].partition("[")[0]


@pytest.mark.parametrize("row", READ, ids=by_file)
def test_a_document_says_what_the_table_says(shared: Path, row: Row) -> None:
    found = facts(read(shared, row["file"]))
    stated = {name: row[name] for name in FACTS if row[name] != "?"}
    bounds = stated.pop("bounds", "-"), found["bounds"]
    assert {name: found[name] for name in stated} == stated, row["why"]
    if row["bounds"] != "?":
        assert same_bounds(*bounds), bounds


@pytest.mark.parametrize("row", [row for row in READ if row["entries"] != "-"], ids=by_file)
def test_no_entry_of_an_index_is_lost(shared: Path, row: Row) -> None:
    """One link may serve several entries, if they all name it."""
    reading = read(shared, row["file"])
    told = [problem for problem in reading.problems if place(problem.where) in ENTRY]
    repeated = int(row["entries"]) - int(row["links"]) if row["links"].isdigit() else 0
    accounted = len(reading.links) + len(reading.warnings) + len(told)
    assert accounted + max(0, repeated) >= int(row["entries"])


ENTRY = ("entry", "item", "feature")


def facts(reading: Reading) -> Row:
    """The table's facts, as this reader finds them."""
    infos = [info for warning in reading.warnings for info in warning.infos]
    areas = [area for info in infos for area in info.areas]
    codes = [code for info in infos for _, code in info.event_codes]
    return {
        "links": str(len(reading.links)),
        **_of_messages(reading.warnings),
        **_of_infos(infos),
        "event_codes": str(len(codes)),
        "codes": counted(code for code in codes if re.fullmatch(r"[A-Za-z0-9_.:-]{1,24}", code)),
        "areas": str(len(areas)),
        "shaped": str(sum(area.geometry is not None for area in areas)),
        "bounds": bounds_of(areas),
        "geocodes": str(sum(len(area.geocodes) for area in areas)),
    }


def _of_messages(warnings: tuple[HazardWarning, ...]) -> Row:
    times = sorted(warning.sent.astimezone(UTC) for warning in warnings)
    return {
        "warnings": str(len(warnings)),
        "keys": str(len({warning.key for warning in warnings})),
        "first_sent": times[0].strftime("%Y-%m-%dT%H:%M:%SZ") if times else "-",
        "last_sent": times[-1].strftime("%Y-%m-%dT%H:%M:%SZ") if times else "-",
        "status": counted(warning.status for warning in warnings),
        "msg_type": counted(warning.msg_type for warning in warnings),
        "scope": counted(warning.scope for warning in warnings),
        "infos": str(sum(len(warning.infos) for warning in warnings)),
        "references": str(sum(len(warning.references) for warning in warnings)),
    }


def _of_infos(infos: list[Info]) -> Row:
    return {
        "languages": counted(info.language for info in infos),
        "hazards": counted(info.hazard for info in infos),
        "severities": counted(info.severity for info in infos),
        "expires": str(sum(info.expires is not None for info in infos)),
        "resources": str(sum(len(info.resources) for info in infos)),
    }


def counted(words: Iterable[str | None]) -> str:
    """`Actual:2 Test:1`; `-` where there are none."""
    found = Counter(str(word or "-").replace(" ", "_") for word in words)
    return " ".join(f"{word}:{number}" for word, number in sorted(found.items())) or "-"


def bounds_of(areas: list[Area]) -> str:
    """West, south, east and north of all shapes together."""
    boxes = [area.geometry.bounds for area in areas if area.geometry is not None]
    if not boxes:
        return "-"
    west, south, east, north = zip(*boxes, strict=True)
    return " ".join(f"{edge:.2f}" for edge in (min(west), min(south), max(east), max(north)))


def same_bounds(one: str, other: str) -> bool:
    """Equal within a hundredth of their size, or 2 km: circles were worked out by a rough rule."""
    if "-" in (one, other):
        return one == other
    edges = [float(edge) for edge in one.split()], [float(edge) for edge in other.split()]
    size = max(edges[0][2] - edges[0][0], edges[0][3] - edges[0][1])
    return all(abs(a - b) <= 0.02 + 0.01 * size for a, b in zip(*edges, strict=True))


def name_of(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]


def words(element: ElementTree.Element, name: str) -> list[str]:
    found = ("".join(child.itertext()).strip() for child in element if name_of(child) == name)
    return [text for text in found if text]


def word(element: ElementTree.Element, name: str) -> str | None:
    return next(iter(words(element, name)), None)


def children(element: ElementTree.Element, name: str) -> list[ElementTree.Element]:
    return [child for child in element if name_of(child) == name]


@cache
def alerts(body: bytes) -> list[ElementTree.Element]:
    """The alert elements with an identity, as the standard library finds them."""
    root = ElementTree.fromstring(body.lstrip(b"\xef\xbb\xbf \r\n"))
    found = (element for element in root.iter() if name_of(element) == "alert")
    return [each for each in found if word(each, "identifier") and word(each, "sent")]


CAP = [
    row
    for row in READ
    if int(row["warnings"]) and not row["file"].endswith("json") and row["polygons"] != "?"
]


@pytest.mark.parametrize("row", CAP, ids=by_file)
def test_every_text_is_the_one_that_the_standard_library_reads(shared: Path, row: Row) -> None:
    elements = alerts(document(shared, row["file"]))
    reading = read(shared, row["file"])
    warnings = reading.warnings
    told = "expires" in map(place, places(reading))
    if not elements and row["verdict"].startswith("index"):
        return  # written out as text inside an entry: the table counts them
    for element, warning in zip(elements, warnings, strict=True):
        assert warning.identifier == word(element, "identifier")
        assert warning.sender == word(element, "sender")
        assert warning.sent == datetime.fromisoformat(word(element, "sent") or "")
        assert warning.note == word(element, "note")
        for there, info in zip(children(element, "info"), warning.infos, strict=True):
            compare_info(there, info, told=told)
    shapes = Counter(
        name_of(shape)
        for element in elements
        for shape in element.iter()
        if name_of(shape) in ("polygon", "circle") and "".join(shape.itertext()).strip()
    )
    assert row["polygons"] == str(shapes["polygon"])
    assert row["circles"] == str(shapes["circle"])


def compare_info(there: ElementTree.Element, info: Info, *, told: bool) -> None:
    """`told`: of one end at least the reader says that it does not believe it."""
    assert info.event == (word(there, "event") or "")
    for name in ("headline", "description", "instruction", "contact", "web", "audience"):
        assert getattr(info, name) == word(there, name)
    assert info.sender_name == word(there, "senderName")
    for name in ("effective", "onset", "expires"):
        text = word(there, name)
        stated = getattr(info, name)
        if name != "expires" or not told:
            assert stated == (datetime.fromisoformat(text) if text else None)
        assert stated is None or stated.tzinfo is not None
    for element, area in zip(children(there, "area"), info.areas, strict=True):
        assert area.area_desc == (word(element, "areaDesc") or "")
        assert area.geometry is None or area.geometry.is_valid
