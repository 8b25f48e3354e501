"""`carealert feeds`: add, look, poll and remove, against a real loopback server."""

import json
from collections.abc import Iterator

import pytest
from click.testing import Result
from typer.testing import CliRunner

from carealert.cli import feeds
from tests.support.cap import SAMPLES, cap_xml
from tests.support.http import Answer, Server, serving


@pytest.fixture
def server(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("CAREALERT_DATABASE_URL", sqlite_url)
    monkeypatch.setenv("CAREALERT_SECRET_KEY", "a test secret of enough bytes")
    with serving() as server:
        server.answers["/feed?key=secret"] = Answer(cap_xml("a-1"))
        server.answers["/rss"] = Answer((SAMPLES / "index.rss").read_bytes())
        server.answers["/page"] = Answer((SAMPLES / "page.html").read_bytes())
        yield server


def run(*args: object) -> Result:
    return CliRunner().invoke(feeds.app, [str(arg) for arg in args])


def test_a_feed_is_added_polled_listed_and_removed(server: Server) -> None:
    assert run("list").stdout == "No feeds.\n"
    assert run("add", "met", f"{server.url}/feed?key=secret", "--every", 30).exit_code == 0
    polled = run("poll", "--json")
    assert polled.exit_code == 0
    assert json.loads(polled.stdout)["new_warnings"] == [1]
    again = run("poll", "met")
    assert (again.exit_code, again.stdout) == (0, "1 document(s), 0 new warning(s)\n")
    (listed,) = json.loads(run("list", "--json").stdout)
    assert listed["url"] == f"{server.url}/feed"
    assert (listed["interval_s"], listed["failures"]) == (30, 0)
    assert listed["last_ok_at"]
    assert "secret" not in run("list").stdout
    assert run("remove", "met").exit_code == 0
    assert run("remove", "met").exit_code == 3


def test_a_poll_that_failed_says_so_and_ends_with_1(server: Server) -> None:
    run("add", "page", f"{server.url}/page")
    result = run("poll", "page")
    assert result.exit_code == 1
    assert "answered an HTML page, not a feed: check the URL" in result.stdout
    assert "answered an HTML page" in run("list").stdout


def test_check_reads_without_storing(server: Server) -> None:
    checked = json.loads(run("check", f"{server.url}/rss", "--json").stdout)
    assert (checked["format"], checked["warnings"], len(checked["links"])) == ("rss", 1, 4)
    assert run("list").stdout == "No feeds.\n"


@pytest.mark.parametrize(
    ("path", "code", "words"),
    [
        ("/gone", 5, "answered 404 Not Found: check the URL"),
        ("/page", 1, "answered an HTML page, not a feed"),
    ],
)
def test_check_says_what_is_wrong(server: Server, path: str, code: int, words: str) -> None:
    result = run("check", server.url + path)
    assert (result.exit_code, result.stdout) == (code, "")
    assert words in result.stderr


@pytest.mark.usefixtures("server")
@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("add", "met", "ftp://met.example/x"), "no http or https address"),
        (("add", "met", "https://met.example/x", "--format", "fax"), "use auto, atom, rss, cap"),
        (("add", "", "https://met.example/x"), "1 to 100 characters"),
    ],
)
def test_what_could_never_be_polled_is_refused(args: tuple[str, ...], words: str) -> None:
    result = run(*args)
    assert result.exit_code == 2
    assert words in result.stderr


@pytest.mark.usefixtures("server")
def test_an_unknown_feed_ends_with_3() -> None:
    assert run("poll", "other").exit_code == 3
