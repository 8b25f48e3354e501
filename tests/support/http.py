"""A real HTTP server on the loopback, whose answers a test writes."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True)
class Answer:
    """One answer; `parts` go out one after the other, `pause` seconds apart."""

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    parts: tuple[bytes, ...] = ()
    pause: float = 0.0
    length: int | None = None  # what Content-Length claims; None: the truth, -1: no header


@dataclass
class Server:
    """The server's address, what it answers by path, and what it was asked."""

    url: str
    answers: dict[str, Answer | Callable[[Mapping[str, str]], Answer]] = field(default_factory=dict)
    asked: list[tuple[str, Mapping[str, str]]] = field(default_factory=list)
    sent: int = 0  # parts that went out

    def paths(self) -> list[str]:
        return [path for path, _ in self.asked]


@contextmanager
def serving(address: str = "127.0.0.1") -> Iterator[Server]:
    """Serve on a free port of the loopback until the block ends."""

    server = Server("")
    httpd = ThreadingHTTPServer((address, 0), handler_for(server))
    server.url = f"http://{address}:{httpd.server_port}"
    thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        httpd.shutdown()
        thread.join()
        httpd.server_close()


def handler_for(server: Server) -> type[BaseHTTPRequestHandler]:
    """A handler that answers what `server` says."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            server.asked.append((self.path, dict(self.headers)))
            answer = server.answers.get(self.path, Answer(status=404))
            send(self, server, answer if isinstance(answer, Answer) else answer(dict(self.headers)))

        def log_message(self, *_: object) -> None: ...

    return Handler


def send(handler: BaseHTTPRequestHandler, server: Server, answer: Answer) -> None:
    parts = answer.parts or (answer.body,)
    handler.send_response(answer.status)
    for name, value in answer.headers.items():
        handler.send_header(name, value)
    length = sum(map(len, parts)) if answer.length is None else answer.length
    if length >= 0:
        handler.send_header("Content-Length", str(length))
    handler.end_headers()
    try:
        for part in parts:
            handler.wfile.write(part)
            handler.wfile.flush()
            server.sent += 1
            if answer.pause:
                time.sleep(answer.pause)
    except (BrokenPipeError, ConnectionResetError):
        return  # the client had enough, which is what some tests are about
