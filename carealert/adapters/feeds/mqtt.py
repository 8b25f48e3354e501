"""Listening to an MQTT broker (OASIS MQTT 5.0): nothing that it sent is lost, nothing piles up.

The session outlives the connection, so that the broker keeps what comes while we are away. A
message is acknowledged only after it was stored, and `Receive Maximum` (section 3.1.2.11.3) tells
the broker how many it may send before that: the rest waits with the broker.
"""

import logging
import queue
import ssl
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from time import monotonic
from typing import Any

from paho.mqtt.client import Client, ConnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from carealert.adapters.feeds import guard
from carealert.adapters.feeds.brokers import Broker
from carealert.services.pushing import Outcome

log = logging.getLogger(__name__)

#: Messages that the broker may send before we acknowledge one, and the largest it may send.
IN_FLIGHT = 100
LARGEST = 1024 * 1024
#: Messages that wait for another try. Brokers send no more than 20 without an acknowledgement
#: unless they are set otherwise: what cannot be had must not keep the rest from coming.
MOST_LATER = 10
#: How long the broker is asked to keep what comes while we are away.
SESSION_KEPT = timedelta(days=2)
#: Seconds before a message is tried again whose document could not be had; then it is given up.
PAUSES = (2.0, 10.0, 60.0, 300.0, 900.0)
#: A message that is never stored while others are is given up after so many tries.
_MOST_TRIES = 12
#: What `Subscriber.problem` says before the first connection succeeded or failed.
CONNECTING = "is not connected yet"
_KEEPALIVE = 30
_LONGEST_PAUSE = 30


@dataclass(slots=True)
class _Item:
    """One message that waits; `session` counts connections, because numbers are used again."""

    payload: bytes
    number: int | None  # None: nothing to acknowledge
    session: int
    tries: int = 0
    due: float = 0.0
    failed_at: float = 0.0


