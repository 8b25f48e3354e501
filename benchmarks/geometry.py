"""How fast written outlines become valid shapes: `python -m benchmarks.geometry [FOLDER]`.

Takes every polygon and circle of a folder's XML documents (the captured ones beside the checkout,
else the project's own samples) and prints one JSON line: reading, checking and repairing them as
CareAlert does, and covering them with cells, beside plain Shapely (`is_valid`, `make_valid` and
`union_all` of rings read before), in turns.
"""

import json
import statistics
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from time import perf_counter

import shapely
from lxml import etree

from benchmarks.parse import CAPTURED, SAMPLES
from carealert.adapters.feeds import xml
from carealert.domain import geometry
from carealert.domain.covering import cover
from carealert.services.ports.feeds import UnreadableDocument

RUNS = 5

Written = list[tuple[Callable[[str], geometry.Shape], str]]


def main(arguments: Sequence[str]) -> None:
    """Measure and print."""
    folder = Path(arguments[0]) if arguments else CAPTURED if CAPTURED.is_dir() else SAMPLES
    documents = [found for path in sorted(folder.rglob("*")) if (found := written(path))]
    shapes = [[read(text).geometry for read, text in one] for one in documents]
    parts = [[part for part in one if part is not None] for one in shapes]
    rings = [plain(one) for one in documents]
    ours, theirs, covering = [], [], []
    for _ in range(RUNS):
        ours.append(speed(documents, lambda one: [read(text) for read, text in one]))
        theirs.append(speed(rings, repaired))
        covering.append(speed(parts, lambda one: [cover(part) for part in one]))
    print(
        json.dumps(
            {
                "benchmark": "geometry",
                "folder": folder.name,
                "documents": len(documents),
                "shapes": sum(map(len, documents)),
                "vertices": sum(text.count(",") for one in documents for _, text in one),
                "read_and_repaired_per_second": round(statistics.median(ours)),
                "plain_shapely_per_second": round(statistics.median(theirs)),
                "ratio": round(statistics.median(ours) / statistics.median(theirs), 1),
                "covered_per_second": round(statistics.median(covering)),
            }
        )
    )


def written(path: Path) -> Written:
    """The outlines of one document as written; empty where there are none, or it is no XML."""
    try:
        root, _ = xml.parse(path.read_bytes(), path.name) if path.is_file() else (None, ())
    except UnreadableDocument:
        return []
    return [] if root is None else list(outlines(root))


def outlines(root: etree._Element) -> Written:
    """Every polygon and circle below an element."""
    kinds = (("polygon", geometry.polygon), ("circle", geometry.circle))
    return [
        (read, xml.text_of(element) or "")
        for name, read in kinds
        for element in root.iter(f"{{*}}{name}")
    ]


def plain(document: Written) -> list[shapely.Polygon]:
    """The rings that can be read without any care."""
    found = []
    for read, text in document:
        if read is not geometry.polygon:
            continue
        try:
            points = [tuple(map(float, token.split(",")))[::-1] for token in text.split()]
            found.append(shapely.Polygon(points))
        except ValueError:
            continue
    return found


def repaired(rings: Sequence[shapely.Polygon]) -> object:
    """What a reader does that trusts Shapely's defaults."""
    return shapely.union_all([r if r.is_valid else shapely.make_valid(r) for r in rings])


def speed(documents: Sequence[object], work: Callable[..., object]) -> float:
    """Documents a second."""
    start = perf_counter()
    for one in documents:
        work(one)
    return len(documents) / (perf_counter() - start)


if __name__ == "__main__":
    main(sys.argv[1:])
