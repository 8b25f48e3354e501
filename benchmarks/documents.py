"""What the parse benchmarks read: captured CAP documents beside the checkout, else our samples."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import shapely
from shapely.geometry.base import BaseGeometry

from carealert.adapters.feeds.table import FeedReader
from carealert.adapters.hazard_file import load_interpreter
from carealert.paths import shipped
from carealert.services.ports.feeds import Reading, UnreadableDocument

ROOT = Path(__file__).resolve().parents[1]
CAPTURED = ROOT.parent / "shared" / "feeds"
SAMPLES = ROOT / "tests" / "adapters" / "feeds" / "samples"
#: As in the study that the goals are from: one message a document, below this size.
SMALL = 12_000
#: A run lasts at least this long, so that a folder of few documents is measured too.
SECONDS = 0.5
URL = "https://met.example/feed"
_CAP = re.compile(rb"<(?:[\w.-]+:)?alert[\s>]")


@dataclass(frozen=True)
class Document:
    """A document and how many CAP messages we read from it."""

    name: str
    body: bytes
    messages: int

    @property
    def is_small(self) -> bool:
        """One message, and no large one."""
        return self.messages == 1 and len(self.body) < SMALL


def reader() -> FeedReader:
    """The product's own reader, with the shipped tables."""
    return FeedReader(load_interpreter((shipped("rules"),)))


def folder_of(arguments: Sequence[str]) -> Path:
    """The folder that is asked for, else the captured one, else our own."""
    if arguments:
        return Path(arguments[0])
    return CAPTURED if CAPTURED.is_dir() else SAMPLES


def read_all(folder: Path, feeds: FeedReader) -> list[Document]:
    """Every file that holds CAP messages as XML or seems to, with what we read from it."""
    found = []
    for path in sorted(folder.rglob("*")):
        body = path.read_bytes() if path.is_file() else b""
        plain = body.decode("utf-16", "ignore").encode() if body[:2] == b"\xff\xfe" else body
        if _CAP.search(plain):
            found.append(Document(path.relative_to(folder).as_posix(), body, messages(feeds, body)))
    return found


def messages(feeds: FeedReader, body: bytes) -> int:
    """How many messages we read; 0 where the document is refused."""
    try:
        return len(feeds.read(body, URL).warnings)
    except UnreadableDocument:
        return 0


def drawn(reading: Reading) -> int:
    """Ask for every shape, which is what draws it; the number of its vertices."""
    areas = (area for one in reading.warnings for info in one.infos for area in info.areas)
    return sum(vertices(area.geometry) for area in areas)


def vertices(geometry: BaseGeometry | None) -> int:
    """Points of a shape or of none."""
    return 0 if geometry is None else int(shapely.get_num_coordinates(geometry))


def speed(things: Sequence[object], do: Callable[..., object]) -> float:
    """Things a second, over whole rounds for at least `SECONDS`."""
    done, start = 0, perf_counter()
    while perf_counter() - start < SECONDS:
        for thing in things:
            do(thing)
        done += len(things)
    return done / (perf_counter() - start)


def in_turns(
    runs: int, things: Sequence[object], ways: Iterable[Callable[..., object]]
) -> list[list[float]]:
    """Things a second of each way, `runs` times, in turns: a noisy machine is noisy for all."""
    measured: list[list[float]] = [[] for _ in list(ways)]
    for _ in range(runs):
        for figures, way in zip(measured, ways, strict=True):
            figures.append(speed(things, way))
    return measured
