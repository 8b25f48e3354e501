"""HTTP for Twilio's library without a thread for each request; the same promises as GatewayHttp."""

import ssl
from collections.abc import Mapping
from concurrent.futures import Future
from typing import Any
from urllib.parse import SplitResult

import aiohttp
import certifi
import urllib3
from aiohttp.abc import AbstractStreamWriter
from aiohttp.connector import Connection
from twilio.http import AsyncHttpClient
from twilio.http.response import Response

from carealert.adapters.channels.background import BackgroundLoop, Result
from carealert.adapters.channels.twilio_wire import (
    CONNECT_TIMEOUT_S,
    READ_TIMEOUT_S,
    TOO_MANY,
    UNAUTHORIZED,
    AnswerLost,
    NotSubmitted,
    Tokens,
    TooLate,
    TooMany,
    address_of,
    encoded,
    must_be_in_time,
    seconds_of,
)

_FORM = "application/x-www-form-urlencoded"
#: An idle connection is closed by us before a gateway closes it: who posts into a connection that
#: is being closed does not know whether the message was taken.
_KEEP_ALIVE_S = 15.0


class FastHttp(AsyncHttpClient):  # type: ignore[misc]
    """Twilio's asynchronous client over one aiohttp session in a background loop.

    A POST is never sent twice: aiohttp repeats only what is idempotent.
    """

    def __init__(self, base: SplitResult | None, pool_size: int, tokens: Tokens) -> None:
        super().__init__(None, True, READ_TIMEOUT_S)
        self._base = base
        self._tokens = tokens
        self._size = pool_size
        self._loop = BackgroundLoop()
        self._session: aiohttp.ClientSession | None = None

    def begin(self, work: Any) -> Future[Result]:
        """Begin a coroutine of Twilio's library; the future has its result or its exception."""
        return self._loop.run(work)

    async def request(
        self,
        method: str,
        url: str,
        params: Mapping[str, Any] | None = None,
        data: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,  # noqa: ARG002  one for all, see the session
        allow_redirects: bool = False,
    ) -> Response:
        """Ask once; raises NotSubmitted, TooMany or AnswerLost. Headers of the answer are kept.

        A 401 takes nothing: it is asked again with the account's other token, where there is one.
        """
        if auth is None:
            return await self._ask(method, url, params, data, headers, None, allow_redirects)
        used = self._tokens.auth(auth)
        answer = await self._ask(method, url, params, data, headers, used, allow_redirects)
        other = self._tokens.after_refusal(used, auth)
        if answer.status_code != UNAUTHORIZED or other is None:
            return answer
        again = await self._ask(method, url, params, data, headers, other, allow_redirects)
        if again.status_code != UNAUTHORIZED:
            self._tokens.worked(other)
        return again

    async def _ask(
        self,
        method: str,
        url: str,
        params: Mapping[str, Any] | None,
        data: Mapping[str, Any] | None,
        headers: Mapping[str, str] | None,
        auth: tuple[str, str] | None,
        allow_redirects: bool,
    ) -> Response:
        own = dict(headers or {})
        if auth is not None:
            own |= urllib3.make_headers(basic_auth=":".join(auth))
        if data:
            own["Content-Type"] = _FORM
        address = address_of(self._base, url, params)
        try:
            async with self._opened().request(
                method.upper(),
                address,
                data=encoded(data).encode() if data else None,
                headers=own,
                allow_redirects=allow_redirects,
            ) as answer:
                text = (await answer.read()).decode("utf-8", "replace")
        except _BEFORE as error:
            raise NotSubmitted(type(error).__name__) from None
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise AnswerLost(type(error).__name__) from None
        if answer.status == TOO_MANY:
            raise TooMany(seconds_of(answer.headers.get("Retry-After")))
        return Response(answer.status, text, answer.headers)

    def _opened(self) -> aiohttp.ClientSession:
        """The session, made in the loop that it belongs to. The environment is not read."""
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    limit=self._size,
                    keepalive_timeout=_KEEP_ALIVE_S,
                    ssl=ssl.create_default_context(cafile=certifi.where()),
                ),
                timeout=aiohttp.ClientTimeout(
                    total=None, sock_connect=CONNECT_TIMEOUT_S, sock_read=READ_TIMEOUT_S
                ),
                trust_env=False,
                request_class=_InTime,
            )
            self._loop.at_end(self._session.close)
        return self._session


class _InTime(aiohttp.ClientRequest):
    """Looks at the clock once more when its first byte is about to be written.

    Until then a request waits for a connection and for its turn in the loop; a process that was
    frozen in between must not go on where it stood.
    """

    async def write_bytes(
        self,
        writer: AbstractStreamWriter,
        conn: Connection,
        content_length: int | None = None,
    ) -> None:
        """As ever, or not at all: headers and body leave together."""
        try:
            must_be_in_time()
        except TooLate as late:
            if conn.protocol is not None:
                conn.protocol.set_exception(late)  # whoever waits for the answer gets this instead
            return
        await super().write_bytes(writer, conn, content_length)


#: What aiohttp raises before the first byte of a request is written.
_BEFORE = (
    aiohttp.ClientConnectorError,  # refused, unreachable, no such host, certificate
    aiohttp.ConnectionTimeoutError,
    aiohttp.InvalidURL,
)
