"""From a feed to stored warnings: fetch outside of transactions, then store in one.

A poll that fails takes nothing away: warnings end by their own `expires`, an Update or a Cancel,
never because a feed fell silent or forgot them.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta

from carealert.domain.warnings import HazardWarning
from carealert.services.feed_health import (
    end_alarm,
    pause_after_failure,
    pause_after_success,
)
from carealert.services.gathered import Got, Harvest, read_bytes
from carealert.services.harvesting import Tools, harvest
from carealert.services.ports.feeds import (
    FeedHealth,
    FetchRecord,
    Problem,
    Reader,
    Validators,
    WarningKey,
)
from carealert.services.ports.links import Link
from carealert.services.ports.store import Database, Stores

#: Feeds polled at once where the caller waits for all of them.
FEEDS_AT_ONCE = 8
#: How long it is kept how polls went.
KEEP_RECORDS = timedelta(days=30)
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
class Trial:
    """What a poll would bring, with nothing stored."""

    new_warnings: tuple[HazardWarning, ...]
    known_warnings: int
    documents: int
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class Poller:
    """Polls feeds with these tools; one serves many threads."""

    tools: Tools

    def poll(self, name: str, now: datetime) -> PollResult:
        """Poll one feed: its index or message, then each linked document that is not known.

        Raises LookupError if there is no such feed. Nothing else is raised for what a feed
        answers: it is in the result, in the feed's health and in the journal.
        """
        return self.poll_feed(self._health(name), now)

    def poll_due(self, now: datetime) -> PollResult:
        """Poll every feed that is due, and wait for all of them."""
        with self.tools.db.reading() as stores:
            due = stores.feeds.due(now)
        if not due:
            return PollResult()
        with ThreadPoolExecutor(FEEDS_AT_ONCE) as pool:
            results = list(pool.map(lambda health: self.poll_feed(health, now), due))
        return PollResult(
            tuple(warning for result in results for warning in result.new_warnings),
            sum(result.documents for result in results),
            tuple(problem for result in results for problem in result.problems),
            all(result.not_modified for result in results),
        )

    def poll_feed(self, health: FeedHealth, now: datetime) -> PollResult:
        """Poll the feed whose health was just read."""
        tools, feed = self.tools, health.feed
        started = tools.timer()
        got = harvest(tools, health, now)
        with tools.db.transaction() as stores:
            new = store(stores, feed.name, got.documents, now)
            stores.feeds.unchanged([one.id for one in got.unchanged], now)
            # A feed that was changed or removed meanwhile is not told what the old one answered.
            current = stores.feeds.get(feed.name)
            if current is not None and current.feed == feed:
                _note(stores, health, got, now)
                ms = round((tools.timer() - started) * 1000)
                stores.feeds.record(feed.name, _record(got, len(new), ms, now), now - KEEP_RECORDS)
        return PollResult(
            new, len(got.pages) + len(got.linked), _problems(feed.name, got), got.not_modified
        )

    def try_out(self, name: str, now: datetime) -> Trial:
        """What a poll would bring; nothing is stored. Raises LookupError."""
        health = self._health(name)
        got = harvest(self.tools, health, now, anew=True)
        with self.tools.db.reading() as stores:
            known = stores.feeds.stored(got.warnings)
        fresh = {one.key: one for one in got.warnings if one.key not in known}
        new = sorted(fresh.values(), key=lambda one: one.sent)
        documents = len(got.pages) + len(got.linked)
        return Trial(tuple(new), len(known), documents, _problems(name, got))

    def _health(self, name: str) -> FeedHealth:
        with self.tools.db.reading() as stores:
            health = stores.feeds.get(name)
        if health is None:
            raise LookupError(f"There is no feed '{name}': see 'carealert feeds list'.")
        return health


def import_document(
    db: Database, reader: Reader, name: str, body: bytes, now: datetime
) -> PollResult:
    """Keep and store one document that came as a file; links in it are not followed."""
    got = read_bytes(reader, Link(name, None), body, "auto")
    with db.transaction() as stores:
        new = store(stores, None, [got], now)
        if got.problem:
            stores.journal.write(now, "document_unreadable", name, problem=got.problem)
    problems = tuple(got.problems)
    if got.reading and got.reading.links:
        problems = (*problems, Problem(name, "is an index: its links are not followed", "notice"))
    return PollResult(new, 1, problems)


def store(
    stores: Stores, feed: str | None, documents: Sequence[Got], now: datetime
) -> tuple[int, ...]:
    """Keep the bytes and save the warnings in the order in which they were sent; the new ids."""
    if not documents:
        return ()
    kept = stores.feeds.keep_documents(feed, [one.to_keep() for one in documents], now)
    found = [
        (warning, document, one.url)
        for one, document in zip(documents, kept, strict=True)
        for warning in one.warnings
    ]
    known = stores.feeds.stored([warning for warning, *_ in found])
    new: list[int] = []
    seen: set[WarningKey] = set()
    for warning, document, url in sorted(found, key=lambda entry: entry[0].sent):
        if warning.key in seen or known.get(warning.key, url) != url:
            _translate(stores, feed, warning, now)
        elif warning.key not in known:
            new += _save(stores, feed, warning, document, now)
            seen.add(warning.key)
    return tuple(new)


def _save(
    stores: Stores, feed: str | None, warning: HazardWarning, document: int, now: datetime
) -> tuple[int, ...]:
    """The id under which it is stored; empty if another did so in the meantime."""
    stored = stores.warnings.save(warning, document, now)
    if stored is None:
        return ()
    stores.journal.write(
        now,
        "warning_received",
        f"warning:{stored.id}",
        feed=feed or "import",
        identifier=warning.identifier,
        incident=stored.incident,
    )
    return (stored.id,)


def _translate(stores: Stores, feed: str | None, warning: HazardWarning, now: datetime) -> None:
    """An agency's other document of the same message may hold it in another language."""
    told = stores.warnings.translate(warning)
    if told is not None:
        languages = ",".join(dict.fromkeys(info.language or "" for info in told.warning.infos))
        subject = f"warning:{told.id}"
        stores.journal.write(
            now, "warning_translated", subject, feed=feed or "import", languages=languages
        )


