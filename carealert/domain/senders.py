"""How fast a sender may go, and for how long it is left alone after it failed. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta

#: A burst is no longer than what the sender carries in this time.
BURST = timedelta(seconds=1)
FIRST_REST = timedelta(seconds=2)
LONGEST_REST = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class SenderState:
    """What all workers know of a sender.

    `tokens` are segments that may go out at `refilled_at` (below 0: it is ahead of its rate).
    `rests_until` is when it may be tried again; `failures` counts those since its last success.
    """

    name: str
    tokens: float = 0.0
    refilled_at: datetime | None = None
    rests_until: datetime | None = None
    failures: int = 0
    code: str | None = None

    def is_resting(self, now: datetime) -> bool:
        """True while nothing may be handed to it."""
        return self.rests_until is not None and now < self.rests_until

    @property
    def is_probing(self) -> bool:
        """True where its last word was a failure: one message at a time tries it."""
        return self.failures > 0


def refilled(state: SenderState, per_second: float, now: datetime) -> float:
    """The tokens at `now`, in segments: never more than a burst, and never less than one message.

    A sender that nobody used yet starts with a full burst. A clock that steps back gives nothing.
    """
    most = max(1.0, per_second * BURST.total_seconds())
    if state.refilled_at is None:
        return most
    passed = max(0.0, (now - state.refilled_at).total_seconds())
    return min(most, state.tokens + passed * per_second)


def rest_after(failures: int, wish: timedelta | None, least: timedelta) -> timedelta:
    """How long it is left alone after so many failures in a row, the last one included.

    Twice as long each time from `least` on, at most a minute; the gateway's own wish stands above
    that, up to five minutes.
    """
    own: timedelta = min(least * 2 ** min(max(failures - 1, 0), 10), max(LONGEST_REST, least))
    return max(own, min(wish or timedelta(), timedelta(minutes=5)))
