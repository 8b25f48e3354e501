"""HTTP for feeds: conditional GET (RFC 9110) with time-outs, a deadline, and a size limit."""

import http
import ssl
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http.client import HTTPException, HTTPResponse
from time import monotonic
from urllib.parse import urljoin

from carealert import __version__, clock
from carealert.adapters.feeds.guard import NotAllowed, Resolver, Target, look_up, target_of
from carealert.adapters.feeds.lines import (
    Limits,
    Line,
    Lines,
    Proxy,
    ProxyRefused,
    Trust,
    basic,
    proxy_for,
)
from carealert.adapters.feeds.reading import public_url
from carealert.adapters.feeds.unpacking import Damaged, TooMuch, Unpacker
from carealert.services.ports.feeds import Fetched, FetchFailed, Validators

#: Requests under way at once.
IN_FLIGHT = 64
IN_FLIGHT_PER_HOST = 4

_ACCEPT = (
    "application/cap+xml, application/atom+xml, application/rss+xml, application/geo+json, "
    "application/xml;q=0.9, text/xml;q=0.9, application/json;q=0.9, */*;q=0.1"
)
_REDIRECTS = 5
_MOVED = frozenset({301, 302, 303, 307, 308})
_CHUNK = 16 * 1024
_WHAT_TO_DO = {
    401: "it asks for credentials: put them into the URL, or ask its operator",
    403: "it refuses this client: ask its operator for access",
    404: "check the URL",
    410: "the document was withdrawn: check the URL",
    429: "it asks for fewer requests: poll it less often",
}


@dataclass(frozen=True, slots=True)
class _Hop:
    """One request on the way to a document; `url` is where the way began."""

    url: str
    target: Target
    own_headers: dict[str, str]
    proxy: Proxy | None
    until: float

    @property
    def is_forwarded(self) -> bool:
        """True if a proxy is asked for the address itself, and no tunnel to it."""
        return self.proxy is not None and self.target.scheme == "http"

    @property
    def path(self) -> str:
        """The request target (RFC 9112, section 3.2)."""
        path = self.target.path
        return f"http://{self.target.name}{path}" if self.is_forwarded else path

    @property
    def headers(self) -> dict[str, str]:
        """The headers, with the proxy's credentials where they are its business."""
        user = self.proxy.target.user if self.proxy and self.is_forwarded else None
        return self.own_headers | ({"Proxy-Authorization": basic(user)} if user else {})

    @property
    def is_conditional(self) -> bool:
        """True if "not modified" is an answer to what is asked."""
        return bool({"If-None-Match", "If-Modified-Since"} & set(self.own_headers))


