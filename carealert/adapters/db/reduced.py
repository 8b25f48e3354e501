"""Facts of a notice whose text is gone: what may be counted, and a hash of what it said."""

from collections.abc import Mapping
from typing import Any

#: Only facts that were reduced have it: the keyed hash, or nothing where somebody was forgotten.
HASH = "parameters"
_COUNTED = ("hazard", "severity")


def reduced(facts: Mapping[str, Any], parameters: str) -> dict[str, Any]:
    """Facts in their usual shape that say hazard and severity only."""
    counted: dict[str, Any] = {name: facts[name] for name in _COUNTED}
    gone: dict[str, Any] = {
        "event": "",
        "sender_name": "",
        "places": {},
        "onset": None,
        "expires": None,
    }
    return counted | gone | {HASH: parameters}


def is_reduced(facts: Mapping[str, Any]) -> bool:
    """Whether these were reduced."""
    return HASH in facts


def unhashed(facts: Mapping[str, Any]) -> dict[str, Any]:
    """The same without the hash of a text that was about somebody who is forgotten."""
    return {**facts, HASH: ""} if is_reduced(facts) else dict(facts)
