"""HTTP for feeds: conditional GET (RFC 9110) with time-outs, a deadline, and a size limit."""

import http
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from email.utils import parsedate_to_datetime
from time import monotonic

import requests
from urllib3.exceptions import HTTPError

from carealert import __version__
from carealert.adapters.feeds.reading import public_url
from carealert.services.ports.feeds import Fetched, FetchFailed, Validators

_ACCEPT = (
    "application/cap+xml, application/atom+xml, application/rss+xml, "
    "application/xml;q=0.9, text/xml;q=0.9, */*;q=0.1"
)
_REDIRECTS = 5
_CHUNK = 16 * 1024
_WHAT_TO_DO = {
    401: "it asks for credentials: put them into the URL, or ask its operator",
    403: "it refuses this client: ask its operator for access",
    404: "check the URL",
    410: "the document was withdrawn: check the URL",
    429: "it asks for fewer requests: poll it less often",
}


class HttpFetcher:
    """Fetches one document at a time; one instance serves many threads."""

    def __init__(
        self,
        *,
        max_bytes: int = 20 * 2**20,
        deadline: timedelta = timedelta(seconds=20),
        connect_timeout: timedelta = timedelta(seconds=5),
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._max_bytes = max_bytes
        self._deadline = deadline.total_seconds()
        self._connect = min(connect_timeout.total_seconds(), self._deadline)
        self._clock = clock

    def get(self, url: str, validators: Validators | None = None) -> Fetched:
        """Fetch `url`; raises FetchFailed with one sentence that names no query and no secret."""
        if not url.lower().startswith(("http://", "https://")):
            raise FetchFailed(f"{public_url(url)} is no http or https address: check the URL.")
        until = self._clock() + self._deadline
        with requests.Session() as session:
            session.max_redirects = _REDIRECTS
            try:
                response = session.get(
                    url,
                    headers=_headers(validators or Validators()),
                    timeout=(self._connect, self._deadline),
                    stream=True,
                )
                with closing(response):
                    return self._answer(url, response, validators or Validators(), until)
            except (requests.RequestException, HTTPError, ValueError, OSError) as error:
                # requests refuses some redirect targets and hosts with a plain ValueError.
                raise FetchFailed(f"{public_url(url)} {self._why(error)}") from None

    def _answer(
        self, url: str, response: requests.Response, validators: Validators, until: float
    ) -> Fetched:
        if response.status_code == http.HTTPStatus.NOT_MODIFIED:
            return Fetched(url, None, validators)
        if response.status_code != http.HTTPStatus.OK:
            raise _refused(url, response)
        stated = response.headers.get("Content-Length", "")
        if stated.isdigit() and int(stated) > self._max_bytes:
            raise self._too_large(url)
        body = bytearray()
        for part in _parts(response):
            body += part
            if len(body) > self._max_bytes:
                raise self._too_large(url)
            if self._clock() > until:
                raise FetchFailed(f"{public_url(url)} {self._too_slow}")
        got = response.headers
        return Fetched(url, bytes(body), Validators(got.get("ETag"), got.get("Last-Modified")))

    def _too_large(self, url: str) -> FetchFailed:
        limit = self._max_bytes / 2**20
        return FetchFailed(
            f"{public_url(url)} sends more than {limit:g} MB: check the URL, or raise "
            "CAREALERT_FEED_MAX_MB."
        )

    @property
    def _too_slow(self) -> str:
        return (
            f"did not answer in full within {self._deadline:g} s: it is tried again, or raise "
            "CAREALERT_FEED_TIMEOUT_S."
        )

    def _why(self, error: Exception) -> str:
        """What happened and what to do; the libraries' own words may hold the whole URL."""
        if isinstance(error, requests.TooManyRedirects):
            return f"redirects more than {_REDIRECTS} times: check the URL."
        if isinstance(error, requests.exceptions.SSLError):
            return "has a certificate that cannot be trusted: ask its operator."
        if isinstance(error, requests.Timeout) or "timed out" in str(error).casefold():
            return self._too_slow
        if isinstance(error, requests.exceptions.ProxyError):
            return "cannot be reached through the proxy: check HTTPS_PROXY."
        if isinstance(error, requests.ConnectionError | HTTPError | OSError) and not isinstance(
            error, ValueError
        ):
            return "cannot be reached, or broke off: it is tried again; check the network."
        return "is not a usable address, or redirects to one that is not: check the URL."


def _headers(validators: Validators) -> dict[str, str]:
    headers = {"User-Agent": f"CareAlert/{__version__}", "Accept": _ACCEPT}
    if validators.etag:
        headers["If-None-Match"] = validators.etag
    if validators.last_modified:
        headers["If-Modified-Since"] = validators.last_modified
    return headers


def _parts(response: requests.Response) -> Iterator[bytes]:
    """What has arrived, as it arrives: a reader that waits for full blocks outlasts a deadline."""
    while part := response.raw.read1(_CHUNK, decode_content=True):
        yield part


def _refused(url: str, response: requests.Response) -> FetchFailed:
    status = response.status_code
    todo = _WHAT_TO_DO.get(status, "the fault is its own: it is tried again")
    if status < 500 and status not in _WHAT_TO_DO:
        todo = "check the URL"
    try:
        phrase = f"{status} {http.HTTPStatus(status).phrase}"
    except ValueError:
        phrase = str(status)
    return FetchFailed(f"{public_url(url)} answered {phrase}: {todo}.", _retry_after(response))


def _retry_after(response: requests.Response) -> timedelta | None:
    """Retry-After in seconds, or as a date counted from the server's own Date."""
    wish = response.headers.get("Retry-After", "").strip()
    if wish.isascii() and wish.isdigit():
        return timedelta(seconds=min(int(wish), 10**7))
    try:
        until = parsedate_to_datetime(wish)
        wait = until - parsedate_to_datetime(response.headers.get("Date", ""))
    except (ValueError, TypeError):
        return None
    return max(wait, timedelta())
