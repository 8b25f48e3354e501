"""`carealert feeds`: the sources of warnings, and how they have been answering."""

from datetime import timedelta
from typing import Annotated, Any

import typer

from carealert.adapters.feeds.reading import MAX_URL, public_url
from carealert.adapters.feeds.table import FORMATS
from carealert.bootstrap import open_app
from carealert.cli.output import Exit, emit, fail
from carealert.cli.problems import problem_json, problem_lines
from carealert.clock import now
from carealert.services import polling
from carealert.services.ports.feeds import (
    Feed,
    FeedHealth,
    FetchFailed,
    UnreadableDocument,
)

app = typer.Typer(no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Format = Annotated[str, typer.Option("--format", help=f"auto, {', '.join(FORMATS)}.")]


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """List feeds and their health. Example: carealert feeds list --json"""
    with open_app().db.reading() as stores:
        feeds = stores.feeds.all()
    text = "\n".join(_line(health) for health in feeds)
    emit([_json(health) for health in feeds], as_json, text or "No feeds.")


@app.command()
def add(
    name: str,
    url: str,
    format_name: Format = "auto",
    every: Annotated[int, typer.Option(min=5, help="Seconds between polls.")] = 60,
) -> None:
    """Add a feed, or change the one of this name.

    Example: carealert feeds add bmd https://alerts.example.org/cap/rss.xml
    """
    _check(name, url, format_name)
    with open_app().db.transaction() as stores:
        stores.feeds.add(Feed(name, url, format_name, timedelta(seconds=every)))
    emit({"feed": name}, as_json=False, text=f"{name} is polled every {every} s.")


@app.command()
def remove(name: str) -> None:
    """Stop polling a feed; its warnings stay. Example: carealert feeds remove bmd"""
    with open_app().db.transaction() as stores:
        removed = stores.feeds.remove(name)
    if not removed:
        fail(f"There is no feed '{name}': see 'carealert feeds list'.", Exit.NOTHING)
    emit({"feed": name}, as_json=False, text=f"{name} is not polled any more.")


@app.command()
def poll(name: Annotated[str | None, typer.Argument()] = None, as_json: AsJson = False) -> None:
    """Poll one feed now, or all that are due. Example: carealert feeds poll bmd"""
    application = open_app()
    db, fetcher, reader = application.db, application.fetcher, application.reader
    try:
        if name is None:
            result = polling.poll_due(db, fetcher, reader, now())
        else:
            result = polling.poll(db, fetcher, reader, name, now())
    except LookupError as error:
        fail(str(error.args[0]), Exit.NOTHING)
    data = {
        "new_warnings": list(result.new_warnings),
        "documents": result.documents,
        "not_modified": result.not_modified,
        "problems": [problem_json(problem) for problem in result.problems],
    }
    summary = f"{result.documents} document(s), {len(result.new_warnings)} new warning(s)"
    emit(data, as_json, "\n".join((summary, *problem_lines(result.problems))))
    if result.failed:
        raise typer.Exit(int(Exit.FAILED))


@app.command()
def check(url: str, format_name: Format = "auto", as_json: AsJson = False) -> None:
    """Fetch and read a feed without storing anything.

    Example: carealert feeds check https://alerts.example.org/cap/rss.xml
    """
    _check("check", url, format_name)
    application = open_app()
    try:
        fetched = application.fetcher.get(url)
        reading = application.reader.read(fetched.body or b"", url, format_name)
    except FetchFailed as error:
        fail(str(error), Exit.UNREACHABLE)
    except UnreadableDocument as error:
        fail(str(error), Exit.FAILED)
    data = {
        "url": public_url(url),
        "format": reading.format,
        "warnings": len(reading.warnings),
        "links": [public_url(link.url) for link in reading.links],
        "problems": [problem_json(problem) for problem in reading.problems],
    }
    summary = (
        f"{public_url(url)}: {reading.format}, {len(reading.warnings)} warning(s), "
        f"{len(reading.links)} link(s)"
    )
    emit(data, as_json, "\n".join((summary, *problem_lines(reading.problems))))


def _check(name: str, url: str, format_name: str) -> None:
    """Refuse what could never be polled, before it is kept."""
    if not url.lower().startswith(("http://", "https://")) or len(url) > MAX_URL:
        fail(f"{public_url(url)} is no http or https address: check the URL.", Exit.USAGE)
    if format_name != "auto" and format_name not in FORMATS:
        fail(f"No format '{format_name}': use auto, {', '.join(FORMATS)}.", Exit.USAGE)
    if not name or len(name) > 100:
        fail("The name of a feed has 1 to 100 characters.", Exit.USAGE)


def _json(health: FeedHealth) -> dict[str, Any]:
    return {
        "name": health.feed.name,
        "url": public_url(health.feed.url),
        "format": health.feed.format,
        "interval_s": int(health.feed.interval.total_seconds()),
        "enabled": health.feed.enabled,
        "last_ok_at": health.last_ok_at.isoformat() if health.last_ok_at else None,
        "next_poll_at": health.next_poll_at.isoformat() if health.next_poll_at else None,
        "failures": health.failures,
        "last_error": health.last_error,
    }


def _line(health: FeedHealth) -> str:
    heard = health.last_ok_at.isoformat() if health.last_ok_at else "never"
    line = f"{health.feed.name}  {public_url(health.feed.url)}  last heard {heard}"
    return f"{line}\n  {health.last_error}" if health.last_error else line
