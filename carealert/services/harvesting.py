"""What one poll of a feed brings: its index, the further pages, and the linked documents.

Nothing is stored here, and nothing is taken away: a feed that forgets a warning does not end it.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from time import monotonic
from urllib.parse import urlsplit

from carealert.domain.link_rules import rewrite
from carealert.domain.linked_shapes import (
    wanted_shapes,
    with_index_shape,
    with_shapes,
    with_usual_link,
)
from carealert.services.discretion import bare_url
from carealert.services.feed_health import share_of
from carealert.services.gathered import QUARANTINED, Got, Harvest, read_bytes
from carealert.services.ports.feeds import (
    Feed,
    FeedHealth,
    Fetched,
    Fetcher,
    FetchFailed,
    KnownDocument,
    Problem,
    Reader,
    Reading,
    SignatureCheck,
    Signatures,
    UnreadableDocument,
    Validators,
)
from carealert.services.ports.links import Link
from carealert.services.ports.store import Database

#: Documents fetched in one poll; the rest of a longer index comes with the next.
DOCUMENTS_A_POLL = 500
#: Documents of one feed fetched at once.
DOCUMENTS_AT_ONCE = 4
#: Outlines fetched for one document.
OUTLINES_A_DOCUMENT = 20
#: Further pages of one index.
PAGES_A_POLL = 20
#: After this, what has come is stored, and the next poll goes on.
POLL_BUDGET_S = 30.0
#: A document whose index does not say when it changed is asked for again after this long, sooner
#: where its server can answer "not modified"; so many in one poll.
RECHECK = timedelta(minutes=10)
RECHECK_WHOLE = timedelta(minutes=30)
RECHECKS_A_POLL = 50

#: Bytes of documents that one poll holds at once.
POLL_BYTES = 100 * 2**20


@dataclass(frozen=True, slots=True)
class Tools:
    """What a poll works with. `timer` counts seconds, `stopping` says that we shut down."""

    db: Database
    fetcher: Fetcher
    reader: Reader
    signatures: SignatureCheck | None = None
    timer: Callable[[], float] = monotonic
    stopping: Callable[[], bool] = lambda: False

    def get(self, feed: Feed, url: str, validators: Validators | None = None) -> Fetched:
        """Fetch for this feed; raises FetchFailed."""
        return self.fetcher.get(url, validators, allow_private=feed.allow_private)


def harvest(tools: Tools, health: FeedHealth, now: datetime, *, anew: bool = False) -> Harvest:
    """Fetch and read whatever a feed has that is new or changed; `anew` also what has not."""
    feed, got = health.feed, Harvest()
    until = tools.timer() + POLL_BUDGET_S
    try:
        got.answer = tools.get(feed, feed.url, None if anew else health.validators)
    except FetchFailed as failure:
        got.broken = failure
        return got
    if got.answer.body is None:
        return got
    index = read(tools, feed, Link(feed.url, None), got.answer, feed.format)
    got.pages.append(index)
    if index.reading:
        _turn_pages(tools, feed, got, until)
        _follow(tools, health, got, now, until)
    return got


def read(tools: Tools, feed: Feed, link: Link, answer: Fetched, format_name: str = "auto") -> Got:
    """Read a document that was fetched, and check its signature where the feed wants it."""
    body = answer.body or b""
    got = read_bytes(tools.reader, link, body, format_name, answer.moved_to)
    got = replace(got, validators=answer.validators)
    if got.reading is not None and feed.link_rules:
        got = replace(got, reading=_rewritten(got.reading, feed))
    if not got.warnings or got.reading is None:
        return got
    said = None if feed.signatures is Signatures.IGNORED else _distrust(tools, feed, body)
    if said is None:
        return replace(got, reading=_drawn(tools, feed, got.reading, link.url))
    return replace(got, reading=replace(got.reading, warnings=()), problem=f"{QUARANTINED}{said}")


def _rewritten(reading: Reading, feed: Feed) -> Reading:
    """The reading with its links as the feed's rules want them, before anything is fetched."""
    return replace(
        reading,
        links=tuple(replace(one, url=rewrite(one.url, feed.link_rules)) for one in reading.links),
        pages=tuple(rewrite(url, feed.link_rules) for url in reading.pages),
    )


