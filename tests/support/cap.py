"""CAP messages for tests: a builder of warnings, and a builder of XML."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from carealert.adapters.feeds.table import FeedReader
from carealert.adapters.hazard_file import load_interpreter
from carealert.domain.warnings import (
    HazardWarning,
    MsgType,
    Reference,
    Scope,
    Status,
)
from carealert.paths import shipped

SAMPLES = Path(__file__).resolve().parents[1] / "adapters" / "feeds" / "samples"
NOW = datetime(2026, 5, 26, 12, tzinfo=UTC)
NAMESPACE = "urn:oasis:names:tc:emergency:cap:1.2"


def reader() -> FeedReader:
    """A reader with the shipped table of hazards."""
    return FeedReader(load_interpreter((shipped("rules"),)))


def sent(hour: int) -> datetime:
    return datetime(2026, 5, 26, hour, tzinfo=UTC)


def message(identifier: str, hour: int, **changes: Any) -> HazardWarning:
    """An Actual public Alert without infos, sent at this hour of the test's day."""
    plain = HazardWarning(
        identifier=identifier,
        sender="warnings@met.example",
        sent=sent(hour),
        status=Status.ACTUAL,
        msg_type=MsgType.ALERT,
        scope=Scope.PUBLIC,
        source=None,
        restriction=None,
        addresses=(),
        codes=(),
        note=None,
        references=(),
        incidents=(),
        infos=(),
    )
    return replace(plain, **changes)


def refer(*earlier: HazardWarning) -> tuple[Reference, ...]:
    return tuple(Reference(one.sender, one.identifier, one.sent) for one in earlier)


def update(identifier: str, hour: int, *earlier: HazardWarning, **changes: Any) -> HazardWarning:
    changes = {"msg_type": MsgType.UPDATE, "references": refer(*earlier), **changes}
    return message(identifier, hour, **changes)


def cap_xml(identifier: str = "a-1", *, inside: str = "", **fields: str) -> bytes:
    """A small CAP 1.2 message; `inside` goes before the end of its info."""
    head = {
        "identifier": identifier,
        "sender": "warnings@met.example",
        "sent": "2026-05-26T09:00:00+06:00",
        "status": "Actual",
        "msgType": "Alert",
        "scope": "Public",
        **fields,
    }
    elements = "".join(f"<{name}>{value}</{name}>" for name, value in head.items() if value)
    return (
        f'<alert xmlns="{NAMESPACE}">{elements}<info><category>Met</category>'
        "<event>Flood</event><urgency>Expected</urgency><severity>Severe</severity>"
        f"<certainty>Likely</certainty>{inside}</info></alert>"
    ).encode()


def area_xml(inside: str) -> str:
    return f"<area><areaDesc>The coast</areaDesc>{inside}</area>"


def atom(entries: Iterable[tuple[str, str]]) -> bytes:
    """An Atom index of (href, updated)."""
    inside = "".join(
        f'<entry><id>{href}</id><updated>{updated}</updated><link href="{href}"/></entry>'
        for href, updated in entries
    )
    return f'<feed xmlns="http://www.w3.org/2005/Atom">{inside}</feed>'.encode()
