"""`carealert doctor`: is everything there that an alarm at night will need?"""

from typing import Annotated

import typer

from carealert import clock
from carealert import doctor as checks
from carealert.bootstrap import open_app
from carealert.cli.output import Exit, emit


def doctor(
    only: Annotated[str, typer.Option(help="Names of checks, separated by commas.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Machine-readable.")] = False,
) -> None:
    """Check settings, database, rules, templates, gateway, feeds and worker.

    Example: carealert doctor --only database,worker
    """
    names = frozenset(filter(None, only.split(",")))
    found = list(checks.examine(open_app(), clock.now(), names))
    rows = [
        {"name": check.name, "passed": check.passed, "seen": check.seen, "fix": check.fix}
        for check in found
    ]
    emit(rows, as_json=as_json, text="\n".join(check.line for check in found))
    if not all(check.passed for check in found):
        raise typer.Exit(Exit.FAILED)
