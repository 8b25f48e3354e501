"""`carealert people`: register residents and caregivers, and see what they need."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from carealert.adapters.registry.csv_text import UnreadableSheet
from carealert.adapters.registry.files import Source
from carealert.adapters.registry.suggest import suggest_map
from carealert.bootstrap import App, open_app
from carealert.cli import confirming, people_files, persons
from carealert.cli.importing import (
    defaults_of,
    duplicates_text,
    likeness_json,
    show,
    show_trial,
    stop_on,
    tell_rows,
)
from carealert.cli.output import Exit, emit, fail
from carealert.cli.progress import Step, progress
from carealert.clock import now
from carealert.services.own_part import NotTheirs
from carealert.services.places import coverage
from carealert.services.ports.registry import Quality, QualityLimits, UnknownResidents
from carealert.services.quality import find_duplicates, measure
from carealert.services.registering import (
    ImportReport,
    count_needs,
    import_people,
    try_people,
)

app = typer.Typer(no_args_is_help=True)

File = Annotated[Path | None, typer.Option(exists=True, dir_okay=False, help="CSV or XLSX.")]
AsJson = Annotated[bool, typer.Option("--json", help="For programs.")]


@app.command("import")
def import_(
    path: Annotated[
        Path | None,
        typer.Argument(
            exists=True, help="Folder with residents.* and caregivers.*; with --map a file."
        ),
    ] = None,
    residents: File = None,
    caregivers: File = None,
    map_: Annotated[
        Path | None,
        typer.Option("--map", exists=True, dir_okay=False, help="Their columns, YAML or TOML."),
    ] = None,
    suggest: Annotated[
        Path | None,
        typer.Option("--suggest-map", exists=True, dir_okay=False, help="Print a map for a file."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check, and keep nothing.")] = False,
    rejects: Annotated[
        Path | None, typer.Option(dir_okay=False, help="Write the rows to mend into this CSV file.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Add and change people by their refs: every row, or none if one is wrong.

    Example: carealert people import --residents residents.csv --caregivers caregivers.csv
    """
    if suggest is not None:
        _suggest(suggest, as_json)
        return
    try:
        sources = people_files.sources_of(path, residents, caregivers, map_)
    except UnreadableSheet as problem:
        stop_on(problem.errors, as_json)
        return
    if not sources:
        fail(people_files.nothing_named(path), Exit.USAGE)
    if rejects is not None:
        people_files.check_rejects(sources, rejects)
    files, report = _import_or_try(open_app(), sources, dry_run)
    if rejects is not None:
        people_files.write_all_rejects(files, rejects)
    _tell(report, files, dry_run, as_json)


def _import_or_try(
    application: App, sources: dict[str, Source], dry_run: bool
) -> tuple[people_files.PeopleFiles, ImportReport]:
    """Import the files if nothing is wrong with them; else find out what more is."""
    with progress() as step:
        files = people_files.scan(sources, defaults_of(application), step)
        try:
            return files, _report_of(application, files, dry_run, step)
        except NotTheirs as refusal:
            tell_rows(files.outside(refusal.refs))
            raise


def _report_of(
    application: App, files: people_files.PeopleFiles, dry_run: bool, step: Step
) -> ImportReport:
    db, who = application.db, application.operator
    people = (files.residents, files.caregivers)
    if not dry_run and not files.errors:
        with suppress(UnknownResidents):  # their rows are named below
            return import_people(db, who, *people, now(), step=step)
    report, unknown = try_people(db, who, *people, known=files.resident_refs, step=step)
    files.refuse_unknown(unknown)
    return report


def _tell(
    report: ImportReport, files: people_files.PeopleFiles, dry_run: bool, as_json: bool
) -> None:
    if dry_run:
        show_trial(report, files.rejected, files.errors, files.notes, as_json)
        if files.errors:
            raise typer.Exit(Exit.FAILED)
    else:
        stop_on(files.errors, as_json)
        show(report, files.notes, as_json)


