"""One message of a broker is stored as a poll would do it, and only what it announced."""

import hashlib
import json
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine

from carealert.adapters.db.stores import SqlDatabase
from carealert.adapters.feeds.http import HttpFetcher
from carealert.adapters.sealing import Sealer
from carealert.services import pushing
from carealert.services.harvesting import Tools
from carealert.services.integrity import Stated
from carealert.services.ports.feeds import Feed, FeedHealth
from carealert.services.ports.records import JournalLine
from carealert.services.pushing import Outcome
from tests.support.cap import NOW, cap_xml, reader
from tests.support.http import Answer, Server, serving

READER = reader()
URL = "mqtts://everyone:secret@broker.example:8883/?topic=a/%23"


@dataclass
class Office:
    """A database with one push feed, and a server for the documents."""

    tools: Tools
    server: Server

    def add(self, *, allow_private: bool = True) -> None:
        feed = Feed("wis2", URL, "wis2", timedelta(minutes=1), allow_private=allow_private)
        with self.tools.db.transaction() as stores:
            stores.feeds.add(feed)

    def receive(self, message: Any) -> Outcome:
        body = message if isinstance(message, bytes) else json.dumps(message).encode()
        return pushing.receive(self.tools, "wis2", body, NOW)

    def identifiers(self) -> list[str]:
        with self.tools.db.reading() as stores:
            return sorted(one.warning.identifier for one in stores.warnings.recent())

    def health(self) -> FeedHealth:
        with self.tools.db.reading() as stores:
            health = stores.feeds.get("wis2")
        assert health is not None
        return health

    def journal(self, event: str) -> list[JournalLine]:
        with self.tools.db.reading() as stores:
            return [line for line in stores.journal.recent() if line.event == event]


@pytest.fixture
def office(sqlite_engine: Engine, sealer: Sealer) -> Iterator[Office]:
    with serving() as server:
        db = SqlDatabase(sqlite_engine, sealer)
        office = Office(Tools(db, HttpFetcher(deadline=timedelta(seconds=2)), READER), server)
        office.add()
        yield office


def notification(href: str, body: bytes | None = None, **link: Any) -> dict[str, Any]:
    """A notification of the document at `href`; with its digest if `body` is given."""
    properties: dict[str, Any] = {"data_id": f"x/{href}", "pubtime": "2026-05-26T03:00:05Z"}
    if body is not None:
        digest = b64encode(hashlib.sha512(body).digest()).decode()
        properties["integrity"] = {"method": "sha512", "value": digest}
    links = [{"href": href, "rel": "canonical", **link}]
    return {"id": "1", "type": "Feature", "properties": properties, "links": links}


def test_a_document_that_is_announced_is_fetched_and_stored(office: Office) -> None:
    body = cap_xml("p-1")
    office.server.answers["/1.xml"] = Answer(body)
    message = notification(f"{office.server.url}/1.xml", body)
    assert office.receive(message) is Outcome.STORED
    assert office.identifiers() == ["p-1"]
    assert office.health().last_ok_at == NOW


def test_the_same_message_twice_is_fetched_once_and_stored_once(office: Office) -> None:
    office.server.answers["/1.xml"] = Answer(cap_xml("p-1"))
    message = notification(f"{office.server.url}/1.xml")
    assert [office.receive(message), office.receive(message)] == [Outcome.STORED] * 2
    assert office.server.paths() == ["/1.xml"]
    assert office.identifiers() == ["p-1"]


def test_the_same_warning_from_origin_and_cache_is_one(office: Office) -> None:
    for path in ("/origin.xml", "/cache.xml"):
        office.server.answers[path] = Answer(cap_xml("p-1"))
        office.receive(notification(office.server.url + path))
    assert office.identifiers() == ["p-1"]


def test_a_new_publication_of_a_document_is_fetched_again(office: Office) -> None:
    office.server.answers["/1.xml"] = Answer(cap_xml("p-1"))
    message = notification(f"{office.server.url}/1.xml")
    office.receive(message)
    office.server.answers["/1.xml"] = Answer(cap_xml("p-2"))
    message["properties"]["pubtime"] = "2026-05-26T04:00:00Z"
    office.receive(message)
    assert office.identifiers() == ["p-1", "p-2"]


