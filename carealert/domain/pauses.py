"""Sending that somebody stopped for a while. A pause always has an end."""

from dataclasses import dataclass
from datetime import datetime, timedelta

#: What may be paused beside single senders (`sender:NAME`); `all` is every lane.
LANES = ("life_threatening", "urgent", "routine", "drill")
ALL, SENDER = "all", "sender:"
#: Nobody may forget that life-threatening messages wait.
LONGEST_OF_LIVES = timedelta(minutes=15)
LONGEST = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class Pause:
    """`what` waits until `until` (aware): a lane, `all`, or `sender:NAME`."""

    what: str
    since: datetime
    until: datetime
    by: str
    why: str

    @property
    def stops_lives(self) -> bool:
        """True where messages on which a life hangs wait as well."""
        return stops_lives(self.what)


def stops_lives(what: str) -> bool:
    """True for whatever holds life-threatening messages back, a sender of them included."""
    return what in (ALL, LANES[0]) or what.startswith(SENDER)


def longest(what: str) -> timedelta:
    """How long this may be paused at most."""
    return LONGEST_OF_LIVES if stops_lives(what) else LONGEST


def is_pausable(what: str) -> bool:
    """True for a lane, `all`, or a named sender."""
    return what == ALL or what in LANES or (what.startswith(SENDER) and len(what) > len(SENDER))
