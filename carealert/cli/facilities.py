"""`carealert facilities`: register places that give care, and list them with their status."""

from pathlib import Path
from typing import Annotated

import typer

from carealert.adapters.registry.files import read_facilities
from carealert.bootstrap import open_app
from carealert.cli.importing import defaults_of, show, stop_on
from carealert.cli.output import emit
from carealert.clock import now
from carealert.services.registering import FacilityLine, import_facilities, list_facilities

app = typer.Typer(no_args_is_help=True)


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="CSV or XLSX.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check, and keep nothing.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Add and change facilities by their refs: every row, or none if one is wrong.

    Example: carealert facilities import facilities.csv --dry-run
    """
    application = open_app()
    rows = read_facilities(file, defaults_of(application))
    stop_on(rows.errors, as_json)
    show(import_facilities(application.db, rows.items, now(), dry_run=dry_run), (), as_json)


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
