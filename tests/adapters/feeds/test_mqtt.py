"""Push feeds against a real broker: nothing that it sent is lost, nothing piles up."""

import json
import logging
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from sqlalchemy import Engine

from carealert import clock
from carealert.adapters.db.stores import SqlDatabase
from carealert.adapters.feeds.brokers import TOPICS, Broker, broker_of, takes_connections
from carealert.adapters.feeds.http import HttpFetcher
from carealert.adapters.feeds.mqtt import IN_FLIGHT, Subscriber
from carealert.adapters.feeds.push import PushFeeds
from carealert.adapters.sealing import Sealer
from carealert.services.harvesting import Tools
from carealert.services.ports.feeds import Feed, FeedHealth
from carealert.services.pushing import Outcome
from tests.support.broker import Mosquitto, mosquitto, until
from tests.support.cap import SAMPLES, cap_xml, reader
from tests.support.fake_broker import fake_broker
from tests.support.http import Answer, serving

READER = reader()
Handle = Callable[[bytes], Outcome]


class Inbox:
    """Takes messages down; `outcome` says what becomes of each."""

    def __init__(self, outcome: Handle = lambda _: Outcome.STORED) -> None:
        self.got: list[bytes] = []
        self.outcome = outcome

    def __call__(self, body: bytes) -> Outcome:
        self.got.append(body)
        return self.outcome(body)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    with mosquitto(tmp_path) as running:
        yield running


@pytest.fixture
def listen() -> Iterator[Callable[..., Subscriber]]:
    """Starts subscribers and closes them at the end."""
    started: list[Subscriber] = []

    def begin(url: str, handle: Handle, name: str = "office", **options: object) -> Subscriber:
        given: dict[str, object] = {
            "allow_private": True,
            "pauses": (0.05, 0.05),
            "first_pause": 0.0005,
            **options,
        }
        subscriber = Subscriber(broker_of(url), name, handle, **given)  # type: ignore[arg-type]
        started.append(subscriber)
        subscriber.start()
        return subscriber

    yield begin
    for subscriber in started:
        subscriber.close()


def connected(subscriber: Subscriber) -> Subscriber:
    assert until(lambda: subscriber.is_connected), subscriber.problem
    return subscriber


@pytest.mark.broker
def test_what_is_published_arrives(broker: Mosquitto, listen: Callable[..., Subscriber]) -> None:
    inbox = Inbox()
    connected(listen(broker.url, inbox))
    broker.publish(b"one", b"two", b"\x00\xff")
    broker.publish(b"not ours", topic="weather/a")
    assert until(lambda: len(inbox.got) == 3)
    assert inbox.got == [b"one", b"two", b"\x00\xff"]


@pytest.mark.broker
def test_what_is_published_while_we_are_away_waits(
    broker: Mosquitto, listen: Callable[..., Subscriber]
) -> None:
    connected(listen(broker.url, Inbox())).close()
    broker.publish(b"while away")
    inbox = Inbox()
    connected(listen(broker.url, inbox))
    assert until(lambda: inbox.got == [b"while away"])


@pytest.mark.broker
def test_a_broker_that_restarts_is_found_again(
    broker: Mosquitto, listen: Callable[..., Subscriber]
) -> None:
    inbox = Inbox()
    subscriber = connected(listen(broker.url, inbox))
    broker.stop()
    assert until(lambda: not subscriber.is_connected)
    assert subscriber.problem is not None
    broker.start()
    broker.publish(b"before we are back")  # its session was written down
    connected(subscriber)
    broker.publish(b"after")
    assert until(lambda: set(inbox.got) == {b"before we are back", b"after"}), inbox.got


@pytest.mark.broker
def test_a_broker_that_forgot_us_is_subscribed_anew(
    broker: Mosquitto, listen: Callable[..., Subscriber]
) -> None:
    inbox = Inbox()
    subscriber = connected(listen(broker.url, inbox))
    broker.stop()
    (broker.folder / "mosquitto.db").unlink()
    broker.start()
    connected(subscriber)
    broker.publish(b"new session")
    assert until(lambda: inbox.got == [b"new session"])


