"""Atom (RFC 4287) as an index of CAP messages: linked, inside an entry, or written out as text."""

from collections.abc import Iterable
from dataclasses import dataclass

from lxml import etree

from carealert.adapters.feeds import cap, embedded, entries
from carealert.adapters.feeds.reading import Document, Notes, links
from carealert.adapters.feeds.xml import local, text_of
from carealert.domain.meaning import Interpreter
from carealert.domain.warnings import HazardWarning
from carealert.services.ports.feeds import Reading
from carealert.services.ports.links import Link

#: How good a link's stated type is, best first; an HTML page is the last resort.
_TYPES = (
    "application/cap+xml",
    "application/common-alerting-protocol+xml",
    "application/xml",
    "text/xml",
    "",
)
_RELATIONS = ("alternate", "", "enclosure", "related", "self")
_TIMES = ("updated", "sent", "published")


def recognises(document: Document) -> bool:
    """True for a `feed` or a lone `entry`."""
    return local(document.root) in ("feed", "entry")


def read(document: Document, interpreter: Interpreter) -> Reading:
    """The messages inside, one link for each entry without any, or what the entry itself says."""
    root, remarks = document.xml
    notes = Notes()
    for remark in remarks:
        notes.notice("document", remark)
    found: list[Link] = []
    warnings: list[HazardWarning] = []
    for number, entry in enumerate(root.iter("{*}entry"), 1):
        inside = embedded.messages(entry, ("content", "summary"), f"entry[{number}]", notes)
        if inside:
            warnings += cap.alerts(inside, interpreter, notes)
            continue
        link = _link(entry)
        if (link is None or link.is_page) and entries.has_message(entry):
            if warning := entries.message(entry, f"entry[{number}]", interpreter, notes):
                warnings.append(warning)
        elif link is not None:
            drawn = entries.drawings(entry, f"entry[{number}]")
            found.append(Link(link.url, _updated(entry), drawn))
        else:
            notes.notice(f"entry[{number}]", "has neither a message nor a link: left out")
    warnings += cap.alerts(embedded.outside(root, ("entry",)), interpreter, notes)
    return Reading(
        "atom", tuple(warnings), links(found, document.base_url, notes), tuple(notes.found)
    )


@dataclass(frozen=True, slots=True)
class _Link:
    """The best link of an entry; a page is for people to look at."""

    url: str
    is_page: bool


def _link(entry: etree._Element) -> _Link | None:
    candidates = [link for link in entry.iterchildren("{*}link") if link.get("href")]
    if not candidates:
        return None
    best = min(candidates, key=_rank)
    return _Link(str(best.get("href")), _kind(best) == "text/html")


def _rank(link: etree._Element) -> tuple[int, int]:
    relation = (link.get("rel") or "").lower()
    return (_place(_kind(link), _TYPES), _place(relation, _RELATIONS))


def _kind(link: etree._Element) -> str:
    return (link.get("type") or "").partition(";")[0].strip().lower()


def _place(word: str, order: tuple[str, ...]) -> int:
    return order.index(word) if word in order else len(order)


def _updated(entry: etree._Element) -> str | None:
    children: Iterable[etree._Element] = entry.iterchildren("{*}updated", "{*}sent", "{*}published")
    times = {local(child): text_of(child) for child in children}
    return next((times[name] for name in _TIMES if times.get(name)), None)
