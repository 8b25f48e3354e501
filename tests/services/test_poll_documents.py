"""What a poll does with documents: fetched once, looked at again, turned pages, distrusted."""

import threading
from collections.abc import Iterator, Mapping
from datetime import timedelta

import pytest
from sqlalchemy import Engine, select

from carealert.adapters.db.tables import document
from carealert.adapters.sealing import Sealer
from carealert.services import harvesting
from carealert.services.ports.feeds import Feed, Fetched, Reading, Signatures, Validators
from tests.support.cap import NOW, SAMPLES, atom, cap_xml
from tests.support.http import Answer
from tests.support.polling import MINUTE, READER, Office, an_office


@pytest.fixture
def office(sqlite_engine: Engine, sealer: Sealer) -> Iterator[Office]:
    with an_office(sqlite_engine, sealer) as office:
        yield office


def conditional(body: bytes, etag: str) -> object:
    def answer(headers: Mapping[str, str]) -> Answer:
        if headers.get("If-None-Match") == etag:
            return Answer(status=304)
        return Answer(body, headers={"ETag": etag})

    return answer


def undated(office: Office, *paths: str) -> None:
    """An index that does not say when its documents changed."""
    office.server.answers["/feed"] = Answer(atom((path, "") for path in paths))


# -- looked at again -----------------------------------------------------------------------------


def test_a_document_of_an_undated_index_is_looked_at_again_every_ten_minutes(
    office: Office,
) -> None:
    undated(office, "/1.xml")
    office.server.answers["/1.xml"] = conditional(cap_xml("a-1"), '"1"')  # type: ignore[assignment]
    for minutes in (0, 1, 9.9, 10, 11, 19.9, 20):
        office.poll(NOW + MINUTE * minutes)
    asked = [headers for path, headers in office.server.asked if path == "/1.xml"]
    assert [headers.get("If-None-Match") for headers in asked] == [None, '"1"', '"1"']
    changed = cap_xml("a-1", sent="2026-05-26T10:00:00Z")
    office.server.answers["/1.xml"] = conditional(changed, '"2"')  # type: ignore[assignment]
    assert len(office.poll(NOW + MINUTE * 30).new_warnings) == 1
    assert [record.updated for record in office.records()][:2] == [1, 0]


def test_a_document_without_validators_is_looked_at_less_often(office: Office) -> None:
    undated(office, "/1.xml")
    office.server.answers["/1.xml"] = Answer(cap_xml("a-1"))
    for minutes in (0, 10, 29, 30, 31):
        office.poll(NOW + MINUTE * minutes)
    assert office.server.paths().count("/1.xml") == 2


