"""Where a feed may lead us: public addresses only, unless the office says otherwise.

A name is looked up once, its addresses are judged, and the connection is made to one of them: a
second look-up could give another answer (DNS rebinding). Every redirect is judged anew.
"""

import ipaddress
import socket
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address

from urllib3.exceptions import LocationParseError
from urllib3.util import parse_url

#: Looks a name up: (host, port) -> addresses; raises OSError where there are none.
Resolver = Callable[[str, int], Sequence[str]]

_PORTS = {"http": 80, "https": 443}
#: IPv6 addresses with an IPv4 address in their last four bytes: NAT64 (RFC 6052).
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
#: Special by IANA's registries, whatever the version of Python knows of them: protocol
#: assignments, 6to4 relays, local NAT64, discard, Teredo and others, documentation, segment
#: routing, site-local.
_SPECIAL = tuple(
    ipaddress.ip_network(network)
    for network in (
        "192.0.0.0/24",
        "192.88.99.0/24",
        "64:ff9b:1::/48",
        "100::/64",
        "2001::/23",
        "2001:db8::/32",
        "3fff::/20",
        "5f00::/16",
        "fec0::/10",
    )
)


class NotAllowed(Exception):
    """An address that is not fetched; says what it is and what to do, without naming it."""


@dataclass(frozen=True, slots=True)
class Target:
    """One http or https address in its parts; `host` is without brackets, `path` has the query."""

    scheme: str
    host: str
    port: int
    path: str
    user: str | None = None  # user:password, percent-encoded

    @property
    def origin(self) -> tuple[str, str, int]:
        """What may see the credentials that were given for it (RFC 6454)."""
        return self.scheme, self.host, self.port

    @property
    def name(self) -> str:
        """The value of the Host header (RFC 9110, section 7.2)."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"


def target_of(url: str) -> Target:
    """The parts of `url`; raises NotAllowed where it is no http or https address."""
    if not url.lower().startswith(("http://", "https://")):
        raise NotAllowed("is no http or https address: check the URL.")
    try:
        parts = parse_url(url)
    except LocationParseError:
        raise NotAllowed("is not a usable address: check the URL.") from None
    scheme, host = parts.scheme or "", (parts.host or "").strip("[]")
    port = _PORTS[scheme] if parts.port is None else parts.port
    if not host or port == 0:
        raise NotAllowed("is not a usable address: check the URL.")
    return Target(scheme, host, port, parts.request_uri, parts.auth)


def look_up(host: str, port: int) -> tuple[str, ...]:
    """The addresses of a name, each once, in the system's order; raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(entry[4][0]) for entry in found))


def addresses_for(target: Target, resolve: Resolver, *, allow_private: bool) -> tuple[str, ...]:
    """The addresses that may be connected to; raises NotAllowed, or OSError if there are none.

    A name that leads to a private address beside a public one is refused whole: nobody who means
    well publishes that.
    """
    found = tuple(resolve(target.host, target.port))
    if not allow_private and not all(is_public(address) for address in found):
        raise NotAllowed(
            "is at an address that is not public: if it is yours, add the feed with "
            "--allow-private."
        )
    return found


def is_public(address: str) -> bool:
    """True for an address of the public Internet, by the registries of IANA (RFC 6890).

    An IPv6 address that carries an IPv4 address is as public as both.
    """
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(ip, IPv6Address):
        inner = tuple(_carried(ip))
        if inner:
            return all(is_public(str(one)) for one in inner)
    return ip.is_global and not (
        any(ip in network for network in _SPECIAL)
        or ip.is_multicast
        or ip.is_reserved
        or ip.is_unspecified
        or ip.is_link_local
        or ip.is_loopback
        or ip.is_private
    )


def _carried(ip: IPv6Address) -> Iterator[IPv4Address]:
    """The IPv4 addresses inside: mapped, 6to4, NAT64."""
    if ip.ipv4_mapped is not None:
        yield ip.ipv4_mapped
    if ip.sixtofour is not None:
        yield ip.sixtofour
    if ip in _NAT64:
        yield IPv4Address(ip.packed[-4:])
