"""What the formats share: the document they are given, and single fields read with mercy."""

import json
import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, tzinfo
from email.utils import parsedate_to_datetime
from enum import StrEnum
from functools import cached_property
from typing import Any, TypeVar
from urllib.parse import urljoin, urlsplit

from lxml import etree

from carealert.adapters.feeds import xml
from carealert.domain.meaning import Interpreter
from carealert.services.discretion import bare_url
from carealert.services.ports.feeds import Problem, Reading, UnreadableDocument
from carealert.services.ports.links import Link

E = TypeVar("E", bound=StrEnum)

#: Longer identifiers and addresses do not fit the database's indexes, and no agency has any.
MAX_KEY = 800
MAX_URL = 2000
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d")
_RFC822 = re.compile(r"(?:[A-Za-z]{3}, *)?\d{1,2} [A-Za-z]{3} \d{4} \d\d:\d\d")
_HALF = r"上午|下午|午前|午後|[AaPp][Mm]"
_HALVES = re.compile(
    r"(?P<year>\d{4})[/-](?P<month>\d{1,2})[/-](?P<day>\d{1,2})\s*"
    rf"(?:(?P<before>{_HALF})\s*)?(?P<hour>\d{{1,2}}):(?P<minute>\d\d)(?::(?P<second>\d\d))?"
    rf"(?(before)|\s*(?P<after>{_HALF}))"
)
_AFTERNOON = frozenset(("下午", "午後", "PM"))
_YEARS = range(1900, 2200)


class Document:
    """The bytes of one document, parsed at most once; `where` names it in problems.

    `is_json` is True if it begins as JSON does.
    """

    def __init__(self, body: bytes, base_url: str) -> None:
        self.body = body
        self.base_url = base_url
        self.is_json = body[:64].lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"[")
        self._xml: tuple[etree._Element, tuple[str, ...]] | None = None

    @property
    def where(self) -> str:
        """The address without its query and credentials, which may be secret."""
        return public_url(self.base_url)

    @property
    def xml(self) -> tuple[etree._Element, tuple[str, ...]]:
        """The root element and notes; raises UnreadableDocument."""
        if self._xml is None:
            try:
                self._xml = xml.parse(self.body, self.base_url)
            except UnreadableDocument as problem:
                raise UnreadableDocument(self.where, problem.what) from problem.__cause__
        return self._xml

    @cached_property
    def json(self) -> Any:
        """The JSON value; raises UnreadableDocument."""
        return read_json(self.body, self.where)

    @property
    def root(self) -> etree._Element:
        """The root element; raises UnreadableDocument."""
        return self.xml[0]


@dataclass(frozen=True, slots=True)
class Format:
    """One line of the FORMATS table: does it look like ours, and what does it say."""

    recognises: Callable[[Document], bool]
    read: Callable[[Document, Interpreter], Reading]
    is_json: bool = False  # asked about JSON documents only, as the others are about XML only


@dataclass(slots=True)
class Notes:
    """Problems as they are found."""

    found: list[Problem] = field(default_factory=list)

    def notice(self, where: str, what: str) -> None:
        """Something odd that did not hinder reading."""
        self.found.append(Problem(where, what, "notice"))

    def error(self, where: str, what: str) -> None:
        """Something that made a message unreadable."""
        self.found.append(Problem(where, what, "error"))


def read_json(body: bytes, where: str) -> Any:
    """Any JSON value, in UTF-8; raises UnreadableDocument.

    NaN and Infinity, which some write although JSON has none, are read as null.
    """
    try:
        return json.loads(body.decode("utf-8-sig"), parse_constant=lambda _: None)
    except (ValueError, RecursionError) as error:
        said = str(error).splitlines()[0] if isinstance(error, ValueError) else "too deep"
        raise UnreadableDocument(where, f"is not well-formed JSON: {clip(said)}") from error


def public_url(url: str) -> str:
    """An address fit for a log: without query, fragment and credentials; file names as they are."""
    try:
        return bare_url(url) if urlsplit(url).netloc else url
    except ValueError:
        return "an address that cannot be read"


def moment(
    text: str | None, where: str, notes: Notes, zone: tzinfo | None = None
) -> datetime | None:
    """An aware time with the sender's offset (RFC 3339); None and a notice if unreadable.

    A time without a zone is read in `zone`, that of the sender where a rule names it, else UTC.
    """
    if not text:
        return None
    found = _iso(text) or _rfc822(text, where, notes) or _halves(text, where, notes)
    if found is None or found.year not in _YEARS:
        notes.notice(where, f"'{clip(text)}' is not a time (RFC 3339): left out")
        return None
    if found.tzinfo is None:
        notes.notice(where, f"'{clip(text)}' has no time zone: read as {zone or 'UTC'}")
        return found.replace(tzinfo=zone or UTC)
    return found


def _iso(text: str) -> datetime | None:
    if not _MOMENT.match(text):
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _halves(text: str, where: str, notes: Notes) -> datetime | None:
    """`2025/3/6 下午 01:02:03`, with the half of the day in Chinese, Japanese or English."""
    found = _HALVES.fullmatch(text)
    if found is None:
        return None
    half = (found["before"] or found["after"]).upper()
    hour = int(found["hour"]) % 12 + (12 if half in _AFTERNOON else 0)
    date = f"{found['year']}-{found['month']:0>2}-{found['day']:0>2}"
    read = _iso(f"{date}T{hour:02}:{found['minute']}:{found['second'] or '00'}")
    if read is not None:
        notes.notice(where, f"'{clip(text)}' is not written as in RFC 3339: read anyway")
    return read


def _rfc822(text: str, where: str, notes: Notes) -> datetime | None:
    if not _RFC822.match(text):
        return None
    try:
        found = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    notes.notice(where, f"'{clip(text)}' is written as in e-mail, not RFC 3339: read anyway")
    return found


def one_of(kind: type[E], text: str | None, where: str, notes: Notes) -> E | None:
    """A member of a CAP enumeration; None and a notice for any other word."""
    if text is None:
        return None
    member = kind._value2member_map_.get(text)
    if member is None:
        member = next((m for m in kind if m.value.casefold() == text.casefold()), None)
        what = f"'{clip(text)}' is not one of CAP's words"
        notes.notice(where, f"{what}: read as {member}" if member else f"{what}: left out")
    return member if isinstance(member, kind) else None


def number(text: str | None, where: str, notes: Notes) -> float | None:
    """A finite number; None and a notice for anything else."""
    if text is None:
        return None
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if math.isfinite(value):
        return value
    notes.notice(where, f"'{clip(text)}' is not a number: left out")
    return None


def links(found: list[Link], base_url: str, notes: Notes) -> tuple[Link, ...]:
    """Absolute http(s) links, each once with its newest `updated`, in order."""
    kept: dict[str, Link] = {}
    for link in found:
        url = _absolute(base_url, link.url.strip())
        if not url.startswith(("http://", "https://")) or len(url) > MAX_URL:
            notes.notice("link", f"'{clip(public_url(url))}' is not an http(s) address: left out")
            continue
        found_here = replace(link, url=url)
        before = kept.get(url)
        kept[url] = before.together(found_here) if before else found_here
    return tuple(kept.values())


def _absolute(base_url: str, url: str) -> str:
    try:
        return urljoin(base_url, url)
    except ValueError:
        return url.partition(":")[2]


def clip(text: str) -> str:
    """A text short enough for a sentence."""
    return text if len(text) <= 60 else f"{text[:57]}..."
