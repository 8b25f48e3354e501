"""From a feed to stored warnings: fetch outside of transactions, then store in one.

A poll that fails takes nothing away: warnings end by their own `expires`, an Update or a Cancel,
never because a feed fell silent or forgot them.
"""

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial

from carealert.domain.warnings import HazardWarning
from carealert.services.discretion import bare_url
from carealert.services.ports.feeds import (
    FeedHealth,
    Fetched,
    Fetcher,
    FetchFailed,
    Link,
    Problem,
    Reader,
    Reading,
    UnreadableDocument,
    Validators,
)
from carealert.services.ports.store import Database, Stores

#: The longest pause after failures; a server may ask for more (Retry-After), up to a day.
LONGEST_PAUSE = timedelta(hours=1)
LONGEST_WISH = timedelta(days=1)
#: Documents fetched in one poll; the rest of a longer index comes with the next.
DOCUMENTS_A_POLL = 500
#: Feeds polled at once, and documents of one feed fetched at once.
FEEDS_AT_ONCE = 8
DOCUMENTS_AT_ONCE = 4
#: How many of a poll's problems the feed's health repeats.
_SENTENCES = 20


@dataclass(frozen=True, slots=True)
class PollResult:
    """What one poll, or one import, brought. `new_warnings` are their ids, oldest first."""

    new_warnings: tuple[int, ...] = ()
    documents: int = 0
    problems: tuple[Problem, ...] = ()
    not_modified: bool = False

    @property
    def failed(self) -> bool:
        """True if something could not be had or read."""
        return any(problem.level == "error" for problem in self.problems)


@dataclass(frozen=True, slots=True)
class _Got:
    """One document with what it says; `problem` is why it says nothing, or not all."""

    url: str
    updated: str | None
    body: bytes
    reading: Reading | None
    problem: str | None

    @property
    def warnings(self) -> tuple[HazardWarning, ...]:
        return self.reading.warnings if self.reading else ()


@dataclass(slots=True)
class _Harvest:
    """What a poll has brought so far."""

    index: _Got
    linked: list[_Got] = field(default_factory=list)
    failures: list[FetchFailed] = field(default_factory=list)
    left_over: bool = False

    @property
    def documents(self) -> list[_Got]:
        """What is kept: an index that only points to others is read anew at each poll."""
        own = [self.index] if self.index.warnings or self.index.problem else []
        return own + self.linked

    @property
    def sentences(self) -> list[str]:
        """Everything that went wrong, each once."""
        wrong = [str(failure) for failure in self.failures]
        wrong += [one.problem for one in self.documents if one.problem]
        return list(dict.fromkeys(wrong))

    @property
    def retry_after(self) -> timedelta | None:
        """The longest pause that a server asked for."""
        wishes = [one.retry_after for one in self.failures if one.retry_after is not None]
        return max(wishes, default=None)


def poll(
    db: Database, fetcher: Fetcher, reader: Reader, feed_name: str, now: datetime
) -> PollResult:
    """Poll one feed: its index or message, then each linked document that is not known.

    Raises LookupError if there is no such feed. Nothing else is raised for what a feed answers:
    it is in the result, in the feed's health and in the journal.
    """
    with db.reading() as stores:
        health = next((one for one in stores.feeds.all() if one.feed.name == feed_name), None)
    if health is None:
        raise LookupError(f"There is no feed '{feed_name}': see 'carealert feeds list'.")
    return _poll(db, fetcher, reader, health, now)


def poll_due(db: Database, fetcher: Fetcher, reader: Reader, now: datetime) -> PollResult:
    """Poll every feed that is due; a slow one does not hold up the others."""
    with db.reading() as stores:
        due = stores.feeds.due(now)
    if not due:
        return PollResult()
    with ThreadPoolExecutor(FEEDS_AT_ONCE) as pool:
        results = list(pool.map(lambda health: _poll(db, fetcher, reader, health, now), due))
    return PollResult(
        tuple(warning for result in results for warning in result.new_warnings),
        sum(result.documents for result in results),
        tuple(problem for result in results for problem in result.problems),
        all(result.not_modified for result in results),
    )


def import_document(
    db: Database, reader: Reader, name: str, body: bytes, now: datetime
) -> PollResult:
    """Keep and store one document that came as a file; links in it are not followed."""
    got = _read(reader, name, None, body, "auto")
    with db.transaction() as stores:
        new = _store(stores, None, [got], now)
        if got.problem:
            stores.journal.write(now, "document_unreadable", name, problem=got.problem)
    problems = _problems([got])
    if got.reading and got.reading.links:
        problems = (*problems, Problem(name, "is an index: its links are not followed", "notice"))
    return PollResult(new, 1, problems)


def _poll(
    db: Database, fetcher: Fetcher, reader: Reader, health: FeedHealth, now: datetime
) -> PollResult:
    feed = health.feed
    try:
        index = fetcher.get(feed.url, health.validators)
    except FetchFailed as failure:
        with db.transaction() as stores:
            _note_failure(stores, health, str(failure), failure.retry_after, now)
        return PollResult(problems=(Problem(feed.name, str(failure), "error"),))
    if index.body is None:
        with db.transaction() as stores:
            stores.feeds.heard(feed.name, index.validators, now, now + feed.interval)
        return PollResult(not_modified=True)
    harvest = _Harvest(_read(reader, feed.url, None, index.body, feed.format))
    if harvest.index.reading:
        _follow(db, fetcher, reader, harvest.index.reading.links, harvest)
    with db.transaction() as stores:
        new = _store(stores, feed.name, harvest.documents, now)
        _note_health(stores, health, index.validators, harvest, now)
    failed = (Problem(feed.name, str(one), "error") for one in harvest.failures)
    problems = (*failed, *_problems([harvest.index, *harvest.linked]))
    return PollResult(new, 1 + len(harvest.linked), problems)