class Subscriber:
    """Listens to one broker in threads of its own.

    `handle` gets each message and says what became of it; it is called again later if it raises,
    and until `pauses` are used up if it asks for that. `give_up` is told when they are. `after`
    runs when a message was stored; what it raises is logged. `first_pause` (seconds) is doubled
    each time that `handle` raises.
    """

    def __init__(
        self,
        broker: Broker,
        client_id: str,
        handle: Callable[[bytes], Outcome],
        give_up: Callable[[timedelta], None] = lambda _: None,
        after: Callable[[], None] = lambda: None,
        *,
        allow_private: bool = False,
        pauses: tuple[float, ...] = PAUSES,
        first_pause: float = 1.0,
        resolve: guard.Resolver = guard.look_up,
    ) -> None:
        self.problem: str | None = CONNECTING
        self._broker = broker
        self._handle = handle
        self._give_up = give_up
        self._after = after
        self._allow_private = allow_private
        self._pauses = pauses
        self._first_pause = first_pause
        self._resolve = resolve
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._session = 0
        self._waiting: queue.Queue[_Item] = queue.Queue(IN_FLIGHT)
        self._later: list[_Item] = []
        self._in_hand: _Item | None = None
        self._stored_at = 0.0
        self._client = self._new_client(client_id)
        self._worker = threading.Thread(target=self._work, name=f"push-{client_id}", daemon=True)

    def start(self) -> None:
        """Connect, and go on connecting; returns at once."""
        self._worker.start()

    def close(self) -> None:
        """Disconnect after the message in hand; what is not stored stays with the broker."""
        self._stop.set()
        if self._worker.is_alive():
            self._worker.join()
        self._client.disconnect()
        self._client.loop_stop()

    @property
    def is_connected(self) -> bool:
        """True while the broker answers and has taken our subscriptions."""
        return self.problem is None

    @property
    def waiting(self) -> int:
        """Messages that have come and are not in hand yet."""
        return self._waiting.qsize() + len(self._later)

    def _new_client(self, client_id: str) -> Client:
        broker = self._broker
        client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=client_id,
            protocol=MQTTProtocolVersion.MQTTv5,
            transport="websockets" if broker.transport == "websockets" else "tcp",
            manual_ack=True,
        )
        if broker.is_secure:
            client.tls_set_context(ssl.create_default_context())
        if broker.user is not None:
            client.username_pw_set(broker.user, broker.password)
        if broker.transport == "websockets":
            client.ws_set_options(path=broker.path)
        client.disable_logger()  # what matters is in `problem`
        client.reconnect_delay_set(1, _LONGEST_PAUSE)
        client.on_connect = self._on_connect
        client.on_connect_fail = self._on_connect_fail
        client.on_disconnect = self._on_disconnect
        client.on_subscribe = self._on_subscribe
        client.on_message = self._on_message
        return client

    # The worker's thread.

    def _work(self) -> None:
        self._connect()
        with ThreadPoolExecutor(1) as hands:  # so that whatever is raised is seen, and not the end
            while not self._stop.is_set():
                self._in_hand = self._next()
                if self._in_hand is not None:
                    self._store(hands, self._in_hand)

    def _store(self, hands: ThreadPoolExecutor, item: _Item) -> None:
        done = hands.submit(self._handle, item.payload)
        error = done.exception()
        if error is not None:
            log.error("a message was not stored: %s", type(error).__name__, exc_info=error)
            self._raised(item)
        elif done.result() is Outcome.RETRY:
            self._unavailable(item)
        else:
            self._stored_at = monotonic()
            self._acknowledge(item)
            if (error := hands.submit(self._after).exception()) is not None:
                log.error("after a message: %s", type(error).__name__, exc_info=error)

    def _raised(self, item: _Item) -> None:
        """The database is away, and the message waits for it; or the message is poison."""
        item.failed_at = item.failed_at or monotonic()
        if item.tries >= _MOST_TRIES and self._stored_at > item.failed_at:
            self._end(item)
        else:
            self._put_back(item, min(self._first_pause * 2**item.tries, _LONGEST_PAUSE))

    def _unavailable(self, item: _Item) -> None:
        """What the message points to could not be had."""
        if item.tries >= len(self._pauses):
            self._end(item)
            return
        self._put_back(item, self._pauses[item.tries])
        with self._lock:
            waiting = [one for one in self._later if not one.failed_at]
        if len(waiting) > MOST_LATER:
            oldest = max(waiting, key=lambda one: one.tries)
            with self._lock:
                self._later.remove(oldest)
            self._end(oldest)

    def _end(self, item: _Item) -> None:
        self._give_up(timedelta(seconds=sum(self._pauses[: item.tries])))
        self._acknowledge(item)

    def _put_back(self, item: _Item, pause: float) -> None:
        item.tries += 1
        item.due = monotonic() + pause
        with self._lock:
            if item.number is None or item.session == self._session:
                self._later.append(item)

    def _connect(self) -> None:
        """Judge the address as a feed's, then leave connecting to paho."""
        pause = 1.0
        while (problem := self._distrust()) is not None:
            self.problem = problem
            if self._stop.wait(pause):
                return
            pause = min(pause * 2, _LONGEST_PAUSE)
        wishes = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        wishes.SessionExpiryInterval = int(SESSION_KEPT.total_seconds())
        wishes.ReceiveMaximum = IN_FLIGHT
        wishes.MaximumPacketSize = LARGEST
        broker = self._broker
        self._client.connect_async(
            broker.host, broker.port, _KEEPALIVE, clean_start=False, properties=wishes
        )
        self._client.loop_start()

    def _distrust(self) -> str | None:
        try:
            found = self._resolve(self._broker.host, self._broker.port)
        except OSError:
            return "cannot be found: check the host's name and the network"
        if self._allow_private or all(guard.is_public(address) for address in found):
            return None
        return (
            "is at an address that is not public: if it is yours, add the feed with --allow-private"
        )

    def _next(self) -> _Item | None:
        """A message whose time has come; None after a moment without one."""
        now = monotonic()
        with self._lock:
            ripe = min(self._later, key=lambda item: item.due, default=None)
            if ripe is not None and ripe.due <= now:
                self._later.remove(ripe)
                return ripe
        try:
            return self._waiting.get(timeout=0.1)
        except queue.Empty:
            return None

    def _acknowledge(self, item: _Item) -> None:
        with self._lock:
            if item.number is not None and item.session == self._session:
                self._client.ack(item.number, 1)

    # Paho's thread.

    def _on_connect(
        self,
        client: Client,
        _userdata: Any,
        flags: ConnectFlags,
        reason: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        if reason.is_failure:
            self.problem = f"refuses the connection ({reason}): check user and password"
            return
        with self._lock:
            self._session += 1
            if flags.session_present:  # the broker sends again what was not acknowledged
                self._forget()
            else:
                self._keep_unnumbered()
        client.subscribe([(topic, 1) for topic in self._broker.topics])

    def _forget(self) -> None:
        self._later.clear()
        while True:
            try:
                self._waiting.get_nowait()
            except queue.Empty:
                return

    def _keep_unnumbered(self) -> None:
        """The broker has lost our session: what we have is all there is of it."""
        for item in (*self._waiting.queue, *self._later, self._in_hand):
            if item is not None:
                item.number = None

    def _on_subscribe(
        self,
        _client: Client,
        _userdata: Any,
        _mid: int,
        reasons: list[ReasonCode],
        _properties: Properties | None,
    ) -> None:
        refused = [reason for reason in reasons if reason.is_failure]
        self.problem = f"refuses the topic ({refused[0]})" if refused else None

    def _on_connect_fail(self, _client: Client, _userdata: Any) -> None:
        self.problem = "cannot be reached: it is tried again; check address, port and certificate"

    def _on_disconnect(self, *_: Any) -> None:
        if self.problem is None:
            self.problem = "broke off the connection: it is tried again"

    def _on_message(self, _client: Client, _userdata: Any, message: MQTTMessage) -> None:
        number = message.mid if message.qos else None
        item = _Item(bytes(message.payload), number, self._session)
        while not self._stop.is_set():
            try:
                # A broker that sends more than it was asked to is held up by its own connection.
                self._waiting.put(item, timeout=0.1)
            except queue.Full:
                continue
            return
