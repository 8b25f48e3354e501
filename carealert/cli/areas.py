"""`carealert areas`: the administrative areas that warnings and registers name by code."""

from pathlib import Path
from typing import Annotated

import typer

from carealert.adapters.registry.areas import read_areas, scan_areas
from carealert.bootstrap import open_app
from carealert.cli import area_reports as reports
from carealert.cli.importing import show, stop_on
from carealert.cli.output import Exit, emit
from carealert.clock import now
from carealert.services import places
from carealert.services.ports.registry import PlaceArea, UnknownArea
from carealert.services.registering import import_areas, list_areas, list_unknown_areas

app = typer.Typer(no_args_is_help=True)


@app.command("import")
def import_(
    files: Annotated[list[Path], typer.Argument(exists=True, dir_okay=False, help="GeoJSON.")],
    system: Annotated[
        str | None, typer.Option(help="The code system of every code, such as SAME or EMMA_ID.")
    ] = None,
    code: Annotated[str, typer.Option(help="The property that holds the code.")] = "code",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check, and keep nothing.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Add and change areas by code: every feature of every file, or none if one is wrong.

    An area that senders name by codes of several systems is imported once for each of them, with
    --system and --code.

    Example: carealert areas import districts.geojson upazilas.geojson
    Example: carealert areas import counties.geojson --system SAME --code same_code
    """
    application = open_app()
    language = application.settings.default_language
    read = [read_areas(file, language, system, code) for file in files]
    stop_on([error for rows in read for error in rows.errors], as_json)
    areas = [area for rows in read for area in rows.items]
    notes = [note for rows in read for note in rows.notes]
    found = places.check_before_import(application.db, application.operator, areas, language)
    notes += reports.summary(found)
    done = import_areas(application.db, application.operator, areas, now(), dry_run=dry_run)
    show(done, notes, as_json)


@app.command("check")
def check(
    files: Annotated[
        list[Path] | None,
        typer.Argument(exists=True, dir_okay=False, help="GeoJSON; without it, what is imported."),
    ] = None,
    system: Annotated[
        str | None, typer.Option(help="The code system of every code, as for an import.")
    ] = None,
    code: Annotated[str, typer.Option(help="The property that holds the code.")] = "code",
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Look for what is wrong with areas: their codes, parents and outlines. Nothing is kept.

    Overlaps, gaps and the like are told and are no failure; what would place people wrongly is.

    Example: carealert areas check districts.geojson upazilas.geojson
    """
    application = open_app()
    db, who = application.db, application.operator
    language = application.settings.default_language
    if files:
        read = [scan_areas(file, language, system, code) for file in files]
        areas = [area for rows in read for area in rows.items]
        errors = [error for rows in read for error in rows.errors]
        notes = [note for rows in read for note in rows.notes]
        found = places.check_before_import(db, who, areas, language)
        many = len(areas)
    else:
        errors, notes = [], []
        found = places.check_imported(db, who, language)
        many = len(list_areas(db, who))
    data = {
        "areas": many,
        "errors": [reports.problem_json(error) for error in errors],
        "notes": notes,
        "findings": [reports.finding_json(one) for one in found],
    }
    emit(data, as_json, reports.report(many, found, [*map(str, errors), *notes]))
    if errors or any(one.is_error for one in found):
        raise typer.Exit(Exit.FAILED)


@app.command("astray")
def astray(
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """List whose position contradicts their stated area, or lies in no area; by ref only.

    Nothing is changed: ask which of the two is right, and import the row again.

    Example: carealert areas astray
    """
    application = open_app()
    found = places.find_astray(application.db, application.operator)
    emit([reports.astray_json(one) for one in found], as_json, reports.astray_text(found))


@app.command("coverage")
def coverage(
    empty: Annotated[bool, typer.Option("--empty", help="Only areas without anyone.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Count who is registered in each area with those below it: residents, facilities.

    Example: carealert areas coverage --empty
    """
    application = open_app()
    found = places.coverage(application.db, application.operator)
    shown = [one for one in found if one.is_empty] if empty else found
    data = [reports.coverage_json(one) for one in shown]
    emit(data, as_json, reports.coverage_text(found, empty))


@app.command("locate")
def locate(
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Find the area of everybody with a position and no stated area anew, as imports do.

    Example: carealert areas locate
    """
    application = open_app()
    done = places.locate(application.db, application.operator, now())
    data = {"found": done.found, "nowhere": done.nowhere, "changed": done.changed}
    text = (
        f"{done.found} lie in a known area and {done.nowhere} in none; {done.changed} were changed."
    )
    emit(data, as_json, text)


@app.command("list")
def list_(
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """List the areas, the highest level first. Example: carealert areas list."""
    application = open_app()
    areas = list_areas(application.db, application.operator)
    none = "No area is known yet: see 'carealert areas import --help'."
    text = "\n".join(_text(area) for area in areas) or none
    emit([_plain(area) for area in areas], as_json, text)


@app.command("unknown")
def unknown(
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """List the areas that warnings named and the register lacks, the most often named first.

    Somebody may live there: import them with 'areas import', and they leave the list.

    Example: carealert areas unknown
    """
    application = open_app()
    found = list_unknown_areas(application.db, application.operator)
    none = "Every area that a warning named is known."
    text = "\n".join(_unknown_text(one) for one in found) or none
    emit([_unknown_plain(one) for one in found], as_json, text)


def _unknown_plain(one: UnknownArea) -> dict[str, object]:
    return {
        "sender": one.sender,
        "system": one.system or None,
        "value": one.value,
        "times": one.times,
        "first_at": one.first_at.isoformat(),
        "last_at": one.last_at.isoformat(),
        "warning": one.warning_id,
    }


def _unknown_text(one: UnknownArea) -> str:
    what = f"{one.system} {one.value}" if one.system else f'"{one.value}"'
    last = f"{one.last_at:%Y-%m-%d %H:%M} UTC"
    return f"{one.times:5}  {last}  {one.sender}  {what}"


def _plain(area: PlaceArea) -> dict[str, object]:
    return {
        "code_system": area.code_system,
        "code": area.code,
        "level": area.level,
        "parent_code": area.parent_code,
        "names": dict(area.names),
        "has_geometry": area.geometry is not None,
    }


def _text(area: PlaceArea) -> str:
    names = " / ".join(area.names.values())
    outline = "" if area.geometry is not None else "  (no outline)"
    return f"{area.level}  {area.code_system:14}  {area.code:24}  {names}{outline}"
