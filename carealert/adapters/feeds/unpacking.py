"""Unpacks a compressed answer as it comes: never more than asked for, never less than sent."""

import zlib

#: Both wrappers, gzip (RFC 1952) and zlib (RFC 1950), told apart by their first bytes.
_EITHER = 32 + zlib.MAX_WBITS


class Damaged(Exception):
    """A compressed answer that is cut short, or that is not what its header says."""


class TooMuch(Exception):
    """An answer that unpacks to more than the limit."""


class Unpacker:
    """Turns the bytes of one answer into the document; `encoding` is its Content-Encoding.

    `Damaged` is raised for an encoding that was not asked for.
    """

    def __init__(self, encoding: str, limit: int) -> None:
        self._packed = encoding.strip().lower() not in ("", "identity")
        if self._packed and encoding.strip().lower() not in ("gzip", "x-gzip", "deflate"):
            raise Damaged
        self._limit = limit
        self._document = bytearray()
        self._came = 0
        self._stream = zlib.decompressobj(_EITHER) if self._packed else None

    def feed(self, part: bytes) -> None:
        """Take what has arrived; raises TooMuch as soon as the limit is passed, or Damaged."""
        self._came += len(part)
        if self._came > self._limit:
            raise TooMuch
        if not self._packed:
            self._document += part
        while self._packed and part:
            part = self._unpack(part)
        if len(self._document) > self._limit:
            raise TooMuch

    def document(self) -> bytes:
        """All of it; raises Damaged where the compressed stream did not come to its end."""
        if self._stream is not None and self._came and not self._stream.eof:
            raise Damaged
        return bytes(self._document)

    def _unpack(self, part: bytes) -> bytes:
        """Unpack up to one byte over the limit; gives back what belongs to a next member."""
        if self._stream is None or self._stream.eof:  # gzip members may follow each other
            self._stream = zlib.decompressobj(_EITHER)
        room = self._limit - len(self._document) + 1
        try:
            self._document += self._stream.decompress(part, room)
        except zlib.error:
            raise Damaged from None
        return self._stream.unused_data
