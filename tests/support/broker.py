"""A real Mosquitto on the loopback for the tests marked `broker`."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from paho.mqtt import publish

#: Says where Mosquitto is, if it is not where Debian puts it.
VARIABLE = "CAREALERT_TEST_MOSQUITTO"
MISSING = (
    f"No MQTT broker to listen to: run 'apt-get install mosquitto', or set {VARIABLE} to the "
    "path of one."
)
_USUAL = Path("/usr/sbin/mosquitto")


def mosquitto_path() -> Path | None:
    """The broker to start, or None."""
    named = os.environ.get(VARIABLE) or "mosquitto"
    found = shutil.which(named)
    if found:
        return Path(found)
    return _USUAL if _USUAL.is_file() and VARIABLE not in os.environ else None


@dataclass
class Mosquitto:
    """One broker that can be stopped and started again on the same port, its sessions kept."""

    folder: Path
    port: int
    lines: tuple[str, ...] = ()
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Its address, with a topic of the tests."""
        return f"mqtt://127.0.0.1:{self.port}/?topic=warnings/#"

    def start(self) -> None:
        """Start it and wait until it answers; raises RuntimeError with what it said."""
        path = mosquitto_path()
        if path is None:
            raise RuntimeError(MISSING)
        listener = () if any("listener" in line for line in self.lines) else self._listener
        config = self.folder / "mosquitto.conf"
        user = ("user root",) if os.geteuid() == 0 else ()
        kept = ("persistence true", f"persistence_location {self.folder}/", "log_dest stderr")
        config.write_text("\n".join((*user, *kept, *listener, *self.lines)) + "\n")
        with (self.folder / "log").open("wb") as log:
            self.process = subprocess.Popen([path, "-c", config], stdout=log, stderr=log)
        if not until(self._answers, 10):
            self.stop()
            raise RuntimeError((self.folder / "log").read_text())

    @property
    def _listener(self) -> tuple[str, ...]:
        return (f"listener {self.port} 127.0.0.1", "allow_anonymous true")

    def stop(self) -> None:
        """End it as the system would; it writes its sessions down."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait(timeout=10)
            self.process = None

    def publish(self, *bodies: bytes, topic: str = "warnings/a") -> None:
        """Send messages that must arrive."""
        messages = [{"topic": topic, "payload": body, "qos": 1} for body in bodies]
        publish.multiple(messages, hostname="127.0.0.1", port=self.port)  # type: ignore[arg-type]

    def _answers(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
        except OSError:
            return False
        return True


@contextmanager
def mosquitto(folder: Path, *lines: str) -> Iterator[Mosquitto]:
    """A running broker; `lines` are added to its configuration (`{port}` stands for its port)."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    broker = Mosquitto(folder, port, tuple(line.replace("{port}", str(port)) for line in lines))
    broker.start()
    try:
        yield broker
    finally:
        broker.stop()


def until(condition: Callable[[], bool], seconds: float = 15) -> bool:
    """True as soon as the condition holds; False if it does not in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.02)
    return condition()
