"""The demo's CAP 1.2 documents say what they must, about the places that they name."""

import re
from datetime import datetime, timedelta

import pytest
from lxml import etree

from carealert.adapters.feeds.table import FeedReader
from carealert.adapters.hazard_file import load_interpreter
from carealert.domain import warnings as cap
from carealert.domain.hazards import Hazard
from carealert.domain.updates import END_SHIFT, START_SHIFT
from carealert.paths import shipped
from tests.support.demo_data import (
    CAP,
    DEMO,
    document,
    document_names,
    places,
    rings,
    shape_of,
    text,
    texts,
)

NAMES = document_names()
ACTUAL = [name for name in NAMES if name.startswith(("remal", "dhaka"))]
#: OASIS CAP 1.2, section 3.4: the schema's sequences, and what is mandatory in them.
ORDER = {
    "alert": "identifier sender sent status msgType source scope restriction addresses code note "
    "references incidents info",
    "info": "language category event responseType urgency severity certainty audience eventCode "
    "effective onset expires senderName headline description instruction web contact parameter "
    "resource area",
    "area": "areaDesc polygon circle geocode altitude ceiling",
}
MANDATORY = {
    "alert": {"identifier", "sender", "sent", "status", "msgType", "scope"},
    "info": {"category", "event", "urgency", "severity", "certainty"},
    "area": {"areaDesc"},
}
WORDS = {
    "status": cap.Status,
    "msgType": cap.MsgType,
    "scope": cap.Scope,
    "category": cap.Category,
    "responseType": cap.ResponseType,
    "urgency": cap.Urgency,
    "severity": cap.Severity,
    "certainty": cap.Certainty,
}
DATE = re.compile(
    r"\b20\d\d\b|২০২\d|April|\bMay\b|(?:Sun|Mon|Tues|Wednes|Thurs|Fri|Satur)day|এপ্রিল"
    r"|(?<![ঀ-৿])মে(?![ঀ-৿])|(?:রবি|সোম|মঙ্গল|বুধ|বৃহস্পতি|শুক্র|শনি)বার"
)
TIMES = ("sent", "effective", "onset", "expires")


def local(element: etree._Element) -> str:
    return etree.QName(element).localname


def moment(element: etree._Element, name: str) -> datetime:
    return datetime.fromisoformat(text(element, name))


def english(name: str) -> etree._Element:
    return document(name).findall(f"{CAP}info")[0]


def test_the_demo_tells_every_kind_of_message() -> None:
    told = [(text(document(n), "status"), text(document(n), "msgType")) for n in NAMES]
    assert sorted(told) == [
        ("Actual", "Alert"),
        ("Actual", "Alert"),
        ("Actual", "Cancel"),
        ("Actual", "Update"),
        ("Actual", "Update"),
        ("Actual", "Update"),
        ("Exercise", "Alert"),
        ("Test", "Alert"),
    ]


@pytest.mark.parametrize("name", NAMES)
def test_a_document_has_what_cap_demands_in_the_order_of_the_standard(name: str) -> None:
    root = document(name)
    assert root.tag == f"{CAP}alert"
    for element in (root, *root.iter(f"{CAP}info", f"{CAP}area")):
        kind = local(element)
        children = [local(child) for child in element if isinstance(child.tag, str)]
        order = ORDER[kind].split()
        assert set(children) <= set(order)
        assert children == sorted(children, key=order.index)
        assert set(children) >= MANDATORY[kind]
    assert not re.search(r"[\s,<&]", text(root, "identifier") + text(root, "sender"))


@pytest.mark.parametrize("name", NAMES)
def test_a_document_uses_the_words_and_times_of_cap(name: str) -> None:
    root = document(name)
    for element in root.iter(*(f"{CAP}{word}" for word in WORDS)):
        assert element.text in set(WORDS[local(element)])
    for element in root.iter(*(f"{CAP}{time}" for time in TIMES)):
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+06:00", str(element.text))
    for info in root.findall(f"{CAP}info"):
        assert moment(info, "effective") == moment(root, "sent") < moment(info, "expires")


