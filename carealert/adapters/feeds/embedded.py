"""CAP messages inside the entries of an index, as elements or written out as text."""

from collections.abc import Sequence

from lxml import etree

from carealert.adapters.feeds import xml
from carealert.adapters.feeds.reading import Notes
from carealert.services.ports.feeds import UnreadableDocument


def messages(
    entry: etree._Element, names: Sequence[str], where: str, notes: Notes
) -> list[etree._Element]:
    """The `alert` elements of one entry; text that looks like one and is not is an error."""
    found = list(entry.iter("{*}alert"))
    if found:
        return found
    for element in entry.iterchildren(*(f"{{*}}{name}" for name in names)):
        text = (element.text or "").strip()
        if text.startswith("<") and "alert" in text[:2000] and "identifier" in text:
            try:
                root, _ = xml.parse(_without_declaration(text).encode(), where)
            except UnreadableDocument as problem:
                notes.error(where, f"holds a message that {problem.what}")
                continue
            found += root.iter("{*}alert")
    return found


def outside(root: etree._Element, names: Sequence[str]) -> list[etree._Element]:
    """The `alert` elements that stand in no entry of the index."""
    around = tuple(f"{{*}}{name}" for name in names)
    return [
        alert for alert in root.iter("{*}alert") if next(alert.iterancestors(*around), None) is None
    ]


def _without_declaration(text: str) -> str:
    """Text is decoded already: an encoding that it declares is no longer true."""
    return text.partition("?>")[2] if text.startswith("<?xml") else text
