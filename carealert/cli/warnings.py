"""`carealert warnings`: read official messages from files, list and show what is stored."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from carealert.adapters.feeds.table import FORMATS, FeedReader
from carealert.adapters.hazard_file import load_interpreter
from carealert.adapters.warning_json import to_json
from carealert.bootstrap import open_app
from carealert.cli import holds
from carealert.cli.output import Exit, emit, fail
from carealert.cli.problems import problem_json, problem_lines
from carealert.clock import now
from carealert.domain.warnings import HazardWarning, Info, MsgType, Status, is_over
from carealert.paths import with_overrides
from carealert.services import warning_office
from carealert.services.ports.feeds import Problem, Reading, StoredWarning, UnreadableDocument
from carealert.settings import load

app = typer.Typer(no_args_is_help=True)
app.command()(holds.held)
app.command()(holds.release)
app.command()(holds.discard)
app.command()(holds.unmapped)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Files = Annotated[list[Path], typer.Argument(help="CAP, Atom or RSS files; - reads stdin.")]


@app.command()
def parse(
    files: Files,
    as_json: AsJson = False,
    format_name: Annotated[
        str, typer.Option("--format", help=f"auto, {', '.join(FORMATS)}.")
    ] = "auto",
) -> None:
    """Read files and print what they say; needs no database.

    With --json one object for each file (JSON Lines). Ends with 1 if any file holds no warning.
    Example: carealert warnings parse alert.xml --json
    """
    reader = FeedReader(load_interpreter(with_overrides("rules", load().config)))
    whole = True
    for path in files:
        reading = _reading(reader, path, format_name)
        whole = whole and bool(reading.warnings)
        emit(_reading_json(path, reading), as_json, _reading_text(path, reading))
    if not whole:
        raise typer.Exit(int(Exit.FAILED))


@app.command("list")
def list_(
    active: Annotated[
        bool, typer.Option("--active", help="Only real ones that still hold.")
    ] = False,
    limit: Annotated[int, typer.Option(min=1, help="How many, newest first.")] = 100,
    as_json: AsJson = False,
) -> None:
    """List stored warnings, newest first. Example: carealert warnings list --active"""
    moment = now()
    application = open_app()
    found = [
        one
        for one in warning_office.recent_warnings(application.db, application.operator, limit)
        if not active or _is_active(one, [i for i in one.warning.infos if not is_over(i, moment)])
    ]
    lines = [_stored_line(one) for one in found]
    emit([_stored_json(one) for one in found], as_json, "\n".join(lines) or "No warnings.")


@app.command()
def show(warning_id: Annotated[int, typer.Argument(metavar="ID")], as_json: AsJson = False) -> None:
    """Show one stored warning in full. Example: carealert warnings show 12 --json"""
    application = open_app()
    try:
        stored = warning_office.one_warning(application.db, application.operator, warning_id)
    except LookupError:
        fail(f"There is no warning {warning_id}: see 'carealert warnings list'.", Exit.NOTHING)
    data = {**_stored_json(stored), "warning": to_json(stored.warning)}
    text = "\n".join((_stored_line(stored), *_warning_lines(stored.warning)))
    emit(data, as_json, text)


@app.command("import")
def import_(files: Files, as_json: AsJson = False) -> None:
    """Store the warnings in files, as if a feed had brought them.

    A warning that is stored already is not stored again. Ends with 1 if any file could not be
    read in full. Example: carealert warnings import alert.xml
    """
    application = open_app()
    whole = True
    for path in files:
        result = warning_office.enter_document(
            application.db, application.operator, application.reader, *_content(path), now()
        )
        whole = whole and not result.failed
        data = {
            "file": str(path),
            "new_warnings": list(result.new_warnings),
            "problems": [problem_json(problem) for problem in result.problems],
        }
        lines = [f"{path}: {len(result.new_warnings)} new warning(s)"]
        emit(data, as_json, "\n".join((*lines, *problem_lines(result.problems))))
    if not whole:
        raise typer.Exit(int(Exit.FAILED))


def _content(path: Path) -> tuple[str, bytes]:
    """Name and bytes of a file or of stdin."""
    if str(path) == "-":
        return "stdin", sys.stdin.buffer.read()
    try:
        return str(path), path.read_bytes()
    except OSError as error:
        fail(f"{path} cannot be read: {error.strerror}.", Exit.FAILED)


def _reading(reader: FeedReader, path: Path, format_name: str) -> Reading:
    """What the file says; one that cannot be read says so in its problems."""
    try:
        body = sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes()
        return reader.read(body, str(path), format_name)
    except OSError as error:
        problem = Problem(str(path), f"cannot be read: {error.strerror}", "error")
    except UnreadableDocument as error:
        problem = Problem(error.where, error.what, "error")
    return Reading(format_name, (), (), (problem,))


def _reading_json(path: Path, reading: Reading) -> dict[str, Any]:
    return {
        "file": str(path),
        "format": reading.format,
        "warnings": [to_json(warning) for warning in reading.warnings],
        "problems": [problem_json(problem) for problem in reading.problems],
    }


def _reading_text(path: Path, reading: Reading) -> str:
    count = f"{len(reading.warnings)} warning(s)"
    links = f", {len(reading.links)} link(s)" if reading.links else ""
    lines = [f"{path}: {reading.format}, {count}{links}"]
    for warning in reading.warnings:
        lines += _warning_lines(warning)
    return "\n".join((*lines, *problem_lines(reading.problems)))


def _warning_lines(warning: HazardWarning) -> list[str]:
    words = " ".join(
        str(word) for word in (warning.status, warning.msg_type, warning.scope) if word
    )
    lines = [f"  {warning.identifier} from {warning.sender}, {warning.sent.isoformat()}: {words}"]
    return lines + [f"    {_info_line(info)}" for info in warning.infos]


def _info_line(info: Info) -> str:
    words = [str(word) for word in (info.severity, info.urgency, info.certainty) if word]
    shaped = sum(area.geometry is not None for area in info.areas)
    until = f", until {info.expires.isoformat()}" if info.expires else ""
    return (
        f"[{info.language or '-'}] {info.hazard} '{info.event}' {'/'.join(words)}, "
        f"{len(info.areas)} area(s), {shaped} with a shape{until}"
    )


def _is_active(stored: StoredWarning, holding: Sequence[Info]) -> bool:
    return (
        bool(holding)
        and stored.superseded_by is None
        and stored.warning.status is Status.ACTUAL
        and stored.warning.msg_type in (MsgType.ALERT, MsgType.UPDATE)
    )


def _stored_json(stored: StoredWarning) -> dict[str, Any]:
    warning = stored.warning
    return {
        "id": stored.id,
        "incident": stored.incident,
        "revision": stored.revision,
        "identifier": warning.identifier,
        "sender": warning.sender,
        "sent": warning.sent.isoformat(),
        "status": warning.status,
        "msg_type": warning.msg_type,
        "hazards": list(dict.fromkeys(info.hazard for info in warning.infos)),
        "received_at": stored.received_at.isoformat(),
        "planned_at": stored.planned_at.isoformat() if stored.planned_at else None,
        "superseded_by": stored.superseded_by,
        "joined_by": stored.joined_by,
        "hold": stored.hold,
    }


def _stored_line(stored: StoredWarning) -> str:
    warning = stored.warning
    hazards = ", ".join(dict.fromkeys(info.hazard.value for info in warning.infos)) or "-"
    gone = f" (superseded by {stored.superseded_by})" if stored.superseded_by else ""
    gone += f" (joined its incident: {stored.joined_by})" if stored.joined_by else ""
    return (
        f"{stored.id}  {warning.sent.isoformat()}  {warning.status or '-'} "
        f"{warning.msg_type or '-'}  {hazards}  {warning.sender}{gone}"
    )
