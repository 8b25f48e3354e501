"""Feeds keep their health and every document its bytes, on both databases."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine, func, select

from carealert.adapters.db.feeds import SqlFeeds
from carealert.adapters.db.tables import document
from carealert.services.ports.feeds import Feed, Validators

NOW = datetime(2026, 5, 26, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
FEED = Feed("met", "https://met.example/feed", "auto", MINUTE)


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
        assert feeds.known_documents([url, "https://met.example/2.xml"]) == {url: "2"}
        other = feeds.keep_document("met", url, "3", b"<b/>", NOW + MINUTE * 2, None)
        assert other != first
        assert feeds.known_documents([url]) == {url: "3"}
        rows = connection.execute(select(document.c.body).order_by(document.c.id)).scalars()
        assert [bytes(body) for body in rows] == [b"<a/>", b"<b/>"]


def test_a_document_that_could_not_be_read_is_kept_and_not_known(engine: Engine) -> None:
    url = "https://met.example/1.xml"
    with engine.begin() as connection:
        feeds = SqlFeeds(connection)
        bad = feeds.keep_document("met", url, "1", b"\xff\x00", NOW, "is no XML")
        assert feeds.known_documents([url]) == {}
        assert feeds.keep_document("met", url, "1", b"\xff\x00", NOW, None) == bad
        assert feeds.known_documents([url]) == {url: "1"}
        assert connection.scalar(select(func.count()).select_from(document)) == 1