@pytest.mark.broker
def test_a_message_is_acknowledged_only_after_it_was_stored(
    broker: Mosquitto, listen: Callable[..., Subscriber], caplog: pytest.LogCaptureFixture
) -> None:
    def down(_: bytes) -> Outcome:
        raise OSError("the database is away")

    failing = Inbox(down)
    subscriber = connected(listen(broker.url, failing))
    with caplog.at_level(logging.ERROR):
        broker.publish(b"precious")
        assert until(lambda: len(failing.got) >= 1)
        subscriber.close()  # as if the process died before it could store anything
    assert "a message was not stored: OSError" in caplog.text
    inbox = Inbox()
    connected(listen(broker.url, inbox))
    assert until(lambda: inbox.got == [b"precious"])


@pytest.mark.broker
def test_a_stored_message_does_not_come_again(
    broker: Mosquitto, listen: Callable[..., Subscriber]
) -> None:
    inbox = Inbox()
    subscriber = connected(listen(broker.url, inbox))
    broker.publish(b"one")
    assert until(lambda: inbox.got == [b"one"])
    subscriber.close()
    again = Inbox()
    connected(listen(broker.url, again))
    broker.publish(b"two")
    assert until(lambda: again.got == [b"two"])


@pytest.mark.broker
def test_a_message_that_failed_is_stored_when_the_database_is_back(
    broker: Mosquitto, listen: Callable[..., Subscriber], caplog: pytest.LogCaptureFixture
) -> None:
    def once_down(_: bytes) -> Outcome:
        if len(inbox.got) == 1:
            raise OSError("the database is away")
        return Outcome.STORED

    inbox = Inbox(once_down)
    with caplog.at_level(logging.CRITICAL):
        connected(listen(broker.url, inbox))
        broker.publish(b"one")
        assert until(lambda: inbox.got == [b"one", b"one"])


@pytest.mark.broker
def test_what_cannot_be_had_is_tried_again_and_given_up_and_nothing_waits_for_it(
    broker: Mosquitto, listen: Callable[..., Subscriber]
) -> None:
    given_up: list[timedelta] = []
    inbox = Inbox(lambda body: Outcome.RETRY if body == b"gone" else Outcome.STORED)
    subscriber = connected(listen(broker.url, inbox, give_up=given_up.append))
    broker.publish(b"gone", b"good")
    assert until(lambda: len(given_up) == 1)
    assert inbox.got.index(b"good") == 1, "the second message waits for no second try of the first"
    assert inbox.got.count(b"gone") == 3
    assert given_up == [timedelta(seconds=0.1)]
    subscriber.close()
    again = Inbox()
    connected(listen(broker.url, again))
    broker.publish(b"last")
    assert until(lambda: again.got == [b"last"]), "given up means acknowledged"


@pytest.mark.broker
def test_many_that_cannot_be_had_do_not_keep_the_rest_from_coming(
    broker: Mosquitto, listen: Callable[..., Subscriber]
) -> None:
    """A broker sends so many without an acknowledgement, and then waits."""
    inbox = Inbox(lambda body: Outcome.RETRY if body.startswith(b"gone") else Outcome.STORED)
    connected(listen(broker.url, inbox, pauses=(60.0, 60.0)))
    broker.publish(*(b"gone %d" % n for n in range(2 * IN_FLIGHT)), b"good")
    assert until(lambda: b"good" in inbox.got)


