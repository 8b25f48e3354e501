"""How many warnings a second are read in full: `python -m benchmarks.parse [FOLDER]`.

Reads every XML document of a folder (the captured ones beside the checkout, else the project's
own samples) and prints one JSON line: all documents and the small ones (below 12 kB), five runs
each, with lxml's parse alone from the same runs beside it. Full reading means every element,
valid shapes, the kind of hazard, and the notes.
"""

import json
import statistics
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from time import perf_counter

from carealert.adapters.feeds import xml
from carealert.adapters.feeds.table import FeedReader
from carealert.adapters.hazard_file import load_interpreter
from carealert.paths import shipped
from carealert.services.ports.feeds import UnreadableDocument

ROOT = Path(__file__).resolve().parents[1]
CAPTURED = ROOT.parent / "shared" / "feeds"
SAMPLES = ROOT / "tests" / "adapters" / "feeds" / "samples"
SMALL = 12_000
RUNS = 5
#: A run lasts at least this long, so that a folder of few documents is measured too.
SECONDS = 0.5


def main(arguments: Sequence[str]) -> None:
    """Measure and print."""
    folder = Path(arguments[0]) if arguments else CAPTURED if CAPTURED.is_dir() else SAMPLES
    reader = FeedReader(load_interpreter((shipped("rules"),)))
    bodies = [path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()]
    documents, warnings = readable(reader, bodies)
    # As in the study: one message a document. An index, or 59 messages in one, is no small one.
    small = [body for body, count in documents if count == 1 and len(body) < SMALL]
    every = [body for body, _ in documents]
    full, parsed = runs(every, reader)
    small_full, small_parsed = runs(small, reader)
    print(
        json.dumps(
            {
                "benchmark": "parse",
                "folder": folder.name,
                "documents": len(every),
                "warnings": warnings,
                "bytes": sum(map(len, every)),
                "seconds": round(len(every) / statistics.median(full), 4),
                "documents_per_second": round(statistics.median(full)),
                "documents_per_second_best": round(max(full)),
                "small_documents": len(small),
                "small_documents_per_second": round(statistics.median(small_full)),
                "small_documents_per_second_best": round(max(small_full)),
                "parse_only_per_second": round(statistics.median(parsed)),
                "small_parse_only_per_second": round(statistics.median(small_parsed)),
                "small_parse_only_per_second_best": round(max(small_parsed)),
            }
        )
    )


def readable(reader: FeedReader, bodies: Sequence[bytes]) -> tuple[list[tuple[bytes, int]], int]:
    """The XML documents that can be read, each with its number of warnings; and their sum."""
    found = []
    for body in bodies:
        try:
            found.append((body, len(reader.read(body, "benchmark").warnings)))
        except UnreadableDocument:
            continue
    return found, sum(count for _, count in found)


def runs(bodies: Sequence[bytes], reader: FeedReader) -> tuple[list[float], list[float]]:
    """Documents a second of each run: read in full, and parsed only, in turns."""
    full, parsed = [], []
    for _ in range(RUNS):
        full.append(speed(bodies, lambda body: reader.read(body, "benchmark")))
        parsed.append(speed(bodies, lambda body: xml.parse(body, "benchmark")))
    return full, parsed


def speed(bodies: Sequence[bytes], read: Callable[[bytes], object]) -> float:
    """Documents a second, over whole rounds for at least `SECONDS`."""
    done, start = 0, perf_counter()
    while perf_counter() - start < SECONDS:
        for body in bodies:
            read(body)
        done += len(bodies)
    return done / (perf_counter() - start)


if __name__ == "__main__":
    main(sys.argv[1:])
