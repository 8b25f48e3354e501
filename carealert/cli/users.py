"""`carealert users`: who works with the register, as what, and where."""

from typing import Annotated, Any

import typer

from carealert.bootstrap import open_app
from carealert.cli.output import Exit, emit, fail
from carealert.clock import now
from carealert.domain.access import Role
from carealert.services import officers
from carealert.services.officers import BadOfficer, NoSuchOfficer
from carealert.services.ports.officers import Officer

app = typer.Typer(no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="As the journal will name them.")],
    role: Annotated[Role, typer.Option(help="What they may do: docs/how-to/who-may-do-what.md.")],
    area: Annotated[
        list[str] | None, typer.Option(help="Code of an area they work for; repeat it.")
    ] = None,
    facility: Annotated[
        list[str] | None, typer.Option(help="Ref of a facility they answer for; repeat it.")
    ] = None,
) -> None:
    """Add an account, or change the one of this name.

    Example: carealert users add "A. Rahman" --role social --area BD1004
    """
    application = open_app()
    try:
        done = officers.put_officer(
            application.db, application.operator, name, role, area or (), facility or (), now()
        )
    except BadOfficer as problem:
        fail(str(problem), Exit.USAGE)
    emit(_json(done), as_json=False, text=_line(done))


@app.command()
def end(name: str) -> None:
    """End an account: from now on it may do nothing. Example: carealert users end "A. Rahman"."""
    application = open_app()
    try:
        done = officers.end_officer(application.db, application.operator, name, now())
    except NoSuchOfficer as problem:
        fail(str(problem), Exit.NOTHING)
    except BadOfficer as problem:
        fail(str(problem), Exit.FAILED)
    emit(_json(done), as_json=False, text=_line(done))


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """List all accounts, those that have ended as well. Example: carealert users list"""
    application = open_app()
    found = officers.list_officers(application.db, application.operator)
    text = "\n".join(map(_line, found)) or "Nobody yet: the command line may do everything."
    emit([_json(one) for one in found], as_json, text)


def _json(one: Officer) -> dict[str, Any]:
    return {
        "name": one.actor.name,
        "role": one.actor.role.value,
        "areas": sorted(one.actor.areas),
        "facilities": sorted(one.actor.facilities),
        "since": one.since.isoformat(),
        "ended_at": one.ended_at.isoformat() if one.ended_at else None,
    }


def _line(one: Officer) -> str:
    where = ", ".join(sorted(one.actor.areas | one.actor.facilities)) or "everywhere"
    ended = f"  ended {one.ended_at.date()}" if one.ended_at else ""
    return f"{one.actor.role:13}  {one.actor.name}: {where}{ended}"