@pytest.mark.broker
def test_the_broker_does_not_outrun_us(
    broker: Mosquitto, listen: Callable[..., Subscriber]
) -> None:
    gate, held = threading.Event(), threading.Event()

    def slow(_: bytes) -> Outcome:
        held.set()
        gate.wait(20)
        return Outcome.STORED

    inbox = Inbox(slow)
    subscriber = connected(listen(broker.url, inbox))
    sent = [b"%d" % n for n in range(4 * IN_FLIGHT)]
    broker.publish(*sent)
    assert held.wait(10)
    time.sleep(0.3)
    assert len(inbox.got) == 1
    assert subscriber.waiting <= IN_FLIGHT
    gate.set()
    assert until(lambda: len(inbox.got) >= len(sent))
    assert inbox.got == sent


@pytest.mark.broker
def test_a_message_that_alone_is_never_stored_is_given_up_in_the_end(
    broker: Mosquitto, listen: Callable[..., Subscriber], caplog: pytest.LogCaptureFixture
) -> None:
    def poisoned(body: bytes) -> Outcome:
        if body == b"poison":
            raise KeyError(body)
        return Outcome.STORED

    given_up: list[timedelta] = []
    inbox = Inbox(poisoned)
    with caplog.at_level(logging.CRITICAL):
        connected(listen(broker.url, inbox, give_up=given_up.append))
        broker.publish(b"poison")
        assert until(lambda: len(inbox.got) >= 14), "nothing else came: the database may be away"
        assert given_up == []
        broker.publish(b"good")
        assert until(lambda: len(given_up) == 1)
    assert inbox.got.count(b"good") == 1


class Gate:
    """Holds up the first message; `fault` is raised once it is let through."""

    def __init__(self, fault: type[Exception] | None = None) -> None:
        self.held, self.open, self.fault = threading.Event(), threading.Event(), fault

    def __call__(self, _: bytes) -> Outcome:
        if not self.held.is_set():
            self.held.set()
            self.open.wait(20)
            if self.fault is not None:
                raise self.fault
        return Outcome.STORED


@pytest.mark.broker
def test_what_comes_again_after_a_broken_connection_is_handled_once(
    broker: Mosquitto, listen: Callable[..., Subscriber]
) -> None:
    """What was not acknowledged comes again with its session; only what is in hand is doubled."""
    gate = Gate()
    inbox = Inbox(gate)
    subscriber = connected(listen(broker.url, inbox))
    sent = [b"%d" % n for n in range(5)]
    broker.publish(*sent)
    assert gate.held.wait(10)
    assert until(lambda: subscriber.waiting == 4)
    broker.stop()
    assert until(lambda: not subscriber.is_connected)
    broker.start()
    connected(subscriber)
    assert until(lambda: subscriber.waiting == 5)
    gate.open.set()
    broker.publish(b"last")
    assert until(lambda: b"last" in inbox.got)
    assert [inbox.got.count(one) for one in sent] == [2, 1, 1, 1, 1]


@pytest.mark.broker
def test_what_we_have_of_a_session_that_the_broker_lost_is_not_dropped(
    broker: Mosquitto, listen: Callable[..., Subscriber], caplog: pytest.LogCaptureFixture
) -> None:
    gate = Gate(OSError)
    inbox = Inbox(gate)
    with caplog.at_level(logging.CRITICAL):
        subscriber = connected(listen(broker.url, inbox))
        broker.publish(b"in hand", b"waiting")
        assert gate.held.wait(10)
        assert until(lambda: subscriber.waiting == 1)
        broker.stop()
        (broker.folder / "mosquitto.db").unlink()
        assert until(lambda: not subscriber.is_connected)
        broker.start()
        connected(subscriber)
        gate.open.set()
        assert until(lambda: inbox.got == [b"in hand", b"waiting", b"in hand"]), inbox.got


def test_a_broker_that_ignores_what_it_was_asked_is_held_up(
    listen: Callable[..., Subscriber],
) -> None:
    gate = Gate()
    with fake_broker(flood=5 * IN_FLIGHT) as broker:
        inbox = Inbox(gate)
        subscriber = connected(listen(f"mqtt://127.0.0.1:{broker.port}/?topic=a", inbox))
        assert gate.held.wait(10)
        assert until(lambda: subscriber.waiting >= IN_FLIGHT)
        time.sleep(0.2)
        assert subscriber.waiting == IN_FLIGHT
        gate.open.set()
        assert until(lambda: len(inbox.got) == 5 * IN_FLIGHT)
        subscriber.close()


