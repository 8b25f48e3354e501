"""`carealert journal`: what happened, and the proof that nobody has changed it since."""

from datetime import timedelta
from typing import Annotated

import typer

from carealert.bootstrap import open_app
from carealert.cli.output import Exit, emit, fail
from carealert.clock import now
from carealert.services import journal
from carealert.services.journal import Proof
from carealert.services.openings import openings

app = typer.Typer(no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
_HASH_DIGITS = 64


@app.command("list")
def list_(
    limit: Annotated[int, typer.Option(min=1, help="How many lines, newest first.")] = 100,
    event: Annotated[
        str | None, typer.Option(help="Only lines of this event, such as revealed.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List what happened, newest first. Example: carealert journal list --event revealed"""
    application = open_app()
    lines = journal.lines(application.db, application.operator, limit, event)
    data = [
        {
            "at": line.at.isoformat(),
            "event": line.event,
            "subject": line.subject,
            "details": dict(line.details),
        }
        for line in lines
    ]
    text = "\n".join(
        f"{line.at.isoformat(timespec='seconds')}  {line.event}  {line.subject}"
        + "".join(f"  {name}={value}" for name, value in line.details.items())
        for line in lines
    )
    none = f"The journal has no line of the event '{event}'." if event else "The journal is empty."
    emit(data, as_json, text or none)


@app.command("opened")
def opened(
    days: Annotated[int, typer.Option(min=1, help="How far to look back.")] = 30,
    as_json: AsJson = False,
) -> None:
    """Count by day and officer who opened whole phones or took people's data out, and how often.

    Each time has its reason in 'carealert journal list --event revealed'. A day is one of the
    office's time zone.
    Example: carealert journal opened --days 7
    """
    application = open_app()
    found = openings(
        application.db,
        application.operator,
        now() - timedelta(days=days),
        application.settings.zone,
    )
    data = [
        {"day": one.day.isoformat(), "officer": one.officer, "event": one.event, "times": one.times}
        for one in found
    ]
    lines = [f"{one.day}  {one.times:5}  {one.event:10}  {one.officer}" for one in found]
    emit(data, as_json, "\n".join(lines) or f"Nobody opened anything in the last {days} days.")


@app.command("verify")
def verify_(
    head: Annotated[
        str | None, typer.Option(help="A hash written down earlier: it must still be there.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Prove that no line was changed, removed or slipped in since it was chained.

    Write the head down where nobody with access to the database can change it, and give it next
    time: only so is a journal noticed whose end was cut off. Ends with 1 if the chain is broken.
    Example: carealert journal verify
    """
    application = open_app()
    proof = journal.verify(application.db, application.operator, _hash(head))
    data = {
        "lines": proof.lines,
        "head": proof.head.hex(),
        "unchained": proof.unchained,
        "broken_at": proof.broken.number if proof.broken else None,
        "problem": proof.broken.what if proof.broken else None,
        "head_found": proof.head_found,
    }
    emit(data, as_json, _text(proof))
    if proof.broken or proof.head_found is False:
        raise typer.Exit(int(Exit.FAILED))


def _hash(head: str | None) -> bytes | None:
    if head is None:
        return None
    try:
        found = bytes.fromhex(head)
    except ValueError:
        found = b""
    if len(found) * 2 != _HASH_DIGITS:
        fail(f"A head has {_HASH_DIGITS} hexadecimal digits: copy it whole.", Exit.USAGE)
    return found


def _text(proof: Proof) -> str:
    if proof.broken:
        return (
            f"BROKEN at line {proof.broken.number}: {proof.broken.what}.\n"
            f"The {proof.lines} line(s) before it are as they were written."
        )
    lines = [f"{proof.lines} line(s), none touched. Head: {proof.head.hex()}"]
    if proof.unchained:
        lines.append(f"{proof.unchained} newer line(s) wait to be chained.")
    if proof.head_found is False:
        lines.append("The head that you gave is not in it: the journal is not the one it was.")
    return "\n".join(lines)
