"""Feeds, their documents, and the warnings read from them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from carealert.domain.warnings import HazardWarning


class Signatures(StrEnum):
    """What a feed's XML signatures are worth to us."""

    IGNORED = "ignored"
    CHECKED = "checked"  # a wrong one is quarantined, a missing one is not missed
    REQUIRED = "required"


@dataclass(frozen=True, slots=True)
class Feed:
    """A source that is polled. `format` names a line of the FORMATS table ("auto" looks).

    `allow_private` lets it be at an address that is not on the public Internet. `certificates`
    are those (PEM) under which its signatures are good.
    """

    name: str
    url: str
    format: str
    interval: timedelta
    enabled: bool = True
    allow_private: bool = False
    signatures: Signatures = Signatures.IGNORED
    certificates: str | None = None


@dataclass(frozen=True, slots=True)
class Validators:
    """What makes the next GET conditional."""

    etag: str | None = None
    last_modified: str | None = None


@dataclass(frozen=True, slots=True)
class FeedHealth:
    """How a feed has been answering. Times are aware UTC."""

    feed: Feed
    validators: Validators
    last_ok_at: datetime | None
    last_error: str | None
    failures: int
    next_poll_at: datetime | None


@dataclass(frozen=True, slots=True)
class Fetched:
    """The answer to one GET; `body` is None for 304 Not Modified."""

    url: str
    body: bytes | None
    validators: Validators


class FetchFailed(Exception):
    """A document could not be had: says what happened and what to do.

    `retry_after` is the server's own wish, if it stated one.
    """

    def __init__(self, message: str, retry_after: timedelta | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Fetcher(Protocol):
    """HTTP at the edge: time-outs, size limit, conditional GET."""

    def get(self, url: str, validators: Validators | None = None) -> Fetched:
        """Fetch `url`; raises FetchFailed."""
        ...


@dataclass(frozen=True, slots=True)
class Problem:
    """Something odd in a document: where, what, and `error` or `notice`."""

    where: str
    what: str
    level: str


@dataclass(frozen=True, slots=True)
class Link:
    """A document that an index points to. `updated` helps to skip what is known."""

    url: str
    updated: str | None


@dataclass(frozen=True, slots=True)
class Reading:
    """All that one document says: warnings, links to more documents, and problems.

    `pages` are further pages of the same index, to be read in the same poll.
    """

    format: str
    warnings: tuple[HazardWarning, ...]
    links: tuple[Link, ...]
    problems: tuple[Problem, ...]
    pages: tuple[str, ...] = ()


class UnreadableDocument(Exception):
    """A document from which nothing can be read; the message names where and what."""

    def __init__(self, where: str, what: str) -> None:
        super().__init__(f"{where}: {what}")
        self.where = where
        self.what = what


class Reader(Protocol):
    """Bytes in, meaning out: pure, so that a document can be read again at any time."""

    def read(self, body: bytes, base_url: str, format_name: str = "auto") -> Reading:
        """Read one document; raises UnreadableDocument."""
        ...


@dataclass(frozen=True, slots=True)
class StoredWarning:
    """A warning with its place in the store."""

    id: int
    incident: str
    revision: int  # how many messages of the incident were stored before it
    warning: HazardWarning
    received_at: datetime
    planned_at: datetime | None
    superseded_by: int | None


class FeedStore(Protocol):
    """Feeds and the documents they gave."""

    def add(self, feed: Feed) -> None: ...
    def remove(self, name: str) -> bool: ...
    def all(self) -> Sequence[FeedHealth]: ...
    def due(self, now: datetime) -> Sequence[FeedHealth]: ...

    def heard(
        self, name: str, validators: Validators, now: datetime, next_poll_at: datetime
    ) -> None:
        """Record a whole successful poll; only now may the validators be kept."""
        ...

    def failed(self, name: str, problem: str, now: datetime, next_poll_at: datetime) -> None: ...

    def known_documents(self, urls: Sequence[str]) -> dict[str, str | None]:
        """url -> `updated` of the documents read without error before."""
        ...

    def keep_document(
        self,
        feed: str | None,
        url: str,
        updated: str | None,
        body: bytes,
        now: datetime,
        problem: str | None,
    ) -> int:
        """Keep the bytes as they came, readable or not; the same bytes are kept once."""
        ...


class WarningStore(Protocol):
    """Warnings in their incidents."""

    def save(self, warning: HazardWarning, document: int, now: datetime) -> StoredWarning | None:
        """Store a new warning in its incident; None if its key is stored already.

        The incident is that of the messages it refers to, or that refer to it (they may arrive
        first), or that share an element of `incidents` with the same sender; else a new one.
        A message that a later one refers to is superseded, in whichever order they come.
        """
        ...

    def get(self, warning_id: int) -> StoredWarning: ...
    def unplanned(self, limit: int = 100) -> Sequence[StoredWarning]: ...
    def mark_planned(self, warning_id: int, now: datetime) -> None: ...
    def recent(self, limit: int = 100) -> Sequence[StoredWarning]: ...
