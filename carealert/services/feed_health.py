"""How a feed is doing: when it is polled next, and when its silence is an alarm."""

import hashlib
from datetime import datetime, timedelta

from carealert.services.ports.feeds import FeedHealth
from carealert.services.ports.store import Database, Stores

#: A feed without a good answer for so many of its intervals is silent.
MISSED_POLLS = 3
#: The longest pause after failures; a server may ask for more (Retry-After), up to a day.
LONGEST_PAUSE = timedelta(hours=1)
LONGEST_WISH = timedelta(days=1)
#: How far a pause may be off, so that feeds that were added together are not polled together.
_JITTER = 0.1
#: Shorter intervals are kept to the second: there is nothing to spread.
_NO_JITTER_BELOW = timedelta(seconds=10)


def jittered(pause: timedelta, name: str, now: datetime) -> timedelta:
    """`pause` up to a tenth longer or shorter; the same for the same feed and moment."""
    if pause < _NO_JITTER_BELOW:
        return pause
    return pause * (1 - _JITTER + 2 * _JITTER * share_of(name, now))


def share_of(name: str, now: datetime) -> float:
    """A number from 0 up to 1 that looks like chance; the same for the same name and moment."""
    digest = hashlib.blake2b(f"{name}\n{now.isoformat()}".encode(), digest_size=4).digest()
    return int.from_bytes(digest, "big") / 2**32


def pause_after_success(health: FeedHealth, wish: timedelta | None, now: datetime) -> timedelta:
    """The interval, or what a server of its documents asked for if that is longer."""
    usual = jittered(health.feed.interval, health.feed.name, now)
    return max(usual, min(wish or timedelta(), LONGEST_WISH))


def pause_after_failure(health: FeedHealth, wish: timedelta | None, now: datetime) -> timedelta:
    """Twice as long as last time, and at least as long as the server asks for."""
    feed = health.feed
    doubled = min(feed.interval * 2 ** min(health.failures, 16), LONGEST_PAUSE)
    usual = jittered(max(feed.interval, doubled), feed.name, now)
    return max(usual, min(wish or timedelta(), LONGEST_WISH))


def silent_since(health: FeedHealth) -> datetime | None:
    """Since when nothing was heard: the last good answer, else the first try, else when due."""
    return health.last_ok_at or health.tried_at or health.next_poll_at


def is_silent(health: FeedHealth, now: datetime) -> bool:
    """True for a feed that is polled and has missed three of its intervals."""
    since = silent_since(health)
    if since is None or not health.feed.enabled:
        return False
    return now - since > MISSED_POLLS * health.feed.interval


def watch(db: Database, now: datetime) -> tuple[str, ...]:
    """Raise the alarm for feeds that have fallen silent; their names.

    This looks at the clock alone, so it also speaks up where nothing is polled at all.
    """
    with db.reading() as stores:
        feeds = stores.feeds.all()
    if all(one.next_poll_at for one in feeds) and not any(_differs(one, now) for one in feeds):
        return ()
    silent = []
    with db.transaction() as stores:
        stores.feeds.begin(now)
        for health in stores.feeds.all():
            if not _differs(health, now):
                continue
            if health.alarmed_at is None:
                _raise_alarm(stores, health, now)
                silent.append(health.feed.name)
            elif health.feed.enabled:
                end_alarm(stores, health, now)
            else:
                stores.feeds.alarm(health.feed.name, None)
    return tuple(silent)


def end_alarm(stores: Stores, health: FeedHealth, now: datetime) -> None:
    """Take the alarm back, if there was one."""
    if health.alarmed_at is None:
        return
    stores.feeds.alarm(health.feed.name, None)
    since = silent_since(health) or health.alarmed_at
    subject = f"feed:{health.feed.name}"
    stores.journal.write(now, "feed_heard_again", subject, silent_since=since.isoformat())


def _raise_alarm(stores: Stores, health: FeedHealth, now: datetime) -> None:
    stores.feeds.alarm(health.feed.name, now)
    since = silent_since(health) or now
    stores.journal.write(
        now,
        "feed_silent",
        f"feed:{health.feed.name}",
        silent_since=since.isoformat(),
        problem=health.last_error or "it was not polled: is a worker running?",
    )


def _differs(health: FeedHealth, now: datetime) -> bool:
    return is_silent(health, now) != (health.alarmed_at is not None)