def _distrust(tools: Tools, feed: Feed, body: bytes) -> str | None:
    if tools.signatures is not None:
        return tools.signatures.problem(body, feed)
    if feed.signatures is Signatures.REQUIRED:
        return "signatures cannot be checked here"
    return None


def _drawn(tools: Tools, feed: Feed, reading: Reading, address: str) -> Reading:
    """The reading with the outlines that its warnings only link to.

    Where one cannot be had, which is usual, the area is looked for by its codes and its name.
    """
    warnings = [with_usual_link(warning, address) for warning in reading.warnings]
    urls = {url for warning in warnings for url in wanted_shapes(warning)}
    if not urls:
        return reading
    shapes = {}
    for url in sorted(urls)[:OUTLINES_A_DOCUMENT]:
        try:
            body = tools.get(feed, rewrite(url, feed.link_rules)).body
            if body is not None:
                shapes[url] = tools.reader.shape(body, url)
        except (FetchFailed, UnreadableDocument):
            continue
    return replace(reading, warnings=tuple(with_shapes(one, shapes) for one in warnings))


def _turn_pages(tools: Tools, feed: Feed, got: Harvest, until: float) -> None:
    """Read the further pages of the index, on the host of the first only."""
    seen, waiting = {feed.url}, _pages_of(got.pages[0])
    host = urlsplit(feed.url).hostname
    while waiting:
        url = waiting.pop(0)
        if url in seen:
            continue
        seen.add(url)
        if urlsplit(url).hostname != host:
            got.remarks.append(f"{bare_url(url)} is a page of the index at another host: left out.")
        elif len(got.pages) > PAGES_A_POLL:
            said = f"{bare_url(feed.url)} has more than {PAGES_A_POLL} further pages: the rest is "
            got.remarks.append(f"{said}left out; ask for less by a filter in the URL.")
            return
        elif _is_over(tools, until):
            got.left_over = True
            return
        else:
            waiting += _page(tools, feed, url, got)


def _page(tools: Tools, feed: Feed, url: str, got: Harvest) -> list[str]:
    try:
        answer = tools.get(feed, url)
    except FetchFailed as failure:
        got.failures.append(failure)
        return []
    page = read(tools, feed, Link(url, None), answer, feed.format)
    got.pages.append(page)
    return _pages_of(page)


def _pages_of(page: Got) -> list[str]:
    return list(page.reading.pages) if page.reading else []


@dataclass(frozen=True, slots=True)
class Wanted:
    """A document to fetch, and why: it is new, changed, was not readable, or is looked at again.

    With `validators` the server may answer that it has not changed.
    """

    link: Link
    known: KnownDocument | None
    validators: Validators | None = None
    is_recheck: bool = False


def wanted(
    links: Iterable[Link], known: Mapping[str, KnownDocument], now: datetime
) -> list[Wanted]:
    """What to fetch of an index: first what is new or changed, then what may have changed."""
    needed: list[Wanted] = []
    rechecks: list[Wanted] = []
    for link in links:
        one = _want(link, known.get(link.url), now)
        if one is not None:
            (rechecks if one.is_recheck else needed).append(one)
    rechecks.sort(key=lambda one: one.known.fetched_at if one.known else now)
    return needed + rechecks[:RECHECKS_A_POLL]


def _want(link: Link, known: KnownDocument | None, now: datetime) -> Wanted | None:
    if known is None:
        return Wanted(link, None)
    if link.updated is not None and link.updated != known.updated:
        return Wanted(link, known)  # the index says so, whatever validators would say
    if known.problem is not None:
        return Wanted(link, known, known.validators)
    pause = RECHECK if known.validators != Validators() else RECHECK_WHOLE
    if link.updated is None and now - known.fetched_at >= pause:
        return Wanted(link, known, known.validators, is_recheck=True)
    return None