def _follow(
    db: Database, fetcher: Fetcher, reader: Reader, links: Sequence[Link], harvest: _Harvest
) -> None:
    """Fetch the linked documents that are new or changed."""
    with db.reading() as stores:
        known = stores.feeds.known_documents([link.url for link in links])
    wanted = [link for link in links if not _is_known(link, known)]
    harvest.left_over = len(wanted) > DOCUMENTS_A_POLL
    wanted = wanted[:DOCUMENTS_A_POLL]
    with ThreadPoolExecutor(DOCUMENTS_AT_ONCE) as pool:
        for start in range(0, len(wanted), DOCUMENTS_AT_ONCE):
            some = wanted[start : start + DOCUMENTS_AT_ONCE]
            for link, answer in zip(some, pool.map(partial(_fetch, fetcher), some), strict=True):
                if isinstance(answer, FetchFailed):
                    harvest.failures.append(answer)
                elif answer.body is not None:
                    harvest.linked.append(_linked(reader, link, answer.body))
            if harvest.retry_after is not None:  # the server asks to be left alone
                harvest.left_over = True
                return


def _is_known(link: Link, known: Mapping[str, str | None]) -> bool:
    """True for a document read before, unless the index says that it has changed."""
    return link.url in known and link.updated in (None, known[link.url])


def _fetch(fetcher: Fetcher, link: Link) -> Fetched | FetchFailed:
    try:
        return fetcher.get(link.url)
    except FetchFailed as failure:
        return failure


def _linked(reader: Reader, link: Link, body: bytes) -> _Got:
    got = _read(reader, link.url, link.updated, body, "auto")
    if got.problem is None and not got.warnings:
        return replace(got, problem=f"{bare_url(link.url)}: holds no warning")
    return got


def _read(reader: Reader, url: str, updated: str | None, body: bytes, format_name: str) -> _Got:
    try:
        reading = reader.read(body, url, format_name)
    except UnreadableDocument as unreadable:
        return _Got(url, updated, body, None, str(unreadable))
    errors = (problem for problem in reading.problems if problem.level == "error")
    first = next(errors, None)
    problem = f"{bare_url(url)}: {first.where} {first.what}" if first else None
    return _Got(url, updated, body, reading, problem)


def _store(
    stores: Stores, feed: str | None, documents: Iterable[_Got], now: datetime
) -> tuple[int, ...]:
    """Keep the bytes and save the warnings in the order in which they were sent."""
    found: list[tuple[HazardWarning, int]] = []
    for one in documents:
        kept = stores.feeds.keep_document(feed, one.url, one.updated, one.body, now, one.problem)
        found += ((warning, kept) for warning in one.warnings)
    new = []
    for warning, document in sorted(found, key=lambda pair: pair[0].sent):
        stored = stores.warnings.save(warning, document, now)
        if stored is not None:
            new.append(stored.id)
            stores.journal.write(
                now,
                "warning_received",
                f"warning:{stored.id}",
                feed=feed or "import",
                identifier=warning.identifier,
                incident=stored.incident,
            )
    return tuple(new)


def _note_health(
    stores: Stores,
    health: FeedHealth,
    validators: Validators,
    harvest: _Harvest,
    now: datetime,
) -> None:
    """Record how the poll went.

    The validators are kept only after everything was had and read: with them the feed would
    answer "not modified", and what is missing would never be tried again. One bad document slows
    nothing down: the feed stays at its interval.
    """
    feed, sentences = health.feed, harvest.sentences
    for one in harvest.documents:
        if one.problem and one.problem not in (health.last_error or ""):
            subject = f"feed:{feed.name}"
            stores.journal.write(now, "document_unreadable", subject, problem=one.problem)
    if harvest.index.reading is None:
        _note_failure(stores, health, harvest.index.problem or "", None, now)
        return
    complete = not (sentences or harvest.left_over)
    at_once = harvest.left_over and not sentences
    pause = timedelta() if at_once else feed.interval
    if harvest.retry_after is not None:
        pause = max(feed.interval, min(harvest.retry_after, LONGEST_WISH))
    following = now + pause
    stores.feeds.heard(feed.name, validators if complete else Validators(), now, following)
    if sentences:
        said = "\n".join(sentences[:_SENTENCES])
        stores.feeds.failed(feed.name, said, now, following)
        if harvest.failures and said != health.last_error:
            stores.journal.write(now, "document_failed", f"feed:{feed.name}", problem=said)


def _note_failure(
    stores: Stores, health: FeedHealth, said: str, wish: timedelta | None, now: datetime
) -> None:
    """The whole feed failed: wait twice as long as last time, and as long as the server asks."""
    feed = health.feed
    doubled = feed.interval * 2 ** min(health.failures, 16)
    pause = max(feed.interval, min(doubled, LONGEST_PAUSE), min(wish or timedelta(), LONGEST_WISH))
    stores.feeds.failed(feed.name, said, now, now + pause)
    stores.journal.write(now, "feed_failed", f"feed:{feed.name}", problem=said)


def _problems(documents: Iterable[_Got]) -> tuple[Problem, ...]:
    found: list[Problem] = []
    for one in documents:
        name = bare_url(one.url)
        if one.reading is None:
            what = (one.problem or "").removeprefix(f"{name}: ")
            found.append(Problem(name, what, "error"))
        else:
            found += (replace(p, where=f"{name} {p.where}") for p in one.reading.problems)
            if not one.reading.problems and one.problem:
                found.append(Problem(name, one.problem.removeprefix(f"{name}: "), "error"))
    return tuple(found)
