"""`carealert init | run | serve | work`: set up a folder, and the three ways to run."""

import shutil
import signal
import threading
from pathlib import Path
from typing import Annotated

import typer
import uvicorn

from carealert import scheduler
from carealert.adapters.db import migrating
from carealert.bootstrap import App, holder_name, open_app
from carealert.cli.output import Exit, emit, fail
from carealert.logs import write_as
from carealert.paths import shipped
from carealert.settings import CONFIG_FILE, Settings, write_key_file
from carealert.web.build import build_web

_LOOPBACK = ("127.0.0.1", "::1", "localhost")


def init(folder: Annotated[Path, typer.Argument(help="A new folder, such as ./config.")]) -> None:
    """Make a config folder: settings with comments, a secret key, rules and templates to edit.

    Example: carealert init config
    """
    if folder.exists() and any(folder.iterdir()):
        fail(f"{folder} exists and is not empty: name a new folder.", Exit.FAILED)
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("rules", "templates"):
        shutil.copytree(shipped(name), folder / name)
    (folder / CONFIG_FILE).write_text(_example())
    write_key_file(folder)
    emit(
        {"config": str(folder)},
        as_json=False,
        text=f"Made {folder}. Keep {folder / 'secret.key'} safe: without it the register cannot "
        f"be read.\nNext: edit {folder / CONFIG_FILE}, then 'carealert --config {folder} doctor'.",
    )


def run() -> None:
    """Run everything in one process: scheduler, deliverer and web. Example: carealert run."""
    app = _ready()
    ticking = scheduler.start(scheduler.Ticks(app, holder_name()))
    try:
        _serve(app)
    finally:
        ticking.shutdown(wait=True)


def serve() -> None:
    """Run the web server only: pages, webhooks, API. Example: carealert serve."""
    _serve(_ready())


def work() -> None:
    """Run the scheduler and deliverer only; start as many as you like. Example: carealert work."""
    app = _ready()
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    ticking = scheduler.start(scheduler.Ticks(app, holder_name()))
    stop.wait()
    ticking.shutdown(wait=True)


def _ready() -> App:
    app = open_app()
    write_as(app.settings.log_format)
    if app.engine.dialect.name == "sqlite":
        migrating.upgrade(app.engine)  # nobody else can be using an embedded database
    elif not migrating.is_current(app.engine):
        fail("The database is not at this version: run 'carealert db upgrade'.", Exit.CONFIG)
    return app


def _serve(app: App) -> None:
    settings = app.settings
    if settings.host not in _LOOPBACK and settings.console_password is None:
        fail(
            f"Listening on {settings.host} would show the console to others: "
            "set CAREALERT_CONSOLE_PASSWORD.",
            Exit.CONFIG,
        )
    uvicorn.run(
        build_web(app),
        host=settings.host,
        port=settings.port,
        log_config=None,  # its lines go where ours go, and are written as discreetly
        log_level="warning",
        server_header=False,
    )


def _example() -> str:
    lines = ["# Settings of CareAlert. Environment variables CAREALERT_* win over this file.", ""]
    for name, field in Settings.model_fields.items():
        if name in ("config", "secret_key"):
            continue
        secret = getattr(field.default, "get_secret_value", None)
        default = secret() if secret else field.default
        shown = default if isinstance(default, int | float) else f'"{default or ""}"'
        lines += [f"# {field.description}", f"# {name} = {shown}", ""]
    return "\n".join(lines)
