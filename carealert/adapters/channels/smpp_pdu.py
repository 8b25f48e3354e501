"""SMPP 3.4 on the wire: the few PDUs that a sender of texts needs (specification, chapters 3 to 5).

Written by hand: what there is for Python logs numbers and texts, breaks off on statuses of the
operator's own, or keeps a queue that goes on sending what we have given up.
"""

import struct
from dataclasses import dataclass, field
from datetime import timedelta
from enum import IntEnum

HEADER = 16
#: A message_payload has up to 64 kB; what is longer is no SMPP.
LONGEST = 70_000
_RESPONSE = 0x80000000


class Command(IntEnum):
    """Command ids (5.1.2.1); a response has the highest bit set."""

    GENERIC_NACK = 0x80000000
    BIND_TRANSCEIVER = 0x09
    BIND_TRANSCEIVER_RESP = 0x80000009
    SUBMIT_SM = 0x04
    SUBMIT_SM_RESP = 0x80000004
    DELIVER_SM = 0x05
    DELIVER_SM_RESP = 0x80000005
    ENQUIRE_LINK = 0x15
    ENQUIRE_LINK_RESP = 0x80000015
    UNBIND = 0x06
    UNBIND_RESP = 0x80000006


OK, INVALID_COMMAND, TRY_AGAIN = 0, 0x03, 0x64
ESM_UDHI, ESM_KIND, ESM_RECEIPT = 0x40, 0x3C, 0x04
RECEIPTED_MESSAGE_ID, MESSAGE_PAYLOAD, MESSAGE_STATE = 0x001E, 0x0424, 0x0427


class NotSmpp(Exception):
    """What came is no PDU of SMPP; the connection cannot be trusted any more."""


@dataclass(frozen=True, slots=True)
class Pdu:
    """One PDU. `command` may be one that we do not know; the body may hold a number."""

    command: int
    status: int
    sequence: int
    body: bytes = field(default=b"", repr=False)

    def packed(self) -> bytes:
        """The bytes of it."""
        head = struct.pack(
            "!IIII", HEADER + len(self.body), self.command, self.status, self.sequence
        )
        return head + self.body

    @property
    def is_response(self) -> bool:
        """Whether it answers one of ours."""
        return bool(self.command & _RESPONSE)


@dataclass(frozen=True, slots=True)
class Address:
    """A number or name with its type and plan (5.2.5, 5.2.6)."""

    ton: int
    npi: int
    digits: str = field(repr=False)


INTERNATIONAL, ALPHANUMERIC, NETWORK, ISDN = 1, 5, 3, 1


def address_of(number: str) -> Address:
    """+1… is international, letters are a name, and a few digits a short code."""
    if number.startswith("+"):
        return Address(INTERNATIONAL, ISDN, number[1:])
    if number.isdecimal():
        return Address(NETWORK, 0, number)
    return Address(ALPHANUMERIC, 0, number)


@dataclass(frozen=True, slots=True)
class Deliver:
    """A deliver_sm: a message of somebody's, or a receipt."""

    source: Address
    esm_class: int
    data_coding: int
    content: bytes = field(repr=False)
    options: dict[int, bytes] = field(repr=False)

    @property
    def is_receipt(self) -> bool:
        """Whether the SMSC tells of a message of ours (5.2.12)."""
        return self.esm_class & ESM_KIND == ESM_RECEIPT


def header_of(data: bytes) -> tuple[int, int, int, int]:
    """Length, command, status and sequence; raises NotSmpp for a length that cannot be."""
    length, command, status, sequence = struct.unpack("!IIII", data)
    if not HEADER <= length <= LONGEST:
        raise NotSmpp("the length of a PDU")
    return length, command, status, sequence


def bind(system_id: str, password: str, system_type: str) -> bytes:
    """The body of a bind_transceiver (4.1.5)."""
    return _text(system_id) + _text(password) + _text(system_type) + b"\x34\x00\x00\x00"


def submit(
    source: Address,
    to: Address,
    *,
    esm_class: int,
    data_coding: int,
    content: bytes,
    validity: timedelta,
) -> bytes:
    """The body of a submit_sm that asks for a receipt (4.4.1)."""
    return b"".join(
        (
            _text(""),
            _address(source),
            _address(to),
            struct.pack("!BBB", esm_class, 0, 1),
            _text(""),
            _text(relative(validity)),
            struct.pack("!BBBBB", 1, 0, data_coding, 0, len(content)),
            content,
        )
    )


def relative(length: timedelta) -> str:
    """A length of time from now, as the SMSC counts it: YYMMDDhhmmss000R (7.1.1.1)."""
    seconds = max(1, int(length.total_seconds()))
    minutes, second = divmod(seconds, 60)
    hours, minute = divmod(minutes, 60)
    days, hour = divmod(hours, 24)
    return f"0000{min(days, 30):02}{hour:02}{minute:02}{second:02}000R"


def deliver_of(body: bytes) -> Deliver:
    """A deliver_sm of its body (4.6.1); raises NotSmpp."""
    try:
        _, at = _string(body, 0)
        source, at = _address_at(body, at)
        _, at = _address_at(body, at)
        esm_class, at = body[at], at + 3
        _, at = _string(body, at)
        _, at = _string(body, at)
        data_coding, length, at = body[at + 2], body[at + 4], at + 5
        content, options = body[at : at + length], _options(body, at + length)
    except (IndexError, struct.error, ValueError) as error:
        raise NotSmpp("a deliver_sm") from error
    return Deliver(
        source, esm_class, data_coding, content or options.get(MESSAGE_PAYLOAD, b""), options
    )


def message_id_of(body: bytes) -> str | None:
    """The id in a submit_sm_resp; None where there is none."""
    text = body.partition(b"\0")[0].decode("latin-1")
    return text if text and text.isprintable() else None


def _text(text: str) -> bytes:
    return text.encode("ascii") + b"\0"


def _address(one: Address) -> bytes:
    return struct.pack("!BB", one.ton, one.npi) + _text(one.digits)


def _string(body: bytes, at: int) -> tuple[str, int]:
    end = body.index(b"\0", at)
    return body[at:end].decode("latin-1"), end + 1


def _address_at(body: bytes, at: int) -> tuple[Address, int]:
    digits, after = _string(body, at + 2)
    return Address(body[at], body[at + 1], digits), after


def _options(body: bytes, at: int) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    while at + 4 <= len(body):
        tag, length = struct.unpack_from("!HH", body, at)
        found[tag] = body[at + 4 : at + 4 + length]
        at += 4 + length
    return found
