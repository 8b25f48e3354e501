"""Fetching over a real loopback connection: bounded in time and size, polite, and discreet."""

import gzip
from collections.abc import Iterator
from datetime import timedelta

import pytest

from carealert import __version__
from carealert.adapters.feeds.http import HttpFetcher
from carealert.services.ports.feeds import FetchFailed, Validators
from tests.support.http import Answer, Server, serving

MB = 2**20


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as server:
        yield server


def refusal(server: Server, path: str, fetcher: HttpFetcher | None = None) -> FetchFailed:
    with pytest.raises(FetchFailed) as failed:
        (fetcher or HttpFetcher()).get(server.url + path, allow_private=True)
    assert "\n" not in str(failed.value)
    assert str(failed.value).endswith(".")
    return failed.value


def test_a_document_comes_with_its_validators(server: Server) -> None:
    stated = {"ETag": '"v1"', "Last-Modified": "Tue, 26 May 2026 03:00:00 GMT"}
    server.answers["/feed"] = Answer(b"<feed/>", headers=stated)
    fetched = HttpFetcher().get(f"{server.url}/feed", allow_private=True)
    assert fetched.body == b"<feed/>"
    assert fetched.validators == Validators('"v1"', "Tue, 26 May 2026 03:00:00 GMT")
    _, headers = server.asked[0]
    assert headers["User-Agent"] == f"CareAlert/{__version__}"
    assert "application/cap+xml" in headers["Accept"]
    assert "If-None-Match" not in headers


def test_what_has_not_changed_is_not_sent_again(server: Server) -> None:
    server.answers["/feed"] = Answer(status=304)
    known = Validators('"v1"', "Tue, 26 May 2026 03:00:00 GMT")
    fetched = HttpFetcher().get(f"{server.url}/feed", known, allow_private=True)
    assert (fetched.body, fetched.validators) == (None, known)
    _, headers = server.asked[0]
    assert headers["If-None-Match"] == '"v1"'
    assert headers["If-Modified-Since"] == "Tue, 26 May 2026 03:00:00 GMT"


def test_a_compressed_and_a_chunked_answer_are_unpacked(server: Server) -> None:
    packed = gzip.compress(b"<feed/>" * 1000)
    server.answers["/gz"] = Answer(packed, headers={"Content-Encoding": "gzip"})
    server.answers["/parts"] = Answer(parts=(b"<fe", b"ed/>"), length=-1)
    assert HttpFetcher().get(f"{server.url}/gz", allow_private=True).body == b"<feed/>" * 1000
    assert HttpFetcher().get(f"{server.url}/parts", allow_private=True).body == b"<feed/>"


def test_a_redirect_is_followed_and_a_loop_is_not(server: Server) -> None:
    server.answers["/old"] = Answer(status=301, headers={"Location": "/new"})
    server.answers["/new"] = Answer(b"<feed/>")
    server.answers["/loop"] = Answer(status=302, headers={"Location": "/loop"})
    assert HttpFetcher().get(f"{server.url}/old", allow_private=True).body == b"<feed/>"
    assert "redirects more than 5 times" in str(refusal(server, "/loop"))
    assert server.paths().count("/loop") <= 6


@pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://127.0.0.1/x", "http://[::1"])
def test_a_redirect_to_something_else_is_refused(server: Server, target: str) -> None:
    server.answers["/away"] = Answer(status=302, headers={"Location": target})
    assert "check the URL" in str(refusal(server, "/away"))


def test_too_much_is_refused_before_it_is_read(server: Server) -> None:
    server.answers["/stated"] = Answer(b"x" * 100, length=40 * MB)
    assert "more than 20 MB" in str(refusal(server, "/stated"))


def test_too_much_is_refused_as_it_comes(server: Server) -> None:
    server.answers["/endless"] = Answer(parts=(b"x" * MB,) * 40, length=-1)
    assert "more than 2 MB" in str(refusal(server, "/endless", HttpFetcher(max_bytes=2 * MB)))


def test_a_small_answer_that_unpacks_to_too_much_is_refused(server: Server) -> None:
    bomb = gzip.compress(b"\0" * (40 * MB))
    server.answers["/bomb"] = Answer(bomb, headers={"Content-Encoding": "gzip"})
    assert "more than 20 MB" in str(refusal(server, "/bomb"))


def test_a_body_that_only_trickles_ends_at_the_deadline() -> None:
    """Each byte comes well within the time-out of a read; all together do not."""
    with serving() as server:
        server.answers["/slow"] = Answer(parts=(b"x",) * 40, pause=0.05)
        fetcher = HttpFetcher(deadline=timedelta(seconds=0.5))
        assert "within 0.5 s" in str(refusal(server, "/slow", fetcher))
    assert server.sent < 40  # the client hung up, and did not wait for the end


def test_a_server_that_says_nothing_ends_at_the_deadline(server: Server) -> None:
    server.answers["/silent"] = Answer(parts=(b"", b"x"), pause=1.0)
    fetcher = HttpFetcher(deadline=timedelta(seconds=0.3))
    assert "within 0.3 s" in str(refusal(server, "/silent", fetcher))


def test_an_answer_cut_short_is_a_failure(server: Server) -> None:
    server.answers["/cut"] = Answer(b"<feed>", length=1000)
    assert "broke off" in str(refusal(server, "/cut"))


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (404, "404 Not Found: check the URL"),
        (403, "ask its operator"),
        (500, "500 Internal Server Error: the fault is its own"),
        (429, "fewer requests"),
        (418, "check the URL"),
        (599, "599"),
    ],
)
def test_a_refusal_says_what_to_do(server: Server, status: int, words: str) -> None:
    server.answers["/no"] = Answer(status=status)
    assert words in str(refusal(server, "/no"))


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"Retry-After": "120"}, timedelta(seconds=120)),
        ({"Retry-After": "soon"}, None),
        ({}, None),
    ],
)
def test_the_pause_that_a_server_asks_for_is_told(
    server: Server, headers: dict[str, str], wait: timedelta | None
) -> None:
    server.answers["/busy"] = Answer(status=429, headers=headers)
    assert refusal(server, "/busy").retry_after == wait


def test_a_pause_given_as_a_date_counts_from_the_servers_own_clock(server: Server) -> None:
    server.answers["/busy"] = Answer(
        status=503, headers={"Retry-After": "Fri, 01 Jan 2100 00:00:00 GMT"}
    )
    wait = refusal(server, "/busy").retry_after
    assert wait is not None
    assert wait > timedelta(days=365)


def test_nobody_there_is_a_sentence() -> None:
    with serving() as server:
        gone = server.url
    with pytest.raises(FetchFailed, match="cannot be reached") as failed:
        HttpFetcher().get(f"{gone}/feed?key=secret", allow_private=True)
    # The library's own exception holds the whole address: it must not follow in a traceback.
    assert failed.value.__suppress_context__
    assert failed.value.__cause__ is None


@pytest.mark.parametrize("url", ["ftp://met.example/x", "file:///etc/passwd", "met.example", ""])
def test_only_http_is_fetched(url: str) -> None:
    with pytest.raises(FetchFailed, match="no http or https address"):
        HttpFetcher().get(url)


def test_no_sentence_holds_a_query_or_credentials(server: Server) -> None:
    url = server.url.replace("http://", "http://user:pass@") + "/no?key=secret"
    with pytest.raises(FetchFailed) as failed:
        HttpFetcher().get(url, allow_private=True)
    assert str(failed.value).startswith(f"{server.url}/no answered 404")
    assert failed.value.__cause__ is None
    assert "secret" not in repr(failed.value)
