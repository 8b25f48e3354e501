"""The formats that can be read: one file each, one line here (docs/how-to/add-a-feed-format.md)."""

from carealert.adapters.feeds import atom, cap, rss
from carealert.adapters.feeds.reading import Document, Format
from carealert.adapters.feeds.xml import local
from carealert.domain.meaning import Interpreter
from carealert.services.ports.feeds import Reading, UnreadableDocument

#: Asked in this order by "auto"; `cap` is last because messages may be inside anything.
FORMATS: dict[str, Format] = {
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


def _look(document: Document) -> str:
    for name, line in FORMATS.items():
        if line.recognises(document):
            return name
    if document.is_json:
        raise UnreadableDocument(document.where, "is JSON of no kind that is known here")
    root = local(document.root)
    raise UnreadableDocument(
        document.where, f"is neither a CAP message nor an index of them (its root is <{root}>)"
    )
