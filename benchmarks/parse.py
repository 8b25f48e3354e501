"""How many warnings a second are read in full: `python -m benchmarks.parse [FOLDER]`.

Reads every CAP document of a folder (the captured ones beside the checkout, else the project's
own samples) and prints one JSON line: all documents and the small ones (one message below 12 kB),
five runs each, with lxml's parse alone in the same runs. Full reading means every element,
enumeration, time and number, the kind of hazard with its evidence, and the notes; `drawn` asks for
every shape as well (`benchmarks.geometry` measures that alone). Memory is the whole process's
peak with every shape drawn, beside that of one that has only made its reader.
"""

import json
import resource
import statistics
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.documents import CAPTURED as CAPTURED
from benchmarks.documents import (
    ROOT,
    URL,
    Document,
    drawn,
    folder_of,
    in_turns,
    read_all,
    reader,
)
from benchmarks.documents import SAMPLES as SAMPLES
from carealert.adapters.feeds import xml

RUNS = 5


def main(arguments: Sequence[str]) -> None:
    """Measure and print."""
    folder = folder_of(arguments)
    documents = [document for document in read_all(folder, reader()) if document.messages]
    print(json.dumps({"benchmark": "parse", "folder": folder.name, **parse(documents, folder)}))


def parse(documents: list[Document], folder: Path) -> dict[str, object]:
    """Documents and warnings a second, and memory."""
    every = [document.body for document in documents]
    small = [document.body for document in documents if document.is_small]
    warnings = sum(document.messages for document in documents)
    full, whole, alone = timed(every)
    small_full, small_whole, small_alone = timed(small)
    idle, peak = memory("--idle", folder), memory("--all", folder)
    return {
        "documents": len(every),
        "warnings": warnings,
        "bytes": sum(map(len, every)),
        "warnings_per_second": round(statistics.median(full) * warnings / len(every)),
        "documents_per_second": round(statistics.median(full)),
        "documents_drawn_per_second": round(statistics.median(whole)),
        "parse_only_per_second": round(statistics.median(alone)),
        "small_documents": len(small),
        "small_documents_per_second": round(statistics.median(small_full)),
        "small_documents_per_second_best": round(max(small_full)),
        "small_documents_drawn_per_second": round(statistics.median(small_whole)),
        "small_parse_only_per_second": round(statistics.median(small_alone)),
        "peak_mb": round(peak),
        "peak_mb_over_idle": round(peak - idle),
    }


def timed(bodies: list[bytes]) -> list[list[float]]:
    """Runs of full reading, of reading with every shape drawn, and of lxml's parse alone."""
    feeds = reader()
    return in_turns(
        RUNS,
        bodies,
        (
            lambda body: feeds.read(body, URL),
            lambda body: drawn(feeds.read(body, URL)),
            lambda body: xml.parse(body, URL),
        ),
    )


def memory(what: str, folder: Path) -> float:
    """Peak MB of a process of its own that reads everything, or nothing."""
    command = (sys.executable, "-m", "benchmarks.parse", what, str(folder))
    said = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT).stdout  # noqa: S603
    return float(said)


def peak(what: str, folder: Path) -> None:
    """The process that `memory` starts."""
    feeds = reader()
    if what == "--all":
        for document in read_all(folder, feeds):
            if document.messages:
                drawn(feeds.read(document.body, URL))
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


if __name__ == "__main__":
    if sys.argv[1:2] in (["--idle"], ["--all"]):
        peak(sys.argv[1], Path(sys.argv[2]))
    else:
        main(sys.argv[1:])
