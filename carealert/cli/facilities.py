"""`carealert facilities`: register places that give care, and list them with their status."""

from pathlib import Path
from typing import Annotated, Any

import typer

from carealert.adapters.registry.csv_text import UnreadableSheet
from carealert.adapters.registry.files import Source, scan_facilities
from carealert.adapters.registry.map_files import read_map
from carealert.bootstrap import open_app
from carealert.cli import facility_reports
from carealert.cli.importing import defaults_of, show, show_trial, stop_on
from carealert.cli.output import Exit, emit, fail
from carealert.cli.people_files import refuse_target, write_rejects_of
from carealert.cli.progress import progress
from carealert.clock import now
from carealert.domain.facilities import ContinuityStatus, Cost, FacilityType
from carealert.services.facility_lines import FacilityLine, ServiceLine, Wanted
from carealert.services.registering import import_facilities, list_facilities

app = typer.Typer(no_args_is_help=True)
app.command("report")(facility_reports.report)
app.command("readiness")(facility_reports.readiness)


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
    if rejects is not None:
        refuse_target({file.resolve()}, rejects)
    application = open_app()
    source = Source(file, columns.sheet if columns else None, columns)
    with progress() as step:
        scan = scan_facilities(
            source, defaults_of(application), lambda part: step(f"reading {source.label}", part)
        )
    if rejects is not None:
        write_rejects_of(scan, rejects)
    if not dry_run:
        stop_on(scan.errors, as_json)
    report = import_facilities(
        application.db, application.operator, scan.items, now(), dry_run=dry_run
    )
    if not dry_run:
        show(report, scan.notes, as_json)
        return
    show_trial(report, {"facilities": len(scan.rejected())}, scan.errors, scan.notes, as_json)
    if scan.errors:
        raise typer.Exit(Exit.FAILED)


@app.command("list")
def list_(
    type_: Annotated[FacilityType | None, typer.Option("--type", help="One type only.")] = None,
    service: Annotated[str | None, typer.Option(help="Who gives this service.")] = None,
    status: Annotated[
        ContinuityStatus | None,
        typer.Option(help="How it stands; of the service, if one is named."),
    ] = None,
    cost: Annotated[Cost | None, typer.Option(help="What those pay who come.")] = None,
    language: Annotated[str | None, typer.Option(help="A language spoken there, as bn.")] = None,
    ramp: Annotated[bool, typer.Option("--ramp", help="With a ramp only.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """List facilities and whether their services go on, as their managers last said.

    What a facility does not state is no match for an option.
    Example: carealert facilities list --service laundry --status open --cost free
    """
    application = open_app()
    wanted = Wanted(type_, service, status, cost, language, ramp or None)
    local = now().astimezone(application.settings.zone)
    lines = list_facilities(application.db, application.operator, local, wanted)
    if not lines and wanted != Wanted():
        if as_json:
            emit([], True, "")
        fail("No facility is like that.", Exit.NOTHING)
    none = "No facility is registered yet: see 'carealert facilities import --help'."
    text = "\n".join(part for line in lines for part in _lines(line)) or none
    emit([_plain(line) for line in lines], as_json, text)


def _plain(line: FacilityLine) -> dict[str, Any]:
    return {
        "ref": line.ref,
        "name": line.name,
        "type": line.type.value,
        "area_code": line.area_code,
        "status": line.status.value,
        "reported_at": line.reported_at.isoformat() if line.reported_at else None,
        "services": [
            {
                "service": one.name,
                "status": one.status.value,
                "hours": one.hours,
                "open_by_hours": one.open_by_hours,
                "reported_at": one.reported_at.isoformat() if one.reported_at else None,
            }
            for one in line.services
        ],
        "cost": line.cost,
        "languages": list(line.languages),
        "ramp": line.ramp,
    }


def _lines(line: FacilityLine) -> list[str]:
    """The facility, and below it the services that stand otherwise or have hours."""
    said = f"{line.reported_at:%Y-%m-%d %H:%M} UTC" if line.reported_at else "never heard"
    first = f"{line.ref:12}  {line.type.value:17}  {line.status.value:15}  {said:20}  {line.name}"
    return [
        first,
        *(_service(one) for one in line.services if one.reported_at or one.hours),
    ]


def _service(one: ServiceLine) -> str:
    by_hours = {True: " (open by its hours)", False: " (closed by its hours)", None: ""}
    return (
        f"{'':12}  {one.name:17}  {one.status.value:15}  {one.hours or ''}"
        + (by_hours[one.open_by_hours])
    )
