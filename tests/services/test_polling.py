"""Polling over a real loopback connection: nothing half-written, nothing cleared, nothing lost."""

import gzip
from collections.abc import Iterator, Mapping
from datetime import timedelta

import pytest
from sqlalchemy import Engine

from carealert.adapters.db.tables import document, journal
from carealert.adapters.sealing import Sealer
from carealert.services import harvesting, polling
from carealert.services.polling import PollResult
from carealert.services.ports.feeds import Validators
from tests.support.cap import NOW, SAMPLES, atom, cap_xml
from tests.support.http import Answer
from tests.support.polling import MINUTE, READER, Office, an_office, waits

PACKED = gzip.compress(cap_xml("a-1") * 20)
BOMB = gzip.compress(b"\0" * (40 * 2**20))


@pytest.fixture
def office(sqlite_engine: Engine, sealer: Sealer) -> Iterator[Office]:
    with an_office(sqlite_engine, sealer) as office:
        yield office


def test_an_index_brings_every_message_it_points_to_once(office: Office) -> None:
    office.serve(("/1.xml", cap_xml("a-1")), ("/2.xml", cap_xml("a-2")))
    result = office.poll()
    assert (len(result.new_warnings), result.documents, result.problems) == (2, 3, ())
    assert office.count(document) == 2
    received = office.journal("warning_received")
    assert {line.details["identifier"] for line in received} == {"a-1", "a-2"}
    health = office.health()
    assert (health.last_ok_at, health.failures) == (NOW, 0)
    assert waits(health) == pytest.approx(1, abs=0.1)
    assert health.validators == Validators('"1"')


def test_messages_of_one_poll_are_stored_in_the_order_they_were_sent(office: Office) -> None:
    late = cap_xml("late", sent="2026-05-26T11:00:00Z")
    early = cap_xml("early", sent="2026-05-26T08:00:00Z")
    office.serve(("/late.xml", late), ("/early.xml", early))
    with office.db.reading() as stores:
        ids = [stores.warnings.get(n).warning.identifier for n in office.poll().new_warnings]
    assert ids == ["early", "late"]


def test_what_is_known_is_not_fetched_again_until_it_changes(office: Office) -> None:
    office.serve(("/1.xml", cap_xml("a-1")))
    office.poll()
    office.poll(NOW + MINUTE)
    assert office.server.paths().count("/1.xml") == 1
    office.serve(("/1.xml", cap_xml("a-1", sent="2026-05-26T10:00:00Z")), etag='"2"')
    assert len(office.poll(NOW + MINUTE * 2).new_warnings) == 1
    assert office.server.paths().count("/1.xml") == 2
    assert office.count() == 2


def test_an_unchanged_feed_costs_one_conditional_request(office: Office) -> None:
    def answer(headers: Mapping[str, str]) -> Answer:
        if headers.get("If-None-Match") == '"1"':
            return Answer(status=304)
        return Answer(cap_xml("a-1"), headers={"ETag": '"1"'})

    office.server.answers["/feed"] = answer
    assert len(office.poll().new_warnings) == 1
    result = office.poll(NOW + MINUTE)
    assert (result.not_modified, result.new_warnings, result.documents) == (True, (), 0)
    health = office.health()
    assert health.validators == Validators('"1"')
    assert health.last_ok_at == NOW + MINUTE


def test_an_empty_index_is_a_healthy_poll_and_clears_nothing(office: Office) -> None:
    office.serve(("/1.xml", cap_xml("a-1")))
    office.poll()
    office.serve(etag='"2"')
    result = office.poll(NOW + MINUTE)
    assert (result.problems, office.count()) == ((), 1)
    assert office.health().last_ok_at == NOW + MINUTE
    assert office.health().failures == 0


def test_a_message_that_cannot_be_read_is_kept_told_once_and_tried_again(office: Office) -> None:
    bad = (SAMPLES / "broken.xml").read_bytes()
    office.serve(("/1.xml", bad), ("/2.xml", cap_xml("a-2")))
    result = office.poll()
    assert len(result.new_warnings) == 1
    (problem,) = result.problems
    assert problem.level == "error"
    assert problem.where == f"{office.server.url}/1.xml"
    assert office.count(document) == 2
    assert office.health().validators == Validators()  # or a 304 would hide it for ever
    office.poll(NOW + MINUTE)
    assert len(office.journal("document_unreadable")) == 1
    assert office.server.paths().count("/1.xml") == 2
    office.server.answers["/1.xml"] = Answer(cap_xml("a-1"))
    assert len(office.poll(NOW + MINUTE * 2).new_warnings) == 1
    health = office.health()
    assert (health.last_error, health.validators) == (None, Validators('"1"'))


