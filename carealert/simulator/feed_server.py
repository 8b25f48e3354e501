"""An agency's feed: an Atom index of CAP documents, over HTTP with conditional requests.

Atom is RFC 4287; `ETag`, `Last-Modified` and 304 are RFC 9110, sections 8.8 and 13.
"""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from threading import Lock
from urllib.parse import quote

from lxml import etree
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

INDEX_PATH = "/feed.atom"
CAP_TYPE = "application/cap+xml"
ATOM_TYPE = "application/atom+xml"
_ATOM = "http://www.w3.org/2005/Atom"


@dataclass(frozen=True, slots=True)
class Published:
    """A document on the board. `at` is aware."""

    name: str
    body: bytes
    at: datetime


class FeedBoard:
    """What an agency has published so far. Any thread may publish while others read."""

    def __init__(self, title: str = "Warnings") -> None:
        self.title = title
        self._lock = Lock()
        self._documents: dict[str, Published] = {}
        self._changed_at: datetime | None = None

    def publish(self, name: str, body: bytes, at: datetime) -> None:
        """Put a document up, or replace the one of this name (a file name, no slash)."""
        if not name or "/" in name:
            raise ValueError(f"{name!r} is no file name: leave out folders")
        if at.tzinfo is None:
            raise ValueError(f"{name} is published at a moment without a time zone")
        with self._lock:
            self._documents.pop(name, None)
            self._documents[name] = Published(name, body, at)
            self._changed_at = at

    def withdraw(self, name: str, at: datetime) -> None:
        """Take a document down, as agencies do with old ones; harmless if it is not there."""
        with self._lock:
            if self._documents.pop(name, None):
                self._changed_at = at

    def get(self, name: str) -> Published | None:
        """The document of this name, or None."""
        with self._lock:
            return self._documents.get(name)

    def state(self) -> tuple[tuple[Published, ...], datetime | None]:
        """Every document, newest first, and when the board last changed."""
        with self._lock:
            return tuple(reversed(self._documents.values())), self._changed_at


def feed_app(board: FeedBoard) -> Starlette:
    """An ASGI app that serves `board`: the index at `/feed.atom`, documents at `/cap/<name>`."""

    def index(request: Request) -> Response:
        documents, changed_at = board.state()
        changed = changed_at or datetime.fromtimestamp(0, UTC)
        body = _atom(board.title, str(request.base_url), documents, changed)
        return _conditional(request, body, ATOM_TYPE, changed)

    def document(request: Request) -> Response:
        found = board.get(request.path_params["name"])
        if found is None:
            raise HTTPException(404, "no such document")
        return _conditional(request, found.body, CAP_TYPE, found.at)

    return Starlette(routes=[Route(INDEX_PATH, index), Route("/cap/{name}", document)])


def _atom(title: str, base: str, documents: tuple[Published, ...], changed: datetime) -> bytes:
    feed = etree.Element(f"{{{_ATOM}}}feed", nsmap={None: _ATOM})
    _add(feed, "id", f"{base}feed.atom")
    _add(feed, "title", title)
    _add(feed, "updated", _rfc3339(changed))
    _add(_add(feed, "author"), "name", title)
    _add(feed, "link", rel="self", type=ATOM_TYPE, href=f"{base}feed.atom")
    for document in documents:
        url = f"{base}cap/{quote(document.name)}"
        entry = _add(feed, "entry")
        _add(entry, "id", url)
        _add(entry, "title", document.name)
        _add(entry, "updated", _rfc3339(document.at))
        _add(entry, "link", type=CAP_TYPE, href=url)
    return etree.tostring(feed, encoding="UTF-8", xml_declaration=True, pretty_print=True)


def _add(
    parent: etree._Element, name: str, text: str | None = None, **attributes: str
) -> etree._Element:
    child = etree.SubElement(parent, f"{{{_ATOM}}}{name}", attributes)
    child.text = text
    return child


def _rfc3339(moment: datetime) -> str:
    return moment.isoformat(timespec="microseconds")


def _conditional(request: Request, body: bytes, media_type: str, changed: datetime) -> Response:
    etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {
        "ETag": etag,
        "Last-Modified": format_datetime(changed.astimezone(UTC), usegmt=True),
        "Cache-Control": "no-cache",
    }
    if _is_known(request, etag, changed):
        return Response(status_code=304, headers=headers)
    return Response(body, media_type=media_type, headers=headers)


def _is_known(request: Request, etag: str, changed: datetime) -> bool:
    """RFC 9110, 13.2.2: a tag decides alone where there is one; only else the date."""
    tags = request.headers.get("if-none-match")
    if tags is not None:
        return any(tag.strip().removeprefix("W/") in (etag, "*") for tag in tags.split(","))
    since = request.headers.get("if-modified-since")
    if since is None:
        return False
    try:
        known = parsedate_to_datetime(since)
    except ValueError:
        return False
    return known.tzinfo is not None and changed.replace(microsecond=0) <= known