@pytest.mark.broker
def test_what_runs_after_a_message_cannot_undo_it(
    broker: Mosquitto, listen: Callable[..., Subscriber], caplog: pytest.LogCaptureFixture
) -> None:
    def after() -> None:
        raise OSError("planning failed")

    inbox = Inbox()
    with caplog.at_level(logging.ERROR):
        connected(listen(broker.url, inbox, after=after))
        broker.publish(b"one", b"two")
        assert until(lambda: inbox.got == [b"one", b"two"])
        assert until(lambda: "after a message: OSError" in caplog.text)


@pytest.mark.broker
def test_a_broker_that_wants_a_password_says_so(
    tmp_path: Path, listen: Callable[..., Subscriber]
) -> None:
    with mosquitto(tmp_path, "listener {port} 127.0.0.1", "allow_anonymous false") as broker:
        url = broker.url.replace("127.0.0.1", "somebody:secret@127.0.0.1")
        subscriber = listen(url, Inbox())
        assert until(lambda: "refuses" in (subscriber.problem or "")), subscriber.problem
        assert "secret" not in (subscriber.problem or "")
        subscriber.close()


def test_a_topic_that_is_refused_is_told(listen: Callable[..., Subscriber]) -> None:
    with fake_broker(reason=0x87) as broker:
        subscriber = listen(f"mqtt://127.0.0.1:{broker.port}/?topic=a", Inbox())
        assert until(lambda: "refuses the topic" in (subscriber.problem or "")), subscriber.problem
        assert "Not authorized" in (subscriber.problem or "")
        subscriber.close()


def test_websockets_are_listened_to_at_their_path(listen: Callable[..., Subscriber]) -> None:
    with fake_broker(websocket=True) as broker:
        subscriber = listen(f"ws://127.0.0.1:{broker.port}/mqtt?topic=a", Inbox())
        connected(subscriber).close()
        assert broker.paths == ["/mqtt"]


def certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 of our own making, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = clock.now()
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    paths = (folder / "cert.pem", folder / "key.pem")
    paths[0].write_bytes(made.public_bytes(Encoding.PEM))
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    paths[1].write_bytes(secret)
    return paths


@pytest.mark.broker
# Paho leaves a socket open, until it is collected, whose certificate it refused.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_only_a_broker_with_a_trusted_certificate_is_listened_to(
    tmp_path: Path, listen: Callable[..., Subscriber], monkeypatch: pytest.MonkeyPatch
) -> None:
    public, secret = certificate(tmp_path)
    lines = (
        "listener {port} 127.0.0.1",
        "allow_anonymous true",
        f"certfile {public}",
        f"keyfile {secret}",
    )
    with mosquitto(tmp_path, *lines) as broker:
        url = f"mqtts://localhost:{broker.port}/?topic=warnings/%23"
        stranger = listen(url, Inbox())
        assert until(lambda: "cannot be reached" in (stranger.problem or "")), stranger.problem
        stranger.close()
        monkeypatch.setenv("SSL_CERT_FILE", str(public))
        trusted = connected(listen(url, Inbox()))
        trusted.close()
        elsewhere = listen(url.replace("localhost", "127.0.0.1"), Inbox())
        assert until(lambda: "cannot be reached" in (elsewhere.problem or "")), "another name"
        elsewhere.close()


@pytest.mark.broker
def test_a_broker_at_a_private_address_is_refused_unless_allowed(
    broker: Mosquitto, listen: Callable[..., Subscriber]
) -> None:
    subscriber = listen(broker.url, Inbox(), allow_private=False)
    assert until(lambda: "not public" in (subscriber.problem or "")), subscriber.problem


