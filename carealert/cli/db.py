"""`carealert db`: bring tables up to date, say where they stand, copy them."""

from pathlib import Path
from typing import Annotated

import typer

from carealert.adapters.db import migrating
from carealert.bootstrap import open_app
from carealert.cli.output import Exit, emit, fail

app = typer.Typer(no_args_is_help=True)


@app.command()
def upgrade() -> None:
    """Bring the tables to what this version needs. Example: carealert db upgrade."""
    engine = open_app().engine
    migrating.upgrade(engine)
    have, _ = migrating.current(engine)
    emit({"revision": have}, as_json=False, text=f"The database is at revision {have}.")


@app.command()
def current(as_json: Annotated[bool, typer.Option("--json")] = False) -> None:
    """Say which revision the database has and which one this version needs."""
    have, need = migrating.current(open_app().engine)
    text = f"The database is at {have or 'no revision'}; this version needs {need}."
    emit({"revision": have, "needed": need}, as_json=as_json, text=text)
    if have != need:
        raise typer.Exit(Exit.FAILED)


@app.command()
def backup(target: Path) -> None:
    """Copy a SQLite database while it is in use. Example: carealert db backup today.db."""
    try:
        migrating.backup(open_app().engine, target)
    except migrating.NoBackup as error:
        fail(str(error), Exit.FAILED)
    emit({"backup": str(target)}, as_json=False, text=f"Copied to {target}.")
