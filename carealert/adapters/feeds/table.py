"""The formats that can be read: one file each, one line here (docs/how-to/add-a-feed-format.md)."""

from carealert.adapters.feeds import (
    atom,
    cap,
    cap_json,
    gdacs,
    geonet,
    jma,
    nws,
    rss,
    shapes,
    usgs,
    wis2,
)
from carealert.adapters.feeds.reading import Document, Format
from carealert.adapters.feeds.xml import local
from carealert.domain.geometry import Shape
from carealert.domain.meaning import Interpreter
from carealert.services.ports.feeds import Reading, UnreadableDocument

#: Asked in this order by "auto"; `cap` is last because messages may be inside anything.
FORMATS: dict[str, Format] = {
    "wis2": Format(wis2.recognises, wis2.read, is_json=True),
    "nws": Format(nws.recognises, nws.read, is_json=True),
    "usgs": Format(usgs.recognises, usgs.read, is_json=True),
    "geonet": Format(geonet.recognises, geonet.read, is_json=True),
    "cap-json": Format(cap_json.recognises, cap_json.read, is_json=True),
    "jma": Format(jma.recognises, jma.read),
    "gdacs": Format(gdacs.recognises, gdacs.read),
    "atom": Format(atom.recognises, atom.read),
    "rss": Format(rss.recognises, rss.read),
    "cap": Format(cap.recognises, cap.read),
}


class FeedReader:
    """Reads documents of every format in the table."""

    def __init__(self, interpreter: Interpreter) -> None:
        self._interpreter = interpreter

    def read(self, body: bytes, base_url: str, format_name: str = "auto") -> Reading:
        """Read one document; raises UnreadableDocument, also for an unknown format name."""
        document = Document(body, base_url)
        if format_name == "auto":
            format_name = _look(document)
        if format_name not in FORMATS:
            known = ", ".join(("auto", *FORMATS))
            raise UnreadableDocument(document.where, f"no format '{format_name}': use {known}")
        return FORMATS[format_name].read(document, self._interpreter)

    def shape(self, body: bytes, where: str) -> Shape:
        """Read an outline that a warning links to; raises UnreadableDocument."""
        return shapes.read(body, where)


def _look(document: Document) -> str:
    if not document.is_json and local(document.root) == "alert":
        return "cap"  # what nearly all are, and can be nothing else
    for name, line in FORMATS.items():
        if line.is_json is document.is_json and line.recognises(document):
            return name
    if document.is_json:
        raise UnreadableDocument(document.where, "is JSON of no kind that is known here")
    root = local(document.root)
    raise UnreadableDocument(
        document.where, f"is neither a CAP message nor an index of them (its root is <{root}>)"
    )
