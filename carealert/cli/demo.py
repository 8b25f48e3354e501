"""`carealert demo`: see the whole way of a warning on this machine, with nobody real in it."""

import shutil
import signal
import threading
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from carealert.cli.output import Exit, emit, fail
from carealert.demo import play, summary
from carealert.demo.placing import NowhereToPlace
from carealert.demo.replay import NothingToReplay
from carealert.demo.stage import Places, Stage, open_stage
from carealert.simulator.outside import Outside
from carealert.simulator.server import NotStarted

#: How long one document has the stage before the next comes.
PAUSE = timedelta(seconds=8)


def demo(
    once: Annotated[
        bool, typer.Option("--once", help="Play it once, print what happened, and stop.")
    ] = False,
    warnings: Annotated[
        Path | None,
        typer.Option(help="Replay a folder of captured CAP documents in place of the story."),
    ] = None,
    folder: Annotated[
        Path, typer.Option(help="Folder of the demo's database; made anew each time.")
    ] = Path("demo-data"),
    port: Annotated[int, typer.Option(help="Port of the console.")] = 8000,
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary as JSON.")] = False,
) -> None:
    """Play real warnings, re-told, to a synthetic register and simulated phones.

    Example: carealert demo --once
    """
    _clear(folder)
    places = Places(folder) if once else Places(folder, port, port + 1)
    try:
        with open_stage(places, seed=play.SEED, undelivered_share=0.02) as stage:
            _play(stage, warnings, once=once, as_json=as_json)
    except (NothingToReplay, NowhereToPlace) as problem:
        fail(str(problem), Exit.NOTHING)
    except NotStarted as problem:
        fail(f"The demo cannot start. {problem}", Exit.FAILED)


def _play(stage: Stage[Outside], warnings: Path | None, *, once: bool, as_json: bool) -> None:
    with play.write_script(stage, warnings) as script:
        play.register(stage, script)
        if once:
            found = play.play_once(stage, script, _say)
            emit(summary.as_data(found), as_json, summary.render(found))
            return
        stop = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stop.set())
        _say(f"Console: {stage.url}\nSimulated phones: {stage.phones_url}\nStop with Ctrl+C.")
        play.play_live(stage, script, PAUSE, stop, _say)


def _say(sentence: str) -> None:
    typer.echo(sentence, err=True)


def _clear(folder: Path) -> None:
    """Make room for a new database, in a folder that is the demo's own or not there yet."""
    if not folder.exists():
        return
    if any(folder.iterdir()) and not (folder / "carealert.db").exists():
        fail(f"{folder} is not a demo's folder: name another with --folder.", Exit.USAGE)
    shutil.rmtree(folder)
