"""Connections to the addresses that were judged: cut off in time, kept for the next document."""

import base64
import http
import socket
import ssl
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cached_property
from http.client import HTTPConnection, HTTPException, HTTPResponse
from time import monotonic
from urllib.parse import unquote
from urllib.request import getproxies, proxy_bypass

import certifi

from carealert.adapters.feeds.guard import (
    NotAllowed,
    Resolver,
    Target,
    addresses_for,
    target_of,
)

#: Idle connections that are kept, and for how long: servers drop them after some seconds.
_KEPT = 32
_KEPT_S = 10.0


class ProxyRefused(OSError):
    """The proxy could not be reached, or would not connect us."""


class Line:
    """One connection, from the first byte of its handshake on; `cut` may come from a watchdog."""

    def __init__(self, sock: socket.socket, key: object) -> None:
        self.key = key
        self.was_cut = False
        self.reused = False
        self._sock = sock
        self._http: HTTPConnection | None = None
        self._answer: HTTPResponse | None = None

    def secure(self, context: ssl.SSLContext, host: str) -> None:
        """Speak TLS, and make sure that it is `host` that answers; raises ssl.SSLError."""
        tls = context.wrap_socket(
            self._sock, server_hostname=host.rstrip("."), do_handshake_on_connect=False
        )
        self._sock = tls
        if self.was_cut:
            raise TimeoutError
        tls.do_handshake()

    def tunnel(self, target: Target, user: str | None) -> None:
        """Ask the proxy at the other end for `target` (RFC 9110, section 9.3.6)."""
        host = f"[{target.host}]" if ":" in target.host else target.host
        lines = [f"CONNECT {host}:{target.port} HTTP/1.1", f"Host: {host}:{target.port}"]
        lines += [f"Proxy-Authorization: {basic(user)}"] if user else []
        self._sock.sendall(("\r\n".join(lines) + "\r\n\r\n").encode("ascii"))
        answer = HTTPResponse(self._sock, method="CONNECT")
        try:
            answer.begin()
        except HTTPException:
            raise ProxyRefused from None
        finally:
            answer.close()
        if answer.status != http.HTTPStatus.OK:
            raise ProxyRefused

    def get(self, target: Target, path: str, headers: dict[str, str], wait: float) -> HTTPResponse:
        """Send the request and read the head of the answer; each read waits at most `wait`."""
        self._sock.settimeout(wait)
        if self._http is None:
            self._http = HTTPConnection(target.host, target.port)
            self._http.sock = self._sock
        self._http.putrequest("GET", path, skip_host=True, skip_accept_encoding=True)
        for name, value in headers.items():
            self._http.putheader(name, value)
        self._http.endheaders()
        self._answer = self._http.getresponse()
        return self._answer

    @property
    def is_usable(self) -> bool:
        """True if another request may be sent: the answer was read, and the server stays."""
        stays = self._http is not None and self._http.sock is not None
        return stays and not self.was_cut and self._answer is not None and self._answer.isclosed()

    def cut(self) -> None:
        """End it now, whoever reads from it: every read returns or fails."""
        self.was_cut = True
        try:
            # Not the method of SSLSocket, which would take the reader's TLS state away.
            socket.socket.shutdown(self._sock, socket.SHUT_RDWR)
        except OSError:
            return  # it is closed already

    def close(self) -> None:
        """Give the socket back to the system."""
        for one in (self._answer, self._http, self._sock):
            if one is not None:
                one.close()


@dataclass(frozen=True, slots=True)
class Proxy:
    """The proxy of this environment that a target is reached through."""

    target: Target


def proxy_for(target: Target) -> Proxy | None:
    """By HTTP_PROXY, HTTPS_PROXY and NO_PROXY; raises NotAllowed where that is no http address."""
    address = getproxies().get(target.scheme)
    if not address or proxy_bypass(f"{target.host}:{target.port}"):
        return None
    try:
        proxy = target_of(address if "://" in address else f"http://{address}")
    except NotAllowed:
        proxy = None
    if proxy is None or proxy.scheme != "http":
        name = f"{target.scheme.upper()}_PROXY"
        raise NotAllowed(f"cannot be reached: {name} must be an http:// address.")
    return Proxy(proxy)


