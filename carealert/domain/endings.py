"""How a message says that an event is over: by its times, its words, or its source's own mark."""

import re
from collections.abc import Iterable, Mapping

from carealert.domain.warnings import HazardWarning, Info, MsgType, Urgency

#: A valid-time event code, NWS Directive 10-1703: class, action, office, phenomenon,
#: significance, number. The last four name the event.
_VTEC = re.compile(r"/O\.([A-Z]{3})\.([A-Z]{4}\.[A-Z]{2}\.[A-Z]\.\d{4})\.")
#: CAN cancelled, EXP expired; UPG raised to a higher warning, which has a code of its own.
_ENDS = frozenset({"CAN", "EXP"})
_UPGRADED = "UPG"
_OVER = _ENDS | {_UPGRADED}
#: The last bulletin of a series, as several agencies mark it ("Flood Advisory No. 5 (FINAL)").
_FINAL = re.compile(r"[(\[]\s*final\s*[)\]]", re.IGNORECASE)


def vtec_actions(warning: HazardWarning) -> Mapping[str, str]:
    """`KTAE.FL.W.0012` -> `CON`: what the message does with each event that it names."""
    return _by_event(pair for info in warning.infos for pair in info.parameters)


def vtec_ends(actions: Mapping[str, str]) -> bool:
    """True if the message ends every VTEC event that it names, for the areas that it names."""
    return bool(actions) and set(actions.values()) <= _ENDS


def is_ended(warning: HazardWarning, info: Info) -> bool:
    """True if the source marks this info as the end, whatever its times say.

    That is VTEC's CAN, EXP or UPG without anything that goes on, or an Update whose event or
    headline says "(Final)", unless it is still Immediate.
    """
    return ended_by(
        warning.msg_type,
        info.urgency,
        (info.event, info.headline or ""),
        info.parameters,
    )


def ended_by(
    msg_type: str | None,
    urgency: str | None,
    words: Iterable[str],
    parameters: Iterable[tuple[str, str]],
) -> bool:
    """`is_ended` on the parts of an info."""
    actions = set(_by_event(parameters).values())
    if actions:
        return actions <= _OVER
    if msg_type != MsgType.UPDATE or urgency == Urgency.IMMEDIATE:
        return False
    return any(_FINAL.search(word) for word in words)


def is_upgraded(warning: HazardWarning) -> bool:
    """True if the message only says that a higher warning took an event's place: no all-clear."""
    actions = set(vtec_actions(warning).values())
    return _UPGRADED in actions and actions <= _OVER


def _by_event(parameters: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Event -> action; where one event is named twice, what goes on outweighs what ends."""
    found: dict[str, str] = {}
    for name, value in parameters:
        if name.casefold() in ("vtec", "nwsvtec"):
            for action, event in _VTEC.findall(value):
                if found.get(event, _UPGRADED) in _OVER:
                    found[event] = action
    return found
