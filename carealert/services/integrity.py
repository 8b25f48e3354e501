"""Whether bytes are those that their publisher announced: a digest stated apart from them."""

import hashlib
import hmac
from base64 import b64decode
from binascii import Error
from dataclasses import dataclass

#: WMO WIS2 Notification Message 1.0, `integrity`: its methods, by Python's names.
METHODS = {
    "sha256": "sha256",
    "sha384": "sha384",
    "sha512": "sha512",
    "sha3-256": "sha3_256",
    "sha3-384": "sha3_384",
    "sha3-512": "sha3_512",
}


@dataclass(frozen=True, slots=True)
class Stated:
    """What a notification says of its document; None where it says nothing."""

    method: str | None = None
    value: str | None = None  # base64
    length: int | None = None  # bytes


def stated_in(integrity: object, length: object) -> Stated:
    """The statement in a notification's `integrity` object and a link's `length`."""
    given = integrity if isinstance(integrity, dict) else {}
    method, value = given.get("method"), given.get("value")
    known = isinstance(length, int) and not isinstance(length, bool) and length >= 0
    return Stated(
        method.lower() if isinstance(method, str) else None,
        value if isinstance(value, str) else None,
        length if known and isinstance(length, int) else None,
    )


def fault(stated: Stated, body: bytes) -> str | None:
    """Why these are not the announced bytes, in one clause; None if nothing speaks against them.

    A digest decides alone. One by a method that proves nothing (md5, arbitrary) counts as none.
    """
    name = METHODS.get(stated.method or "")
    if name is not None:
        try:
            wanted = b64decode(stated.value or "", validate=True)
        except (Error, ValueError):
            return "its stated integrity is not base64"
        if not hmac.compare_digest(hashlib.new(name, body).digest(), wanted):
            return f"its bytes are not those that were announced ({stated.method} differs)"
        return None
    if stated.length is not None and stated.length != len(body):
        return f"it has {len(body)} bytes, and {stated.length} were announced"
    return None