@dataclass(slots=True)
class Limits:
    """How many requests are under way at once: in all, and to one host."""

    overall: int
    per_host: int
    _busy: Counter[str] = field(default_factory=Counter)
    _changed: threading.Condition = field(default_factory=threading.Condition)

    @contextmanager
    def at(self, host: str) -> Iterator[None]:
        """Wait for a place, and hold it for the block."""
        with self._changed:
            self._changed.wait_for(lambda: self._is_free(host))
            self._busy[host] += 1
        try:
            yield
        finally:
            with self._changed:
                self._busy[host] -= 1
                self._busy += Counter()  # forgets hosts with nothing under way
                self._changed.notify_all()

    def _is_free(self, host: str) -> bool:
        return self._busy[host] < self.per_host and self._busy.total() < self.overall


class Trust:
    """The certificates that are trusted: those given, else the system's and certifi's.

    Offices sit behind proxies whose certificates only the system knows.
    """

    def __init__(self, given: ssl.SSLContext | None) -> None:
        self._given = given

    @cached_property
    def context(self) -> ssl.SSLContext:
        """Made when it is first needed: it takes a while."""
        if self._given is not None:
            return self._given
        context = ssl.create_default_context()
        context.load_verify_locations(certifi.where())
        return context


class Lines:
    """Opens lines, and keeps those that a server leaves open for its next document."""

    def __init__(
        self,
        resolve: Resolver,
        trust: Trust,
        connect_timeout: float,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._resolve = resolve
        self._trust = trust
        self._connect_timeout = connect_timeout
        self._clock = clock
        self._kept: list[tuple[float, Line]] = []
        self._lock = threading.Lock()

    @contextmanager
    def to(
        self, target: Target, proxy: Proxy | None, until: float, *, allow_private: bool, new: bool
    ) -> Iterator[Line]:
        """A line to `target` for one request; it is cut when the clock passes `until`.

        Raises NotAllowed, OSError (ssl.SSLError and TimeoutError among them); what goes wrong in
        the block because it was cut becomes a TimeoutError.
        """
        addresses = self._judged(target, proxy, allow_private=allow_private)
        key = (target.origin, addresses, proxy)
        line = None if new else self._take(key)
        if line is None:
            try:
                line = self._open(addresses, proxy.target if proxy else target, key, until)
            except OSError:
                if proxy:
                    raise ProxyRefused from None
                raise
        watchdog = threading.Timer(max(0.0, until - self._clock()), line.cut)
        watchdog.daemon = True
        watchdog.start()
        usable = False
        try:
            if not line.reused and target.scheme == "https":
                if proxy:
                    line.tunnel(target, proxy.target.user)
                line.secure(self._trust.context, target.host)
            yield line
            usable = line.is_usable
        except (HTTPException, ValueError, OSError):
            if line.was_cut:
                raise TimeoutError from None
            raise
        finally:
            watchdog.cancel()
            self._keep(line) if usable else line.close()

    def __del__(self) -> None:
        self.close()

    def close(self) -> None:
        """Close what is kept."""
        with self._lock:
            kept, self._kept = self._kept, []
        for _, line in kept:
            line.close()

    def _judged(
        self, target: Target, proxy: Proxy | None, *, allow_private: bool
    ) -> tuple[str, ...]:
        if proxy is None:
            return addresses_for(target, self._resolve, allow_private=allow_private)
        with suppress(OSError):  # behind a proxy, names of the outside may be unknown here
            addresses_for(target, self._resolve, allow_private=allow_private)
        try:
            return addresses_for(proxy.target, self._resolve, allow_private=True)
        except OSError:
            raise ProxyRefused from None

    def _open(self, addresses: Sequence[str], end: Target, key: object, until: float) -> Line:
        failure = OSError("no address")
        for address in addresses:
            wait = min(self._connect_timeout, until - self._clock())
            if wait <= 0:
                raise TimeoutError
            try:
                return Line(socket.create_connection((address, end.port), wait), key)
            except OSError as error:
                failure = error
        raise failure

    def _take(self, key: object) -> Line | None:
        since = self._clock() - _KEPT_S
        with self._lock:
            old = [line for at, line in self._kept if at < since]
            self._kept = [(at, line) for at, line in self._kept if at >= since]
            found = next((line for _, line in self._kept if line.key == key), None)
            self._kept = [entry for entry in self._kept if entry[1] is not found]
        for line in old:
            line.close()
        if found is not None:
            found.reused = True
        return found

    def _keep(self, line: Line) -> None:
        with self._lock:
            self._kept.append((self._clock(), line))
            over, self._kept = self._kept[:-_KEPT], self._kept[-_KEPT:]
        for _, one in over:
            one.close()


def basic(user: str) -> str:
    """Credentials of an address as a header's value (RFC 7617)."""
    return "Basic " + base64.b64encode(unquote(user).encode()).decode("ascii")
