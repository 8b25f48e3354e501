"""Connections: TLS is verified, lines are kept and cut, proxies are honoured, hosts are spared."""

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from carealert.adapters.feeds.http import IN_FLIGHT_PER_HOST, HttpFetcher
from carealert.services.ports.feeds import FetchFailed, Validators
from tests.support.http import Answer, serving
from tests.support.serving import serving as serving_app
from tests.support.tls import self_signed, serving_tls


def refused(url: str, fetcher: HttpFetcher | None = None) -> str:
    with pytest.raises(FetchFailed) as failed:
        (fetcher or HttpFetcher()).get(url, allow_private=True)
    return str(failed.value)


def trusting(pem: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(pem))


@contextmanager
def raw_server(answer: bytes, pause: float = 0.0) -> Iterator[str]:
    """Sends these bytes one after the other to whoever connects; gives its address."""
    ends = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            listener.settimeout(0.05)
            while not ends.is_set():
                try:
                    connection, _ = listener.accept()
                except TimeoutError:
                    continue
                with connection:
                    drip(connection)

        def drip(connection: socket.socket) -> None:
            try:
                for byte in answer:
                    connection.sendall(bytes([byte]))
                    if ends.wait(pause):
                        return
            except OSError:
                return

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"127.0.0.1:{listener.getsockname()[1]}"
        finally:
            ends.set()
            thread.join()


def test_a_certificate_that_is_trusted_and_names_the_host_is_good(tmp_path: Path) -> None:
    pem = self_signed(tmp_path, "met.example")
    with serving_tls(pem) as server:
        server.answers["/feed"] = Answer(b"<feed/>")
        port = server.url.rpartition(":")[2]
        fetcher = HttpFetcher(trust=trusting(pem), resolve=lambda *_: ("127.0.0.1",))
        fetched = fetcher.get(f"https://met.example:{port}/feed", allow_private=True)
        assert fetched.body == b"<feed/>"
        assert server.asked[0][1]["Host"] == f"met.example:{port}"


def test_a_certificate_of_its_own_making_is_refused(tmp_path: Path) -> None:
    with serving_tls(self_signed(tmp_path, "127.0.0.1")) as server:
        server.answers["/feed"] = Answer(b"<feed/>")
        said = refused(f"{server.url}/feed")
        assert "has a certificate that cannot be trusted (self-signed certificate)" in said
        assert server.asked == []


def test_a_certificate_of_another_host_is_refused(tmp_path: Path) -> None:
    pem = self_signed(tmp_path, "met.example")
    with serving_tls(pem) as server:
        server.answers["/feed"] = Answer(b"<feed/>")
        said = refused(f"{server.url}/feed", HttpFetcher(trust=trusting(pem)))
        assert "cannot be trusted" in said
        assert server.asked == []


def test_a_certificate_that_has_expired_is_refused(tmp_path: Path) -> None:
    pem = self_signed(tmp_path, "127.0.0.1", days=-1)
    with serving_tls(pem) as server:
        said = refused(f"{server.url}/feed", HttpFetcher(trust=trusting(pem)))
        assert "certificate has expired" in said


def test_a_server_that_does_not_speak_tls_is_told_apart() -> None:
    with serving() as server:
        said = refused(server.url.replace("http:", "https:") + "/feed")
    assert "does not speak TLS" in said


def test_a_redirect_from_https_to_http_is_refused(tmp_path: Path) -> None:
    pem = self_signed(tmp_path, "127.0.0.1")
    with serving() as plain, serving_tls(pem) as server:
        plain.answers["/feed"] = Answer(b"<feed/>")
        server.answers["/feed"] = Answer(status=301, headers={"Location": f"{plain.url}/feed"})
        said = refused(f"{server.url}/feed", HttpFetcher(trust=trusting(pem)))
        assert "redirects from https to http" in said
        assert plain.asked == []


def test_credentials_go_to_their_own_host_and_to_no_other() -> None:
    with serving() as met, serving() as other:
        met.answers["/feed"] = Answer(status=302, headers={"Location": "/here"})
        met.answers["/here"] = Answer(status=302, headers={"Location": f"{other.url}/there"})
        other.answers["/there"] = Answer(b"<feed/>")
        url = met.url.replace("http://", "http://me:pass@")
        HttpFetcher().get(f"{url}/feed", allow_private=True)
    assert [headers.get("Authorization") for _, headers in met.asked] == ["Basic bWU6cGFzcw=="] * 2
    assert "Authorization" not in other.asked[0][1]


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\n" + b"X-Slow: 1\r\n" * 90,
        b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n" + b"x" * 500,
        b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 500,  # as long as it stays open
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * 200,
    ],
    ids=["head", "body", "until-closed", "chunked"],
)
def test_whatever_trickles_is_cut_at_the_deadline(answer: bytes) -> None:
    fetcher = HttpFetcher(deadline=timedelta(seconds=0.3))
    with raw_server(answer, 0.02) as address:
        started = time.monotonic()
        said = refused(f"http://{address}/feed", fetcher)
        assert time.monotonic() - started < 2
    assert "within 0.3 s" in said


def test_a_handshake_that_trickles_is_cut_at_the_deadline() -> None:
    hello = b"\x16\x03\x03\x40\x00" + b"\x02" * 500  # a record of 16 kB that never ends
    fetcher = HttpFetcher(deadline=timedelta(seconds=0.3))
    with raw_server(hello, 0.02) as address:
        started = time.monotonic()
        assert "within 0.3 s" in refused(f"https://{address}/feed", fetcher)
        assert time.monotonic() - started < 2


