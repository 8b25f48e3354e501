"""What an officer does with feeds: lists them, adds, removes, polls one now, tries one out."""

from collections.abc import Sequence
from datetime import datetime

from carealert.domain.access import Actor, Right
from carealert.services.access import everywhere, needs
from carealert.services.discretion import bare_url
from carealert.services.polling import Poller, PollResult, Trial
from carealert.services.ports.feeds import Feed, FeedHealth, FetchRecord
from carealert.services.ports.store import Database


@needs(Right.READ_BOARD)
def list_feeds(
    db: Database,
    who: Actor,  # noqa: ARG001 - what a feed answered is of no place
    records: int,
) -> list[tuple[FeedHealth, Sequence[FetchRecord]]]:
    """Every feed with its latest polls, so many of each, newest first."""
    with db.reading() as stores:
        return [(one, stores.feeds.records(one.feed.name, records)) for one in stores.feeds.all()]


@needs(Right.READ_BOARD)
def feed_named(db: Database, who: Actor, name: str) -> FeedHealth | None:  # noqa: ARG001
    """The feed of this name."""
    with db.reading() as stores:
        return stores.feeds.get(name)


@needs(Right.READ_BOARD)
def due_feeds(db: Database, who: Actor, now: datetime) -> list[str]:  # noqa: ARG001
    """The names of the feeds that are due at `now`."""
    with db.reading() as stores:
        return [one.feed.name for one in stores.feeds.due(now)]


@needs(Right.EDIT_FEEDS)
def add_feed(db: Database, who: Actor, feed: Feed, now: datetime) -> None:
    """Add a feed, or change the one of this name; the journal keeps its address without secrets.

    Raises NotAllowed for an actor with areas: a feed warns more than their part.
    """
    everywhere(who, "The list of feeds")
    with db.transaction() as stores:
        stores.feeds.add(feed)
        subject, url = f"feed:{feed.name}", bare_url(feed.url)
        stores.journal.write(now, "feed_added", subject, url=url, by=who.name)


@needs(Right.EDIT_FEEDS)
def remove_feed(db: Database, who: Actor, name: str, now: datetime) -> bool:
    """Stop polling a feed, its warnings stay; False where there is none of this name.

    Raises NotAllowed for an actor with areas.
    """
    everywhere(who, "The list of feeds")
    with db.transaction() as stores:
        removed = stores.feeds.remove(name)
        if removed:
            stores.journal.write(now, "feed_removed", f"feed:{name}", by=who.name)
    return removed


@needs(Right.EDIT_FEEDS)
def poll_now(poller: Poller, who: Actor, name: str | None, now: datetime) -> PollResult:  # noqa: ARG001
    """Poll one feed, or all that are due; raises LookupError where there is none of this name."""
    return poller.poll_due(now) if name is None else poller.poll(name, now)


@needs(Right.EDIT_FEEDS)
def try_feed(poller: Poller, who: Actor, name: str, now: datetime) -> Trial:  # noqa: ARG001
    """What a poll would bring, with nothing stored; raises LookupError."""
    return poller.try_out(name, now)
