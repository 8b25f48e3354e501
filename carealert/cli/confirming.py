"""`carealert people confirm`: what somebody asked about and found to be right."""

import sys
from typing import Annotated

import typer

from carealert.bootstrap import open_app
from carealert.cli.output import Exit, emit, fail
from carealert.clock import now
from carealert.services.confirming import confirm as confirm_records

_NAMED = 10


def confirm(
    refs: Annotated[list[str], typer.Argument(help="Refs; '-' reads them from standard input.")],
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Note that records are right as they stand, so that they do not count as stale.

    For people and facilities that somebody visited or called; an import of changed rows does it by
    itself. All of the refs, or none if one is unknown.

    Example: carealert people confirm R-1 C-7
    """
    wanted = sys.stdin.read().split() if refs == ["-"] else refs
    application = open_app()
    done = confirm_records(application.db, application.operator, wanted, now())
    if done.unknown:
        some = ", ".join(done.unknown[:_NAMED])
        more = f" and {len(done.unknown) - _NAMED} more" if len(done.unknown) > _NAMED else ""
        fail(f"Nothing was confirmed: nobody has the ref {some}{more}.", Exit.FAILED)
    emit({"confirmed": done.records}, as_json, f"{done.records} records confirmed.")
