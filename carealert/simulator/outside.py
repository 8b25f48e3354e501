"""The outside world as one thing: an agency's feed, a gateway with its phones, and their clock."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

from carealert.simulator.feed_server import FeedBoard, feed_app
from carealert.simulator.server import running
from carealert.simulator.world import World, world_app


class Outside(Protocol):
    """What a play does to the outside world and sees of it, wherever that world runs."""

    def skip(self, length: timedelta) -> None:
        """Let time pass without waiting for it."""
        ...

    def publish(self, name: str, body: bytes) -> None:
        """The agency puts a document on its feed. Raises ValueError for a name with a folder."""
        ...

    def numbers(self) -> list[str]:
        """The numbers of all phones, in the order of their first messages."""
        ...

    def asked(self) -> list[str]:
        """Those of the numbers whose phone shows a message that offers the digits 1 and 2."""
        ...

    def reply(self, number: str, body: str) -> tuple[str, ...]:
        """Send `body` from a phone; the texts that came back, as its screen shows them."""
        ...

    def message_count(self) -> int:
        """How many messages the gateway accepted so far."""
        ...

    def wait_until_quiet(self, seconds: float = 60.0) -> bool:
        """Wait until every message has come to its end; False if that takes longer."""
        ...


@dataclass(frozen=True, slots=True)
class Terms:
    """What the outside world is given: the account, where it calls back, and its luck."""

    account_sid: str
    auth_token: str
    inbound_url: str
    seed: int = 0
    undelivered_share: float = 0.0


class OutsideHere:
    """The outside world in this process."""

    def __init__(self, terms: Terms) -> None:
        self._skipped = timedelta()
        self.world = World(**asdict(terms), clock=self.now)
        self.board = FeedBoard("Warnings of the demo")

    def now(self) -> datetime:
        """The moment out there, aware."""
        return datetime.now(UTC) + self._skipped  # noqa: TID251  a clock of its own

    def skip(self, length: timedelta) -> None:
        """Let time pass without waiting for it."""
        self._skipped += length

    def publish(self, name: str, body: bytes) -> None:
        """The agency puts a document on its feed. Raises ValueError for a name with a folder."""
        self.board.publish(name, body, self.now())

    def numbers(self) -> list[str]:
        """The numbers of all phones, in the order of their first messages."""
        return self.world.numbers()

    def asked(self) -> list[str]:
        """Those of the numbers whose phone shows a message that offers the digits 1 and 2."""
        return [number for number in self.world.numbers() if self.world.was_asked(number)]

    def reply(self, number: str, body: str) -> tuple[str, ...]:
        """Send `body` from a phone; the texts that came back, as its screen shows them."""
        return self.world.reply(number, body)

    def message_count(self) -> int:
        """How many messages the gateway accepted so far."""
        return self.world.message_count()

    def wait_until_quiet(self, seconds: float = 60.0) -> bool:
        """Wait until every message has come to its end; False if that takes longer."""
        return self.world.wait_until_quiet(seconds)


@contextmanager
def outside_here(terms: Terms, port: int) -> Iterator[OutsideHere]:
    """Serve the outside world at `port` of 127.0.0.1, from threads of this process."""
    outside = OutsideHere(terms)
    app = world_app(outside.world)
    app.router.routes.extend(feed_app(outside.board).routes)
    with running(app, port), outside.world:
        yield outside