def test_a_host_without_an_address_is_told_and_looked_up_again(
    listen: Callable[..., Subscriber],
) -> None:
    asked: list[str] = []

    def resolve(host: str, _: int) -> tuple[str, ...]:
        asked.append(host)
        raise OSError("no such host")

    subscriber = listen("mqtts://nowhere.example", Inbox(), resolve=resolve)
    assert until(lambda: len(asked) >= 2)
    assert subscriber.problem == "cannot be found: check the host's name and the network"


def test_a_broker_that_is_not_there_is_told(listen: Callable[..., Subscriber]) -> None:
    subscriber = listen("mqtt://127.0.0.1:1/", Inbox())
    assert until(lambda: "cannot be reached" in (subscriber.problem or ""))
    started = time.monotonic()
    subscriber.close()
    assert time.monotonic() - started < 5


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("mqtts://broker.example", Broker("mqtts", "broker.example", 8883, "/", TOPICS)),
        (
            "mqtt://me:p%40ss@broker.example:1884/?topic=a/+/b/%23&topic=c/#",
            Broker("mqtt", "broker.example", 1884, "/", ("a/+/b/#", "c/#"), "me", "p@ss"),
        ),
        ("wss://broker.example/mqtt", Broker("wss", "broker.example", 443, "/mqtt", TOPICS)),
        ("WS://broker.example", Broker("ws", "broker.example", 80, "/", TOPICS)),
    ],
)
def test_an_address_says_where_to_listen_and_to_what(url: str, expected: Broker) -> None:
    broker = broker_of(url)
    assert broker == expected
    assert "p@ss" not in repr(broker)


@pytest.mark.parametrize(
    "url",
    [
        "https://broker.example",
        "mqtt://",
        "mqtt://b.example:port",
        "mqtt://me:pw@[x/",
        "mqtt://me:pw@b.example/?topic=a/#/b",
        "mqtt://me:pw@b.example/?topic=a%2Bb/c",
    ],
)
def test_what_is_no_address_of_a_broker_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(ValueError, match="usable address of a broker") as refused:
        broker_of(url)
    assert "pw" not in str(refused.value)


def test_whether_a_broker_answers_can_be_asked() -> None:
    with fake_broker() as broker:
        assert takes_connections(f"mqtt://127.0.0.1:{broker.port}/")
    assert not takes_connections("mqtt://127.0.0.1:1/")
    assert not takes_connections("https://127.0.0.1/")


class Office:
    """An installation with push feeds."""

    def __init__(self, db: SqlDatabase, secret: bytes = b"a secret of this office") -> None:
        self.now = datetime(2026, 5, 26, 12, tzinfo=UTC)
        self.planned = 0
        self.tools = Tools(db, HttpFetcher(deadline=timedelta(seconds=2)), READER)
        self.push = PushFeeds(self.tools, secret, lambda: self.now, self.plan, (0.05,))

    def plan(self) -> None:
        self.planned += 1

    def add(self, url: str, name: str = "wis2", **changes: object) -> None:
        given: dict[str, object] = {"allow_private": True, **changes}
        feed = Feed(name, url, "auto", timedelta(minutes=1), **given)  # type: ignore[arg-type]
        with self.tools.db.transaction() as stores:
            stores.feeds.add(feed)

    def identifiers(self) -> list[str]:
        with self.tools.db.reading() as stores:
            return sorted(one.warning.identifier for one in stores.warnings.recent())

    def health(self) -> FeedHealth:
        with self.tools.db.reading() as stores:
            health = stores.feeds.get("wis2")
        assert health is not None
        return health

    def heard(self) -> bool:
        self.push.start()
        return self.health().last_ok_at is not None


@pytest.fixture
def office(sqlite_engine: Engine, sealer: Sealer) -> Iterator[Office]:
    office = Office(SqlDatabase(sqlite_engine, sealer))
    yield office
    office.push.close()


def notification(href: str) -> bytes:
    message = json.loads((SAMPLES / "wis2_link.json").read_bytes())
    del message["properties"]["integrity"]
    message["links"] = [{"href": href, "rel": "canonical"}]
    return json.dumps(message).encode()