def _follow(tools: Tools, health: FeedHealth, got: Harvest, now: datetime, until: float) -> None:
    """Fetch the linked documents that are wanted."""
    links = _links(got.pages)
    if not links:
        return
    with tools.db.reading() as stores:
        known = stores.feeds.known_documents([link.url for link in links])
    todo = wanted(links, known, now)
    if health.last_error and todo:
        # Documents that hang must not be the first each time, or the others would never come.
        start = int(share_of(health.feed.name, now) * len(todo))
        todo = todo[start:] + todo[:start]
    got.left_over |= sum(not one.is_recheck for one in todo) > DOCUMENTS_A_POLL
    todo = todo[:DOCUMENTS_A_POLL]
    fetched = _fetch_all(tools, health.feed, todo, got, until)
    place = {link.url: number for number, link in enumerate(links)}
    got.linked += sorted(fetched, key=lambda one: place[one.url])


def _links(pages: Sequence[Got]) -> list[Link]:
    """The links of all pages, each once with the newest word on when it changed."""
    found: dict[str, Link] = {}
    for link in (link for page in pages if page.reading for link in page.reading.links):
        before = found.get(link.url)
        found[link.url] = before.together(link) if before else link
    return list(found.values())


def _fetch_all(
    tools: Tools, feed: Feed, todo: Sequence[Wanted], got: Harvest, until: float
) -> list[Got]:
    """Some at once, until all are had, time is up, or the server asks to be left alone."""
    waiting = list(reversed(todo))
    running: dict[Future[Fetched | FetchFailed], Wanted] = {}
    found: list[Got] = []
    held = 0
    with ThreadPoolExecutor(min(DOCUMENTS_AT_ONCE, len(todo) or 1)) as pool:
        while waiting or running:
            if got.retry_after is not None or held > POLL_BYTES or _is_over(tools, until):
                got.left_over |= any(not one.is_recheck for one in waiting)
                waiting = []
            while waiting and len(running) < DOCUMENTS_AT_ONCE:
                one = waiting.pop()
                running[pool.submit(_fetch, tools, feed, one)] = one
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                taken = _take(tools, feed, running.pop(future), future.result(), got)
                held += sum(len(one.body) for one in taken)
                found += taken
    return found


def _is_over(tools: Tools, until: float) -> bool:
    return tools.timer() > until or tools.stopping()


def _fetch(tools: Tools, feed: Feed, one: Wanted) -> Fetched | FetchFailed:
    try:
        return tools.get(feed, one.link.url, one.validators)
    except FetchFailed as failure:
        return failure


def _take(
    tools: Tools, feed: Feed, one: Wanted, answer: Fetched | FetchFailed, got: Harvest
) -> list[Got]:
    if isinstance(answer, FetchFailed):
        if not one.is_recheck:  # what was read once is not missing
            got.failures.append(answer)
        return []
    if answer.body is None and one.known is not None:
        if one.known.problem is None:
            got.unchanged.append(one.known)
            return []
        # Still the same bytes; but by now they may be readable here, or a certificate be known.
        with tools.db.reading() as stores:
            answer = replace(answer, body=stores.feeds.body(one.known.id))
    document = replace(read(tools, feed, one.link, answer), known=one.known)
    document = _placed_by_index(document, one.link)
    # A bulletin that is no warning says so; silence is a fault.
    told = document.reading is not None and document.reading.problems
    if document.problem is None and not document.warnings and not told:
        document = replace(document, problem=f"{bare_url(document.url)}: holds no warning")
    return [document]


def _placed_by_index(document: Got, link: Link) -> Got:
    """The document with the outline that only the index draws, where it lacks one."""
    reading = document.reading
    if reading is None or link.drawing is None or len(reading.warnings) != 1:
        return document
    placed = with_index_shape(reading.warnings[0], link.drawing)
    if placed is reading.warnings[0]:
        return document
    said = Problem(
        "area", "draws no outline and has no code: the index's outline is used", "notice"
    )
    return replace(
        document, reading=replace(reading, warnings=(placed,), told=(*reading.told, said))
    )
