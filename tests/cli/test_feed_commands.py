"""`carealert feeds`: add, look, poll and remove, against a real loopback server."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from carealert.bootstrap import open_app
from carealert.cli import feeds
from carealert.clock import now
from tests.support.cap import SAMPLES, atom, cap_xml
from tests.support.http import Answer, Server, serving
from tests.support.tls import self_signed

PRIVATE = "--allow-private"


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
    assert run("add", "met", f"{server.url}/feed?key=secret", "--every", 30, PRIVATE).exit_code == 0
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
    run("add", "page", f"{server.url}/page", PRIVATE)
    result = run("poll", "page")
    assert result.exit_code == 1
    assert "answered an HTML page, not a feed: check the URL" in result.stdout
    assert "answered an HTML page" in run("list").stdout


def test_check_reads_without_storing(server: Server) -> None:
    checked = json.loads(run("check", f"{server.url}/rss", PRIVATE, "--json").stdout)
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
    result = run("check", server.url + path, PRIVATE)
    assert (result.exit_code, result.stdout) == (code, "")
    assert words in result.stderr


@pytest.mark.usefixtures("server")
@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("add", "met", "ftp://met.example/x"), "no http or https address"),
        (("add", "met", "https://met.example/x", "--format", "fax"), "use auto, "),
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


def test_a_feed_at_a_private_address_is_refused_unless_it_is_allowed(server: Server) -> None:
    run("add", "met", f"{server.url}/feed?key=secret")
    polled = run("poll", "met")
    assert polled.exit_code == 1
    assert "not public: if it is yours, add the feed with --allow-private" in polled.stdout
    checked = run("check", f"{server.url}/rss")
    assert (checked.exit_code, server.asked) == (5, [])
    assert "not public" in checked.stderr


def test_a_dry_run_says_what_would_be_new_and_stores_nothing(server: Server) -> None:
    run("add", "met", f"{server.url}/feed?key=secret", PRIVATE)
    tried = run("poll", "--dry-run")
    assert tried.exit_code == 0
    assert "1 new warning(s), 0 known; nothing was stored" in tried.stdout
    assert "a-1" in tried.stdout
    (trial,) = json.loads(run("poll", "met", "--dry-run", "--json").stdout)
    assert [one["identifier"] for one in trial["new_warnings"]] == ["a-1"]
    assert json.loads(run("poll", "met", "--json").stdout)["new_warnings"] == [1]
    assert "0 new warning(s), 1 known" in run("poll", "met", "--dry-run").stdout
    run("add", "page", f"{server.url}/page", PRIVATE)
    assert run("poll", "page", "--dry-run").exit_code == 1


def test_check_reads_a_few_of_the_linked_messages(server: Server) -> None:
    """Of an index it says what its messages are: how many, from whom, of what, still active."""
    live = "<expires>2099-01-01T00:00:00Z</expires>"
    over = "<expires>2020-01-01T00:00:00Z</expires>"
    paths = [f"/{n}.xml" for n in range(5)]
    server.answers["/index"] = Answer(atom((path, "1") for path in paths))
    for path in paths:
        server.answers[path] = Answer(cap_xml(path, inside=live))
    old = cap_xml("old", sent="2019-12-31T00:00:00Z", inside=over)
    server.answers[paths[1]] = Answer(old)
    server.answers[paths[2]] = Answer(status=404)
    checked = json.loads(run("check", f"{server.url}/index", PRIVATE, "--json").stdout)
    assert (checked["format"], checked["warnings"], len(checked["links"])) == ("atom", 0, 5)
    followed = checked["followed"]
    assert (followed["documents"], followed["warnings"], followed["active"]) == (2, 2, 1)
    assert followed["senders"] == {"warnings@met.example": 2}
    assert followed["hazards"] == {"flood": 2}
    assert any("answered 404" in problem["what"] for problem in checked["problems"])
    said = run("check", f"{server.url}/index", PRIVATE).stdout
    assert "of 2 linked document(s): 2 warning(s) of which 1 active" in said
    assert run("list").stdout == "No feeds.\n"


def test_list_shows_how_the_latest_polls_went_and_who_is_silent(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("add", "met", f"{server.url}/feed?key=secret", PRIVATE)
    run("poll", "met")
    run("poll", "met")
    (listed,) = json.loads(run("list", "--json").stdout)
    assert [fetch["new"] for fetch in listed["fetches"]] == [0, 1]
    assert (listed["silent"], listed["alarmed_at"], listed["allow_private"]) == (False, None, True)
    later = now() + timedelta(minutes=7)
    monkeypatch.setattr(feeds, "now", lambda: later)
    (listed,) = json.loads(run("list", "--json").stdout)
    assert listed["silent"]
    assert "SILENT for 7 min" in run("list").stdout


@pytest.mark.usefixtures("server")
def test_the_catalogue_lists_feeds_by_country_and_adds_them() -> None:
    listed = json.loads(run("catalog", "--country", "ph", "--json").stdout)
    assert {one["country"] for one in listed} == {"PH", "*"}
    assert "PAGASA" not in run("catalog", "--country", "BD").stdout
    assert "No feed of BD is listed" in run("catalog", "--country", "BD").stdout
    assert run("catalog").exit_code == 0
    assert run("add", "--from-catalog", "ph-pagasa-en").exit_code == 0
    assert run("add", "pagasa", "--from-catalog", "ph-pagasa-en").exit_code == 0
    assert run("add", "--from-catalog", "none-such").exit_code == 2
    added = json.loads(run("list", "--json").stdout)
    assert [one["name"] for one in added] == ["pagasa", "ph-pagasa-en"]
    assert {one["url"] for one in added} == {"https://publicalert.pagasa.dost.gov.ph/feeds/"}


@pytest.mark.usefixtures("server")
def test_a_feed_that_signs_needs_a_certificate(tmp_path: Path) -> None:
    url = "https://met.example/feed"
    assert run("add", "met", url, "--signatures", "required").exit_code == 2
    wrong = tmp_path / "wrong.pem"
    wrong.write_text("no certificate")
    refused = run("add", "met", url, "--signatures", "required", "--certificate", wrong)
    assert (refused.exit_code, "holds no PEM certificate" in refused.stderr) == (2, True)
    pem = self_signed(tmp_path, "met.example")
    assert run("add", "met", url, "--signatures", "checked", "--certificate", pem).exit_code == 0
    (listed,) = json.loads(run("list", "--json").stdout)
    assert listed["signatures"] == "checked"
    assert "PRIVATE KEY" in pem.read_text()
    with open_app().db.reading() as stores:
        health = stores.feeds.get("met")
    assert health is not None
    assert "BEGIN CERTIFICATE" in (health.feed.certificates or "")
    assert "PRIVATE KEY" not in (health.feed.certificates or "")


@pytest.mark.usefixtures("server")
def test_a_broker_is_added_and_not_polled() -> None:
    assert run("add", "wis2", "mqtts://broker.example/topic").exit_code == 0
    assert run("poll", "wis2").exit_code == 2
    assert json.loads(run("poll", "--json").stdout)["documents"] == 0
