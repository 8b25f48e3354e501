"""`carealert facilities report | readiness`: how facilities stand, and how ready they are."""

from datetime import timedelta
from typing import Annotated, Any

import typer

from carealert.bootstrap import open_app
from carealert.cli.output import Exit, emit, fail
from carealert.clock import now
from carealert.domain.facilities import ContinuityStatus
from carealert.domain.readiness import State
from carealert.services.answering import REPORT_HOLDS
from carealert.services.readiness import ReadinessLine, list_readiness
from carealert.services.reporting import (
    LONGEST,
    CannotReport,
    NoFacilityHasRef,
    Reported,
    report_status,
)

AsJson = Annotated[bool, typer.Option("--json", help="For programs.")]
_HOURS = REPORT_HOLDS / timedelta(hours=1)
_MOST_HOURS = LONGEST / timedelta(hours=1)


def report(
    ref: Annotated[str, typer.Argument(help="The facility's ref.")],
    status: Annotated[ContinuityStatus, typer.Argument(help="How it stands.")],
    service: Annotated[
        str | None, typer.Option(help="One of its services; else the whole facility.")
    ] = None,
    valid_for: Annotated[float, typer.Option(help="Hours for which to believe it.")] = _HOURS,
    as_json: AsJson = False,
) -> None:
    """Note what a manager says on the telephone: the whole facility, or one of its services.

    Example: carealert facilities report F-7 closed --service laundry --valid-for 24
    """
    if not 0 < valid_for <= _MOST_HOURS:
        fail(f"--valid-for takes hours, up to {_MOST_HOURS:g}.", Exit.USAGE)
    application = open_app()
    try:
        done = report_status(
            application.db,
            application.operator,
            ref,
            status,
            now(),
            service=service,
            valid_for=timedelta(hours=valid_for),
        )
    except NoFacilityHasRef as problem:
        fail(str(problem), Exit.NOTHING)
    except CannotReport as problem:
        fail(str(problem), Exit.USAGE)
    emit(_plain_report(done), as_json, _report_text(done))
    if done.counts_as is not done.report.status:
        typer.echo(f"note: {_outweighed(done)}", err=True)


def readiness(
    ref: Annotated[str | None, typer.Argument(help="One facility; else all of them.")] = None,
    as_json: AsJson = False,
) -> None:
    """List how ready facilities are for a hazard, worst first, and what to do next.

    A score from 0 to 100: what is missing or stale earns less, and is named.
    Example: carealert facilities readiness F-7
    """
    application = open_app()
    local = now().astimezone(application.settings.zone)
    try:
        lines = list_readiness(application.db, application.operator, local, ref)
    except NoFacilityHasRef as problem:
        fail(str(problem), Exit.NOTHING)
    none = "No facility is registered yet: see 'carealert facilities import --help'."
    text = "\n\n".join(_readiness_text(line) for line in lines) or none
    emit([_plain_readiness(line) for line in lines], as_json, text)


def _plain_report(done: Reported) -> dict[str, Any]:
    kept = done.report
    return {
        "ref": kept.facility_ref,
        "service": kept.service,
        "status": kept.status.value,
        "reported_at": kept.reported_at.isoformat(),
        "valid_until": kept.valid_until.isoformat(),
        "counts_as": done.counts_as.value,
    }


def _report_text(done: Reported) -> str:
    kept = done.report
    what = f"{kept.facility_ref}, {kept.service}" if kept.service else kept.facility_ref
    return f"{what}: {kept.status.value} until {kept.valid_until:%Y-%m-%d %H:%M} UTC."


def _outweighed(done: Reported) -> str:
    if done.report.service is None:
        return f"a newer report says {done.counts_as.value}."
    return (
        f"the service counts as {done.counts_as.value}, as its whole facility is reported to be. "
        "Report the facility, too, if this has changed."
    )


def _plain_readiness(line: ReadinessLine) -> dict[str, Any]:
    found = line.readiness
    return {
        "ref": line.ref,
        "name": line.name,
        "type": line.type.value,
        "area_code": line.area_code,
        "score": found.score,
        "stale": found.is_stale,
        "verified_days_ago": found.verified_days,
        "next": found.next_step,
        "reasons": [
            {
                "item": one.item.value,
                "state": one.state.value,
                "said": one.said,
                "gain": one.gain,
                "to_do": one.to_do,
            }
            for one in found.reasons
        ],
    }


def _readiness_text(line: ReadinessLine) -> str:
    found = line.readiness
    stale = "  (stale)" if found.is_stale else ""
    lines = [f"{line.ref}  {line.type.value}  {found.score} of 100{stale}  {line.name}"]
    lines += [
        f"  {one.state.value:8} {one.said}" for one in found.reasons if not _is_good(one.state)
    ]
    good = [one.item.value for one in found.reasons if _is_good(one.state)]
    if good:
        lines.append(f"  good     {', '.join(good)}")
    if found.next_step:
        lines.append(f"  next: {found.next_step}")
    return "\n".join(lines)


def _is_good(state: State) -> bool:
    return state is State.GOOD
