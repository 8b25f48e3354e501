"""`carealert people`: register residents and caregivers, and see what they need."""

from pathlib import Path
from typing import Annotated

import typer

from carealert.adapters.file_errors import RowError
from carealert.adapters.registry.files import read_caregivers, read_residents
from carealert.bootstrap import open_app
from carealert.cli.importing import defaults_of, file_in, show, stop_on
from carealert.cli.output import Exit, emit, fail
from carealert.clock import now
from carealert.services.ports.registry import UnknownResidents
from carealert.services.registering import count_needs, import_people

app = typer.Typer(no_args_is_help=True)

File = Annotated[Path | None, typer.Option(exists=True, dir_okay=False, help="CSV or XLSX.")]


@app.command("import")
def import_(
    folder: Annotated[
        Path | None,
        typer.Argument(exists=True, file_okay=False, help="Holds residents.* and caregivers.*."),
    ] = None,
    residents: File = None,
    caregivers: File = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check, and keep nothing.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Add and change people by their refs: every row, or none if one is wrong.

    Example: carealert people import --residents residents.csv --caregivers caregivers.csv
    """
    if folder is not None:
        residents = residents or file_in(folder, "residents")
        caregivers = caregivers or file_in(folder, "caregivers")
    if residents is None and caregivers is None:
        fail("No file: name --residents, --caregivers or a folder that holds them.", Exit.USAGE)
    application = open_app()
    defaults = defaults_of(application)
    people = read_residents(residents, defaults) if residents else None
    carers = read_caregivers(caregivers, defaults) if caregivers else None
    stop_on([error for rows in (people, carers) if rows for error in rows.errors], as_json)
    try:
        report = import_people(
            application.db,
            people.items if people else (),
            carers.items if carers else (),
            now(),
            dry_run=dry_run,
        )
    except UnknownResidents as error:
        stop_on([_unknown(caregivers, error)], as_json)
    else:
        show(report, (), as_json)


def _unknown(file: Path | None, error: UnknownResidents) -> RowError:
    what = f"names residents who are not in the register: {', '.join(error.refs)}"
    fix = "Import the residents with them or before, or mend the refs"
    return RowError(file.name if file else "caregivers", None, "column cares_for", what, fix)


@app.command()
def needs(
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """List the needs that rules and files may name, and how many residents have each.

    Example: carealert people needs
    """
    counted = {need.value: many for need, many in count_needs(open_app().db).items()}
    lines = [f"{many:7}  {need}" for need, many in counted.items()]
    emit(counted, as_json, "\n".join(lines))
