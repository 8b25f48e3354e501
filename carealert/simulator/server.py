"""Runs an ASGI application on the loopback, in a thread of this process."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp


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
    """A port of 127.0.0.1 that nobody listens on at this moment."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


def _wait_until_up(server: uvicorn.Server, thread: threading.Thread) -> None:
    while not server.started:
        thread.join(0.005)
        if not thread.is_alive():
            raise NotStarted("The server stopped while it was starting: see its log.")
