"""A proxy that loses answers: the gateway took the message, and nobody hears of it."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread

import urllib3


@dataclass
class LosingProxy:
    """`lose` answers to posts will still be lost; `posts` counts what was passed on."""

    url: str
    lose: int = 0
    posts: int = 0
    _lock: Lock = field(default_factory=Lock)

    def passed_on(self, method: str) -> bool:
        """Note one request that the gateway has answered; True where that answer is to be lost."""
        if method != "POST":
            return False
        with self._lock:
            self.posts += 1
            self.lose -= 1
            return self.lose >= 0


@contextmanager
def losing_proxy(upstream: str) -> Iterator[LosingProxy]:
    """Serve in front of `upstream` on a free port of the loopback."""

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

        def do_GET(self) -> None:
            self._pass_on()

        def do_POST(self) -> None:
            self._pass_on()

        def _pass_on(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            kept = ("Authorization", "Content-Type")
            headers = {name: self.headers[name] for name in kept if name in self.headers}
            answer = pool.request(
                self.command, upstream + self.path, body=body, headers=headers, retries=False
            )
            self.close_connection = True
            if proxy.passed_on(self.command):
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.headers["Content-Type"])
            self.send_header("Content-Length", str(len(answer.data)))
            self.end_headers()
            self.wfile.write(answer.data)

    pool = urllib3.PoolManager(maxsize=16)
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        proxy = LosingProxy(f"http://127.0.0.1:{server.server_port}")
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield proxy
        finally:
            server.shutdown()
            thread.join(timeout=10)
            pool.clear()
