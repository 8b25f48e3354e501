"""HTTP for Twilio's library: time-outs, a pool, our base URL, and not one retry.

Twilio's own client waits for ever, has a pool of six on two processors, and logs the addresses
that it asks for, which hold phone numbers. Ours tells a message that was certainly not submitted
from one that may have been. It speaks urllib3 itself, because most of the time of a message goes
into what `requests` does around it (`benchmarks/deliver.py`).
"""

import logging
import ssl
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import certifi
import urllib3
from twilio.http import HttpClient
from twilio.http.response import Response

from carealert.adapters.channels.twilio_fast import FastHttp
from carealert.adapters.channels.twilio_wire import (
    CONNECT_TIMEOUT_S,
    READ_TIMEOUT_S,
    TOO_MANY,
    UNAUTHORIZED,
    AnswerLost,
    NotSubmitted,
    Tokens,
    TooMany,
    address_of,
    encoded,
    seconds_of,
)

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
        return ".json?" not in record.getMessage()


_WITHOUT_NUMBERS = _WithoutNumbers()


class GatewayHttp(HttpClient):  # type: ignore[misc]
    """Twilio's HttpClient over one urllib3 pool; safe to use from many threads.

    `base_url` is scheme, host and perhaps a path prefix of another gateway that speaks Twilio's
    API. Proxies and other settings in the environment are not read.
    """

    def __init__(
        self, base_url: str | None = None, *, pool_size: int = 16, next_token: str | None = None
    ) -> None:
        super().__init__(logging.getLogger(__name__), False, READ_TIMEOUT_S)
        self.base = urlsplit(base_url.rstrip("/")) if base_url else None
        self._pool = urllib3.PoolManager(
            maxsize=pool_size,
            block=False,
            retries=False,
            ca_certs=certifi.where(),
        )
        #: For many requests at once.
        self._tokens = Tokens(next_token)
        self.fast = FastHttp(self.base, pool_size, self._tokens)
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
        """Ask once; raises NotSubmitted, TooMany or AnswerLost. Headers of the answer are kept.

        A 401 takes nothing: it is asked again with the account's other token, where there is one.
        """
        seconds = timeout or READ_TIMEOUT_S
        if auth is None:
            return self._ask(method, url, params, data, headers, None, seconds, allow_redirects)
        used = self._tokens.auth(auth)
        answer = self._ask(method, url, params, data, headers, used, seconds, allow_redirects)
        other = self._tokens.after_refusal(used, auth)
        if answer.status_code != UNAUTHORIZED or other is None:
            return answer
        again = self._ask(method, url, params, data, headers, other, seconds, allow_redirects)
        if again.status_code != UNAUTHORIZED:
            self._tokens.worked(other)
        return again

    def _ask(
        self,
        method: str,
        url: str,
        params: Mapping[str, Any] | None,
        data: Mapping[str, Any] | None,
        headers: Mapping[str, str] | None,
        auth: tuple[str, str] | None,
        timeout: float,
        allow_redirects: bool,
    ) -> Response:
        own = dict(headers or {})
        if auth is not None:
            own |= urllib3.make_headers(basic_auth=":".join(auth))
        address = address_of(self.base, url, params)
        try:
            answer = self._pool.request(
                method.upper(),
                address,
                body=encoded(data) if data else None,
                headers=own,
                redirect=allow_redirects,
                timeout=urllib3.Timeout(connect=CONNECT_TIMEOUT_S, read=timeout),
            )
        except _BEFORE as error:
            raise NotSubmitted(type(error).__name__) from None
        except urllib3.exceptions.SSLError as error:
            if isinstance(error.args[0], ssl.SSLCertVerificationError):
                raise NotSubmitted("certificate") from None
            raise AnswerLost("SSLError") from None  # it may have come after the request
        except urllib3.exceptions.HTTPError as error:
            raise AnswerLost(type(error).__name__) from None
        if answer.status == TOO_MANY:
            raise TooMany(seconds_of(answer.headers.get("Retry-After")))
        return Response(answer.status, answer.data.decode("utf-8", "replace"), answer.headers)
