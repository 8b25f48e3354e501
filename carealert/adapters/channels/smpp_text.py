"""Texts as SMPP carries them: GSM 7 bit in octets or UCS-2, in parts that a phone joins again."""

import re
from dataclasses import dataclass, field

from carealert.adapters.channels.smpp_pdu import (
    ESM_UDHI,
    MESSAGE_STATE,
    RECEIPTED_MESSAGE_ID,
    Deliver,
)
from carealert.domain.notices import DeliveryStatus, Encoding
from carealert.domain.sms import PART, SINGLE, encode

#: 3GPP TS 23.038, table 6.2.1, in its order; 0x1B is the escape to the extension.
_BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENSION = {
    "\f": 0x0A,
    "^": 0x14,
    "{": 0x28,
    "}": 0x29,
    "\\": 0x2F,
    "[": 0x3C,
    "~": 0x3D,
    "]": 0x3E,
    "|": 0x40,
    "€": 0x65,
}
_OCTETS = {char: bytes([at]) for at, char in enumerate(_BASIC) if char != "\x1b"} | {
    char: bytes([0x1B, at]) for char, at in _EXTENSION.items()
}
_CHARACTERS = {octets: char for char, octets in _OCTETS.items()}

DEFAULT_ALPHABET, LATIN_1, UCS_2 = 0, 3, 8
_MOST_PARTS = 255
#: Information elements of a joined message: with one and with two octets of reference.
_JOINED = {0x00: 1, 0x08: 2}

_STATES = {
    1: DeliveryStatus.SENT,  # on its way
    2: DeliveryStatus.DELIVERED,
    3: DeliveryStatus.UNDELIVERED,  # expired
    4: DeliveryStatus.CANCELED,
    5: DeliveryStatus.UNDELIVERED,
    6: DeliveryStatus.SENT,  # an operator read it on the recipient's behalf
    8: DeliveryStatus.FAILED,
}
_WORDS = {
    "ENROUTE": 1,
    "DELIVRD": 2,
    "EXPIRED": 3,
    "DELETED": 4,
    "UNDELIV": 5,
    "ACCEPTD": 6,
    "REJECTD": 8,
}
_RECEIPT_ID = re.compile(r"\bid:\s*([^\s]{1,65})", re.IGNORECASE)
_RECEIPT_STATE = re.compile(r"\bstat:\s*([A-Z]{1,7})", re.IGNORECASE)
_RECEIPT_ERROR = re.compile(r"\berr:\s*([0-9A-Fa-f]{1,4})\b", re.IGNORECASE)


class TooLong(Exception):
    """A text of more parts than a phone can join."""


@dataclass(frozen=True, slots=True)
class Part:
    """One short message of a text."""

    esm_class: int
    data_coding: int
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of somebody's text, as it came: `at` counts from 1 to `total`."""

    reference: int
    total: int
    at: int
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Told:
    """What a receipt tells of a message; `status` is None for what says nothing."""

    message_id: str
    status: DeliveryStatus | None
    code: str | None


def parts_of(text: str, reference: int) -> list[Part]:
    """The short messages of a text; `reference` (0 to 255) tells its parts from another's.

    Neither an escaped character nor a surrogate pair is ever torn apart. Raises TooLong.
    """
    encoding = encode(text).encoding
    wide = encoding is Encoding.UCS_2
    width, coding = (2, UCS_2) if wide else (1, DEFAULT_ALPHABET)
    octets = [char.encode("utf-16-be") if wide else _OCTETS[char] for char in text]
    whole = b"".join(octets)
    if len(whole) <= SINGLE[encoding] * width:
        return [Part(0, coding, whole)]
    contents = _packed(octets, PART[encoding] * width)
    if len(contents) > _MOST_PARTS:
        raise TooLong
    return [
        Part(ESM_UDHI, coding, bytes((5, 0, 3, reference, len(contents), at)) + content)
        for at, content in enumerate(contents, 1)
    ]


def _packed(octets: list[bytes], most: int) -> list[bytes]:
    contents, current = [], b""
    for one in octets:
        if len(current) + len(one) > most:
            contents.append(current)
            current = b""
        current += one
    return [*contents, current]


def piece_of(deliver: Deliver) -> Piece:
    """The text of an inbound message, and which part of it this is."""
    content, joined = deliver.content, (0, 1, 1)
    if deliver.esm_class & ESM_UDHI and content:
        joined = _joined(content[1 : 1 + content[0]])
        content = content[1 + content[0] :]
    return Piece(*joined, _decoded(content, deliver.data_coding))


def _joined(header: bytes) -> tuple[int, int, int]:
    """Reference, number of parts and this part's own, of a user data header (TS 23.040)."""
    at = 0
    while at + 2 <= len(header):
        element, length = header[at], header[at + 1]
        inside = header[at + 2 : at + 2 + length]
        width = _JOINED.get(element)
        if width is not None and len(inside) == width + 2:
            total, this = inside[width], inside[width + 1]
            if 1 <= this <= total:
                return int.from_bytes(inside[:width], "big"), total, this
        at += 2 + length
    return 0, 1, 1


def _decoded(content: bytes, coding: int) -> str:
    if coding == UCS_2:
        return content.decode("utf-16-be", "replace")
    if coding == LATIN_1:
        return content.decode("latin-1")
    found, at = "", 0
    while at < len(content):
        width = 2 if content[at] == 0x1B else 1
        found += _CHARACTERS.get(content[at : at + width], "?")
        at += width
    return found


def told_by(deliver: Deliver) -> Told | None:
    """What a receipt tells; its options count before its words (appendix B). None: of nothing."""
    text = deliver.content.decode("latin-1")
    given = deliver.options.get(RECEIPTED_MESSAGE_ID, b"").rstrip(b"\0").decode("latin-1")
    match, word = _RECEIPT_ID.search(text), _RECEIPT_STATE.search(text)
    message_id = given or (match.group(1) if match else "")
    if not message_id or not message_id.isprintable():
        return None
    state = deliver.options.get(MESSAGE_STATE, b"")[:1]
    number = state[0] if state else _WORDS.get(word.group(1).upper() if word else "", 0)
    error = _RECEIPT_ERROR.search(text)
    return Told(message_id, _STATES.get(number), error.group(1) if error else None)
