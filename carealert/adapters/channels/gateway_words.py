"""The words between us and any HTTP gateway: placeholders, places in an answer, ids and codes.

What a gateway's file may say is a closed vocabulary, filled in one pass: a text that happens to
hold braces is never looked at again, and there are no expressions.
"""

import hashlib
import hmac
import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from carealert.services.ports.outbox import Outgoing

#: The placeholders; beside them {secret:NAME} stands for the environment variable NAME.
WORDS = (
    "to",
    "to_digits",
    "text",
    "reference",
    "short_reference",
    "callback",
    "valid_seconds",
    "valid_minutes",
    "sender",
)
#: What says who is told, and what: never in a header, nor in an address that proxies write down.
PERSONAL = frozenset({"to", "to_digits", "text"})

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_SECRET = re.compile(r"secret:([A-Z][A-Z0-9_]*)")
_NUMBERS = frozenset({"valid_seconds", "valid_minutes"})
#: A reference is a UUID, a point and the attempt: 38 characters or more. Some take no more than 36.
_SHORT = re.compile(
    r"([0-9a-f]{8})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{12})(\.\d{1,3})"
)
_CODE = re.compile(r"[A-Za-z0-9_.:/-]{1,20}")
_LIKE_A_PHONE = re.compile(r"\d{7}")
#: Columns of the outbox hold so much.
_LONGEST_ID = 64

Values = Mapping[str, str]


def placeholders(template: Any) -> Iterator[str]:
    """Every placeholder of a text, or of the texts inside lists and mappings."""
    if isinstance(template, str):
        yield from _PLACEHOLDER.findall(template)
    elif isinstance(template, Mapping):
        for inside in template.values():
            yield from placeholders(inside)
    elif isinstance(template, list | tuple):
        for inside in template:
            yield from placeholders(inside)


def secret_name(placeholder: str) -> str | None:
    """NAME, where the placeholder is `secret:NAME`."""
    match = _SECRET.fullmatch(placeholder)
    return match.group(1) if match else None


def is_known(placeholder: str) -> bool:
    """Whether this is a word of the vocabulary."""
    return placeholder in WORDS or secret_name(placeholder) is not None


def filled(template: Any, values: Values) -> Any:
    """The template with its values; a text that is {valid_seconds} alone becomes a number."""
    if isinstance(template, str):
        alone = _PLACEHOLDER.fullmatch(template)
        if alone and alone.group(1) in _NUMBERS:
            return int(values[alone.group(1)])
        return _PLACEHOLDER.sub(lambda match: values[match.group(1)], template)
    if isinstance(template, Mapping):
        return {key: filled(inside, values) for key, inside in template.items()}
    if isinstance(template, list | tuple):
        return [filled(inside, values) for inside in template]
    return template


def values_of(
    message: Outgoing,
    sender: str,
    callback: str,
    seconds: tuple[int, int],
    escape: Mapping[str, str],
) -> dict[str, str]:
    """What the placeholders stand for in one message; secrets are added by the channel."""
    valid = _within(message.valid_for, seconds)
    return {
        "to": message.to,
        "to_digits": message.to.removeprefix("+"),
        "text": _escaped(message.body, escape),
        "reference": message.reference,
        "short_reference": shortened(message.reference),
        "callback": callback,
        "valid_seconds": str(valid),
        "valid_minutes": str(max(1, valid // 60)),
        "sender": sender,
    }


def _within(valid_for: timedelta, seconds: tuple[int, int]) -> int:
    least, most = seconds
    return max(least, min(int(valid_for.total_seconds()), most))


def _escaped(text: str, escape: Mapping[str, str]) -> str:
    if not escape:
        return text
    return "".join(escape.get(character, character) for character in text)


def shortened(reference: str) -> str:
    """A reference without the dashes of its UUID: at most 36 characters."""
    return reference.replace("-", "") if _SHORT.fullmatch(reference.replace("-", "")) else reference


def whole(reference: str) -> str:
    """The reference that was shortened, or the text as it is."""
    match = _SHORT.fullmatch(reference)
    return "-".join(match.groups()[:5]) + match.group(6) if match else reference


def found_at(document: Any, place: str) -> str | None:
    """The text, number or truth value at a place, as text."""
    at = value_at(document, place)
    if isinstance(at, bool):
        return "true" if at else "false"
    return str(at) if isinstance(at, str | int | float) else None


def value_at(document: Any, place: str) -> Any:
    """What stands at a place: a JSON pointer (RFC 6901), or a field's name. None for nothing."""
    at = document
    for part in place[1:].split("/") if place.startswith("/") else [place]:
        key = part.replace("~1", "/").replace("~0", "~")
        if isinstance(at, Mapping):
            at = at.get(key)
        elif isinstance(at, list) and key.isascii() and key.isdecimal() and len(key) <= 4:
            at = at[int(key)] if int(key) < len(at) else None
        else:
            return None
    return at


def own_id(gateway: str, said: str) -> str:
    """A gateway's id as we keep it: two gateways may both call a message 17."""
    whole_id = f"{gateway}:{said}"
    if len(whole_id) <= _LONGEST_ID and whole_id.isprintable():
        return whole_id
    return f"{gateway[:20]}:{hashlib.sha256(said.encode('utf-8', 'replace')).hexdigest()[:40]}"


def safe_code(said: str | None) -> str | None:
    """An error code that may be written down: short, one word, and nothing like a phone."""
    if said is None or not _CODE.fullmatch(said) or _LIKE_A_PHONE.search(said):
        return None
    return said


def signature(secret: str, gateway: str, reference: str) -> str:
    """What proves a callback address: good for the receipts of one message, and nothing else."""
    told = f"{gateway}\n{reference}".encode()
    return hmac.digest(secret.encode(), told, hashlib.sha256).hex()[:32]