def _suggest(file: Path, as_json: bool) -> None:
    try:
        text = suggest_map(file)
    except UnreadableSheet as problem:
        stop_on(problem.errors, as_json)
    else:
        emit({"map": text}, as_json, text.rstrip("\n"))


@app.command()
def needs(as_json: AsJson = False) -> None:
    """List the needs that rules and files may name, and how many residents have each.

    Example: carealert people needs
    """
    application = open_app()
    counts = count_needs(application.db, application.operator)
    counted = {need.value: many for need, many in counts.items()}
    lines = [f"{many:7}  {need}" for need, many in counted.items()]
    emit(counted, as_json, "\n".join(lines))


@app.command()
def duplicates(as_json: AsJson = False) -> None:
    """Propose pairs of people who may be one; nobody is merged, and refs are all that is shown.

    Example: carealert people duplicates
    """
    application = open_app()
    found = find_duplicates(application.db, application.operator)
    data = {noun: likeness_json(likeness) for noun, likeness in found.items()}
    emit(data, as_json, duplicates_text(found))


@app.command()
def quality(as_json: AsJson = False) -> None:
    """Count what the register lacks, so that somebody can ask for it.

    Example: carealert people quality
    """
    application = open_app()
    settings = application.settings
    limits = QualityLimits(timedelta(days=settings.stale_after_days), settings.bounced_after)
    measured = measure(application.db, application.operator, now(), limits=limits)
    areas = [one for one in coverage(application.db, application.operator) if one.area]
    covered = {"all": len(areas), "without_residents": sum(one.is_empty for one in areas)}
    last = measured.last_import.isoformat() if measured.last_import else None
    data = {
        "residents": dict(measured.residents),
        "caregivers": dict(measured.caregivers),
        "languages": dict(measured.languages),
        "last_import": last,
        "facilities": dict(measured.facilities),
        "areas": covered,
    }
    emit(data, as_json, _quality_text(measured, covered, settings.stale_after_days))


_LACKS = {
    "no_name": "without a name",
    "gender_not_stated": "gender not stated",
    "no_age": "neither birth year nor age band",
    "no_position": "without a position",
    "no_position_and_no_area": "with neither a position nor an area: no warning finds them",
    "no_phone": "without a phone",
    "phone_sharing_unknown": "phone sharing unknown: counts as shared",
    "phone_bounced": "whose last messages did not arrive",
    "stale": "neither added, changed nor confirmed for {days} days",
    "no_caregiver": "without a caregiver",
    "cares_for_nobody": "who care for nobody",
    "paid_not_stated": "paid or unpaid not stated",
    "no_valid_P1": "without a valid consent to be told (P1): they are never told themselves",
    "no_valid_P2": "without a valid consent to be told (P2): they are never told",
    "consent_ends_soon": "whose consent ends within 30 days",
}


def _quality_text(measured: Quality, areas: Mapping[str, int], stale_days: int) -> str:
    lacks = {name: words.format(days=stale_days) for name, words in _LACKS.items()}
    lines = []
    for noun, counts in (
        ("residents", measured.residents),
        ("caregivers", measured.caregivers),
        ("facilities", measured.facilities),
    ):
        lines.append(f"{counts['all']} {noun}")
        lines += [f"{many:7}  {lacks[name]}" for name, many in counts.items() if name in lacks]
    lines.append(f"{areas['all']} areas")
    lines.append(
        f"{areas['without_residents']:7}  without a resident: see 'areas coverage --empty'"
    )
    spoken = ", ".join(f"{language} {many}" for language, many in measured.languages.items())
    lines.append(f"Languages: {spoken or 'none'}")
    last = measured.last_import
    lines.append(f"Last import: {last:%Y-%m-%d %H:%M} UTC" if last else "Last import: never")
    return "\n".join(lines)


app.command("confirm")(confirming.confirm)
app.command("find")(persons.find)
app.command("show")(persons.show)
app.command("forget")(persons.forget)
app.command("export")(persons.export)
