"""`carealert rules silence …`: a rule or an area kept quiet for a while."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

import typer

from carealert import clock
from carealert.bootstrap import open_app
from carealert.cli.output import Exit, emit, fail
from carealert.domain.reasons import BadReason
from carealert.domain.silences import Silence
from carealert.services import silencing
from carealert.services.silencing import BadSilence

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def add_to(app: typer.Typer) -> None:
    """Put these commands among those of `carealert rules`."""
    for command in (silence, silences, unsilence):
        app.command(command.__name__)(command)


def silence(
    until: Annotated[str, typer.Option(metavar="TIME", help="Its end, such as 2026-06-01T06:00Z.")],
    reason: Annotated[str, typer.Option(help="Why; the journal keeps it.")],
    rule: Annotated[str | None, typer.Option(help="The rule to keep quiet.")] = None,
    area: Annotated[str | None, typer.Option(help="The area to keep quiet, by its code.")] = None,
    as_json: AsJson = False,
) -> None:
    """Keep a rule or an area quiet until a time; who is not told for it is recorded.

    Example: carealert rules silence --rule heat-daily --until 2026-06-01T06:00Z --reason 'a test'
    """
    application = open_app()
    end = _moment(until)
    try:
        made = silencing.silence(
            application.db,
            application.operator,
            application.rules,
            rule,
            area,
            end,
            reason,
            clock.now(),
        )
    except (BadSilence, BadReason) as bad:
        fail(str(bad), Exit.USAGE)
    _show([made], as_json)


def silences(as_json: AsJson = False) -> None:
    """List what is quiet now. Example: carealert rules silences."""
    application = open_app()
    _show(silencing.silences(application.db, application.operator, clock.now()), as_json)


def unsilence(
    number: Annotated[int, typer.Argument(help="Its number.")], as_json: AsJson = False
) -> None:
    """End a silence before its time. Example: carealert rules unsilence 3."""
    application = open_app()
    try:
        ended = silencing.unsilence(application.db, application.operator, number, clock.now())
    except LookupError:
        fail(f"Nothing is kept quiet by {number}: see 'carealert rules silences'.", Exit.NOTHING)
    emit({"id": ended.id}, as_json, f"{ended.what} is not silenced any more.")


def _show(found: Sequence[Silence], as_json: bool) -> None:
    lines = [
        f"{one.id}  {one.what}, until {one.until:%Y-%m-%d %H:%M} UTC, by {one.by}: {one.reason}"
        for one in found
    ]
    data = [_data(one) for one in found]
    emit({"silences": data}, as_json, "\n".join(lines) or "Nothing is silenced.")


def _data(one: Silence) -> dict[str, Any]:
    return {
        "id": one.id,
        "rule": one.rule,
        "area": one.area,
        "by": one.by,
        "reason": one.reason,
        "since": one.since.isoformat(),
        "until": one.until.isoformat(),
    }


def _moment(given: str) -> datetime:
    try:
        moment = datetime.fromisoformat(given)
    except ValueError:
        fail(f"'{given}' is not a time such as 2026-06-01T06:00+06:00.", Exit.USAGE)
    if moment.tzinfo is None:
        fail(f"'{given}' has no offset: write {given}+06:00, or {given}Z.", Exit.USAGE)
    return moment
