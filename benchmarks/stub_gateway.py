"""A gateway that costs almost nothing: it takes every message after a set time, and counts them.

The simulator is an application of its own; at a thousand messages a second it would be what is
measured. This one reads no more of a request than it must.
"""

import asyncio
import itertools
import multiprocessing
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection

import uvloop

_HEAD = b"HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
_SPLIT = b"\r\n\r\n"


class _Counter:
    """How many messages came, and when the marked one did."""

    def __init__(self, marked: bytes) -> None:
        self.numbers = itertools.count(time.time_ns())  # no other run has the same ones
        self.taken = 0
        self.marked = marked
        self.before_marked: int | None = None


class _Protocol(asyncio.Protocol):
    """One connection; requests on it come one after the other."""

    def __init__(self, counter: _Counter, seconds: float) -> None:
        self._counter = counter
        self._seconds = seconds
        self._loop = asyncio.get_running_loop()
        self._read = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way back."""
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer each whole request after the set time."""
        self._read += data
        while (end := self._read.find(_SPLIT)) >= 0:
            head = self._read[:end].lower()
            at = head.find(b"content-length:")
            size = int(head[at + 15 : head.find(b"\r", at) if b"\r" in head[at:] else None])
            if len(self._read) < end + 4 + size:
                return
            body, self._read = self._read[end + 4 : end + 4 + size], self._read[end + 4 + size :]
            self._count(body)
            if self._seconds:
                self._loop.call_later(self._seconds, self._answer)
            else:
                self._answer()

    def _count(self, body: bytes) -> None:
        if self._counter.marked in body and self._counter.before_marked is None:
            self._counter.before_marked = self._counter.taken
        self._counter.taken += 1

    def _answer(self) -> None:
        number = next(self._counter.numbers)
        answer = b'{"sid": "SM%032x", "status": "queued"}' % number
        if not self._transport.is_closing():
            self._transport.write(_HEAD % (len(answer), answer))  # type: ignore[attr-defined]


def _serve(seconds: float, marked: bytes, pipe: Connection) -> None:
    async def serve() -> None:
        counter = _Counter(marked)
        loop = asyncio.get_running_loop()
        server = await loop.create_server(
            lambda: _Protocol(counter, seconds), "127.0.0.1", 0, backlog=1024
        )
        pipe.send(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
        while await loop.run_in_executor(None, pipe.recv) != "stop":
            pipe.send((counter.taken, counter.before_marked))

    uvloop.run(serve())


class Stub:
    """The stub's address, and what it counted."""

    def __init__(self, url: str, pipe: Connection) -> None:
        self.url = url
        self._pipe = pipe

    def counted(self) -> tuple[int, int | None]:
        """Messages taken so far, and how many of them came before the marked one."""
        self._pipe.send("count")
        taken, before = self._pipe.recv()
        return taken, before


@contextmanager
def stub(seconds: float, marked: bytes = b"\0") -> Iterator[Stub]:
    """Run one in a process of its own; it ends with the block."""
    ours, theirs = multiprocessing.Pipe()
    context = multiprocessing.get_context("spawn")
    process = context.Process(target=_serve, args=(seconds, marked, theirs), daemon=True)
    process.start()
    theirs.close()
    try:
        yield Stub(ours.recv(), ours)
    finally:
        ours.send("stop")
        process.join(timeout=10)
