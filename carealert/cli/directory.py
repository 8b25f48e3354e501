"""`carealert directory`: organisations, and the households that they may be asked to look in on."""

from pathlib import Path
from typing import Annotated, Any

import typer

from carealert.adapters.file_errors import RowError
from carealert.adapters.registry.export import CsvFolder
from carealert.adapters.registry.files import Scan, Source, scan_organisations
from carealert.bootstrap import open_app
from carealert.cli.importing import defaults_of, show, show_trial, stop_on
from carealert.cli.output import Exit, emit, fail
from carealert.cli.people_files import refuse_target, write_rejects_of
from carealert.cli.progress import progress
from carealert.clock import now
from carealert.domain.organisations import Organisation, OrganisationType
from carealert.domain.reasons import BadReason
from carealert.services import organisations as directory
from carealert.services.organisations import (
    HouseholdsRefused,
    NoOrganisationHasRef,
    OrganisationLine,
    Refused,
    Shown,
)

app = typer.Typer(no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="For programs.")]
Ref = Annotated[str, typer.Argument(help="The organisation's ref.")]
Reason = Annotated[str, typer.Option(help="Why; the journal keeps it. Name nobody in it.")]
_COLUMN = "households"
_NAMED = 5


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="CSV or XLSX.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check, and keep nothing.")] = False,
    rejects: Annotated[
        Path | None, typer.Option(dir_okay=False, help="Write the rows to mend into this CSV file.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Add and change organisations by their refs: every row, or none if one is wrong.

    A household has to be a registered resident who agreed to P4 (share with responders).
    Example: carealert directory import organisations.csv --dry-run
    """
    if rejects is not None:
        refuse_target({file.resolve()}, rejects)
    application = open_app()
    source = Source(file)
    with progress() as step:
        scan = scan_organisations(
            source, defaults_of(application), lambda part: step(f"reading {source.label}", part)
        )
    db, who, at = application.db, application.operator, now()
    good = _without(scan, directory.refused_households(db, who, scan.items, at))
    if rejects is not None:
        write_rejects_of(scan, rejects)
    if not dry_run:
        stop_on(scan.errors, as_json)
    try:
        report = directory.import_organisations(db, who, good, at, dry_run=dry_run)
    except HouseholdsRefused as problem:
        fail(f"Nothing was imported: {problem}", Exit.FAILED)
    if not dry_run:
        show(report, scan.notes, as_json)
        return
    show_trial(report, {"organisations": len(scan.rejected())}, scan.errors, scan.notes, as_json)
    if scan.errors:
        raise typer.Exit(Exit.FAILED)


def _without(scan: Scan[Organisation], refused: Refused) -> list[Organisation]:
    """The organisations whose households are all right; the rows of the others become errors."""
    good = []
    for line, one in zip(scan.lines, scan.items, strict=True):
        unknown, not_agreed = refused.of(one)
        if unknown:
            what = f"names residents who are not in the register: {_listed(unknown)}"
            fix = "Import the residents before, or mend the refs"
            scan.errors.append(RowError(scan.source.label, line, _COLUMN, what, fix))
        if not_agreed:
            what = f"names residents who do not agree to it now (P4): {_listed(not_agreed)}"
            fix = "Ask them and record it with 'consents give', or take them out"
            scan.errors.append(RowError(scan.source.label, line, _COLUMN, what, fix))
        if not (unknown or not_agreed):
            good.append(one)
    scan.errors.sort(key=lambda error: error.line or 0)
    return good


def _listed(refs: list[str]) -> str:
    more = f" and {len(refs) - _NAMED} more" if len(refs) > _NAMED else ""
    return f"{', '.join(refs[:_NAMED])}{more}"


@app.command("list")
def list_(
    type_: Annotated[OrganisationType | None, typer.Option("--type", help="One type only.")] = None,
    area: Annotated[
        str | None, typer.Option(help="Who works in this area, in a part of it or all around it.")
    ] = None,
    stale: Annotated[
        bool, typer.Option("--stale", help="Not verified for six months, or never.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """List the organisations of the directory.

    Example: carealert directory list --type womens_group --area BD10040009
    """
    application = open_app()
    local = now().astimezone(application.settings.zone)
    lines = directory.list_organisations(
        application.db, application.operator, local, type_=type_, area=area, only_stale=stale
    )
    is_filtered = stale or type_ is not None or area is not None
    if is_filtered and not lines:
        if as_json:
            emit([], True, "")
        fail("No organisation is like that.", Exit.NOTHING)
    none = "The directory is empty: see 'carealert directory import --help'."
    text = "\n".join(map(_text, lines)) or none
    emit([_plain(line) for line in lines], as_json, text)


@app.command("show")
def show_(
    ref: Ref,
    reveal: Annotated[bool, typer.Option("--reveal", help="Show the phone in full.")] = False,
    reason: Annotated[str, typer.Option(help="Why; needed with --reveal.")] = "",
    as_json: AsJson = False,
) -> None:
    """Show one organisation; its phone is masked unless --reveal.

    Example: carealert directory show O-3 --reveal --reason "they asked to be called back"
    """
    application = open_app()
    db, who = application.db, application.operator
    local = now().astimezone(application.settings.zone)
    try:
        if reveal:
            found = directory.reveal_organisation(db, who, ref, reason, local)
        else:
            found = directory.show_organisation(db, who, ref, local)
    except NoOrganisationHasRef as problem:
        fail(str(problem), Exit.NOTHING)
    except BadReason as problem:
        fail(f"{problem} See --reason.", Exit.USAGE)
    data = _plain_shown(found)
    emit(data, as_json, "\n".join(f"{name}: {_said(data[name])}" for name in _stated(data)))


@app.command("export")
def export(
    folder: Annotated[Path, typer.Argument(file_okay=False, help="Is made if it is not there.")],
    reason: Reason,
    as_json: AsJson = False,
) -> None:
    """Write organisations.csv with whole phones: keep it safe.

    Households that do not agree now are left out. Cells that a spreadsheet would compute are
    guarded.
    Example: carealert directory export backup --reason "yearly check on paper"
    """
    application = open_app()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        many = directory.export_organisations(
            application.db, application.operator, CsvFolder(folder), reason, now()
        )
    except BadReason as problem:
        fail(f"{problem} See --reason.", Exit.USAGE)
    except OSError as problem:
        fail(f"{folder} cannot be written ({problem.strerror}): name another.", Exit.FAILED)
    noun = "organisation" if many == 1 else "organisations"
    text = f"Wrote {many} {noun} to {folder / 'organisations.csv'}."
    emit({"folder": str(folder), "organisations": many}, as_json, text)


@app.command("forget")
def forget(ref: Ref, reason: Reason, as_json: AsJson = False) -> None:
    """Delete an organisation with its contact and its households.

    Example: carealert directory forget O-3 --reason "the group has ended"
    """
    application = open_app()
    try:
        directory.forget_organisation(application.db, application.operator, ref, reason, now())
    except NoOrganisationHasRef as problem:
        fail(str(problem), Exit.NOTHING)
    except BadReason as problem:
        fail(f"{problem} See --reason.", Exit.USAGE)
    text = "Forgotten. Delete it in your own lists, too: an import would bring it back."
    emit({"forgotten": True}, as_json, text)


def _plain(line: OrganisationLine) -> dict[str, Any]:
    return {
        "ref": line.ref,
        "name": line.name,
        "type": line.type.value,
        "area_codes": list(line.area_codes),
        "languages": list(line.languages),
        "services": list(line.services),
        "households": line.households,
        "capacity": line.capacity,
        "women_responders": line.women_responders,
        "verified_on": line.verified_on.isoformat() if line.verified_on else None,
        "stale": line.is_stale,
        "has_contact": line.has_contact,
    }


def _plain_shown(found: Shown) -> dict[str, Any]:
    return _plain(found.line) | {
        "contact_name": found.contact_name,
        "contact_phone": found.phone,
        "contact_language": found.contact_language,
        "households": list(found.households),
        "households_not_counted": found.not_counted,
        "notes": found.notes,
    }


def _stated(data: dict[str, Any]) -> list[str]:
    return [name for name, value in data.items() if value not in (None, [], "")]


def _said(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "; ".join(value) if isinstance(value, list) else str(value)


def _text(line: OrganisationLine) -> str:
    seen = f"verified {line.verified_on}" if line.verified_on else "never verified"
    stale = " (stale)" if line.is_stale and line.verified_on else ""
    homes = f"{line.households} households" if line.households != 1 else "1 household"
    return f"{line.ref:12}  {line.type.value:14}  {homes:14}  {seen + stale:30}  {line.name}"
