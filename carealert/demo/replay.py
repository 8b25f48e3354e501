"""Replays captured CAP documents as if they were published now, changing their times alone.

Each document moves by one offset of its own, which makes its `sent` the moment at which it is
published. The offset applies to `sent`, `effective`, `onset` and `expires`; a time within
`references` moves with the document that it names, so that the chain still holds. Every time
keeps its own UTC offset and its own way of writing, and every other byte stays as captured: dates
in texts and parameters are those of the event. A signature no longer verifies, as it must not.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

#: (identifier, sent in UTC): how a reference names a document; some agencies change the sender.
Key = tuple[bytes, datetime]

_LOCAL_TIME = rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d"
_ZONE = rb"(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)?"
_TIME = re.compile(rb"(%s)(%s)" % (_LOCAL_TIME, _ZONE))
_REFERENCE_TIME = re.compile(rb"(,\s*([^,\s]+)\s*,\s*)(%s)(%s)" % (_LOCAL_TIME, _ZONE))
#: Comments and CDATA come first and are left alone, whatever they contain.
_ELEMENT = re.compile(
    rb"<!--.*?-->|<!\[CDATA\[.*?\]\]>"
    rb"|(<(?:[\w.-]+:)?(sent|effective|onset|expires|references)(?:\s[^<>]*)?>)([^<]*)(?=</)",
    re.DOTALL,
)
_ROOT = re.compile(
    rb"^(?:\xef\xbb\xbf)?\s*(?:<\?.*?\?>\s*|<!--.*?-->\s*|<!DOCTYPE[^>]*>\s*)*"
    rb"<(?:[\w.-]+:)?alert[\s>]",
    re.DOTALL,
)
_IDENTIFIER = re.compile(rb"<(?:[\w.-]+:)?identifier(?:\s[^<>]*)?>\s*([^<]*?)\s*</")
_SENT = re.compile(rb"<(?:[\w.-]+:)?sent(?:\s[^<>]*)?>\s*([^<]*?)\s*</")
_NEVER = b"9"  # a year of 9xxx stands for "no end", not for a time


class NothingToReplay(Exception):
    """A folder without one CAP document."""


@dataclass(frozen=True, slots=True)
class Captured:
    """A CAP document as it was captured. `sent` is aware."""

    name: str
    body: bytes
    identifier: bytes
    sent: datetime


@dataclass(frozen=True, slots=True)
class Folder:
    """The documents in the order in which they were sent, and why other files were left out."""

    documents: tuple[Captured, ...]
    left_out: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Showing:
    """A document with its times moved, and when (aware) it is to be published."""

    name: str
    at: datetime
    body: bytes


def read_folder(folder: Path) -> Folder:
    """Read every CAP document in `folder`; raises NothingToReplay."""
    documents: list[Captured] = []
    left_out: dict[str, str] = {}
    for path in sorted(path for path in folder.glob("*") if path.is_file()):
        found = _captured(path.name, path.read_bytes())
        if isinstance(found, Captured):
            documents.append(found)
        else:
            left_out[path.name] = found
    if not documents:
        raise NothingToReplay(
            f"{folder} holds no CAP document: give a folder of XML files whose root is <alert>"
        )
    documents.sort(key=lambda document: (document.sent, document.name))
    return Folder(tuple(documents), left_out)


def rehearse(
    documents: Sequence[Captured], start: datetime, every: timedelta
) -> tuple[Showing, ...]:
    """Move `documents` so that one is sent at `start` (aware), and the next `every` after it."""
    moments = [start + n * every for n in range(len(documents))]
    offsets = [_offset(document, at) for document, at in zip(documents, moments, strict=True)]
    by_key = {
        (document.identifier, document.sent): offset
        for document, offset in zip(documents, offsets, strict=True)
    }
    return tuple(
        Showing(document.name, at, shift(document.body, offset, by_key))
        for document, at, offset in zip(documents, moments, offsets, strict=True)
    )


def shift(body: bytes, offset: timedelta, referred: Mapping[Key, timedelta]) -> bytes:
    """Move the times of one document by `offset` (whole seconds); see the module's promise.

    `referred` has the offsets of other documents; a reference to one that is not there moves
    by `offset`. Years of 9000 and later mean "no end" and stay.
    """

    def element(match: re.Match[bytes]) -> bytes:
        opening, name, content = match.group(1, 2, 3)
        if opening is None:
            return match.group()
        if name == b"references":
            return opening + _REFERENCE_TIME.sub(reference, content)
        return opening + _TIME.sub(lambda time: _moved(time[1], offset) + time[2], content)

    def reference(match: re.Match[bytes]) -> bytes:
        before, identifier, local, zone = match.group(1, 2, 3, 4)
        sent = _moment(local + zone)
        own = referred.get((identifier, sent), offset) if sent else offset
        return before + _moved(local, own) + zone

    return _ELEMENT.sub(element, body)


def _captured(name: str, body: bytes) -> Captured | str:
    if not _ROOT.match(body):
        return "its root is not a CAP <alert>"
    identifier, sent = _IDENTIFIER.search(body), _SENT.search(body)
    moment = _moment(sent[1]) if sent else None
    if identifier is None or moment is None:
        return "it has no <identifier> or no readable <sent>"
    return Captured(name, body, identifier[1], moment)


def _offset(document: Captured, at: datetime) -> timedelta:
    """Whole seconds, as CAP times are; never later than `at`."""
    return timedelta(seconds=(at - document.sent) // timedelta(seconds=1))


def _moment(text: bytes) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text.decode("ascii"))
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _moved(local: bytes, offset: timedelta) -> bytes:
    """`YYYY-MM-DDThh:mm:ss` moved; as it was where it is no time or stands for "no end"."""
    if local.startswith(_NEVER):
        return local
    try:
        moved = datetime.fromisoformat(local.decode("ascii")) + offset
    except (ValueError, OverflowError):
        return local
    return moved.isoformat().encode("ascii")
