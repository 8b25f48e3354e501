"""`carealert feeds`: the sources of warnings, and how they have been answering."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer
from cryptography.hazmat.primitives.serialization import Encoding

from carealert.adapters.feeds.catalog import catalog as all_listed
from carealert.adapters.feeds.catalog import named, of_country
from carealert.adapters.feeds.reading import MAX_URL, public_url
from carealert.adapters.feeds.signatures import certificates_in, notes_on
from carealert.adapters.feeds.table import FORMATS
from carealert.bootstrap import App, open_app
from carealert.cli import feed_output as output
from carealert.cli.output import Exit, emit, fail
from carealert.cli.problems import problem_json, problem_lines
from carealert.clock import now
from carealert.domain.link_rules import BadLinkRule, LinkRule, parse
from carealert.services import feed_office
from carealert.services.gathered import Harvest
from carealert.services.ports.feeds import Feed, Signatures
from carealert.services.sampling import sample

app = typer.Typer(no_args_is_help=True)

#: Schemes that are polled, and those of brokers that are listened to.
_POLLED = ("http://", "https://")
_PUSHED = ("mqtt://", "mqtts://", "ws://", "wss://")
#: Polls of each feed that `list` shows.
_RECORDS = 3
#: Linked documents that `check` reads.
_SAMPLE = 3

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Format = Annotated[str, typer.Option("--format", help=f"auto, {', '.join(FORMATS)}.")]
AllowPrivate = Annotated[
    bool, typer.Option("--allow-private", help="It may be at an address of your own network.")
]


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """List feeds and their health: last heard, latest polls, failures, silence.

    Example: carealert feeds list --json
    """
    application = open_app()
    feeds = feed_office.list_feeds(application.db, application.operator, _RECORDS)
    moment = now()
    text = "\n".join(output.health_text(*one, moment) for one in feeds)
    emit([output.health_json(*one, moment) for one in feeds], as_json, text or "No feeds.")


@app.command()
def catalog(
    country: Annotated[
        str | None, typer.Option(help="Two letters of ISO 3166-1, such as BD.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List real public feeds, by country; with --country also those of the whole world.

    Example: carealert feeds catalog --country PH
    """
    found = of_country(country) if country else all_listed()
    text = "\n".join(output.listed_text(one) for one in found)
    if country and not any(one.country == country.upper() for one in found):
        text = f"No feed of {country.upper()} is listed; of the whole world:\n{text}"
    emit([output.listed_json(one) for one in found], as_json, text)


@app.command()
def add(
    name: Annotated[str | None, typer.Argument()] = None,
    url: Annotated[str | None, typer.Argument()] = None,
    from_catalog: Annotated[
        str | None, typer.Option(help="Name in 'carealert feeds catalog', in place of a URL.")
    ] = None,
    format_name: Format = "auto",
    every: Annotated[int, typer.Option(min=5, help="Seconds between polls.")] = 60,
    allow_private: AllowPrivate = False,
    signatures: Annotated[
        Signatures, typer.Option(help="What its XML signatures are worth.")
    ] = Signatures.IGNORED,
    certificate: Annotated[
        Path | None, typer.Option(help="PEM file with the certificates that sign for it.")
    ] = None,
    link_rule: Annotated[
        list[str] | None,
        typer.Option(help="'https', or 'FROM => TO' for links that do not answer; repeat it."),
    ] = None,
) -> None:
    """Add a feed, or change the one of this name.

    Example: carealert feeds add bmd https://alerts.example.org/cap/rss.xml --link-rule https
    """
    if from_catalog is not None:
        listed = named(from_catalog)
        if listed is None or url is not None:
            fail(f"'{from_catalog}' is not in 'carealert feeds catalog'.", Exit.USAGE)
        name, url, format_name = name or listed.name, listed.url, listed.format
    if name is None or url is None:
        fail("Name the feed and its URL, or --from-catalog NAME.", Exit.USAGE)
    _check(name, url, format_name, (*_POLLED, *_PUSHED))
    pem = _certificates(certificate, signatures)
    feed = Feed(
        name,
        url,
        format_name,
        timedelta(seconds=every),
        allow_private=allow_private,
        signatures=signatures,
        certificates=pem,
        link_rules=_link_rules(link_rule),
    )
    application = open_app()
    feed_office.add_feed(application.db, application.operator, feed, now())
    how = f"is polled every {every} s" if feed.is_polled else "is listened to"
    emit({"feed": name}, as_json=False, text=f"{name} {how}.")


@app.command()
def remove(name: str) -> None:
    """Stop polling a feed; its warnings stay. Example: carealert feeds remove bmd"""
    application = open_app()
    if not feed_office.remove_feed(application.db, application.operator, name, now()):
        fail(f"There is no feed '{name}': see 'carealert feeds list'.", Exit.NOTHING)
    emit({"feed": name}, as_json=False, text=f"{name} is not polled any more.")


