"""What only the index of a feed knows: the outline of a message, and where its links really are."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from carealert.adapters.sealing import Sealer
from carealert.domain.link_rules import parse
from carealert.domain.warnings import HazardWarning
from carealert.services.sampling import sample
from tests.support.cap import NAMESPACE, area_xml, cap_xml
from tests.support.http import Answer
from tests.support.polling import READER, Office, an_office

BOX = "22.0,90.0 22.0,90.4 22.4,90.4 22.4,90.0 22.0,90.0"
OTHER_BOX = "23.0,90.0 23.0,90.4 23.4,90.4 23.4,90.0 23.0,90.0"
CODE = "<geocode><valueName>PCODE</valueName><value>BD1004</value></geocode>"


@pytest.fixture
def office(sqlite_engine: Engine, sealer: Sealer) -> Iterator[Office]:
    with an_office(sqlite_engine, sealer) as office:
        yield office


def entry(inside: str, href: str = "/1.xml") -> str:
    return f'<entry><id>{inside}</id><updated>1</updated><link href="{href}"/>{inside}</entry>'


def atom_of(*entries: str) -> Answer:
    spaces = f'xmlns:cap="{NAMESPACE}" xmlns:georss="http://www.georss.org/georss"'
    body = f'<feed xmlns="http://www.w3.org/2005/Atom" {spaces}>{"".join(entries)}</feed>'
    return Answer(body.encode())


def rss_of(inside: str) -> Answer:
    item = f"<item><link>/1.xml</link>{inside}</item>"
    return Answer(f'<rss xmlns:cap="{NAMESPACE}"><channel>{item}</channel></rss>'.encode())


def the_warning(office: Office) -> HazardWarning:
    office.poll()
    with office.db.reading() as stores:
        (stored,) = stores.warnings.recent()
    return stored.warning


def bounds(warning: HazardWarning) -> list[tuple[float, ...] | None]:
    shapes = [area.geometry for info in warning.infos for area in info.areas]
    return [None if shape is None else shape.bounds for shape in shapes]


@pytest.mark.parametrize(
    "index",
    [
        atom_of(entry(f"<cap:polygon>{BOX}</cap:polygon>")),
        atom_of(entry(f"<georss:polygon>{BOX.replace(',', ' ')}</georss:polygon>")),
        rss_of(f"<cap:polygon>{BOX}</cap:polygon>"),
    ],
)
@pytest.mark.parametrize("inside", [area_xml(""), ""])
def test_an_outline_that_only_the_index_draws_is_the_message_s(
    office: Office, index: Answer, inside: str
) -> None:
    office.server.answers["/feed"] = index
    office.server.answers["/1.xml"] = Answer(cap_xml(inside=inside))
    (found,) = bounds(the_warning(office))
    assert found == pytest.approx((90.0, 22.0, 90.4, 22.4))


@pytest.mark.parametrize(
    ("inside", "wanted"),
    [
        (area_xml(f"<polygon>{OTHER_BOX}</polygon>"), [(90.0, 23.0, 90.4, 23.4)]),
        (area_xml(CODE), [None]),
        (area_xml("") * 2, [None, None]),
    ],
)
def test_what_the_message_says_itself_counts_more_than_its_index(
    office: Office, inside: str, wanted: list[tuple[float, ...] | None]
) -> None:
    office.server.answers["/feed"] = atom_of(entry(f"<cap:polygon>{BOX}</cap:polygon>"))
    office.server.answers["/1.xml"] = Answer(cap_xml(inside=inside))
    assert bounds(the_warning(office)) == wanted


@pytest.mark.parametrize(
    ("first", "second", "is_drawn"),
    [(BOX, BOX, True), (BOX, OTHER_BOX, False), (BOX, None, True), (BOX, "no numbers", False)],
)
def test_entries_that_draw_different_parts_of_one_message_draw_none_of_it(
    office: Office, first: str, second: str | None, is_drawn: bool
) -> None:
    shapes = [f"<cap:polygon>{text}</cap:polygon>" if text else "" for text in (first, second)]
    office.server.answers["/feed"] = atom_of(*map(entry, shapes))
    office.server.answers["/1.xml"] = Answer(cap_xml(inside=area_xml("")))
    (found,) = bounds(the_warning(office))
    assert (found is not None) is is_drawn


def test_an_outline_that_cannot_be_drawn_leaves_the_message_as_it_is(office: Office) -> None:
    office.server.answers["/feed"] = atom_of(entry("<cap:polygon>1,2 3</cap:polygon>"))
    office.server.answers["/1.xml"] = Answer(cap_xml(inside=area_xml("")))
    assert bounds(the_warning(office)) == [None]


# -- links that do not answer as they are written ------------------------------------------------


def test_links_are_fetched_where_the_feed_s_rules_say(office: Office) -> None:
    here = f"{office.server.url}/real/"
    office.add("far", "/index", link_rules=(parse(f"http://inside.example:8080/cap/ => {here}"),))
    office.server.answers["/index"] = atom_of(
        entry("", "http://inside.example:8080/cap/1.xml"), entry("", "/2.xml")
    )
    office.server.answers["/real/1.xml"] = Answer(cap_xml("a-1"))
    office.server.answers["/2.xml"] = Answer(cap_xml("a-2"))
    assert len(office.poll(name="far").new_warnings) == 2
    assert office.poll(name="far").new_warnings == ()
    assert office.server.paths().count("/real/1.xml") == 1


def test_a_rule_does_not_open_the_way_to_private_addresses(office: Office) -> None:
    """The rule is an officer's, the guard is for all: only `allow_private` opens it."""
    feed = office.health().feed
    rules = (parse(f"http://met.example/ => {office.server.url}/"),)
    with office.db.transaction() as stores:
        stores.feeds.add(
            type(feed)("far", "http://met.example/feed", "auto", feed.interval, link_rules=rules)
        )
    assert office.poll(name="far").failed
    assert office.server.asked == []


def test_a_feed_is_tried_with_its_rules(office: Office) -> None:
    rules = (parse(f"http://inside.example/ => {office.server.url}/"),)
    office.add("far", "/index", link_rules=rules)
    office.server.answers["/index"] = atom_of(entry("", "http://inside.example/1.xml"))
    office.server.answers["/1.xml"] = Answer(cap_xml("a-1"))
    got = sample(office.fetcher, READER, office.health("far").feed, 3)
    assert [one.identifier for document in got.linked for one in document.warnings] == ["a-1"]


def test_the_rules_are_kept_with_the_feed(office: Office) -> None:
    rules = (parse("http://a.example/ => https://b.example/x/"), parse("https"))
    office.add("far", "/index", link_rules=rules)
    assert office.health("far").feed.link_rules == rules