class HttpFetcher:
    """Fetches one document at a time; one instance serves many threads.

    `trust` holds the certificates that are trusted; without it those of the system and of certifi.
    """

    def __init__(
        self,
        *,
        max_bytes: int = 20 * 2**20,
        deadline: timedelta = timedelta(seconds=20),
        connect_timeout: timedelta = timedelta(seconds=5),
        timer: Callable[[], float] = monotonic,
        resolve: Resolver = look_up,
        trust: ssl.SSLContext | None = None,
    ) -> None:
        self._max_bytes = max_bytes
        self._deadline = deadline.total_seconds()
        self._timer = timer
        connect = min(connect_timeout.total_seconds(), self._deadline)
        self._lines = Lines(resolve, Trust(trust), connect, timer)
        self._limits = Limits(IN_FLIGHT, IN_FLIGHT_PER_HOST)

    def get(
        self, url: str, validators: Validators | None = None, *, allow_private: bool = False
    ) -> Fetched:
        """Fetch `url`; raises FetchFailed with one sentence that names no query and no secret."""
        known = validators or Validators()
        try:
            target = target_of(url)
            with self._limits.at(target.host):
                return self._follow(url, target, known, allow_private=allow_private)
        except NotAllowed as refusal:
            raise FetchFailed(f"{public_url(url)} {refusal}") from None
        except (HTTPException, ValueError, OSError) as error:
            raise FetchFailed(f"{public_url(url)} {self._why(error)}") from None

    def close(self) -> None:
        """Close idle connections."""
        self._lines.close()

    def _follow(
        self, url: str, first: Target, known: Validators, *, allow_private: bool
    ) -> Fetched:
        """Go along the redirects; each address is judged like the first."""
        target, address, until = first, url, self._timer() + self._deadline
        for _ in range(_REDIRECTS + 1):
            user = first.user if target.origin == first.origin else None
            hop = _Hop(url, target, _headers(target, known, user), proxy_for(target), until)
            answer = self._ask(hop, allow_private=allow_private)
            if isinstance(answer, Fetched):
                kept = known if answer.body is None else answer.validators
                moved = None if address == url else address
                return replace(answer, validators=kept, moved_to=moved)
            address, target = _next_hop(address, target, answer)
        raise NotAllowed(f"redirects more than {_REDIRECTS} times: check the URL.")

    def _ask(self, hop: _Hop, *, allow_private: bool) -> Fetched | str:
        """One request; the document, or where it has gone. A dead kept line is replaced once."""
        for new in (False, True):
            reused = False
            try:
                with self._lines.to(
                    hop.target, hop.proxy, hop.until, allow_private=allow_private, new=new
                ) as line:
                    reused = line.reused
                    return self._exchange(hop, line)
            except (HTTPException, OSError) as error:
                if not reused or isinstance(error, TimeoutError):
                    raise
        raise ConnectionError

    def _exchange(self, hop: _Hop, line: Line) -> Fetched | str:
        """One request on one line; the document, or where it has gone."""
        wait = max(0.01, hop.until - self._timer())
        response = line.get(hop.target, hop.path, hop.headers, wait)
        status, got = response.status, response.headers
        if status in _MOVED and "Location" in got:
            return str(got["Location"]).strip()
        if status == http.HTTPStatus.NOT_MODIFIED and hop.is_conditional:
            response.read()
            return Fetched(hop.url, None, Validators(), status)
        if status != http.HTTPStatus.OK:
            raise _refused(hop.url, response)
        body = self._body(hop.url, line, response)
        return Fetched(hop.url, body, Validators(got.get("ETag"), got.get("Last-Modified")), status)

    def _body(self, url: str, line: Line, response: HTTPResponse) -> bytes:
        stated = response.length
        if stated is not None and stated > self._max_bytes:
            raise self._too_large(url)
        try:
            unpacker = Unpacker(response.headers.get("Content-Encoding", ""), self._max_bytes)
            # As it arrives: a reader that waits for full blocks outlasts a deadline.
            while part := response.read1(_CHUNK):
                unpacker.feed(part)
            if line.was_cut:  # the end of what is read until it closes looks like this too
                raise TimeoutError
            if response.length:
                raise ConnectionError
            response.close()  # all was read: the line is free for the next document
            return unpacker.document()
        except TooMuch:
            raise self._too_large(url) from None
        except Damaged:
            raise FetchFailed(
                f"{public_url(url)} sent compressed content that is cut short or damaged: it is "
                "tried again."
            ) from None

    def _too_large(self, url: str) -> FetchFailed:
        limit = self._max_bytes / 2**20
        return FetchFailed(
            f"{public_url(url)} sends more than {limit:g} MB: check the URL, or raise "
            "CAREALERT_FEED_MAX_MB."
        )

    def _why(self, error: Exception) -> str:
        """What happened and what to do; the libraries' own words may hold the whole URL."""
        if isinstance(error, ssl.SSLCertVerificationError):
            return (
                f"has a certificate that cannot be trusted ({error.verify_message.rstrip('.')}): "
                "ask its operator."
            )
        if isinstance(error, TimeoutError):
            return (
                f"did not answer in full within {self._deadline:g} s: it is tried again, or raise "
                "CAREALERT_FEED_TIMEOUT_S."
            )
        if isinstance(error, ssl.SSLError):
            return "does not speak TLS as it should: check the URL, or ask its operator."
        if isinstance(error, ProxyRefused):
            return "cannot be reached through the proxy: check HTTPS_PROXY."
        if isinstance(error, OSError | HTTPException) and not isinstance(error, ValueError):
            return "cannot be reached, or broke off: it is tried again; check the network."
        return "is not a usable address: check the URL."


def _next_hop(address: str, target: Target, location: str) -> tuple[str, Target]:
    """Where a redirect leads; raises NotAllowed."""
    try:
        joined = urljoin(address, location)
        following = target_of(joined)
    except (NotAllowed, ValueError):
        raise NotAllowed("redirects to an address that is not usable: check the URL.") from None
    if (target.scheme, following.scheme) == ("https", "http"):
        raise NotAllowed("redirects from https to http, which anyone could alter: check the URL.")
    return joined, following


def _headers(target: Target, known: Validators, user: str | None) -> dict[str, str]:
    headers = {
        "Host": target.name,
        "User-Agent": f"CareAlert/{__version__}",
        "Accept": _ACCEPT,
        "Accept-Encoding": "gzip",
    }
    if user:
        headers["Authorization"] = basic(user)
    if known.etag:
        headers["If-None-Match"] = known.etag
    if known.last_modified:
        headers["If-Modified-Since"] = known.last_modified
    return headers


def _refused(url: str, response: HTTPResponse) -> FetchFailed:
    status = response.status
    todo = _WHAT_TO_DO.get(status, "the fault is its own: it is tried again")
    if status < 500 and status not in _WHAT_TO_DO:
        todo = "check the URL"
    try:
        phrase = f"{status} {http.HTTPStatus(status).phrase}"
    except ValueError:
        phrase = str(status)
    sentence = f"{public_url(url)} answered {phrase}: {todo}."
    return FetchFailed(sentence, _retry_after(response), status)


def _retry_after(response: HTTPResponse) -> timedelta | None:
    """Retry-After in seconds, or as a date counted from the server's own Date."""
    wish = response.headers.get("Retry-After", "").strip()
    if wish.isascii() and wish.isdigit():
        return timedelta(seconds=min(int(wish[:9]), 10**7))
    until = _date(wish)
    if until is None:
        return None
    return max(until - (_date(response.headers.get("Date", "")) or clock.now()), timedelta())


def _date(text: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