@pytest.mark.broker
def test_a_warning_that_is_pushed_is_stored_with_what_it_points_to(
    broker: Mosquitto, office: Office
) -> None:
    office.add(broker.url)
    assert until(office.heard)
    with serving() as server:
        server.answers["/1.xml"] = Answer(cap_xml("linked"))
        broker.publish(
            b"garbage \xff",
            b"{" * 5000,
            (SAMPLES / "wis2_inline.json").read_bytes(),
            notification(f"{server.url}/1.xml"),
        )
        assert until(lambda: office.identifiers() == ["linked", "wis2-1"]), office.identifiers()
    assert until(lambda: office.planned >= 2)


@pytest.mark.broker
def test_feeds_are_followed_as_they_are_added_changed_and_removed(
    broker: Mosquitto, office: Office
) -> None:
    office.push.start()
    office.add(broker.url)
    assert until(office.heard)
    office.add(broker.url.replace("warnings", "others"))
    office.push.start()
    broker.publish(cap_xml("old topic"))

    def arrived() -> bool:
        office.push.start()
        broker.publish(cap_xml("new topic"), topic="others/a")
        return "new topic" in office.identifiers()

    assert until(arrived)
    with office.tools.db.transaction() as stores:
        stores.feeds.remove("wis2")
    office.push.start()
    broker.publish(cap_xml("gone"), topic="others/a")
    time.sleep(0.2)
    assert "gone" not in office.identifiers()


@pytest.mark.broker
def test_a_process_that_takes_over_gets_what_came_in_between(
    broker: Mosquitto, office: Office
) -> None:
    office.add(broker.url)
    assert until(office.heard)
    office.push.close()
    broker.publish(cap_xml("between"))
    other = Office(office.tools.db)  # type: ignore[arg-type]
    try:
        other.push.start()
        assert until(lambda: other.identifiers() == ["between"])
    finally:
        other.push.close()


@pytest.mark.broker
def test_two_offices_at_one_broker_do_not_cut_each_other_off(
    broker: Mosquitto, office: Office
) -> None:
    office.add(broker.url)
    other = Office(office.tools.db, b"another secret")  # type: ignore[arg-type]
    try:
        office.push.start()
        other.push.start()
        assert until(lambda: bool(office.push.connected and other.push.connected))
        time.sleep(0.3)  # long enough for the one to be cut off by the other
        assert office.push.connected == other.push.connected == {"wis2"}
        broker.publish(cap_xml("both"))
        assert until(lambda: office.planned == 1 and other.planned == 1)
    finally:
        other.push.close()


def test_a_broker_out_of_reach_is_in_the_feeds_health(office: Office) -> None:
    office.add("mqtt://me:secret@127.0.0.1:1/?topic=a")

    def told() -> bool:
        office.push.start()
        return office.health().last_error is not None

    assert until(told)
    said = office.health().last_error or ""
    assert said.startswith("mqtt://127.0.0.1:1/ cannot be reached")
    assert "secret" not in said


def test_health_is_written_now_and_then_while_nothing_changes(office: Office) -> None:
    office.add("mqtt://127.0.0.1:1/")

    def failures() -> int:
        office.push.start()
        return office.health().failures

    assert until(lambda: failures() == 1)
    assert failures() == 1
    office.now += timedelta(seconds=31)
    assert failures() == 2


def test_an_address_that_is_none_is_told(office: Office) -> None:
    office.add("mqtt://me:pw@host:port/")
    office.push.start()
    said = office.health().last_error or ""
    assert "usable address" in said
    assert "pw" not in said


def test_a_feed_that_is_disabled_is_not_listened_to(office: Office) -> None:
    office.add("mqtt://127.0.0.1:1/", enabled=False)
    office.push.start()
    time.sleep(0.1)
    office.push.start()
    assert office.health().last_error is None
