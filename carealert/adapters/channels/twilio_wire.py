"""What both HTTP clients for Twilio's library share: time-outs, addresses, and three failures."""

from collections.abc import Mapping
from contextvars import ContextVar
from datetime import timedelta
from typing import Any
from urllib.parse import SplitResult, urlencode, urlsplit, urlunsplit

from carealert.clock import since_boot

CONNECT_TIMEOUT_S = 3.05
READ_TIMEOUT_S = 10.0
UNAUTHORIZED, TOO_MANY = 401, 429


class NotSubmitted(Exception):
    """No connection came about: the gateway has seen nothing of the request."""


class TooMany(Exception):
    """429: the gateway did not take the request; `retry_after` is its own wish, if it said one."""

    def __init__(self, retry_after: timedelta | None) -> None:
        super().__init__("429")
        self.retry_after = retry_after


class AnswerLost(Exception):
    """The request was sent, or part of it, and no whole answer came."""


class TooLate(Exception):
    """The moment until which the request might be made has passed; nothing was sent."""


#: Until when (`clock.since_boot`) the request that is being made may be written; None: at any time.
POST_BY: ContextVar[float | None] = ContextVar("post_by", default=None)


def must_be_in_time() -> None:
    """Look at the clock, last thing before the request is written; raises TooLate."""
    latest = POST_BY.get()
    if latest is not None and since_boot() > latest:
        raise TooLate


class Tokens:
    """The account's token, and the one that takes its place while the office rotates.

    Which of them is good is learnt from the gateway's 401, which takes nothing; so a rotation needs
    no restart at the right moment.
    """

    def __init__(self, following: str | None = None) -> None:
        self._following = following
        self._use_following = False

    def auth(self, given: tuple[str, str]) -> tuple[str, str]:
        """Account and token to ask with."""
        following = self._following if self._use_following else None
        return (given[0], following) if following else given

    def after_refusal(
        self, used: tuple[str, str], given: tuple[str, str]
    ) -> tuple[str, str] | None:
        """The other token where there is one; it is used from now on if it is the good one."""
        if self._following is None:
            return None
        return given if used[1] == self._following else (given[0], self._following)

    def worked(self, used: tuple[str, str]) -> None:
        """Keep to the token that the gateway took after it had refused the other."""
        self._use_following = used[1] == self._following


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
