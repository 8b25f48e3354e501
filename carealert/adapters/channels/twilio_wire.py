"""What both HTTP clients for Twilio's library share: time-outs, addresses, and three failures."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import SplitResult, urlencode, urlsplit, urlunsplit

CONNECT_TIMEOUT_S = 3.05
READ_TIMEOUT_S = 10.0
TOO_MANY = 429


class NotSubmitted(Exception):
    """No connection came about: the gateway has seen nothing of the request."""


class TooMany(Exception):
    """429: the gateway did not take the request; `retry_after` is its own wish, if it said one."""

    def __init__(self, retry_after: timedelta | None) -> None:
        super().__init__("429")
        self.retry_after = retry_after


class AnswerLost(Exception):
    """The request was sent, or part of it, and no whole answer came."""


def address_of(base: SplitResult | None, url: str, params: Mapping[str, Any] | None) -> str:
    """The address to ask: that of the API, or its path under another gateway's `base`."""
    if base is not None:
        asked = urlsplit(url)
        url = urlunsplit((base.scheme, base.netloc, base.path + asked.path, asked.query, ""))
    return f"{url}?{encoded(params)}" if params else url


def encoded(values: Mapping[str, Any]) -> str:
    """A form or a query, without what is None."""
    return urlencode([(k, v) for k, v in values.items() if v is not None], doseq=True)


def seconds_of(text: str | None) -> timedelta | None:
    """`Retry-After` in seconds; its other form, a date, is not used by Twilio."""
    known = text is not None and text.isascii() and text.isdecimal() and len(text) <= 6
    return timedelta(seconds=int(text)) if text and known else None