def test_other_bytes_than_were_announced_are_not_stored(office: Office) -> None:
    office.server.answers["/1.xml"] = Answer(cap_xml("forged"))
    message = notification(f"{office.server.url}/1.xml", cap_xml("p-1"))
    assert office.receive(message) is Outcome.RETRY
    assert office.identifiers() == []
    assert "is not what was announced" in (office.health().last_error or "")
    office.server.answers["/1.xml"] = Answer(cap_xml("p-1"))
    assert office.receive(message) is Outcome.STORED
    assert office.identifiers() == ["p-1"]


def test_a_length_that_differs_is_found_where_there_is_no_digest(office: Office) -> None:
    office.server.answers["/1.xml"] = Answer(cap_xml("p-1"))
    message = notification(f"{office.server.url}/1.xml", length=7)
    assert office.receive(message) is Outcome.RETRY
    assert office.identifiers() == []


def test_a_document_that_cannot_be_had_is_worth_another_try(office: Office) -> None:
    message = notification(f"{office.server.url}/1.xml")
    assert office.receive(message) is Outcome.RETRY
    office.server.answers["/1.xml"] = Answer(cap_xml("p-1"))
    assert office.receive(message) is Outcome.STORED
    assert office.identifiers() == ["p-1"]


def test_a_message_leads_to_no_private_address_unless_the_feed_may(office: Office) -> None:
    office.add(allow_private=False)
    office.server.answers["/1.xml"] = Answer(cap_xml("p-1"))
    office.receive(notification(f"{office.server.url}/1.xml"))
    office.receive(notification("http://169.254.169.254/latest/meta-data"))
    assert office.server.paths() == []
    assert office.identifiers() == []


@pytest.mark.parametrize("body", [b"", b"\x00\xff", b"{", b"[]", b"{}", b"<html/>", b"null"])
def test_garbage_is_kept_and_told_and_does_no_harm(office: Office, body: bytes) -> None:
    assert office.receive(body) is Outcome.STORED
    assert office.identifiers() == []
    said = office.health().last_error or ""
    assert "broker.example" in said
    assert "secret" not in said
    assert "topic" not in said, "queries may hold keys"
    assert not any("secret" in str(line.details) for line in office.journal("feed_failed"))
    office.server.answers["/1.xml"] = Answer(cap_xml("p-1"))
    office.receive(notification(f"{office.server.url}/1.xml"))
    assert office.identifiers() == ["p-1"]


def test_a_message_may_be_a_warning_itself(office: Office) -> None:
    with office.tools.db.transaction() as stores:
        stores.feeds.add(Feed("wis2", URL, "auto", timedelta(minutes=1), allow_private=True))
    office.receive(cap_xml("direct"))
    assert office.identifiers() == ["direct"]


def test_a_feed_that_is_gone_is_said(office: Office) -> None:
    with pytest.raises(LookupError, match="no feed 'other'"):
        pushing.receive(office.tools, "other", b"{}", NOW)


def test_a_broker_that_is_there_is_heard_and_one_that_is_not_is_told_once(office: Office) -> None:
    for _ in range(3):
        pushing.unreachable(office.tools, "wis2", "it cannot be reached.", NOW)
    health = office.health()
    assert (health.last_error, health.failures) == ("it cannot be reached.", 3)
    assert len(office.journal("feed_failed")) == 1
    pushing.heard(office.tools, "wis2", NOW)
    health = office.health()
    assert (health.last_ok_at, health.last_error, health.failures) == (NOW, None, 0)
    pushing.given_up(office.tools, "wis2", timedelta(minutes=21), NOW)
    (line,) = office.journal("document_failed")
    assert "for 21 minutes" in str(line.details["problem"])


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b'{"links": 3}', b'{"links": [{"href": 1}], "properties": null}']
)
def test_what_announces_nothing_announces_nothing(body: bytes) -> None:
    assert pushing.announced(body, "https://x.example/1") == Stated()


def test_only_enabled_push_feeds_are_listened_to(office: Office) -> None:
    with office.tools.db.transaction() as stores:
        stores.feeds.add(Feed("met", "https://met.example", "auto", timedelta(minutes=1)))
        stores.feeds.add(Feed("off", URL, "auto", timedelta(minutes=1), enabled=False))
    assert [feed.name for feed in pushing.push_feeds(office.tools)] == ["wis2"]