@pytest.mark.parametrize("name", NAMES)
def test_a_document_says_the_same_in_english_and_bangla(name: str) -> None:
    en, bn = document(name).findall(f"{CAP}info")
    assert (text(en, "language"), text(bn, "language")) == ("en", "bn")
    for same in ("category", "urgency", "severity", "certainty", "effective", "expires"):
        assert text(en, same) == text(bn, same)
    for path in ("responseType", "eventCode/value", "area/polygon", "area/geocode/value", "onset"):
        assert texts(en, path) == texts(bn, path)
    for said in ("event", "headline", "description", "instruction"):
        assert text(en, said).isascii()
        assert re.search("[ঀ-৿]", text(bn, said))
        assert not re.search("[A-Za-z]", text(bn, said))
    for desc in texts(bn, "area/areaDesc"):
        assert re.search("[ঀ-৿]", desc)


@pytest.mark.parametrize("name", NAMES)
def test_a_text_names_no_date_because_a_replay_moves_the_times_alone(name: str) -> None:
    for said in ("headline", "description", "instruction"):
        for words in texts(document(name), f"info/{said}"):
            assert not DATE.search(words), words


@pytest.mark.parametrize("name", NAMES)
def test_a_document_says_that_it_is_no_message_of_an_authority(name: str) -> None:
    root = document(name)
    assert text(root, "sender").endswith(".example")
    assert "demo" in text(root, "note")
    assert all("demo" in sender for sender in texts(root, "info/senderName"))
    (comment,) = root.itersiblings(etree.Comment, preceding=True)
    for said in (text(root, "note"), str(comment.text)):
        assert ("https://" in said) is (name in ACTUAL)
        assert re.search("no(t a)? message of", said)


@pytest.mark.parametrize("name", sorted(set(NAMES) - set(ACTUAL)))
def test_an_exercise_and_a_test_are_as_severe_as_can_be_and_say_what_they_are(name: str) -> None:
    root = document(name)
    word = {"Exercise": ("EXERCISE", "মহড়া"), "Test": ("TEST", "পরীক্ষা")}[text(root, "status")]
    for info, marker in zip(root.findall(f"{CAP}info"), word, strict=True):
        assert text(info, "severity") == "Extreme"
        for said in ("headline", "description", "instruction"):
            assert text(info, said).startswith(marker)


def test_references_name_earlier_documents_with_the_moment_they_were_sent() -> None:
    known = {text(document(name), "identifier"): document(name) for name in NAMES}
    assert len(known) == len(NAMES)
    chains = {}
    for identifier, root in known.items():
        named = " ".join(texts(root, "references")).split()
        assert bool(named) is (text(root, "msgType") in ("Update", "Cancel"))
        for triple in named:
            sender, earlier, sent = triple.split(",")
            assert sender == text(known[earlier], "sender")
            assert sent == text(known[earlier], "sent")
            assert moment(known[earlier], "sent") < moment(root, "sent")
        chains[identifier] = [triple.split(",")[1] for triple in named]
    assert chains["carealert-demo-remal-4"] == [f"carealert-demo-remal-{n}" for n in (1, 2, 3)]
    assert chains["carealert-demo-remal-3"] == ["carealert-demo-remal-2"]


@pytest.mark.parametrize("name", NAMES)
def test_polygons_are_closed_short_and_in_lat_lon_order(name: str) -> None:
    for area in document(name).iter(f"{CAP}area"):
        for ring in rings(area):
            assert ring[0] == ring[-1]
            assert 4 <= len(ring) <= 200
            assert all(20 < lat < 27 and 88 < lon < 93 for lat, lon in ring)
        assert not rings(area) or shape_of(area).is_valid


@pytest.mark.parametrize("name", [name for name in NAMES if name.startswith("remal")])
def test_a_polygon_holds_all_land_of_the_upazilas_that_it_names_and_little_more(name: str) -> None:
    areas = list(document(name).iter(f"{CAP}area"))
    assert len(areas) == 6  # three districts in two languages
    for area in areas:
        codes = texts(area, "geocode/value")
        assert set(texts(area, "geocode/valueName")) == {"P-code"}
        for code in codes:
            assert shape_of(area).contains(places()[code].geometry), code
        land = sum(places()[code].geometry.area for code in codes)
        assert shape_of(area).area < 1.1 * land
        for code in codes:
            names = places()[code].properties["names"]
            assert any(n in text(area, "areaDesc") for n in names.values())


