"""WIS2 notifications: that a document exists, where it is, and sometimes the document itself.

Source: WMO WIS2 Notification Message (WNM) 1.0, conformance class core. A notification is a
GeoJSON Feature; `links` with relation `canonical`, or `.../wnm/-/update` for a new version, point
to the document, and `.../wnm/-/deletion` says that it was withdrawn from the store, which ends no
warning. `content` holds small documents; `integrity` is the digest of the document's own bytes.
"""

import zlib
from base64 import b64decode
from binascii import Error
from collections.abc import Iterator
from typing import Any

from carealert.adapters.feeds import cap
from carealert.adapters.feeds.reading import Document, Notes, clip, links
from carealert.domain.meaning import Interpreter
from carealert.services.integrity import fault, stated_in
from carealert.services.ports.feeds import Reading, UnreadableDocument
from carealert.services.ports.links import Link

#: Best first: the order in which relations are followed.
_RELATIONS = ("canonical", "http://def.wmo.int/def/rel/wnm/-/update", "update")
_DELETIONS = ("http://def.wmo.int/def/rel/wnm/-/deletion", "deletion")
#: Inline documents have at most 4,096 bytes in their encoded form; unpacked they may be larger.
_MOST_INLINE = 1024 * 1024


def recognises(document: Document) -> bool:
    """True for a Feature with the two properties that every notification has."""
    return document.is_json and _properties(document.json) is not None


def read(document: Document, interpreter: Interpreter) -> Reading:
    """The warnings inside, or the link to them; raises UnreadableDocument."""
    message = document.json
    properties = _properties(message)
    if properties is None:
        raise UnreadableDocument(document.where, "is no WIS2 notification (WNM 1.0)")
    notes = Notes()
    if any(_relation(link) in _DELETIONS for link in _links(message)):
        notes.notice("links", "says that a document was withdrawn: its warning ends by itself")
        return Reading("wis2", (), (), tuple(notes.found))
    body = _inline(properties, document.where)
    if body is not None:
        inside = cap.read(Document(body, document.base_url), interpreter)
        return Reading("wis2", inside.warnings, (), (*notes.found, *inside.problems))
    found = _link(message, str(properties["pubtime"]), notes)
    return Reading("wis2", (), links(found, document.base_url, notes), tuple(notes.found))


def inside(document: Document) -> bytes | None:
    """The document inside a notification; None for any other; raises UnreadableDocument."""
    properties = _properties(document.json)
    return _inline(properties, document.where) if properties else None


def _properties(message: Any) -> dict[str, Any] | None:
    properties = message.get("properties") if isinstance(message, dict) else None
    if not isinstance(properties, dict) or message.get("type") != "Feature":
        return None
    given = (properties.get("data_id"), properties.get("pubtime"))
    return properties if all(isinstance(one, str) and one for one in given) else None


def _links(message: dict[str, Any]) -> Iterator[dict[str, Any]]:
    given = message.get("links")
    for link in given if isinstance(given, list) else ():
        if isinstance(link, dict) and isinstance(link.get("href"), str):
            yield link


def _relation(link: dict[str, Any]) -> str:
    relation = link.get("rel")
    return relation if isinstance(relation, str) else ""


def _link(message: dict[str, Any], pubtime: str, notes: Notes) -> list[Link]:
    """The one best link: all of them give the same document."""
    usable = [link for link in _links(message) if _relation(link) in _RELATIONS]
    if not usable:
        notes.error("links", "none is canonical or an update: nothing can be fetched")
        return []
    best = min(usable, key=lambda link: _RELATIONS.index(_relation(link)))
    return [Link(best["href"], pubtime)]


def _inline(properties: dict[str, Any], where: str) -> bytes | None:
    """The document's bytes, if they are inside and are those that were announced."""
    content = properties.get("content")
    value = content.get("value") if isinstance(content, dict) else None
    if content is None or not isinstance(value, str) or not value:
        return None
    body = _decoded(content.get("encoding"), value, where)
    # Of `size` publishers have different ideas; the digest is exact.
    wrong = fault(stated_in(properties.get("integrity"), None), body)
    if wrong:
        raise UnreadableDocument(where, f"holds a document that cannot be trusted: {wrong}")
    return body


def _decoded(encoding: Any, value: str, where: str) -> bytes:
    """WNM 1.0: `utf-8` as it is, `base64`, or `gzip`, which is packed and then base64."""
    try:
        if encoding == "utf-8":
            return value.encode()
        if encoding == "base64":
            return b64decode(value, validate=True)
        if encoding == "gzip":
            return _unpacked(b64decode(value, validate=True))
    except (Error, ValueError, zlib.error) as error:
        what = f"holds content that is not {encoding}, as it says"
        raise UnreadableDocument(where, what) from error
    raise UnreadableDocument(
        where, f"holds content in an unknown encoding, '{clip(str(encoding))}'"
    )


def _unpacked(packed: bytes) -> bytes:
    unpacker = zlib.decompressobj(16 + zlib.MAX_WBITS)  # 16: with gzip's header and checksum
    body = unpacker.decompress(packed, _MOST_INLINE)
    if unpacker.unconsumed_tail or not unpacker.eof:
        raise ValueError("cut short, or too large when unpacked")
    return body
