"""HTTP for Twilio's library: time-outs, a pool, our base URL, and not one retry.

Twilio's own client waits for ever, has a pool of six on two processors, and logs the addresses
that it asks for, which hold phone numbers. Ours tells a message that was certainly not submitted
from one that may have been. It speaks urllib3 itself, because most of the time of a message goes
into what `requests` does around it (`benchmarks/deliver.py`).
"""

import logging
import ssl
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

import certifi
import urllib3
from twilio.http import HttpClient
from twilio.http.response import Response

CONNECT_TIMEOUT_S = 3.05
READ_TIMEOUT_S = 10.0
_TOO_MANY = 429


class NotSubmitted(Exception):
    """No connection came about: the gateway has seen nothing of the request."""


class TooMany(Exception):
    """429: the gateway did not take the request; `retry_after` is its own wish, if it said one."""

    def __init__(self, retry_after: timedelta | None) -> None:
        super().__init__("429")
        self.retry_after = retry_after


class AnswerLost(Exception):
    """The request was sent, or part of it, and no whole answer came."""


#: What urllib3 raises before the first byte of a request is written.
_BEFORE = (
    urllib3.exceptions.NewConnectionError,  # refused, unreachable, no such host
    urllib3.exceptions.ConnectTimeoutError,
    urllib3.exceptions.LocationParseError,
)


class _WithoutNumbers(logging.Filter):
    """Drops the lines in which urllib3 writes down an address with a recipient in it."""

    def filter(self, record: logging.LogRecord) -> bool:
        """False for those lines."""
        return "Messages.json?" not in record.getMessage()


_WITHOUT_NUMBERS = _WithoutNumbers()


class GatewayHttp(HttpClient):  # type: ignore[misc]
    """Twilio's HttpClient over one urllib3 pool; safe to use from many threads.

    `base_url` is scheme, host and perhaps a path prefix of another gateway that speaks Twilio's
    API. Proxies and other settings in the environment are not read.
    """

    def __init__(self, base_url: str | None = None, *, pool_size: int = 16) -> None:
        super().__init__(logging.getLogger(__name__), False, READ_TIMEOUT_S)
        self._base = urlsplit(base_url.rstrip("/")) if base_url else None
        self._pool = urllib3.PoolManager(
            maxsize=pool_size,
            block=False,
            retries=False,
            ca_certs=certifi.where(),
        )
        # addFilter is idempotent; urllib3 names the address at level DEBUG only.
        logging.getLogger("urllib3.connectionpool").addFilter(_WITHOUT_NUMBERS)

    def request(
        self,
        method: str,
        url: str,
        params: Mapping[str, Any] | None = None,
        data: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,
        allow_redirects: bool = False,
    ) -> Response:
        """Ask once; raises NotSubmitted, TooMany or AnswerLost. Headers of the answer are kept."""
        own = dict(headers or {})
        if auth is not None:
            own |= urllib3.make_headers(basic_auth=":".join(auth))
        address = self._address(url)
        if params:
            address += "?" + _encoded(params)
        try:
            answer = self._pool.request(
                method.upper(),
                address,
                body=_encoded(data) if data else None,
                headers=own,
                redirect=allow_redirects,
                timeout=urllib3.Timeout(connect=CONNECT_TIMEOUT_S, read=timeout or READ_TIMEOUT_S),
            )
        except _BEFORE as error:
            raise NotSubmitted(type(error).__name__) from None
        except urllib3.exceptions.SSLError as error:
            if isinstance(error.args[0], ssl.SSLCertVerificationError):
                raise NotSubmitted("certificate") from None
            raise AnswerLost("SSLError") from None  # it may have come after the request
        except urllib3.exceptions.HTTPError as error:
            raise AnswerLost(type(error).__name__) from None
        if answer.status == _TOO_MANY:
            raise TooMany(_seconds(answer.headers.get("Retry-After")))
        return Response(answer.status, answer.data.decode("utf-8", "replace"), answer.headers)

    def _address(self, url: str) -> str:
        if self._base is None:
            return url
        asked = urlsplit(url)
        return urlunsplit(
            (self._base.scheme, self._base.netloc, self._base.path + asked.path, asked.query, "")
        )


def _encoded(values: Mapping[str, Any]) -> str:
    return urlencode([(k, v) for k, v in values.items() if v is not None], doseq=True)


def _seconds(text: str | None) -> timedelta | None:
    """`Retry-After` in seconds; its other form, a date, is not used by Twilio."""
    known = text is not None and text.isascii() and text.isdecimal() and len(text) <= 6
    return timedelta(seconds=int(text)) if text and known else None