def test_a_message_that_cannot_be_had_holds_up_no_other_and_is_tried_again(office: Office) -> None:
    office.serve(("/1.xml", cap_xml("a-1")), ("/2.xml", cap_xml("a-2")))
    office.server.answers["/1.xml"] = Answer(status=500)
    result = office.poll()
    assert len(result.new_warnings) == 1
    health = office.health()
    assert "answered 500" in (health.last_error or "")
    assert (health.validators, health.last_ok_at) == (Validators(), NOW)
    assert waits(health) == pytest.approx(1, abs=0.1)  # one bad link does not slow the feed down
    office.poll(NOW + MINUTE)
    assert len(office.journal("document_failed")) == 1
    office.server.answers["/1.xml"] = Answer(cap_xml("a-1"))
    assert len(office.poll(NOW + MINUTE * 2).new_warnings) == 1
    assert office.health().validators == Validators('"1"')


def test_a_linked_document_without_a_warning_is_told(office: Office) -> None:
    office.serve(("/1.xml", atom([])))
    result = office.poll()
    assert [problem.what for problem in result.problems] == ["holds no warning"]
    assert len(office.journal("document_unreadable")) == 1


def test_half_a_document_is_better_than_none_and_the_rest_is_told(office: Office) -> None:
    office.server.answers["/feed"] = Answer((SAMPLES / "no_identity.xml").read_bytes())
    result = office.poll()
    assert len(result.new_warnings) == 1
    assert result.failed
    assert len(office.journal("document_unreadable")) == 1


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Answer((SAMPLES / "broken.xml").read_bytes()), "is not well-formed XML"),
        (Answer((SAMPLES / "page.html").read_bytes()), "answered an HTML page, not a feed"),
        (Answer((SAMPLES / "entity_bomb.xml").read_bytes()), "DOCTYPE"),
        (Answer(b""), "is empty"),
        (Answer(parts=(b"<a>" + b"x" * 2**20,) * 40, length=-1), "sends more than 2 MB"),
        (Answer(b"<a/>", length=40 * 2**20), "sends more than 2 MB"),
        (Answer(status=429), "answered 429"),
        (Answer(status=500), "answered 500"),
        (Answer(parts=(b"<", b"a"), pause=1.5), "within 1 s"),
        (Answer(status=302, headers={"Location": "/feed"}), "redirects more than 5 times"),
        (Answer(PACKED[:-9], headers={"Content-Encoding": "gzip"}), "cut short or damaged"),
        (Answer(BOMB, headers={"Content-Encoding": "gzip"}), "sends more than 2 MB"),
        (Answer(b"<feed/>", headers={"Content-Encoding": "br"}), "cut short or damaged"),
        (Answer(b'{"status": 500}'), "JSON"),
    ],
    ids=[
        *("malformed", "html", "entities", "empty", "large", "stated", "429", "500", "slow"),
        *("loop", "cut-gzip", "gzip-bomb", "other-encoding", "json"),
    ],
)
def test_a_bad_feed_is_one_sentence_one_journal_row_and_nothing_half_written(
    office: Office, answer: Answer, words: str
) -> None:
    office.serve(("/1.xml", cap_xml("a-1")))
    office.poll()
    office.server.answers["/feed"] = answer
    result = office.poll(NOW + MINUTE)
    (problem,) = result.problems
    said = f"{problem.where} {problem.what}"
    assert words in said
    assert "\n" not in said
    (row,) = office.journal("feed_failed")
    assert row.subject == "feed:met"
    assert words in row.details["problem"]
    assert office.count() == 1
    health = office.health()
    assert (health.failures, health.last_ok_at) == (1, NOW)
    assert health.validators == Validators('"1"')
    assert words in (health.last_error or "")


@pytest.mark.parametrize("kind", ["text/html", "image/png", "application/octet-stream", ""])
def test_what_a_document_says_counts_and_not_what_its_header_calls_it(
    office: Office, kind: str
) -> None:
    office.server.answers["/feed"] = Answer(cap_xml("a-1"), headers={"Content-Type": kind})
    assert len(office.poll().new_warnings) == 1


def test_an_index_that_is_cut_short_ends_nothing_and_is_tried_again(office: Office) -> None:
    office.serve(("/1.xml", cap_xml("a-1")), ("/2.xml", cap_xml("a-2")))
    office.poll()
    whole = atom([("/1.xml", "x"), ("/2.xml", "x")])
    for cut in (Answer(whole[:120], length=len(whole)), Answer(whole[:120]), Answer(b"")):
        office.server.answers["/feed"] = cut
        assert office.poll(NOW + MINUTE).failed
        assert office.health().validators == Validators('"1"')
    assert office.count() == 2


