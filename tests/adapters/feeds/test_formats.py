"""What every format promises, run over the table; and the indexes."""

import pytest

from carealert.adapters.feeds.table import FORMATS
from carealert.services.ports.feeds import Link, Reading, UnreadableDocument
from tests.support.cap import SAMPLES, cap_xml, reader

READER = reader()
BASE = "https://met.example/feeds/index"
#: A good document of each format; a new format needs one here.
GOOD = {"cap": "full.xml", "atom": "index.atom", "rss": "index.rss"}
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
    with pytest.raises(UnreadableDocument, match="use auto, atom, rss, cap"):
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
