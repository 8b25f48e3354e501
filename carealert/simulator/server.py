"""Runs an ASGI application on the loopback, in a thread of this process."""

import contextlib
import secrets
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp

#: Systems give out ports from 32768 on (Linux) or 49152 on (others) by themselves.
_LOWEST, _PORTS, _TRIES = 16_000, 16_000, 100


class NotStarted(Exception):
    """The server did not come up; the message says what to do."""


@contextmanager
def running(app: ASGIApp, port: int = 0) -> Iterator[str]:
    """Serve `app` at 127.0.0.1 and `port` (0: a free one) while the block runs; gives its URL."""
    try:
        listener = socket.create_server(("127.0.0.1", port))
    except OSError as error:
        raise NotStarted(f"Port {port} of 127.0.0.1 is taken: give another one.") from error
    # What is broken off on purpose must not look like a fault of the server.
    server = uvicorn.Server(uvicorn.Config(app, log_level="critical", ws="none"))
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    try:
        _wait_until_up(server, thread)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(timeout=30)
        listener.close()


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on at this moment.

    Below those that systems give out by themselves: nobody gets it by chance before it is used.
    """
    for _ in range(_TRIES):
        port = _LOWEST + secrets.randbelow(_PORTS)
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
    raise NotStarted(f"No port of 127.0.0.1 from {_LOWEST} on is free: stop what listens there.")


def _wait_until_up(server: uvicorn.Server, thread: threading.Thread) -> None:
    while not server.started:
        thread.join(0.005)
        if not thread.is_alive():
            raise NotStarted("The server stopped while it was starting: see its log.")