def _note(stores: Stores, health: FeedHealth, got: Harvest, now: datetime) -> None:
    """Record in the feed's health how the poll went.

    The validators are kept only after everything was had and read: with them the feed would
    answer "not modified", and what is missing would never be tried again. One bad document slows
    nothing down: the feed stays at its interval.
    """
    if got.answer is None or (got.pages and got.pages[0].reading is None):
        _note_failure(stores, health, got, now)
        return
    feed, sentences = health.feed, got.sentences
    _note_documents(stores, health, got, now)
    end_alarm(stores, health, now)
    pause = pause_after_success(health, got.retry_after, now)
    if got.left_over and not sentences:
        pause = timedelta()
    complete = not (sentences or got.left_over)
    validators = got.answer.validators if complete else Validators()
    stores.feeds.heard(feed.name, validators, now, now + pause)
    if sentences:
        said = "\n".join(sentences[:_SENTENCES])
        stores.feeds.failed(feed.name, said, now, now + pause)
        if (got.failures or got.remarks) and said != health.last_error:
            stores.journal.write(now, "document_failed", f"feed:{feed.name}", problem=said)


def _note_documents(stores: Stores, health: FeedHealth, got: Harvest, now: datetime) -> None:
    """One line for each document that is newly unreadable, or newly not to be trusted."""
    for one in got.documents:
        if one.sentence and one.sentence not in (health.last_error or ""):
            event = "document_quarantined" if one.is_quarantined else "document_unreadable"
            stores.journal.write(now, event, f"feed:{health.feed.name}", problem=one.sentence)


def _note_failure(stores: Stores, health: FeedHealth, got: Harvest, now: datetime) -> None:
    """The whole feed failed."""
    said = str(got.broken) if got.broken else got.pages[0].problem or ""
    wish = got.broken.retry_after if got.broken else None
    _note_documents(stores, health, got, now)
    stores.feeds.failed(health.feed.name, said, now, now + pause_after_failure(health, wish, now))
    stores.journal.write(now, "feed_failed", f"feed:{health.feed.name}", problem=said)


def _record(got: Harvest, new: int, ms: int, now: datetime) -> FetchRecord:
    sentences = [str(got.broken)] if got.broken else got.sentences
    return FetchRecord(
        at=now,
        status=got.status,
        bytes=got.bytes,
        new=new,
        updated=sum(one.has_changed for one in got.linked),
        unread=len(got.failures) + sum(one.problem is not None for one in got.documents),
        ms=ms,
        problem="\n".join(sentences[:_SENTENCES]) or None,
    )


def _problems(feed: str, got: Harvest) -> tuple[Problem, ...]:
    failures = [got.broken] if got.broken else got.failures
    failed = [Problem(feed, str(one), "error") for one in (*failures, *got.remarks)]
    return (*failed, *got.problems)
