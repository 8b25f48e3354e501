"""What every format promises, run over the table; and the indexes."""

from datetime import UTC, datetime

import pytest

from carealert.adapters.feeds.table import FORMATS
from carealert.domain.hazards import Hazard
from carealert.domain.warnings import MsgType, Status
from carealert.services.ports.feeds import Reading, UnreadableDocument
from carealert.services.ports.links import Link
from tests.support.cap import SAMPLES, cap_xml, reader

READER = reader()
BASE = "https://met.example/feeds/index"
#: A good document of each format; a new format needs one here.
GOOD = {
    "cap": "full.xml",
    "atom": "index.atom",
    "rss": "index.rss",
    "jma": "jma_tsunami.xml",
    "wis2": "wis2_inline.json",
    "nws": "nws_alerts.json",
    "usgs": "usgs_quakes.json",
    "geonet": "geonet_quakes.json",
    "cap-json": "meteoalarm.json",
    "gdacs": "gdacs.rss",
}
REFUSED = ("entity_bomb.xml", "external_entity.xml", "doctype.xml", "page.html", "empty.xml")


def read(name: str, format_name: str = "auto") -> Reading:
    return READER.read((SAMPLES / name).read_bytes(), BASE, format_name)


def test_every_format_has_a_good_sample() -> None:
    assert set(GOOD) == set(FORMATS)


@pytest.mark.parametrize("name", FORMATS)
def test_auto_finds_the_format_and_says_the_same_as_naming_it(name: str) -> None:
    reading = read(GOOD[name])
    assert reading.format == name
    assert reading == read(GOOD[name], name)
    assert reading.warnings


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("sample", REFUSED)
def test_every_format_refuses_what_is_harmful_or_no_feed(name: str, sample: str) -> None:
    with pytest.raises(UnreadableDocument, match=r"^https://met\.example/feeds/index: "):
        read(sample, name)


@pytest.mark.parametrize("name", FORMATS)
def test_every_problem_says_where_what_and_how_bad(name: str) -> None:
    for problem in read(GOOD[name]).problems:
        assert problem.where
        assert problem.what
        assert problem.level in ("error", "notice")


def test_an_unknown_format_is_refused_and_the_known_ones_named() -> None:
    with pytest.raises(UnreadableDocument, match=r"use auto, .*atom, rss, cap"):
        read("full.xml", "fax")


def test_an_atom_index_gives_its_best_links_once_and_what_is_inside() -> None:
    reading = read("index.atom")
    assert reading.links == (
        Link("https://met.example/feeds/cap/1.xml", "2026-05-26T04:00:00Z"),
        Link("https://other.example/cap?id=2", "2026-05-26T05:00:00Z"),
        Link("https://met.example/feeds/cap/7.xml", None),
    )
    assert [warning.identifier for warning in reading.warnings] == ["inline-1", "text-1"]
    wrong = {(problem.where, problem.level) for problem in reading.problems}
    assert wrong == {("link", "notice"), ("entry[5]", "notice"), ("entry[8]", "error")}


def test_an_rss_index_gives_cap_links_before_pages() -> None:
    reading = read("index.rss")
    assert [link.url for link in reading.links] == [
        "https://met.example/feeds/cap/1.xml",
        "https://met.example/cap/2.xml",
        "https://met.example/cap/3.xml",
        "https://met.example/cap/4.xml",
    ]
    assert reading.links[0].updated == "Tue, 26 May 2026 03:00:00 GMT"
    assert [warning.identifier for warning in reading.warnings] == ["item-1"]
    assert [problem.where for problem in reading.problems] == ["item[5]"]


def test_an_empty_index_is_healthy() -> None:
    reading = read("empty.atom")
    assert (reading.warnings, reading.links, reading.problems) == ((), (), ())


@pytest.mark.parametrize("href", ["http://[::1", "javascript:alert(1)", "file:///etc/passwd"])
def test_a_link_that_is_no_address_is_left_out_and_told(href: str) -> None:
    body = (
        f'<feed xmlns="http://www.w3.org/2005/Atom"><entry><link href="{href}"/></entry>'
        '<entry><link href="https://met.example/good"/></entry></feed>'
    )
    reading = READER.read(body.encode(), BASE)
    assert [link.url for link in reading.links] == ["https://met.example/good"]
    assert len(reading.problems) == 1


def test_a_message_deep_inside_a_strange_tree_is_found() -> None:
    body = b"<a><b><c>" + cap_xml("deep-1") + b"</c></b></a>"
    assert [warning.identifier for warning in READER.read(body, BASE).warnings] == ["deep-1"]


def test_an_entry_that_leads_to_no_document_is_read_itself() -> None:
    reading = read("index_only.atom")
    first, second, beside = reading.warnings
    assert reading.links == (Link("https://weather.example/pages/3.html", None),)
    assert (first.identifier, first.sender) == ("urn:example:entry:1", "desk@weather.example")
    assert first.sent == datetime(2026, 5, 26, 1, tzinfo=UTC)
    assert (first.status, first.msg_type, first.scope) == (Status.ACTUAL, MsgType.ALERT, None)
    (info,) = first.infos
    assert (info.event, info.hazard, info.language) == ("High Wind Warning", Hazard.HIGH_WIND, "en")
    assert info.headline == "High Wind Warning for the coast"
    assert info.description == "Gusts of 120 km/h."
    assert info.areas[0].geocodes == (("FIPS6", "002105"), ("UGC", "AKZ023"))
    assert info.areas[0].geometry is not None
    assert info.areas[0].geometry.bounds == (89.9, 22.0, 90.5, 22.4)
    assert first.event_keys == ("vtec:KXXX.HW.W.0007.2026",)
    assert (second.status, second.infos[0].areas[0].area_desc) == (None, "The delta")
    assert beside.identifier == "beside-1"
    said = [problem.where for problem in reading.problems if "index entry only" in problem.what]
    assert said == ["entry[1]", "entry[2]"]


def test_a_shape_that_only_the_entry_has_is_kept_in_either_way_of_writing() -> None:
    first, second, _ = read("index_only.atom").warnings
    shapes = [warning.infos[0].areas[0].geometry for warning in (first, second)]
    assert shapes[0] is not None
    assert shapes[0] == shapes[1]


def test_an_rss_item_with_the_elements_of_cap_and_no_link_is_read_itself() -> None:
    body = (
        '<rss xmlns:cap="urn:oasis:names:tc:emergency:cap:1.2"><channel>'
        "<managingEditor>desk@met.example</managingEditor><item><title>River rising</title>"
        '<guid isPermaLink="false">item-7</guid><pubDate>Tue, 26 May 2026 03:00:00 GMT</pubDate>'
        "<cap:event>Flood</cap:event><cap:status>Actual</cap:status></item></channel></rss>"
    )
    (warning,) = READER.read(body.encode(), BASE).warnings
    assert (warning.identifier, warning.sender) == ("item-7", "desk@met.example")
    assert warning.infos[0].hazard is Hazard.FLOOD


def test_an_entry_without_a_sender_or_time_is_an_error_not_a_guess() -> None:
    body = (
        '<feed xmlns="http://www.w3.org/2005/Atom"><entry><id>e-1</id>'
        '<event xmlns="urn:oasis:names:tc:emergency:cap:1.2">Flood</event></entry></feed>'
    )
    reading = READER.read(body.encode(), BASE)
    assert reading.warnings == ()
    assert [problem.level for problem in reading.problems] == ["notice", "error"]
