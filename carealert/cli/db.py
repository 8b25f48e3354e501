"""`carealert db`: bring tables up to date, say where they stand, copy them."""

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from carealert.adapters.db import keyring, migrating
from carealert.adapters.db.journal import SqlJournal
from carealert.adapters.db.retention import scrub
from carealert.adapters.sealing import KeyRing
from carealert.bootstrap import App, open_app
from carealert.cli import retention_report
from carealert.cli.output import Exit, emit, fail
from carealert.clock import now
from carealert.domain.access import Right
from carealert.services import places, retention
from carealert.services.access import allow
from carealert.settings import secret_of

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


@app.command()
def rekey(
    new_secret: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            dir_okay=False,
            help="File with the secret that takes the place of the present one.",
        ),
    ] = None,
    retire: Annotated[
        bool, typer.Option("--retire", help="Throw the keys away that nothing is sealed under.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Change the key of personal fields, or with --new-secret the secret that guards the keys.

    Fields are sealed anew in batches beside the running service; a run that was broken off is
    taken up by the next one. The key before is kept until --retire: restart every process first,
    for one that still has the old keys could write under them.
    Example: carealert db rekey
    """
    application = open_app()
    allow(application.operator, Right.MANAGE_KEYS)
    if new_secret is not None:
        _change_secret(application, new_secret.read_bytes().strip(), as_json)
    elif retire:
        _retire(application, as_json)
    else:
        _seal_anew(application, as_json)


@app.command("retention")
def keep_to_periods(
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what is due, and change nothing.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """End what is kept for a time only: texts, answers, and people who agree to nothing any more.

    The worker does this every night. How long each is kept is set by CAREALERT_KEEP_TEXTS_DAYS,
    CAREALERT_KEEP_ANSWERS_DAYS and CAREALERT_KEEP_CONTACTS_DAYS.
    Example: carealert db retention --dry-run
    """
    application = open_app()
    settings = application.settings
    keeping = retention.Keeping(settings.periods, settings.assumed_life)
    found = retention.due(application.db, application.operator, keeping, now())
    if dry_run:
        emit(retention_report.due(found), as_json, retention_report.due_text(found))
        return
    done = retention.keep_to(
        application.db, application.operator, keeping, partial(scrub, application.engine), now()
    )
    data = {"due": retention_report.due(found), "done": retention_report.done(done)}
    emit(data, as_json, retention_report.done_text(done))


@app.command("repair-cells")
def repair_cells(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Compute the spatial key of every position anew, where 'carealert doctor' says it is wrong.

    Beside the running service, in small steps; it may be broken off and run again.
    Example: carealert db repair-cells
    """
    application = open_app()
    fixed = places.repair_cells(application.db, application.operator, now())
    data = {kind.value: many for kind, many in fixed.items()}
    text = ", ".join(f"{kind}: {many} put right" for kind, many in data.items())
    emit(data, as_json, text)


def _seal_anew(application: App, as_json: bool) -> None:
    ring = application.db.sealer.ring
    if len(ring.fields) == 1:
        ring = ring.with_new_key()
        _keep(application, ring, secret_of(application.settings))
    sealer = keyring.open_sealer(application.engine, secret_of(application.settings))
    changed = sum(keyring.seal_anew(application.engine, sealer))
    text = (
        f"{changed} value(s) sealed under key {ring.current}. Restart every process, then run "
        "'carealert db rekey --retire'."
    )
    emit({"key": ring.current, "changed": changed}, as_json, text)


def _retire(application: App, as_json: bool) -> None:
    sealer = application.db.sealer
    if old := keyring.count_old(application.engine, sealer):
        fail(
            f"{old} value(s) are still sealed under a key before: run 'carealert db rekey' first.",
            Exit.FAILED,
        )
    gone = sorted(sealer.ring.fields.keys() - {sealer.ring.current})
    if gone:
        _keep(application, sealer.ring.with_current_only(), secret_of(application.settings))
    text = f"Thrown away: key {', '.join(map(str, gone))}." if gone else "There is one key only."
    emit({"key": sealer.ring.current, "retired": gone}, as_json, text)


def _keep(application: App, ring: KeyRing, secret: bytes) -> None:
    with application.engine.begin() as connection:
        keyring.keep_ring(connection, ring, secret, now())
        SqlJournal(connection).write(
            now(), "keys_changed", "keyring", current=str(ring.current), keys=str(len(ring.fields))
        )


def _change_secret(application: App, secret: bytes, as_json: bool) -> None:
    try:
        _keep(application, application.db.sealer.ring, secret)
    except ValueError as problem:
        fail(str(problem), Exit.USAGE)
    text = "The keys are guarded by the new secret: set CAREALERT_SECRET_KEY to it now."
    emit({"changed": True}, as_json, text)
