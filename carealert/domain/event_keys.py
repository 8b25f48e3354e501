"""The event's own number in its source's numbering, which ties its messages together.

VTEC: NWS Directive 10-1703, `/O.CON.KTAE.FL.W.0012.260526T0000Z-260527T0000Z/`; office, phenomenon,
significance and number name the event, and numbers begin anew each year. GDACS: the parameters
`eventtype` and `eventid` of its CAP.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime

from carealert.domain.warnings import Named

#: Only class O is a real event; T, E and X are tests and experiments.
_VTEC = re.compile(
    r"/O\.(?P<action>[A-Z]{3})\.(?P<event>[A-Z]{4}\.[A-Z]{2}\.[A-Z])\.(?P<number>\d{4})"
    r"\.(?P<year>\d\d)(?P<day>\d{4})T\d{4}Z-"
)
_VTEC_NAMES = frozenset(("vtec", "nwsvtec"))
#: ROU stands for routine statements, whose number is none.
_ROUTINE = "ROU"
_GDACS_TYPE = re.compile(r"[A-Z]{2}")
_GDACS_NUMBER = re.compile(r"\d{1,12}")


def event_keys(parameters: Named, sent: datetime) -> tuple[str, ...]:
    """`vtec:KTAE.FL.W.0012.2026` and `gdacs:TC1001234` of an info's parameters, each once.

    VTEC's year is that of the event's begin, and of `sent` (in UTC) where the begin is left out
    because the event is under way.
    """
    return tuple(dict.fromkeys((*_vtec(parameters, sent), *_gdacs(parameters))))


def _vtec(parameters: Named, sent: datetime) -> Iterator[str]:
    for name, value in parameters:
        if name.strip().casefold() not in _VTEC_NAMES:
            continue
        for found in _VTEC.finditer(value):
            if found["action"] != _ROUTINE and found["number"] != "0000":
                yield f"vtec:{found['event']}.{found['number']}.{_year(found, sent)}"


def _year(found: re.Match[str], sent: datetime) -> int:
    if found["day"] == "0000":  # 000000T0000Z: no time
        return sent.astimezone(UTC).year
    return 2000 + int(found["year"])


def _gdacs(parameters: Named) -> Iterator[str]:
    facts: dict[str, str] = {}
    for name, value in parameters:
        facts.setdefault(name.strip().casefold(), value.strip())
    kind, number = facts.get("eventtype", "").upper(), facts.get("eventid", "")
    if _GDACS_TYPE.fullmatch(kind) and _GDACS_NUMBER.fullmatch(number):
        yield f"gdacs:{kind}{number}"