@pytest.mark.parametrize("name", ["remal-2-update.xml", "remal-3-update.xml", "remal-4-cancel.xml"])
def test_signal_10_covers_every_upazila_of_the_three_districts(name: str) -> None:
    codes = set(texts(english(name), "area/geocode/value"))
    assert codes == {"BD1004", "BD1009", "BD1078"}
    whole = [shape_of(area) for area in english(name).iter(f"{CAP}area")]
    upazilas = [p for p in places().values() if p.properties["parent_code"] in codes]
    assert len(upazilas) == 21
    assert all(any(area.contains(p.geometry) for area in whole) for p in upazilas)


def test_the_heat_documents_have_codes_and_no_shape() -> None:
    for name in ("dhaka-heat-1-alert.xml", "dhaka-heat-2-update.xml"):
        assert texts(english(name), "area/geocode/value") == ["BD30262500", "BD30262000"]
        assert not texts(english(name), "area/polygon") + texts(english(name), "area/circle")


def shifts(earlier: str, later: str, *, replayed: bool) -> tuple[timedelta, timedelta]:
    """How far onset and expires move between two documents, also where both are sent at once."""
    moved = moment(document(later), "sent") - moment(document(earlier), "sent")
    gone = moved if replayed else timedelta(0)
    onset, expires = (
        abs(moment(english(later), n) - moment(english(earlier), n) - gone)
        for n in ("onset", "expires")
    )
    return onset, expires


@pytest.mark.parametrize("replayed", [False, True])
def test_the_minor_update_of_remal_is_no_news_and_the_heat_update_is(replayed: bool) -> None:
    onset, expires = shifts("remal-2-update.xml", "remal-3-update.xml", replayed=replayed)
    assert onset < START_SHIFT
    assert expires < END_SHIFT
    _, expires = shifts("dhaka-heat-1-alert.xml", "dhaka-heat-2-update.xml", replayed=replayed)
    assert expires >= END_SHIFT


@pytest.mark.parametrize("name", NAMES)
def test_the_product_reads_a_document_as_it_was_meant(name: str) -> None:
    reader = FeedReader(load_interpreter((shipped("rules"),)))
    reading = reader.read((DEMO / "warnings" / name).read_bytes(), f"http://agency.example/{name}")
    (warning,) = reading.warnings
    assert not reading.links
    hazards = {info.hazard for info in warning.infos}
    if name in ACTUAL:
        assert reading.problems == ()
        assert hazards == {Hazard.HEAT if "heat" in name else Hazard.TROPICAL_CYCLONE}
    else:
        assert all(problem.level == "notice" for problem in reading.problems)
        assert warning.status in (cap.Status.EXERCISE, cap.Status.TEST)
    for area in (area for info in warning.infos for area in info.areas):
        assert area.geometry is not None or area.geocodes


def test_every_place_has_its_name_in_both_languages_and_its_parent_is_there() -> None:
    levels = [place.properties["level"] for place in places().values()]
    assert (levels.count(2), levels.count(3)) == (4, 28)
    for code, place in places().items():
        assert place.geometry.is_valid
        assert place.properties["names"]["en"].isascii()
        assert re.fullmatch("[ঀ-৿ ]+", place.properties["names"]["bn"])
        assert place.properties["code_system"] == "P-code"
        if parent := place.properties["parent_code"]:
            assert code.startswith(parent)
            # Slivers at the edges of simplified neighbours are no land.
            assert places()[parent].geometry.buffer(1e-6).covers(place.geometry)


def test_the_boundaries_carry_their_attribution() -> None:
    words = (DEMO / "ATTRIBUTION.md").read_text(encoding="utf-8")
    for path in (DEMO / "areas").glob("*.geojson"):
        assert "CC BY-IGO" in path.read_text(encoding="utf-8")
        assert path.name in words
    assert "BBS" in words
    assert "OCHA" in words