def test_looking_again_is_bounded_and_the_oldest_come_first(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(harvesting, "RECHECKS_A_POLL", 2)
    undated(office, "/1.xml", "/2.xml", "/3.xml")
    for number in (1, 2, 3):
        office.server.answers[f"/{number}.xml"] = conditional(  # type: ignore[assignment]
            cap_xml(f"a-{number}"), '"1"'
        )
    office.poll()
    office.server.asked.clear()
    office.poll(NOW + MINUTE * 10)
    assert len(office.server.paths()) == 3
    office.poll(NOW + MINUTE * 11)
    assert sorted(office.server.paths()[1:3] + office.server.paths()[4:]) == [
        "/1.xml",
        "/2.xml",
        "/3.xml",
    ]


def test_a_document_that_is_gone_after_it_was_read_is_no_failure(office: Office) -> None:
    undated(office, "/1.xml")
    office.server.answers["/1.xml"] = Answer(cap_xml("a-1"))
    office.poll()
    office.server.answers["/1.xml"] = Answer(status=410)
    assert not office.poll(NOW + MINUTE * 31).failed
    assert office.health().last_error is None


def test_what_the_index_calls_changed_is_fetched_whatever_the_validators(office: Office) -> None:
    office.serve(("/1.xml", cap_xml("a-1")))
    office.server.answers["/1.xml"] = conditional(cap_xml("a-1"), '"same"')  # type: ignore[assignment]
    office.poll()
    office.serve(("/1.xml", cap_xml("a-1")), etag='"2"')
    office.server.answers["/1.xml"] = conditional(  # type: ignore[assignment]
        cap_xml("a-1", sent="2026-05-26T10:00:00Z"), '"same"'
    )
    assert len(office.poll(NOW + MINUTE).new_warnings) == 1


def test_an_unreadable_document_that_has_not_changed_is_read_again_by_a_better_reader(
    office: Office,
) -> None:
    office.serve(("/1.xml", b""))
    bad = (SAMPLES / "broken.xml").read_bytes()
    office.server.answers["/1.xml"] = conditional(bad, '"1"')  # type: ignore[assignment]
    office.poll()
    result = office.poll(NOW + MINUTE)
    assert [headers.get("If-None-Match") for path, headers in office.server.asked[2:]] == [
        None,
        '"1"',
    ]
    assert result.failed  # it is still unreadable, and still told
    assert "not well-formed" in (office.health().last_error or "")
    assert len(office.journal("document_unreadable")) == 1

    class Better:
        def read(self, body: bytes, base_url: str, format_name: str = "auto") -> Reading:
            return READER.read(cap_xml("a-1") if body == bad else body, base_url, format_name)

    with office.db.reading() as stores:
        health = stores.feeds.get("met")
    assert health is not None
    poller = type(office.poller())(harvesting.Tools(office.db, office.fetcher, Better()))
    assert len(poller.poll_feed(health, NOW + MINUTE * 2).new_warnings) == 1
    assert office.health().last_error is None
    assert office.count(document) == 1


# -- pages ---------------------------------------------------------------------------------------


class Paged:
    """Reads `[PAGE …]` before an Atom index as the address of its next page."""

    def read(self, body: bytes, base_url: str, format_name: str = "auto") -> Reading:
        head, _, rest = body.partition(b"|")
        found = READER.read(rest or head, base_url, format_name)
        pages = tuple(head.decode().split()) if rest else ()
        return Reading(found.format, found.warnings, found.links, found.problems, pages)


def paged(office: Office) -> object:
    return type(office.poller())(harvesting.Tools(office.db, office.fetcher, Paged()))


def serve_pages(office: Office, count: int) -> None:
    for number in range(count):
        following = f"{office.server.url}/page{number + 1}|" if number + 1 < count else ""
        path = "/feed" if number == 0 else f"/page{number}"
        body = following.encode() + atom([(f"/{number}.xml", "1")])
        office.server.answers[path] = Answer(body, headers={"ETag": '"1"'})
        office.server.answers[f"/{number}.xml"] = Answer(cap_xml(f"a-{number}"))


def test_the_pages_of_an_index_are_one_poll(office: Office) -> None:
    serve_pages(office, 3)
    result = paged(office).poll("met", NOW)  # type: ignore[attr-defined]
    assert (len(result.new_warnings), result.documents, result.problems) == (3, 6, ())
    assert office.health().validators == Validators('"1"')
    assert office.records()[0].new == 3


def test_a_page_that_cannot_be_had_keeps_the_rest_and_no_validators(office: Office) -> None:
    serve_pages(office, 3)
    office.server.answers["/page2"] = Answer(status=500)
    result = paged(office).poll("met", NOW)  # type: ignore[attr-defined]
    assert len(result.new_warnings) == 2
    assert result.failed
    assert office.health().validators == Validators()
    assert "answered 500" in (office.health().last_error or "")


def test_pages_are_bounded_and_what_is_left_out_is_told(office: Office) -> None:
    serve_pages(office, 30)
    result = paged(office).poll("met", NOW)  # type: ignore[attr-defined]
    assert len(result.new_warnings) == 21
    assert "more than 20 further pages" in (office.health().last_error or "")
    assert office.health().validators == Validators()


def test_a_page_that_leads_back_or_to_another_host_is_not_followed(office: Office) -> None:
    pages = f"{office.server.url}/feed {office.server.url}/page1 http://127.0.0.9/page|"
    office.server.answers["/feed"] = Answer(pages.encode() + atom([]))
    office.server.answers["/page1"] = Answer(f"{office.server.url}/feed|".encode() + atom([]))
    paged(office).poll("met", NOW)  # type: ignore[attr-defined]
    assert office.server.paths() == ["/feed", "/page1"]
    assert "at another host: left out" in (office.health().last_error or "")


# -- trust ---------------------------------------------------------------------------------------


class Distrust:
    """Finds one identifier forged."""

    def __init__(self) -> None:
        self.forged = b"a-1"

    def problem(self, body: bytes, feed: Feed) -> str | None:
        assert feed.signatures is Signatures.CHECKED
        return "was changed after it was signed." if self.forged in body else None


def test_a_document_whose_signature_fails_is_kept_and_stores_no_warning(office: Office) -> None:
    office.add(signatures=Signatures.CHECKED, certificates="PEM")
    office.serve(("/1.xml", cap_xml("a-1")), ("/2.xml", cap_xml("a-2")))
    check = Distrust()
    poller = office.poller(signatures=check)
    result = poller.poll("met", NOW)
    assert (len(result.new_warnings), result.failed) == (1, True)
    with office.engine.connect() as connection:
        problems = connection.scalars(select(document.c.problem).order_by(document.c.url)).all()
    assert problems == ["signature: was changed after it was signed.", None]
    (line,) = office.journal("document_quarantined")
    assert line.details["problem"].startswith(f"{office.server.url}/1.xml: signature: ")
    assert office.journal("document_unreadable") == []
    assert office.health().validators == Validators()
    poller.poll("met", NOW + MINUTE)
    assert len(office.journal("document_quarantined")) == 1
    check.forged = b"none"  # the right certificate was given
    assert len(poller.poll("met", NOW + MINUTE * 2).new_warnings) == 1
    assert office.health().last_error is None


def test_a_message_that_is_the_feed_itself_is_checked_too(office: Office) -> None:
    office.add(signatures=Signatures.CHECKED)
    office.server.answers["/feed"] = Answer(cap_xml("a-1"))
    result = office.poller(signatures=Distrust()).poll("met", NOW)
    assert result.new_warnings == ()
    assert len(office.journal("document_quarantined")) == 1


def test_what_must_be_signed_is_not_believed_where_nothing_can_check_it(office: Office) -> None:
    office.add(signatures=Signatures.REQUIRED)
    office.server.answers["/feed"] = Answer(cap_xml("a-1"))
    assert office.poll().new_warnings == ()
    assert "signatures cannot be checked" in (office.health().last_error or "")


# -- bookkeeping ---------------------------------------------------------------------------------


def test_every_poll_leaves_a_record(office: Office) -> None:
    office.serve(("/1.xml", cap_xml("a-1")), ("/2.xml", (SAMPLES / "broken.xml").read_bytes()))
    office.poll()
    office.server.answers["/feed"] = Answer(status=503)
    office.poll(NOW + MINUTE)
    office.server.answers["/feed"] = conditional(b"", '"1"')  # type: ignore[assignment]
    office.db.transaction()
    first, second = reversed(office.records())
    read = sum(
        len(answer.body)
        for path, answer in office.server.answers.items()
        if path != "/feed" and isinstance(answer, Answer)
    )
    assert (first.at, first.status, first.new, first.updated, first.unread) == (NOW, 200, 1, 0, 1)
    assert first.bytes > read
    assert first.ms >= 0
    assert "not well-formed" in (first.problem or "")
    assert (second.status, second.bytes, second.new) == (503, 0, 0)
    assert "answered 503" in (second.problem or "")


def test_a_poll_without_news_leaves_a_record_too_and_old_records_go(office: Office) -> None:
    office.server.answers["/feed"] = conditional(atom([]), '"1"')  # type: ignore[assignment]
    for days in (0, 1, 29, 31):
        office.poll(NOW + timedelta(days=days))
    records = office.records()
    assert [(record.at - NOW).days for record in records] == [31, 29, 1]
    assert [record.status for record in records] == [304, 304, 304]


def test_links_count_from_where_redirects_led(office: Office) -> None:
    office.server.answers["/feed"] = Answer(status=301, headers={"Location": "/new/place/feed"})
    office.server.answers["/new/place/feed"] = Answer(atom([("1.xml", "1")]))
    office.server.answers["/new/place/1.xml"] = Answer(cap_xml("a-1"))
    assert len(office.poll().new_warnings) == 1


def test_a_linked_document_at_a_private_address_is_refused(office: Office) -> None:
    """The index is public here; the link is not."""

    class Outside:
        def get(
            self, url: str, validators: Validators | None = None, *, allow_private: bool = False
        ) -> Fetched:
            if url.endswith("/feed"):
                return Fetched(url, atom([(f"{office.server.url}/1.xml", "1")]), Validators())
            return office.fetcher.get(url, validators, allow_private=allow_private)

    with office.db.transaction() as stores:
        stores.feeds.add(Feed("met", "http://met.example/feed", "auto", MINUTE))
    poller = type(office.poller())(harvesting.Tools(office.db, Outside(), READER))
    assert poller.poll("met", NOW).failed
    assert "not public" in (office.health().last_error or "")
    assert office.server.asked == []


def test_a_dry_run_says_what_would_be_new_and_stores_nothing(office: Office) -> None:
    office.serve(("/1.xml", cap_xml("a-1")))
    office.poll()
    before = office.health()
    office.serve(("/1.xml", cap_xml("a-1")), ("/2.xml", cap_xml("a-2")), etag='"2"')
    trial = office.poller().try_out("met", NOW + MINUTE)
    assert [one.identifier for one in trial.new_warnings] == ["a-2"]
    assert (trial.known_warnings, trial.problems) == (1, ())
    assert office.count() == 1
    assert office.count(document) == 1
    assert office.health() == before


def test_a_feed_that_was_changed_meanwhile_is_not_told_what_the_old_one_answered(
    office: Office,
) -> None:
    asked, changed = threading.Event(), threading.Event()

    def slow(_: Mapping[str, str]) -> Answer:
        asked.set()
        changed.wait(5)
        return Answer(cap_xml("a-1"), headers={"ETag": '"old"'})

    office.server.answers["/feed"] = slow
    poll = threading.Thread(target=office.poll)
    poll.start()
    assert asked.wait(5)
    office.add(path="/other")
    changed.set()
    poll.join()
    health = office.health()
    assert (health.validators, health.next_poll_at, office.count()) == (Validators(), None, 1)


def test_a_poll_that_takes_too_long_stores_what_it_has_and_goes_on_at_once(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(harvesting, "POLL_BUDGET_S", 10.0)
    office.serve(*((f"/{n}.xml", cap_xml(f"a-{n}")) for n in range(20)))
    seconds = iter(range(0, 10_000, 2))
    result = office.poller(timer=lambda: float(next(seconds))).poll("met", NOW)
    assert 0 < len(result.new_warnings) < 20
    assert (office.health().next_poll_at, office.health().validators) == (NOW, Validators())
    assert len(office.poll().new_warnings) == 20 - len(result.new_warnings)


def test_documents_that_hang_do_not_keep_the_others_away(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More documents hang than are fetched at once; the rest comes all the same, in time."""
    monkeypatch.setattr(harvesting, "POLL_BUDGET_S", 0.5)
    names = [f"/{n}.xml" for n in range(12)]
    office.serve(*((name, cap_xml(name)) for name in names))
    for name in names[:8]:
        office.server.answers[name] = Answer(parts=(b"", b"x"), pause=1.2)
    brought = 0
    for minutes in range(8):
        brought += len(office.poll(NOW + MINUTE * minutes).new_warnings)
        if brought == 4:
            break
    assert brought == 4
