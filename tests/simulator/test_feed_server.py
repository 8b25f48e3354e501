"""The simulated agency over real loopback HTTP: an Atom index, CAP documents, conditional GET."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import urljoin

import pytest
import requests
from lxml import etree

from carealert.simulator.feed_server import FeedBoard, feed_app
from tests.support.serving import serving

AT = datetime(2026, 5, 26, 6, 0, 0, 250_000, tzinfo=UTC)
ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture
def board() -> FeedBoard:
    return FeedBoard("Demo agency")


@pytest.fixture
def url(board: FeedBoard) -> Iterator[str]:
    with serving(feed_app(board)) as base:
        yield base


def get(url: str, **headers: str) -> requests.Response:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return requests.get(url, headers=names, timeout=10)


def links(url: str) -> list[str]:
    root = etree.fromstring(get(f"{url}/feed.atom").content)
    return [
        urljoin(url, link.attrib["href"])
        for link in root.iterfind(f"{ATOM}entry/{ATOM}link")
        if link.attrib["type"] == "application/cap+xml"
    ]


def test_the_index_is_empty_first_and_then_links_to_what_is_published(
    board: FeedBoard, url: str
) -> None:
    assert links(url) == []
    board.publish("one.xml", b"<alert>1</alert>", AT)
    board.publish("two? 3#.xml", "<alert>ঘূর্ণিঝড়</alert>".encode(), AT + timedelta(seconds=5))
    newest, oldest = links(url)
    assert get(newest).content == "<alert>ঘূর্ণিঝড়</alert>".encode()
    assert get(oldest).content == b"<alert>1</alert>"
    assert get(oldest).headers["Content-Type"] == "application/cap+xml"


def test_the_index_has_what_atom_demands(board: FeedBoard, url: str) -> None:
    board.publish("one.xml", b"<alert/>", AT)
    response = get(f"{url}/feed.atom")
    assert response.headers["Content-Type"] == "application/atom+xml"
    root = etree.fromstring(response.content)
    (entry,) = root.findall(f"{ATOM}entry")
    for element in (root, entry):
        for name in ("id", "title", "updated"):
            assert element.findtext(f"{ATOM}{name}")
    assert root.findtext(f"{ATOM}author/{ATOM}name") == "Demo agency"
    assert datetime.fromisoformat(str(entry.findtext(f"{ATOM}updated"))) == AT


@pytest.mark.parametrize("path", ["/feed.atom", "/cap/one.xml"])
def test_an_unchanged_answer_is_304_until_something_changes(
    board: FeedBoard, url: str, path: str
) -> None:
    board.publish("one.xml", b"<alert>1</alert>", AT)
    first = get(url + path)
    assert first.headers["Last-Modified"] == "Tue, 26 May 2026 06:00:00 GMT"
    known = {
        "by tag": {"If_None_Match": first.headers["ETag"]},
        "by weak tag in a list": {"If_None_Match": f'"x", W/{first.headers["ETag"]}'},
        "by date": {"If_Modified_Since": first.headers["Last-Modified"]},
    }
    for how, headers in known.items():
        again = get(url + path, **headers)
        assert (again.status_code, again.content) == (304, b""), how
        assert again.headers["ETag"] == first.headers["ETag"]
    board.publish("one.xml", b"<alert>2</alert>", AT + timedelta(seconds=1))
    for how, headers in known.items():
        assert get(url + path, **headers).status_code == 200, how


def test_a_tag_that_differs_wins_over_a_date_that_agrees(board: FeedBoard, url: str) -> None:
    board.publish("one.xml", b"<alert>1</alert>", AT)
    date = get(f"{url}/feed.atom").headers["Last-Modified"]
    assert get(f"{url}/feed.atom", If_None_Match='"x"', If_Modified_Since=date).status_code == 200
    assert get(f"{url}/feed.atom", If_Modified_Since="rubbish").status_code == 200


def test_a_second_document_in_the_same_second_changes_the_tag(board: FeedBoard, url: str) -> None:
    board.publish("one.xml", b"<alert>1</alert>", AT)
    tag = get(f"{url}/feed.atom").headers["ETag"]
    board.publish("two.xml", b"<alert>2</alert>", AT)
    assert get(f"{url}/feed.atom", If_None_Match=tag).status_code == 200


def test_a_withdrawn_document_is_gone(board: FeedBoard, url: str) -> None:
    board.publish("one.xml", b"<alert>1</alert>", AT)
    (link,) = links(url)
    tag = get(f"{url}/feed.atom").headers["ETag"]
    board.withdraw("one.xml", AT + timedelta(hours=1))
    board.withdraw("never.xml", AT + timedelta(hours=2))
    assert links(url) == []
    assert get(link).status_code == 404
    assert get(f"{url}/feed.atom", If_None_Match=tag).status_code == 200


def test_documents_are_published_from_many_threads_while_the_index_is_read(
    board: FeedBoard, url: str
) -> None:
    def publish(first: int) -> None:
        for n in range(first, first + 50):
            board.publish(f"{n}.xml", b"<alert/>", AT)

    threads = [threading.Thread(target=publish, args=(n * 50,)) for n in range(4)]
    for thread in threads:
        thread.start()
    seen = [len(links(url)) for _ in range(5)]
    for thread in threads:
        thread.join()
    assert seen == sorted(seen)
    assert len(set(links(url))) == 200


def test_what_cannot_be_published_is_refused(board: FeedBoard) -> None:
    with pytest.raises(ValueError, match="is no file name"):
        board.publish("folder/one.xml", b"", AT)
    with pytest.raises(ValueError, match="without a time zone"):
        board.publish("one.xml", b"", AT.replace(tzinfo=None))
