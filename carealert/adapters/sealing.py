"""Encryption of personal fields and keyed hashes of phones.

AES-256-GCM with a fresh 96-bit nonce for each value (NIST SP 800-38D); the keys for sealing,
hashing and signing are derived from the office's one secret by HKDF-SHA-256 (RFC 5869).
"""

import base64
import hashlib
import hmac
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_NONCE = 12
_VERSION = b"\x01"  # leads every sealed value, so that keys and methods can be rotated


class WrongKey(Exception):
    """A sealed value was written under another secret key."""


class Sealer:
    """Seals and opens texts, and hashes phone numbers, under one office secret."""

    def __init__(self, secret: bytes) -> None:
        if len(secret) < 16:
            raise ValueError("CAREALERT_SECRET_KEY must hold at least 16 bytes")
        self._aead = AESGCM(_derive(secret, b"fields"))
        self._hash_key = _derive(secret, b"phones")
        self._link_key = _derive(secret, b"links")

    def seal(self, text: str) -> bytes:
        """Encrypt; the same text gives another value each time."""
        nonce = os.urandom(_NONCE)
        return _VERSION + nonce + self._aead.encrypt(nonce, text.encode(), None)

    def open(self, sealed: bytes) -> str:
        """Decrypt; raises WrongKey."""
        nonce, rest = sealed[1 : 1 + _NONCE], sealed[1 + _NONCE :]
        try:
            return self._aead.decrypt(nonce, rest, None).decode()
        except InvalidTag as error:
            raise WrongKey(
                "stored personal data cannot be opened: CAREALERT_SECRET_KEY is not the key "
                "under which it was written"
            ) from error

    def seal_optional(self, text: str | None) -> bytes | None:
        """Encrypt, or None for None."""
        return None if text is None else self.seal(text)

    def open_optional(self, sealed: bytes | None) -> str | None:
        """Decrypt, or None for None."""
        return None if sealed is None else self.open(sealed)

    def phone_hash(self, number: str) -> bytes:
        """16 bytes that find an E.164 number again; useless without the key."""
        return hmac.digest(self._hash_key, number.encode(), "sha256")[:16]

    def digest(self, text: str) -> str:
        """A keyed digest of a whole row: tells that it changed, nothing about what it holds."""
        return hmac.new(self._hash_key, text.encode(), hashlib.sha256).hexdigest()

    def sign(self, text: str) -> str:
        """A short URL-safe signature for one-purpose links."""
        return base64.urlsafe_b64encode(
            hmac.digest(self._link_key, text.encode(), "sha256")[:18]
        ).decode()


def _derive(secret: bytes, purpose: bytes) -> bytes:
    return HKDF(SHA256(), 32, salt=None, info=b"carealert/" + purpose).derive(secret)
