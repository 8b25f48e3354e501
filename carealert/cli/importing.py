"""What every import prints: how many rows did what, what to look at, and what to mend."""

from collections.abc import Sequence
from pathlib import Path

import typer

from carealert.adapters.file_errors import RowError
from carealert.adapters.registry.cells import Defaults
from carealert.bootstrap import App
from carealert.cli.output import Exit, emit, fail
from carealert.clock import now
from carealert.services.registering import ImportReport

_SHOWN = 50


def defaults_of(app: App) -> Defaults:
    """What the office's settings say where a file is silent."""
    settings = app.settings
    return Defaults(now(), settings.zone, settings.default_language, settings.phone_region)


def stop_on(errors: Sequence[RowError], as_json: bool) -> None:
    """End the command if anything in the files must be mended first; nothing was imported."""
    if not errors:
        return
    if as_json:
        emit({"imported": False, "errors": [_plain(error) for error in errors]}, True, "")
    for error in errors[:_SHOWN]:
        typer.echo(str(error), err=True)
    more = f" ({len(errors) - _SHOWN} more are not shown)" if len(errors) > _SHOWN else ""
    fail(f"Nothing was imported: mend {len(errors)} errors{more} and try again.", Exit.FAILED)


def show(report: ImportReport, notes: Sequence[str], as_json: bool) -> None:
    """Print what an import did; notes are part of the JSON and else go to stderr."""
    every = [*notes, *report.notes]
    counts = {
        noun: {"added": done.added, "changed": done.changed, "unchanged": done.unchanged}
        for noun, done in report.counts.items()
    }
    lines = [
        f"{noun}: {done['added']} added, {done['changed']} changed, {done['unchanged']} unchanged"
        for noun, done in counts.items()
    ]
    if report.dry_run:
        lines.append("Dry run: nothing was kept.")
    data = {"imported": not report.dry_run, "dry_run": report.dry_run, **counts, "notes": every}
    emit(data, as_json, "\n".join(lines))
    for note in every:
        typer.echo(f"note: {note}", err=True)


def file_in(folder: Path, name: str) -> Path | None:
    """`NAME.csv` or `NAME.xlsx` in a folder; two of them are one too many."""
    found = [path for kind in (".csv", ".xlsx") if (path := folder / f"{name}{kind}").is_file()]
    if len(found) > 1:
        fail(f"{folder} holds {name}.csv and {name}.xlsx: name the one you mean.", Exit.USAGE)
    return found[0] if found else None


def _plain(error: RowError) -> dict[str, object]:
    return {
        "file": error.file,
        "line": error.line,
        "column": error.column,
        "what": error.what,
        "fix": error.fix,
    }
