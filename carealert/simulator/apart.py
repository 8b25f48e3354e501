"""The outside world in a process of its own, as the real one is: it shares no processor time
with what it exercises, and ends with the process that started it.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import timedelta
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from threading import Lock
from typing import Any

from carealert.simulator.outside import OutsideHere, Terms, outside_here
from carealert.simulator.server import NotStarted

#: What may be asked of the other process: the words of `Outside`.
WORDS = frozenset(
    {"skip", "publish", "numbers", "asked", "reply", "message_count", "wait_until_quiet"}
)


class OutsideApart:
    """Asks the other process; any thread may, one at a time. Errors come back as raised there."""

    def __init__(self, link: Connection) -> None:
        self._link = link
        self._lock = Lock()

    def skip(self, length: timedelta) -> None:
        """Let time pass without waiting for it."""
        self._ask("skip", length)

    def publish(self, name: str, body: bytes) -> None:
        """The agency puts a document on its feed. Raises ValueError for a name with a folder."""
        self._ask("publish", name, body)

    def numbers(self) -> list[str]:
        """The numbers of all phones, in the order of their first messages."""
        found: list[str] = self._ask("numbers")
        return found

    def asked(self) -> list[str]:
        """Those of the numbers whose phone shows a message that offers the digits 1 and 2."""
        found: list[str] = self._ask("asked")
        return found

    def reply(self, number: str, body: str) -> tuple[str, ...]:
        """Send `body` from a phone; the texts that came back, as its screen shows them."""
        shown: tuple[str, ...] = self._ask("reply", number, body)
        return shown

    def message_count(self) -> int:
        """How many messages the gateway accepted so far."""
        count: int = self._ask("message_count")
        return count

    def wait_until_quiet(self, seconds: float = 60.0) -> bool:
        """Wait until every message has come to its end; False if that takes longer."""
        quiet: bool = self._ask("wait_until_quiet", seconds)
        return quiet

    def wait_until_up(self) -> None:
        """Wait until the other process serves. Raises NotStarted."""
        with self._lock:
            self._receive()

    def _ask(self, word: str, *given: Any) -> Any:
        with self._lock:
            self._link.send((word, given))
            return self._receive()

    def _receive(self) -> Any:
        try:
            answer = self._link.recv()
        except EOFError as error:
            raise NotStarted("The process of the simulated world has ended: see above.") from error
        if isinstance(answer, Exception):
            raise answer
        return answer


@contextmanager
def outside_apart(terms: Terms, port: int) -> Iterator[OutsideApart]:
    """Start the outside world at `port` of 127.0.0.1; it ends with the block.

    Gives it before it is up, so that its start takes nobody's time: `wait_until_up` before use.
    """
    ours, theirs = Pipe()
    command = [sys.executable, "-m", "carealert.simulator", str(theirs.fileno())]
    with ours:
        with theirs:
            process = subprocess.Popen(command, pass_fds=[theirs.fileno()])  # noqa: S603  ours
        try:
            ours.send((asdict(terms), port))
            yield OutsideApart(ours)
        finally:
            ours.close()
            process.wait(timeout=30)


def live(link: Connection) -> None:
    """Be the other process: serve, and do what is asked, until the one who asks is gone."""
    given, port = link.recv()
    try:
        with outside_here(Terms(**given), port) as outside:
            link.send(None)
            _obey(outside, link)
    except NotStarted as problem:
        link.send(problem)


def _obey(outside: OutsideHere, link: Connection) -> None:
    while True:
        try:
            word, given = link.recv()
            link.send(_answer(outside, word, given))
        except (EOFError, OSError):
            return  # the one who asks is gone


def _answer(outside: OutsideHere, word: str, given: tuple[Any, ...]) -> Any:
    if word not in WORDS:
        return ValueError(f"The outside world knows no {word!r}.")
    try:
        return getattr(outside, word)(*given)
    except ValueError as error:  # the one that a play may cause, by a document's name
        return error


def connect(descriptor: int) -> Connection:
    """The link that was handed to this process. Raises OSError if it is none."""
    os.set_inheritable(descriptor, False)
    return Connection(descriptor)