@pytest.mark.parametrize(
    "answer",
    [
        b"220 mail.example ESMTP\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n<fe",
        b"HTTP/1.1 200 OK\r\n" + b"X: 1\r\n" * 200 + b"\r\n",
        b"",
    ],
    ids=["not-http", "cut-in-a-chunk", "endless-head", "nothing"],
)
def test_an_answer_that_is_none_is_a_sentence(answer: bytes) -> None:
    with raw_server(answer) as address:
        assert "cannot be reached, or broke off" in refused(f"http://{address}/feed")


def test_not_modified_is_no_answer_to_a_first_request() -> None:
    with serving() as server:
        server.answers["/feed"] = Answer(status=304)
        assert "answered 304" in refused(f"{server.url}/feed")


def test_one_connection_serves_many_documents_and_a_dead_one_is_replaced() -> None:
    ports: list[int] = []

    def document(request: Request) -> Response:
        ports.append(request.scope["client"][1])
        return PlainTextResponse("<feed/>", headers={"ETag": '"1"'})

    fetcher = HttpFetcher()
    app = Starlette(routes=[Route("/{name}", document)])
    with serving_app(app) as url:
        for name in ("a", "b", "c"):
            fetcher.get(f"{url}/{name}", Validators('"0"'), allow_private=True)
    assert len(set(ports)) == 1
    port = int(url.rpartition(":")[2])
    with socket.create_server(("127.0.0.1", port)) as listener:
        listener.settimeout(5)

        def answer() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(4096)
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nnew")

        thread = threading.Thread(target=answer)
        thread.start()
        try:
            assert fetcher.get(f"{url}/a", allow_private=True).body == b"new"
        finally:
            thread.join()
    fetcher.close()


def test_one_host_is_asked_for_few_documents_at_once_and_others_do_not_wait() -> None:
    here, most, lock = 0, 0, threading.Lock()

    def slow(_: object) -> Answer:
        nonlocal here, most
        with lock:
            here += 1
            most = max(most, here)
        time.sleep(0.05)
        with lock:
            here -= 1
        return Answer(b"<feed/>")

    fetcher = HttpFetcher()
    with serving() as busy, serving("127.0.0.2") as idle, ThreadPoolExecutor(16) as pool:
        busy.answers["/feed"] = slow
        idle.answers["/feed"] = Answer(b"<feed/>")
        asked = [
            pool.submit(fetcher.get, f"{busy.url}/feed", None, allow_private=True)
            for _ in range(15)
        ]
        time.sleep(0.02)
        assert fetcher.get(f"{idle.url}/feed", allow_private=True).body == b"<feed/>"
        assert not all(one.done() for one in asked)
        assert all(one.result().body == b"<feed/>" for one in asked)
    assert most == IN_FLIGHT_PER_HOST


def test_a_proxy_of_the_environment_is_asked_for_the_whole_address(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with serving() as proxy:
        where = proxy.url.replace("http://", "http://me:pass@")
        monkeypatch.setenv("http_proxy", where)
        monkeypatch.setenv("no_proxy", "inside.example")
        proxy.answers["http://met.example/feed?a=b"] = Answer(b"<feed/>")

        def nowhere(host: str, _: int) -> tuple[str, ...]:
            if host == "127.0.0.1":
                return (host,)
            raise OSError(host)

        fetched = HttpFetcher(resolve=nowhere).get("http://met.example/feed?a=b")
        assert fetched.body == b"<feed/>"
        assert proxy.asked[0][1]["Host"] == "met.example"
        assert proxy.asked[0][1]["Proxy-Authorization"] == "Basic bWU6cGFzcw=="
        with pytest.raises(FetchFailed, match="cannot be reached"):
            HttpFetcher(resolve=nowhere).get("http://inside.example/feed")
        with pytest.raises(FetchFailed, match="not public"):
            HttpFetcher(resolve=lambda *_: ("10.0.0.1",)).get("http://met.example/feed")


def test_a_tunnel_through_a_proxy_is_verified_to_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pem = self_signed(tmp_path, "met.example")
    with serving_tls(pem) as server, tunnelling(server.url) as (proxy, asked):
        server.answers["/feed"] = Answer(b"<feed/>")
        monkeypatch.setenv("https_proxy", f"http://{proxy}")
        fetcher = HttpFetcher(trust=trusting(pem), resolve=lambda *_: ("127.0.0.1",))
        fetched = fetcher.get("https://met.example/feed", allow_private=True)
        assert fetched.body == b"<feed/>"
        assert asked == [b"CONNECT met.example:443 HTTP/1.1"]
        assert "cannot be trusted" in refused("https://other.example/feed", fetcher)
    assert "through the proxy" in refused("https://met.example/feed", fetcher)


@contextmanager
def tunnelling(url: str) -> Iterator[tuple[str, list[bytes]]]:
    """A proxy that connects everybody to the server at `url`."""
    asked: list[bytes] = []
    port = int(url.rpartition(":")[2])
    ends = threading.Event()

    def pump(source: socket.socket, sink: socket.socket) -> None:
        try:
            while part := source.recv(4096):
                sink.sendall(part)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            return

    def serve() -> None:
        listener.settimeout(0.05)
        while not ends.is_set():
            try:
                near, _ = listener.accept()
            except TimeoutError:
                continue
            with near, socket.create_connection(("127.0.0.1", port)) as far:
                asked.append(near.recv(4096).split(b"\r\n")[0])
                near.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                other = threading.Thread(target=pump, args=(far, near))
                other.start()
                pump(near, far)
                other.join()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"127.0.0.1:{listener.getsockname()[1]}", asked
        finally:
            ends.set()
            thread.join()
