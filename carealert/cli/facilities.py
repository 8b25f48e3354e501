"""`carealert facilities`: register places that give care, and list them with their status."""

from pathlib import Path
from typing import Annotated

import typer

from carealert.adapters.registry.csv_text import UnreadableSheet
from carealert.adapters.registry.files import Source, scan_facilities
from carealert.adapters.registry.map_files import read_map
from carealert.adapters.registry.rejects import write_rejects
from carealert.bootstrap import open_app
from carealert.cli.importing import defaults_of, show, show_trial, stop_on
from carealert.cli.output import Exit, emit
from carealert.cli.progress import progress
from carealert.clock import now
from carealert.services.registering import FacilityLine, import_facilities, list_facilities

app = typer.Typer(no_args_is_help=True)


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="CSV or XLSX.")],
    map_: Annotated[
        Path | None,
        typer.Option("--map", exists=True, dir_okay=False, help="Their columns, YAML or TOML."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check, and keep nothing.")] = False,
    rejects: Annotated[
        Path | None, typer.Option(dir_okay=False, help="Write the rows to mend into this CSV file.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Add and change facilities by their refs: every row, or none if one is wrong.

    Example: carealert facilities import facilities.csv --dry-run
    """
    try:
        columns = read_map(map_, facilities=True).facilities if map_ else None
    except UnreadableSheet as problem:
        stop_on(problem.errors, as_json)
        return
    application = open_app()
    source = Source(file, columns.sheet if columns else None, columns)
    with progress() as step:
        scan = scan_facilities(
            source, defaults_of(application), lambda part: step(f"reading {source.label}", part)
        )
    if rejects is not None:
        write_rejects(scan, rejects)
    if not dry_run:
        stop_on(scan.errors, as_json)
    report = import_facilities(application.db, scan.items, now(), dry_run=dry_run)
    if not dry_run:
        show(report, scan.notes, as_json)
        return
    show_trial(report, {"facilities": len(scan.rejected())}, scan.errors, scan.notes, as_json)
    if scan.errors:
        raise typer.Exit(Exit.FAILED)


@app.command("list")
def list_(
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """List facilities and whether their service goes on, as their managers last said.

    Example: carealert facilities list
    """
    lines = list_facilities(open_app().db, now())
    none = "No facility is registered yet: see 'carealert facilities import --help'."
    text = "\n".join(_text(line) for line in lines) or none
    emit([_plain(line) for line in lines], as_json, text)


def _plain(line: FacilityLine) -> dict[str, str | None]:
    return {
        "ref": line.ref,
        "name": line.name,
        "type": line.type.value,
        "area_code": line.area_code,
        "status": line.status.value,
        "reported_at": line.reported_at.isoformat() if line.reported_at else None,
    }


def _text(line: FacilityLine) -> str:
    said = f"{line.reported_at:%Y-%m-%d %H:%M} UTC" if line.reported_at else "never heard"
    return f"{line.ref:12}  {line.type.value:17}  {line.status.value:15}  {said:20}  {line.name}"
