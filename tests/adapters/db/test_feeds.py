"""Feeds keep their health and every document its bytes, on both databases."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine, func, select

from carealert.adapters.db.feeds import SqlFeeds
from carealert.adapters.db.tables import document
from carealert.adapters.db.warnings import SqlWarnings
from carealert.services.ports.feeds import Feed, FetchRecord, NewDocument, Signatures, Validators
from tests.support.cap import message

NOW = datetime(2026, 5, 26, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
FEED = Feed("met", "https://met.example/feed", "auto", MINUTE)


def updated(feeds: SqlFeeds, *urls: str) -> dict[str, tuple[str | None, str | None]]:
    """(updated, problem) of the documents that are known."""
    known = feeds.known_documents(urls)
    return {url: (one.updated, one.problem) for url, one in known.items()}


def test_a_feed_is_due_until_it_was_heard_and_again_after_its_interval(engine: Engine) -> None:
    with engine.begin() as connection:
        feeds = SqlFeeds(connection)
        feeds.add(FEED)
        feeds.add(Feed("off", "https://met.example/off", "auto", MINUTE, enabled=False))
        assert [health.feed for health in feeds.due(NOW)] == [FEED]
        feeds.heard("met", Validators('"v1"', "then"), NOW, NOW + MINUTE)
        assert feeds.due(NOW) == []
        (health,) = feeds.due(NOW + MINUTE)
    assert health.validators == Validators('"v1"', "then")
    assert (health.last_ok_at, health.last_error, health.failures) == (NOW, None, 0)


def test_failures_are_counted_and_forgotten_when_the_feed_is_heard(engine: Engine) -> None:
    with engine.begin() as connection:
        feeds = SqlFeeds(connection)
        feeds.add(FEED)
        feeds.heard("met", Validators('"v1"'), NOW, NOW)
        feeds.failed("met", "It is down.", NOW, NOW + MINUTE)
        feeds.failed("met", "It is still down.", NOW, NOW + MINUTE)
        (health,) = feeds.all()
        assert (health.failures, health.last_error) == (2, "It is still down.")
        assert (health.last_ok_at, health.next_poll_at) == (NOW, NOW + MINUTE)
        assert health.validators.etag == '"v1"'
        feeds.heard("met", Validators(), NOW, NOW)
        (health,) = feeds.all()
        assert (health.failures, health.last_error, health.validators) == (0, None, Validators())


def test_a_feed_at_a_new_address_starts_without_the_old_validators(engine: Engine) -> None:
    with engine.begin() as connection:
        feeds = SqlFeeds(connection)
        feeds.add(FEED)
        feeds.heard("met", Validators('"v1"'), NOW, NOW + MINUTE)
        feeds.add(Feed("met", "https://met.example/new", "rss", MINUTE))
        (health,) = feeds.due(NOW)
        assert health.feed.url == "https://met.example/new"
        assert health.validators == Validators()
        assert feeds.remove("met")
        assert not feeds.remove("met")


def test_the_same_bytes_are_kept_once_and_other_bytes_beside_them(engine: Engine) -> None:
    url = "https://met.example/1.xml"
    with engine.begin() as connection:
        feeds = SqlFeeds(connection)
        first = feeds.keep_document("met", url, "1", b"<a/>", NOW, None)
        assert feeds.keep_document("met", url, "2", b"<a/>", NOW + MINUTE, None) == first
        assert updated(feeds, url, "https://met.example/2.xml") == {url: ("2", None)}
        other = feeds.keep_document("met", url, "3", b"<b/>", NOW + MINUTE * 2, None)
        assert other != first
        assert updated(feeds, url) == {url: ("3", None)}
        feeds.keep_document("met", url, "4", b"<a/>", NOW + MINUTE * 3, None)
        assert updated(feeds, url) == {url: ("4", None)}  # what it says now, not what came last
        rows = connection.execute(select(document.c.body).order_by(document.c.id)).scalars()
        assert [bytes(body) for body in rows] == [b"<a/>", b"<b/>"]


def test_a_document_that_could_not_be_read_is_kept_and_known_as_such(engine: Engine) -> None:
    url = "https://met.example/1.xml"
    with engine.begin() as connection:
        feeds = SqlFeeds(connection)
        bad = feeds.keep_document("met", url, "1", b"\xff\x00", NOW, "is no XML")
        assert updated(feeds, url) == {url: ("1", "is no XML")}
        assert feeds.body(bad) == b"\xff\x00"
        assert feeds.keep_document("met", url, "1", b"\xff\x00", NOW, None) == bad
        assert updated(feeds, url) == {url: ("1", None)}
        assert connection.scalar(select(func.count()).select_from(document)) == 1


def test_many_documents_are_kept_at_once_and_their_ids_are_in_order(engine: Engine) -> None:
    documents = [
        NewDocument(
            f"https://met.example/{n}.xml", str(n), b"<a/>" * (n % 3), None, Validators("t")
        )
        for n in range(130)
    ]
    documents.append(documents[7])
    with engine.begin() as connection:
        feeds = SqlFeeds(connection)
        ids = feeds.keep_documents("met", documents, NOW)
        assert len(set(ids)) == 130
        assert ids[-1] == ids[7]
        assert [feeds.body(one) for one in ids] == [one.body for one in documents]
        known = feeds.known_documents([one.url for one in documents])
        assert [known[one.url].id for one in documents] == list(ids)
        assert {one.validators for one in known.values()} == {Validators("t")}
        feeds.unchanged(ids[:3], NOW + MINUTE)
        again = feeds.known_documents([one.url for one in documents])
        assert sum(one.fetched_at == NOW + MINUTE for one in again.values()) == 3
        assert feeds.keep_documents("met", documents, NOW + MINUTE) == ids


def test_a_feed_keeps_what_it_was_given_and_starts_anew_when_it_is_changed(engine: Engine) -> None:
    signed = replace(
        FEED, allow_private=True, signatures=Signatures.CHECKED, certificates="-----BEGIN"
    )
    with engine.begin() as connection:
        feeds = SqlFeeds(connection)
        feeds.add(signed)
        feeds.alarm("met", NOW)
        health = feeds.get("met")
        assert health is not None
        assert (health.feed, health.alarmed_at) == (signed, NOW)
        assert feeds.get("other") is None
        feeds.add(FEED)
        health = feeds.get("met")
        assert health is not None
        assert (health.feed, health.alarmed_at) == (FEED, None)


def test_a_broker_is_never_due(engine: Engine) -> None:
    with engine.begin() as connection:
        feeds = SqlFeeds(connection)
        feeds.add(Feed("wis2", "mqtts://broker.example", "auto", MINUTE))
        feeds.add(FEED)
        assert [one.feed.name for one in feeds.due(NOW)] == ["met"]


def test_records_of_polls_are_newest_first_and_tell_when_the_feed_was_first_tried(
    engine: Engine,
) -> None:
    records = [FetchRecord(NOW + MINUTE * n, 200, 10, n, 0, 0, 5, None) for n in range(4)]
    with engine.begin() as connection:
        feeds = SqlFeeds(connection)
        feeds.add(FEED)
        for one in records:
            feeds.record("met", one, NOW - MINUTE)
        assert list(feeds.records("met", 3)) == records[:0:-1]
        assert feeds.all()[0].tried_at == NOW
        feeds.record("met", replace(records[3], at=NOW + MINUTE * 9, status=None), NOW + MINUTE * 3)
        assert [one.at for one in feeds.records("met")] == [NOW + MINUTE * 9, NOW + MINUTE * 3]
        feeds.remove("met")
        assert feeds.records("met") == []


def test_only_the_keys_that_are_stored_are_found(engine: Engine) -> None:
    one, other = message("a-1", 9), message("a-1", 10)
    with engine.begin() as connection:
        feeds = SqlFeeds(connection)
        kept = feeds.keep_document("met", "x", None, b"x", NOW, None)
        SqlWarnings(connection).save(one, kept, NOW)
        assert feeds.stored([one, other]) == {one.key: "x"}
        assert feeds.stored([]) == {}
