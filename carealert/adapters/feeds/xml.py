"""XML from strangers: no entities, no network, no DTD, bounded size; odd encodings are welcome."""

import re
import threading
from collections.abc import Callable
from functools import lru_cache

from lxml import etree

from carealert.adapters.feeds.mending import mended
from carealert.services.ports.feeds import UnreadableDocument

#: The prolog up to a DOCTYPE: declarations, comments and white space only (possessive, so that a
#: hostile prolog costs linear time).
_DOCTYPE = re.compile(rb"(?:\s++|<\?.*?\?>|<!--.*?-->)*+<!DOCTYPE\s++(\w++)?", re.DOTALL)
_HTML = re.compile(rb"\s*+<(?:html|head|body|script)\b", re.IGNORECASE)
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_BLANK = b"\xef\xbb\xbf \t\r\n"


def parse(body: bytes, where: str) -> tuple[etree._Element, tuple[str, ...]]:
    """The root element, and notes of what was tolerated; raises UnreadableDocument."""
    if not body.startswith(_UTF16):
        body = body.lstrip(_BLANK)
    _refuse(body, where)
    try:
        return _root(body, where), ()
    except etree.XMLSyntaxError as error:
        first = error
    better, notes = mended(body)
    if not notes:
        raise UnreadableDocument(where, _sentence(first)) from first
    _refuse(better, where)
    try:
        return _root(better, where), notes
    except etree.XMLSyntaxError:
        # Where the document itself is wrong, not the mended one that nobody has seen.
        raise UnreadableDocument(where, _sentence(first)) from first


def local(element: etree._Element) -> str:
    """The element's name without its namespace."""
    return local_name(element.tag)


def _local_name(tag: object) -> str:
    return str(tag).rpartition("}")[2]


#: A name without its namespace; there are few different ones, so they are remembered.
local_name: Callable[[object], str] = lru_cache(maxsize=4096)(_local_name)


def text_of(element: etree._Element | None) -> str | None:
    """The trimmed text inside, markup left out; None where there is none."""
    if element is None:
        return None
    text = _flat(element) if len(element) else element.text
    return (text.strip() or None) if text else None


def _flat(element: etree._Element) -> str:
    """All text inside. Where an element begins with another, the parser dropped white space."""
    parts = [element.text or ""]
    for child in element:
        parts += [_flat(child), child.tail or ""]
    return ("" if element.text else " ").join(parts)


def _refuse(body: bytes, where: str) -> None:
    """Say in one sentence what is plainly not a feed, before it is parsed."""
    head = body[:_HEAD]
    if head.startswith(_UTF16):
        head = head.decode("utf-16", "ignore").encode()
    if not head or head.isspace():
        raise UnreadableDocument(where, "is empty: check the URL, or ask its operator")
    doctype = _DOCTYPE.match(head)
    if _HTML.match(head) or (doctype and (doctype[1] or b"").lower() == b"html"):
        raise UnreadableDocument(where, _HTML_PAGE)
    if doctype:
        raise UnreadableDocument(where, _REFUSED)
    if head[:1] in (b"{", b"["):
        raise UnreadableDocument(where, "is JSON, not XML: no format here reads it")


#: A document type stands before the root, and few bytes in.
_HEAD = 65536
_HTML_PAGE = "answered an HTML page, not a feed: check the URL"
_REFUSED = "declares a document type (DOCTYPE), which is refused: it can hide harmful content"


class _Parsers(threading.local):
    """A parser for each thread: they are not to be shared, and cost as much as a small document."""

    def __init__(self) -> None:
        self.strict = etree.XMLParser(
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            huge_tree=False,
            collect_ids=False,
            remove_comments=True,
            remove_pis=True,
            remove_blank_text=True,  # half of all nodes are indentation
        )


_PARSERS = _Parsers()


def _root(body: bytes, where: str) -> etree._Element:
    root = etree.fromstring(body, _PARSERS.strict)
    if root.getroottree().docinfo.doctype:
        raise UnreadableDocument(where, _REFUSED)
    if local(root).lower() == "html":
        raise UnreadableDocument(where, _HTML_PAGE)
    return root


def _sentence(error: etree.XMLSyntaxError) -> str:
    line, column = error.position
    what = (error.msg or "unknown").split(", line ")[0]
    return f"is not well-formed XML at line {line}, column {column}: {what}"
