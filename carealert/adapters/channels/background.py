"""An event loop in a thread of its own: hundreds of requests under way without hundreds of threads.

Threads that wait for answers hand the interpreter to each other for every one of them: with 160
under way a message took 0.78 ms of processor time, of which the loop needs a third
(docs/decisions/0018-messages-under-way.md).
"""

import asyncio
import threading
import weakref
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import Future
from typing import Any, TypeVar

import uvloop

Result = TypeVar("Result")


#: What is to be closed in the loop before it ends.
Closing = Callable[[], Coroutine[Any, Any, None]]


class BackgroundLoop:
    """Started when it is first used; ends with whoever holds it, or by `close`. For any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closing: list[Closing] = []
        self._end: Callable[[], object] | None = None

    def run(self, work: Coroutine[Any, Any, Result]) -> Future[Result]:
        """Begin it; the future has its result or its exception."""
        return asyncio.run_coroutine_threadsafe(work, self._running())

    def at_end(self, close: Closing) -> None:
        """Close this in the loop before it ends."""
        self._closing.append(close)

    def close(self) -> None:
        """End it; what is under way is given up."""
        if self._end is not None:
            self._end()

    def _running(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._loop is None:
                loop = uvloop.new_event_loop()
                thread = threading.Thread(
                    target=_serve, args=(loop, self._closing), name="gateway", daemon=True
                )
                thread.start()
                self._loop = loop
                self._end = weakref.finalize(self, _stop, loop, thread)
            return self._loop


def _serve(loop: asyncio.AbstractEventLoop, closing: Sequence[Closing]) -> None:
    asyncio.set_event_loop(loop)
    loop.run_forever()
    for close in closing:
        loop.run_until_complete(close())
    loop.close()


def _stop(loop: asyncio.AbstractEventLoop, thread: threading.Thread) -> None:
    if not loop.is_closed():
        loop.call_soon_threadsafe(loop.stop)
        if thread is not threading.current_thread():
            thread.join(timeout=5)
