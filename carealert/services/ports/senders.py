"""Ways out with limits of their own, and what all workers must know of them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from carealert.domain.notices import Channel
from carealert.domain.senders import SenderState
from carealert.services.ports.outbox import MessageChannel


@dataclass(frozen=True, slots=True)
class Sender:
    """A number, a service or an account to send from.

    `per_second` are the SMS segments (or calls) that it carries in a second, for all workers
    together; None holds nothing back here. `at_once` are requests under way in one worker. It
    serves numbers that begin with one of `prefixes` (E.164), or all.
    """

    name: str
    channel: MessageChannel
    carries: Channel = Channel.SMS
    per_second: float | None = None
    at_once: int = 64
    prefixes: tuple[str, ...] = ()

    def serves(self, number: str) -> bool:
        """True where it may be used for this number."""
        return not self.prefixes or number.startswith(self.prefixes)


Senders = Sequence[Sender]


class SenderStore(Protocol):
    """Limits and failures of senders, shared by every worker."""

    def states(self, names: Collection[str]) -> Mapping[str, SenderState]:
        """What is known of these; one that was never used is in its first state."""
        ...

    def budget(self, name: str, per_second: float, now: datetime) -> float:
        """The segments that may go out now; holds the sender for the rest of the transaction."""
        ...

    def spend(self, name: str, segments: int) -> None:
        """Take segments from what `budget` gave; it may go below 0 and is made good by waiting."""
        ...

    def rest(self, name: str, until: datetime, code: str | None) -> bool:
        """Leave it alone until then and count a failure; True where it was well before."""
        ...

    def mended(self, name: str) -> None:
        """It carried a message: its failures are forgotten."""
        ...
