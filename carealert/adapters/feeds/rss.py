"""RSS 2.0, 0.9x and 1.0 as an index of CAP messages: linked, or inside an item."""

from lxml import etree

from carealert.adapters.feeds import cap, embedded, entries
from carealert.adapters.feeds.reading import Document, Notes, links
from carealert.adapters.feeds.xml import local, text_of
from carealert.domain.meaning import Interpreter
from carealert.domain.warnings import HazardWarning
from carealert.services.ports.feeds import Reading
from carealert.services.ports.links import Link

_TIMES = ("{*}updated", "{*}pubDate", "{*}date", "{*}sent")
_CAP_TYPES = ("application/cap+xml", "application/common-alerting-protocol+xml")


def recognises(document: Document) -> bool:
    """True for `rss` and for RSS 1.0's `RDF`."""
    return local(document.root) in ("rss", "RDF")


def read(document: Document, interpreter: Interpreter) -> Reading:
    """The messages inside, one link for each item without any, or what the item itself says."""
    root, remarks = document.xml
    notes = Notes()
    for remark in remarks:
        notes.notice("document", remark)
    found: list[Link] = []
    warnings: list[HazardWarning] = []
    for number, item in enumerate(root.iter("{*}item"), 1):
        where = f"item[{number}]"
        inside = embedded.messages(item, ("description", "encoded"), where, notes)
        if inside:
            warnings += cap.alerts(inside, interpreter, notes)
        elif url := _url(item):
            found.append(Link(url, _updated(item), entries.drawings(item, where)))
        elif entries.has_message(item):
            if warning := entries.message(item, where, interpreter, notes):
                warnings.append(warning)
        else:
            notes.notice(where, "has neither a message nor a link: left out")
    warnings += cap.alerts(embedded.outside(root, ("item",)), interpreter, notes)
    return Reading(
        "rss", tuple(warnings), links(found, document.base_url, notes), tuple(notes.found)
    )


def _url(item: etree._Element) -> str | None:
    """The best address: one that is said to be CAP, the link, a guid that is an address."""
    for child in item.iterchildren():
        kind = (child.get("type") or "").partition(";")[0].strip().lower()
        target = child.get("url") or child.get("href") or child.get("resource")
        if target and kind in _CAP_TYPES:
            return str(target)
    for child in item.iterchildren("{*}cap"):  # GDACS
        if (text := text_of(child)) and text.startswith("http"):
            return text
    for child in item.iterchildren("{*}link"):
        if target := text_of(child) or child.get("href"):
            return str(target)
    guid = next(item.iterchildren("{*}guid"), None)
    text = text_of(guid)
    permanent = guid is not None and guid.get("isPermaLink", "true") != "false"
    return text if text and permanent and text.startswith("http") else None


def _updated(item: etree._Element) -> str | None:
    for name in _TIMES:
        for child in item.iterchildren(name):
            if text := text_of(child):
                return text
    return None