@app.command()
def poll(
    name: Annotated[str | None, typer.Argument()] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Store nothing; say what would be new.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Poll one feed now, or all that are due. Example: carealert feeds poll bmd"""
    application = open_app()
    if name is not None:
        _must_be_polled(application, name)
    if dry_run:
        _try_out(application, name, as_json)
        return
    result = feed_office.poll_now(application.poller, application.operator, name, now())
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
def check(
    url: str,
    format_name: Format = "auto",
    allow_private: AllowPrivate = False,
    as_json: AsJson = False,
) -> None:
    """Fetch and read a feed without storing anything: what it is, and what it says.

    Of an index that only points to messages the first three are read too.

    Example: carealert feeds check https://alerts.example.org/cap/rss.xml
    """
    _check("check", url, format_name, _POLLED)
    feed = Feed("check", url, format_name, timedelta(minutes=1), allow_private=allow_private)
    application = open_app()
    got = sample(application.fetcher, application.reader, feed, _SAMPLE)
    if got.broken is not None:
        fail(str(got.broken), Exit.UNREACHABLE)
    if got.pages[0].reading is None:
        fail(got.pages[0].problem or "", Exit.FAILED)
    _tell(url, got, as_json)


def _tell(url: str, got: Harvest, as_json: bool) -> None:
    reading = got.pages[0].reading
    links = reading.links if reading else ()
    moment = now()
    in_index = output.warnings_json(got.pages[0].warnings, moment)
    in_links = output.warnings_json([w for one in got.linked for w in one.warnings], moment)
    problems = (*got.problems, *got.failed_links)
    data = {
        "url": public_url(url),
        "format": reading.format if reading else None,
        **in_index,
        "links": [public_url(link.url) for link in links],
        "followed": {"documents": len(got.linked), **in_links},
        "problems": [problem_json(problem) for problem in problems],
    }
    summary = (
        f"{public_url(url)}: {data['format']}, {in_index['warnings']} warning(s) of which "
        f"{in_index['active']} active, {len(links)} link(s)"
    )
    lines = [summary, *output.warnings_text(in_index)]
    if got.linked:
        lines.append(
            f"  of {len(got.linked)} linked document(s): {in_links['warnings']} warning(s) of "
            f"which {in_links['active']} active"
        )
        lines += [f"  {line}" for line in output.warnings_text(in_links)]
    emit(data, as_json, "\n".join((*lines, *output.said(problems))))


def _try_out(application: App, name: str | None, as_json: bool) -> None:
    who = application.operator
    names = [name] if name else feed_office.due_feeds(application.db, who, now())
    trials = [(one, feed_office.try_feed(application.poller, who, one, now())) for one in names]
    text = "\n".join(output.trial_text(*one) for one in trials)
    emit([output.trial_json(*one) for one in trials], as_json, text or "No feed is due.")
    if any(problem.level == "error" for _, trial in trials for problem in trial.problems):
        raise typer.Exit(int(Exit.FAILED))


def _must_be_polled(application: App, name: str) -> None:
    health = feed_office.feed_named(application.db, application.operator, name)
    if health is None:
        fail(f"There is no feed '{name}': see 'carealert feeds list'.", Exit.NOTHING)
    if not health.feed.is_polled:
        fail(f"{name} is a broker: 'carealert work' listens to it.", Exit.USAGE)


def _link_rules(texts: list[str] | None) -> tuple[LinkRule, ...]:
    try:
        return tuple(parse(text) for text in texts or ())
    except BadLinkRule as problem:
        fail(f"--link-rule: {problem}", Exit.USAGE)


def _certificates(path: Path | None, signatures: Signatures) -> str | None:
    """The text of a PEM file; ends the command where it holds no certificate."""
    if path is None:
        if signatures is not Signatures.IGNORED:
            fail(f"--signatures {signatures} needs --certificate FILE.", Exit.USAGE)
        return None
    try:
        found = certificates_in(path.read_text("ascii"))
        # Anything else in the file, such as a private key, is not ours to keep.
        pem = "".join(one.public_bytes(Encoding.PEM).decode() for one in found)
        expired = notes_on(pem, now())
    except OSError:
        fail(f"{path} cannot be read: name a file of PEM certificates.", Exit.USAGE)
    except ValueError:
        fail(f"{path} holds no PEM certificate.", Exit.USAGE)
    for sentence in expired:
        typer.echo(f"carealert: {sentence}", err=True)
    return pem


def _check(name: str, url: str, format_name: str, schemes: tuple[str, ...]) -> None:
    """Refuse what could never be polled, before it is kept."""
    if not url.lower().startswith(schemes) or len(url) > MAX_URL:
        fail(f"{public_url(url)} is no http or https address: check the URL.", Exit.USAGE)
    if format_name != "auto" and format_name not in FORMATS:
        fail(f"No format '{format_name}': use auto, {', '.join(FORMATS)}.", Exit.USAGE)
    if not name or len(name) > 100:
        fail("The name of a feed has 1 to 100 characters.", Exit.USAGE)
