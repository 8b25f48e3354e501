"""Looks at a feed that is not added yet: its index and its first documents, without a database."""

from carealert.domain.link_rules import rewrite
from carealert.services.gathered import Got, Harvest, read_bytes
from carealert.services.ports.feeds import (
    Feed,
    Fetched,
    Fetcher,
    FetchFailed,
    Reader,
)
from carealert.services.ports.links import Link


def sample(fetcher: Fetcher, reader: Reader, feed: Feed, links: int) -> Harvest:
    """The index, or the one message, and at most so many of the documents it points to."""
    got = Harvest()
    try:
        got.answer = fetcher.get(feed.url, allow_private=feed.allow_private)
    except FetchFailed as failure:
        got.broken = failure
        return got
    index = _read(reader, Link(feed.url, None), got.answer, feed.format)
    got.pages.append(index)
    for link in (index.reading.links if index.reading else ())[:links]:
        try:
            url = rewrite(link.url, feed.link_rules)
            answer = fetcher.get(url, allow_private=feed.allow_private)
        except FetchFailed as failure:
            got.failures.append(failure)
        else:
            got.linked.append(_read(reader, link, answer, "auto"))
    return got


def _read(reader: Reader, link: Link, answer: Fetched, format_name: str) -> Got:
    return read_bytes(reader, link, answer.body or b"", format_name, answer.moved_to)