def test_failures_wait_longer_and_longer_up_to_an_hour(office: Office) -> None:
    office.server.answers["/feed"] = Answer(status=500)
    waited = []
    for _ in range(9):
        office.poll()
        waited.append(waits(office.health()))
    assert waited == pytest.approx([1, 2, 4, 8, 16, 32, 60, 60, 60], rel=0.1)
    office.serve()
    office.poll()
    assert waits(office.health()) == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"Retry-After": "7200"}, 120),
        ({"Retry-After": "9999999"}, 24 * 60),
        ({"Retry-After": "Fri, 01 Jan 2100 00:00:00 GMT"}, 24 * 60),
    ],
)
def test_a_pause_that_the_server_asks_for_is_kept_for_at_most_a_day(
    office: Office, headers: dict[str, str], wait: float
) -> None:
    office.server.answers["/feed"] = Answer(status=429, headers=headers)
    office.poll()
    assert waits(office.health()) == wait


def test_a_pause_shorter_than_the_interval_changes_nothing(office: Office) -> None:
    office.server.answers["/feed"] = Answer(status=429, headers={"Retry-After": "1"})
    office.poll()
    assert waits(office.health()) == pytest.approx(1, abs=0.1)


def test_a_pause_asked_for_by_a_message_stops_the_rest(office: Office) -> None:
    paths = [f"/{n}.xml" for n in range(40)]
    office.serve(*((path, cap_xml(path[1:])) for path in paths))
    office.server.answers["/0.xml"] = Answer(status=429, headers={"Retry-After": "600"})
    result = office.poll()
    assert len(office.server.paths()) < 10
    assert len(result.new_warnings) < 10
    assert office.health().next_poll_at == NOW + timedelta(minutes=10)
    assert office.health().validators == Validators()


def test_a_long_index_is_read_over_several_polls(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(harvesting, "DOCUMENTS_A_POLL", 3)
    office.serve(*((f"/{n}.xml", cap_xml(f"a-{n}")) for n in range(5)))
    assert len(office.poll().new_warnings) == 3
    health = office.health()
    assert (health.next_poll_at, health.validators) == (NOW, Validators())
    assert len(office.poll(NOW).new_warnings) == 2
    assert office.health().validators == Validators('"1"')


def test_every_feed_that_is_due_is_polled_and_a_bad_one_harms_no_other(office: Office) -> None:
    office.server.answers["/feed"] = Answer(cap_xml("a-1"))
    office.server.answers["/bad"] = Answer(status=500)
    office.server.answers["/c"] = Answer(cap_xml("c-1"))
    office.add("bad", "/bad")
    office.add("third", "/c")
    result = office.poller().poll_due(NOW)
    assert len(result.new_warnings) == 2
    assert len(result.problems) == 1
    assert office.poller().poll_due(NOW) == PollResult()


def test_an_unknown_feed_is_a_lookup_error(office: Office) -> None:
    with pytest.raises(LookupError, match="no feed 'other'"):
        office.poll(name="other")


def test_a_crash_while_storing_leaves_nothing_and_the_next_poll_brings_all(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.serve(("/1.xml", cap_xml("a-1")), ("/2.xml", cap_xml("a-2")))

    def crash(*_: object) -> None:
        raise RuntimeError("power cut")

    with monkeypatch.context() as patch:
        patch.setattr(polling, "_note", crash)
        with pytest.raises(RuntimeError, match="power cut"):
            office.poll()
    assert (office.count(), office.count(document), office.count(journal)) == (0, 0, 0)
    assert len(office.poll().new_warnings) == 2


def test_an_imported_file_is_kept_and_its_warnings_stored_once(office: Office) -> None:
    body = (SAMPLES / "edxl.xml").read_bytes()
    result = polling.import_document(office.db, READER, "edxl.xml", body, NOW)
    assert len(result.new_warnings) == 2
    again = polling.import_document(office.db, READER, "edxl.xml", body, NOW)
    assert again.new_warnings == ()
    assert office.count(document) == 1
    assert {line.details["feed"] for line in office.journal("warning_received")} == {"import"}


def test_an_imported_file_that_cannot_be_read_is_kept_and_told(office: Office) -> None:
    body = (SAMPLES / "page.html").read_bytes()
    result = polling.import_document(office.db, READER, "page.html", body, NOW)
    assert result.failed
    assert (office.count(document), office.count()) == (1, 0)
    assert len(office.journal("document_unreadable")) == 1


def test_an_imported_index_says_that_its_links_are_not_followed(office: Office) -> None:
    body = (SAMPLES / "index.rss").read_bytes()
    result = polling.import_document(office.db, READER, "index.rss", body, NOW)
    assert "not followed" in result.problems[-1].what


def test_no_secret_of_an_address_reaches_health_or_journal(office: Office) -> None:
    office.add("met", "/feed?key=secret")
    office.server.answers["/feed?key=secret"] = Answer(b"<a/>")
    office.poll()
    assert "secret" not in str(office.journal("feed_failed"))
    assert "secret" not in (office.health().last_error or "")
