"""Feeds, their documents, and the warnings read from them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from carealert.domain.geometry import Shape
from carealert.domain.link_rules import LinkRule
from carealert.domain.warnings import HazardWarning
from carealert.services.ports.holds import HoldDecision
from carealert.services.ports.links import Link

#: (sender, identifier, sent): the identity of a warning.
WarningKey = tuple[str, str, datetime]


class Signatures(StrEnum):
    """What a feed's XML signatures are worth to us."""

    IGNORED = "ignored"
    CHECKED = "checked"  # a wrong one is quarantined, a missing one is not missed
    REQUIRED = "required"


@dataclass(frozen=True, slots=True)
class Feed:
    """A source that is polled. `format` names a line of the FORMATS table ("auto" looks).

    `allow_private` lets it be at an address that is not on the public Internet. `certificates`
    are those (PEM) under which its signatures are good. `link_rules` rewrite the links it writes.
    """

    name: str
    url: str
    format: str
    interval: timedelta
    enabled: bool = True
    allow_private: bool = False
    signatures: Signatures = Signatures.IGNORED
    certificates: str | None = None
    link_rules: tuple[LinkRule, ...] = ()

    @property
    def is_polled(self) -> bool:
        """True for an address of http; a broker's is listened to."""
        return self.url.lower().startswith(("http://", "https://"))


@dataclass(frozen=True, slots=True)
class Validators:
    """What makes the next GET conditional."""

    etag: str | None = None
    last_modified: str | None = None


@dataclass(frozen=True, slots=True)
class FeedHealth:
    """How a feed has been answering. Times are aware UTC.

    `tried_at` is when it was first polled; `alarmed_at` since when its silence is an alarm.
    """

    feed: Feed
    validators: Validators
    last_ok_at: datetime | None
    last_error: str | None
    failures: int
    next_poll_at: datetime | None
    tried_at: datetime | None = None
    alarmed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class FetchRecord:
    """One poll of one feed: what it cost and what it brought.

    `status` is that of the index, None where nothing was answered. `new` counts warnings that
    were not stored before, `updated` documents that had changed, `unread` documents that could
    not be had or read.
    """

    at: datetime
    status: int | None
    bytes: int
    new: int
    updated: int
    unread: int
    ms: int
    problem: str | None


@dataclass(frozen=True, slots=True)
class Fetched:
    """The answer to one GET; `body` is None for 304 Not Modified.

    `moved_to` is where redirects led: relative links in the document count from there.
    """

    url: str
    body: bytes | None
    validators: Validators
    status: int = 200
    moved_to: str | None = None


class FetchFailed(Exception):
    """A document could not be had: says what happened and what to do.

    `retry_after` is the server's own wish, if it stated one; `status` is its answer, if any.
    """

    def __init__(
        self, message: str, retry_after: timedelta | None = None, status: int | None = None
    ) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        self.status = status


class Fetcher(Protocol):
    """HTTP at the edge: time-outs, size limit, conditional GET."""

    def get(
        self, url: str, validators: Validators | None = None, *, allow_private: bool = False
    ) -> Fetched:
        """Fetch `url`; raises FetchFailed, also for an address that is not public."""
        ...


class SignatureCheck(Protocol):
    """Says whether a document is from whom the feed says."""

    def problem(self, body: bytes, feed: Feed) -> str | None:
        """Why the document may not be trusted, in one sentence; None if it may."""
        ...


@dataclass(frozen=True, slots=True)
class Problem:
    """Something odd in a document: where, what, and `error` or `notice`."""

    where: str
    what: str
    level: str


