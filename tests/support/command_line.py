"""`carealert` as its users run it: in this process, or in one of its own where a start matters.

A start takes a second and more, most of it for reading modules that this process has read already.
"""

import io
import logging
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import chdir, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

from sqlalchemy import Engine

from carealert import bootstrap, cli
from carealert.adapters.db.engine import open_engine

#: What a command may know beside its own settings.
ENVIRONMENT = {k: v for k, v in os.environ.items() if not k.startswith("CAREALERT_")}


@dataclass(frozen=True)
class Done:
    """What a command said and how it ended."""

    returncode: int
    stdout: str
    stderr: str


def run(*words: str, folder: Path, settings: Mapping[str, str]) -> Done:
    """Run a command in this process; what would be a traceback is raised."""
    out, err, code = io.StringIO(), io.StringIO(), 0
    with (
        chdir(folder),
        mock.patch.dict(os.environ, {**ENVIRONMENT, **settings}, clear=True),
        mock.patch.object(sys, "argv", ["carealert", *words]),
        redirect_stdout(out),
        redirect_stderr(err),
        _logging_of_a_start(),
        _engines_of_a_start(),
    ):
        try:
            cli.main()
        except SystemExit as end:
            code = int(end.code or 0)
    return Done(code, out.getvalue(), err.getvalue())


def spawn(*words: str, folder: Path, settings: Mapping[str, str]) -> Done:
    """Run a command in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "carealert", *words],
        cwd=folder,
        env={**ENVIRONMENT, **settings},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return Done(done.returncode, done.stdout, done.stderr)


@contextmanager
def _logging_of_a_start() -> Iterator[None]:
    """Nobody listens to the log yet, so that the command decides what stderr is told of it."""
    root, apscheduler = logging.getLogger(), logging.getLogger("apscheduler")
    handlers, levels = root.handlers[:], (root.level, apscheduler.level)
    root.handlers[:] = []
    try:
        yield
    finally:
        root.handlers[:] = handlers
        for log, level in zip((root, apscheduler), levels, strict=True):
            log.setLevel(level)


@contextmanager
def _engines_of_a_start() -> Iterator[None]:
    """The connections of a command end with it."""
    opened: list[Engine] = []

    def opening(url: str) -> Engine:
        opened.append(open_engine(url))
        return opened[-1]

    with mock.patch.object(bootstrap, "open_engine", opening):
        try:
            yield
        finally:
            for engine in opened:
                engine.dispose()
