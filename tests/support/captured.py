"""Captured documents of other agencies, where their folder is beside the checkout."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

#: Some captures have their times replaced by "date:now +90 seconds", to be filled in when read.
FILLED_AT = datetime(2026, 5, 22, 18, tzinfo=UTC)
_TEMPLATE = re.compile(r'"date:([^"]*)"')
_STEP = re.compile(r"([+-]\d+) (second|minute|hour|day)s?")


def captured(folder: Path) -> Iterator[tuple[str, bytes]]:
    """(name, bytes) of every captured document; `folder` holds `feeds/`."""
    feeds = folder / "feeds"
    for path in sorted(feeds.glob("*/*")):
        yield path.relative_to(feeds).as_posix(), document(folder, path.relative_to(feeds))


def document(folder: Path, name: str | Path) -> bytes:
    """The bytes of one captured document, with its times filled in."""
    body = (folder / "feeds" / name).read_bytes()
    if b'"date:' not in body:
        return body
    return _TEMPLATE.sub(_filled, body.decode()).encode()


def _filled(found: re.Match[str]) -> str:
    moment = FILLED_AT
    for number, unit in _STEP.findall(found[1]):
        moment += timedelta(**{f"{unit}s": int(number)})
    return f'"{moment.isoformat()}"'