@dataclass(frozen=True, slots=True)
class Reading:
    """All that one document says: warnings, links to more documents, and problems.

    `pages` are further pages of the same index, to be read in the same poll. `told` are the
    problems but for those of shapes, which `problems` draws to find.
    """

    format: str
    warnings: tuple[HazardWarning, ...]
    links: tuple[Link, ...]
    told: tuple[Problem, ...]
    pages: tuple[str, ...] = ()

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Everything odd, each once: what was told, then what is wrong with the shapes."""
        drawn = (
            Problem(where, what, "notice")
            for warning in self.warnings
            for info in warning.infos
            for area in info.areas
            for where, what in area.drawing_notes
        )
        return tuple(dict.fromkeys((*self.told, *drawn)))


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

    def shape(self, body: bytes, where: str) -> Shape:
        """Read an outline that a warning links to; raises UnreadableDocument."""
        ...


@dataclass(frozen=True, slots=True)
class StoredWarning:
    """A warning with its place in the store.

    `warning` is as it was sent; where an officer released it, its infos mean what they would
    mean if they were no test.
    """

    id: int
    incident: str
    revision: int  # how many messages of the incident were stored before it
    warning: HazardWarning
    received_at: datetime
    planned_at: datetime | None
    superseded_by: int | None
    joined_by: str | None = None  # why it is of its incident, where others were there before
    hold: HoldDecision | None = None  # how its hold ended, if it was held


@dataclass(frozen=True, slots=True)
class UnmappedEvent:
    """An event in a sender's words that no table of hazards knows.

    `category` is CAP's, by which its `hazard` was guessed until somebody maps it; `times` counts
    infos; `last_at` is aware UTC.
    """

    sender: str
    event: str
    language: str | None
    category: str | None
    hazard: str
    times: int
    last_at: datetime


@dataclass(frozen=True, slots=True)
class NewDocument:
    """The bytes of one document as they came, and what kept it from being read, if anything.

    `updated` is what the index said of it, `validators` what its server said.
    """

    url: str
    updated: str | None
    body: bytes
    problem: str | None
    validators: Validators = Validators()


@dataclass(frozen=True, slots=True)
class KnownDocument:
    """The newest kept document of one address."""

    id: int
    updated: str | None
    sha256: str
    fetched_at: datetime
    problem: str | None
    validators: Validators


class FeedStore(Protocol):
    """Feeds and the documents they gave."""

    def add(self, feed: Feed) -> None:
        """Add a feed, or change the one of this name; it is due at once."""
        ...

    def remove(self, name: str) -> bool: ...
    def get(self, name: str) -> FeedHealth | None: ...
    def all(self) -> Sequence[FeedHealth]: ...
    def due(self, now: datetime) -> Sequence[FeedHealth]:
        """The feeds that are to be polled by now, those never tried first."""
        ...

    def heard(
        self, name: str, validators: Validators, now: datetime, next_poll_at: datetime
    ) -> None:
        """Record a whole successful poll; only now may the validators be kept."""
        ...

    def failed(self, name: str, problem: str, now: datetime, next_poll_at: datetime) -> None: ...

    def begin(self, now: datetime) -> None:
        """Say of every feed that was never tried that it is due from now on."""
        ...

    def alarm(self, name: str, since: datetime | None) -> None:
        """Mark a feed's silence as an alarm, or as over."""
        ...

    def record(self, name: str, fetch: FetchRecord, keep_from: datetime) -> None:
        """Keep how a poll went; the feed's records from before `keep_from` go."""
        ...

    def records(self, name: str, limit: int = 5) -> Sequence[FetchRecord]:
        """How the latest polls of a feed went, newest first."""
        ...

    def known_documents(self, urls: Sequence[str]) -> dict[str, KnownDocument]:
        """The newest document of each of these addresses that is kept."""
        ...

    def body(self, document: int) -> bytes: ...

    def unchanged(self, documents: Sequence[int], now: datetime) -> None:
        """The server says that these documents are still as they were kept."""
        ...

    def keep_documents(
        self, feed: str | None, documents: Sequence[NewDocument], now: datetime
    ) -> Sequence[int]:
        """Keep documents, readable or not, and give their ids; the same bytes are kept once."""
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
        """Keep one document, and give its id."""
        ...

    def stored(self, warnings: Sequence[HazardWarning]) -> Mapping[WarningKey, str]:
        """Those of these warnings that are stored: key -> address of the document it came in."""
        ...


class WarningStore(Protocol):
    """Warnings in their incidents."""

    def save(self, warning: HazardWarning, document: int, now: datetime) -> StoredWarning | None:
        """Store a new warning in its incident; None if its key is stored already.

        The incident is that of the messages it refers to, or that refer to it (they may arrive
        first), or that tell of the same event (docs/decisions/0012-incidents.md); else a new
        one. A message whose place a later one takes is superseded, in whichever order they come.
        """
        ...

    def translate(self, warning: HazardWarning) -> StoredWarning | None:
        """Give the stored message of this key the infos of this one in languages it has not.

        They are added at the end: decisions name an info by its number. None if it has them all.
        """
        ...

    def settle(self, warning_id: int) -> None:
        """Let a released message take the places that it did not while it read as a test."""
        ...

    def get(self, warning_id: int) -> StoredWarning:
        """One warning; raises LookupError."""
        ...

    def find(self, warning: HazardWarning) -> StoredWarning | None:
        """The stored message with this key."""
        ...

    def place_of(self, warning: HazardWarning) -> tuple[str, int]:
        """The incident and revision that `save` would give; nothing is stored."""
        ...

    def would_replace(self, warning: HazardWarning) -> frozenset[int]:
        """The stored messages of its incident whose place this one took, or would take."""
        ...

    def standing(self, incident: str) -> Sequence[StoredWarning]:
        """The messages of an incident whose place nobody took, in the order of storing."""
        ...

    def like(self, warning: HazardWarning) -> Sequence[StoredWarning]:
        """Other senders' standing warnings of like hazards at the same time, wherever they hold."""
        ...

    def unplanned(self, limit: int = 100, *, drills: bool = False) -> Sequence[StoredWarning]:
        """What waits to be planned, oldest first, without what an officer must decide about.

        Exercises wait apart: with `drills` they come, and nothing else.
        """
        ...

    def mark_planned(self, warning_id: int, now: datetime) -> None: ...
    def recent(self, limit: int = 100) -> Sequence[StoredWarning]: ...
    def planned(self, start: datetime, end: datetime) -> Sequence[StoredWarning]:
        """Those that were planned from `start` on and before `end`, in the order of planning."""
        ...

    def unmapped(self, limit: int | None = None) -> Sequence[UnmappedEvent]:
        """Events that no table knows, the most frequent first; of the newest `limit` warnings."""
        ...
