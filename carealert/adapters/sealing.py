"""Encryption of personal fields and keyed hashes of phones.

AES-256-GCM with a fresh 96-bit nonce for each value (NIST SP 800-38D). The first byte of a sealed
value names its key. The keys are derived from the office's one secret by HKDF-SHA-256 (RFC 5869)
until they are first changed; from then on they are random and stand in a key ring that the secret
only wraps, so that the secret and the keys can be changed apart.
"""

import base64
import hashlib
import hmac
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_NONCE = 12
_KEY = 32
_LEAST = 16
_FIRST = 1
_LAST = 255


class WrongKey(Exception):
    """A sealed value was written under another secret key."""


@dataclass(frozen=True, slots=True)
class KeyRing:
    """The keys of an office: for fields by id, for finding phones, for signing links.

    Its repr names ids only.
    """

    fields: Mapping[int, bytes]
    current: int
    phones: bytes
    links: bytes

    def __repr__(self) -> str:
        """Show which keys there are: a repr ends up in logs."""
        return f"KeyRing({sorted(self.fields)}, current={self.current})"

    def with_new_key(self) -> "KeyRing":
        """The ring with one more key for fields, which is the current one; raises ValueError."""
        new = max(self.fields) + 1
        if new > _LAST:
            raise ValueError(f"the key ring has used up its {_LAST} ids")
        return replace(self, fields={**self.fields, new: os.urandom(_KEY)}, current=new)

    def with_current_only(self) -> "KeyRing":
        """The ring without the keys that nothing is sealed under any more."""
        return replace(self, fields={self.current: self.fields[self.current]})


def derived_ring(secret: bytes) -> KeyRing:
    """The ring of an office that never changed its keys; raises ValueError for a short secret."""
    fields = {_FIRST: _derive(secret, b"fields")}
    return KeyRing(fields, _FIRST, _derive(secret, b"phones"), _derive(secret, b"links"))


def wrap(ring: KeyRing, secret: bytes) -> bytes:
    """The ring, sealed under the office's secret."""
    text = json.dumps(
        {
            "fields": {str(number): key.hex() for number, key in ring.fields.items()},
            "current": ring.current,
            "phones": ring.phones.hex(),
            "links": ring.links.hex(),
        }
    )
    return _seal(AESGCM(_derive(secret, b"ring")), text)


def unwrap(wrapped: bytes, secret: bytes) -> KeyRing:
    """What `wrap` gave; raises WrongKey."""
    data = json.loads(_open(AESGCM(_derive(secret, b"ring")), wrapped))
    return KeyRing(
        {int(number): bytes.fromhex(key) for number, key in data["fields"].items()},
        data["current"],
        bytes.fromhex(data["phones"]),
        bytes.fromhex(data["links"]),
    )


class Sealer:
    """Seals and opens texts, and hashes phone numbers, under one office's keys.

    `reload` gives the ring anew where a value names a key that is not there: another process may
    have changed the keys meanwhile.
    """

    def __init__(
        self,
        secret: bytes,
        ring: KeyRing | None = None,
        reload: Callable[[], KeyRing] | None = None,
    ) -> None:
        self._reload = reload
        self._take(ring or derived_ring(secret))

    def _take(self, ring: KeyRing) -> None:
        self.ring = ring
        self._ciphers = {number: AESGCM(key) for number, key in ring.fields.items()}

    def seal(self, text: str) -> bytes:
        """Encrypt; the same text gives another value each time."""
        current = self.ring.current
        return bytes((current,)) + _seal(self._ciphers[current], text)

    def open(self, sealed: bytes) -> str:
        """Decrypt; raises WrongKey."""
        cipher = self._ciphers.get(sealed[0])
        if cipher is None and self._reload is not None:
            self._take(self._reload())
            cipher = self._ciphers.get(sealed[0])
        if cipher is None:
            raise _wrong()
        return _open(cipher, sealed[1:])

    def is_current(self, sealed: bytes) -> bool:
        """True if the value is sealed under the current key."""
        return sealed[0] == self.ring.current

    def seal_optional(self, text: str | None) -> bytes | None:
        """Encrypt, or None for None."""
        return None if text is None else self.seal(text)

    def open_optional(self, sealed: bytes | None) -> str | None:
        """Decrypt, or None for None."""
        return None if sealed is None else self.open(sealed)

    def phone_hash(self, number: str) -> bytes:
        """16 bytes that find an E.164 number again; useless without the key."""
        return hmac.digest(self.ring.phones, number.encode(), "sha256")[:16]

    def digest(self, text: str) -> str:
        """A keyed digest of a whole row: tells that it changed, nothing about what it holds."""
        return hmac.new(self.ring.phones, text.encode(), hashlib.sha256).hexdigest()

    def sign(self, text: str) -> str:
        """A short URL-safe signature for one-purpose links."""
        return base64.urlsafe_b64encode(
            hmac.digest(self.ring.links, text.encode(), "sha256")[:18]
        ).decode()


def _seal(cipher: AESGCM, text: str) -> bytes:
    nonce = os.urandom(_NONCE)
    return nonce + cipher.encrypt(nonce, text.encode(), None)


def _open(cipher: AESGCM, sealed: bytes) -> str:
    nonce, rest = sealed[:_NONCE], sealed[_NONCE:]
    try:
        return cipher.decrypt(nonce, rest, None).decode()
    except InvalidTag as error:
        raise _wrong() from error


def _wrong() -> WrongKey:
    return WrongKey(
        "stored personal data cannot be opened: CAREALERT_SECRET_KEY is not the key under which "
        "it was written"
    )


def _derive(secret: bytes, purpose: bytes) -> bytes:
    if len(secret) < _LEAST:
        raise ValueError(f"CAREALERT_SECRET_KEY must hold at least {_LEAST} bytes")
    return HKDF(SHA256(), _KEY, salt=None, info=b"carealert/" + purpose).derive(secret)
