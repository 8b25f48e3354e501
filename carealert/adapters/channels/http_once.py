"""One HTTP request, once: time-outs, a pool, no retry, no redirect, and no address in a log."""

import json
import logging
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from typing import Any

import certifi
import urllib3

from carealert.adapters.channels.twilio_wire import (
    CONNECT_TIMEOUT_S,
    READ_TIMEOUT_S,
    AnswerLost,
    NotSubmitted,
)

#: An answer that is longer is no gateway's.
MOST_BYTES = 64 * 1024

#: What urllib3 raises before the first byte of a request is written.
_BEFORE = (
    urllib3.exceptions.NewConnectionError,  # refused, unreachable, no such host
    urllib3.exceptions.ConnectTimeoutError,
    urllib3.exceptions.LocationParseError,
)


@dataclass(frozen=True)
class Answer:
    """What a gateway answered; the body may quote the message, so the repr is the status."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)

    @cached_property
    def document(self) -> Any:
        """The body as JSON; None where it is something else."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None

    @property
    def retry_after(self) -> timedelta | None:
        """`Retry-After` in seconds; a date is not read, for it needs the gateway's clock."""
        text = self.headers.get("Retry-After") or ""
        known = text.isascii() and text.isdecimal() and len(text) <= 6
        return timedelta(seconds=int(text)) if known else None


class _WithoutQueries(logging.Filter):
    """Drops the lines in which urllib3 writes down what was asked after a question mark."""

    def filter(self, record: logging.LogRecord) -> bool:
        """False for those lines."""
        return "?" not in record.getMessage()


_WITHOUT_QUERIES = _WithoutQueries()


class HttpOnce:
    """One urllib3 pool; safe to use from many threads. Proxies of the environment are not read.

    `ca_file` holds the certificates to trust instead of the public ones.
    """

    def __init__(
        self,
        *,
        pool_size: int = 16,
        read_timeout: float = READ_TIMEOUT_S,
        ca_file: str | None = None,
    ) -> None:
        self._timeout = urllib3.Timeout(connect=CONNECT_TIMEOUT_S, read=read_timeout)
        self._pool = urllib3.PoolManager(
            maxsize=pool_size, block=False, retries=False, ca_certs=ca_file or certifi.where()
        )
        # addFilter is idempotent; urllib3 names the address at level DEBUG only.
        logging.getLogger("urllib3.connectionpool").addFilter(_WITHOUT_QUERIES)

    def ask(
        self, method: str, address: str, headers: Mapping[str, str], body: bytes | None
    ) -> Answer:
        """Ask once; raises NotSubmitted (nothing was sent) or AnswerLost (something may have)."""
        try:
            answer = self._pool.request(
                method,
                address,
                body=body,
                headers=headers,
                redirect=False,
                timeout=self._timeout,
                preload_content=False,
            )
            content = answer.read(MOST_BYTES + 1)
            if len(content) > MOST_BYTES:
                answer.close()
            answer.release_conn()
        except _BEFORE as error:
            raise NotSubmitted(type(error).__name__) from None
        except urllib3.exceptions.SSLError as error:
            if isinstance(error.args[0], ssl.SSLCertVerificationError):
                raise NotSubmitted("certificate") from None
            raise AnswerLost("SSLError") from None  # it may have come after the request
        except urllib3.exceptions.HTTPError as error:
            raise AnswerLost(type(error).__name__) from None
        return Answer(answer.status, answer.headers, content)
