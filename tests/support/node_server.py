"""A server that runs on Node, on the loopback, from the packages that `make interop` installs."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

INTEROP = Path(__file__).resolve().parents[1] / "interop"
PACKAGES = INTEROP / "node_modules"
#: A cold start of the larger one takes six seconds where nothing else runs.
_LONGEST_START_S = 120.0
_STOPPED_WITHIN_S = 20.0


class NoServer(Exception):
    """It did not come up; the message says what to do, or what the server said."""


@contextmanager
def node_server(script: str, arguments: Sequence[str], port: int, folder: Path) -> Iterator[str]:
    """Run `script` of the packages, which listens on `port`; gives its URL, ends with the block.

    `folder` takes what it writes. Settings and proxies of whoever runs the tests do not reach it.
    """
    node = shutil.which("node")
    if node is None or not (PACKAGES / script).is_file():
        raise NoServer("The packages are not installed: run 'make interop' (it needs Node).")
    log = folder / f"{port}.log"
    command = [node, "--require", str(INTEROP / "loopback.cjs"), str(PACKAGES / script), *arguments]
    surroundings = {"PATH": os.environ["PATH"], "HOME": str(folder), "NO_COLOR": "1"}
    with (
        log.open("wb") as output,
        subprocess.Popen(
            command, cwd=folder, env=surroundings, stdout=output, stderr=subprocess.STDOUT
        ) as process,
    ):
        try:
            _wait_until_up(process, port, log)
            yield f"http://127.0.0.1:{port}"
        finally:
            _stop(process)


def _wait_until_up(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    until = time.monotonic() + _LONGEST_START_S
    while process.poll() is None and time.monotonic() < until:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise NoServer(f"It did not start:\n{log.read_text(errors='replace')[-2000:]}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_STOPPED_WITHIN_S)
    except subprocess.TimeoutExpired:
        process.kill()
