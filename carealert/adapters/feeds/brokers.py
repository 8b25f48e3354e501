"""Addresses of MQTT brokers, and the topics on which warnings come."""

import re
import socket
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

#: Core warnings of every centre (WMO No. 1061, WIS2 topic hierarchy): from their publishers and
#: from the global caches.
TOPICS = (
    "origin/a/wis2/+/data/core/weather/advisories-warnings/#",
    "cache/a/wis2/+/data/core/weather/advisories-warnings/#",
)
#: MQTT 5.0, section 4.7.1: `+` stands for a whole level, `#` for all that follow.
_FILTER = re.compile(r"(?:(?:\+|[^/+#\0]*)/)*(?:\+|#|[^/+#\0]*)")
_PORTS = {"mqtt": 1883, "mqtts": 8883, "ws": 80, "wss": 443}


@dataclass(frozen=True, slots=True)
class Broker:
    """Where to listen, and to what."""

    scheme: str
    host: str
    port: int
    path: str
    topics: tuple[str, ...]
    user: str | None = None
    password: str | None = field(default=None, repr=False)

    @property
    def is_secure(self) -> bool:
        """True if the connection is encrypted, and the broker proves who it is."""
        return self.scheme in ("mqtts", "wss")

    @property
    def transport(self) -> str:
        """Paho's word."""
        return "websockets" if self.scheme in ("ws", "wss") else "tcp"

    @property
    def name(self) -> str:
        """The address without credentials."""
        return f"{self.scheme}://{self.host}:{self.port}"


def broker_of(url: str) -> Broker:
    """A broker's address: `mqtts://user:password@host:8883/?topic=a/+/b/%23&topic=c`.

    Without topics those of WIS2's warnings are meant. `+` and `#` may stand as they are. Raises
    ValueError with one clause that names no credentials.
    """
    address, _, query = url.partition("?")
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        raise ValueError("is no usable address of a broker: check the URL") from None
    scheme = parts.scheme.lower()
    if scheme not in _PORTS or not parts.hostname:
        raise ValueError("is no usable address of a broker: check the URL")
    given = (one.partition("=") for one in query.split("&"))
    topics = tuple(unquote(value) for name, _, value in given if name == "topic" and value)
    if not all(_FILTER.fullmatch(topic) for topic in topics):
        raise ValueError("is no usable address of a broker: one of its topics is none")
    return Broker(
        scheme,
        parts.hostname,
        port or _PORTS[scheme],
        parts.path or "/",
        topics or TOPICS,
        unquote(parts.username) if parts.username else None,
        unquote(parts.password) if parts.password else None,
    )


def takes_connections(url: str, seconds: float = 3) -> bool:
    """True if somebody answers at this broker's address; says nothing of its certificate."""
    try:
        broker = broker_of(url)
        socket.create_connection((broker.host, broker.port), seconds).close()
    except (OSError, ValueError):
        return False
    return True
