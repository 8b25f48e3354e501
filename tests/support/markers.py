"""Words and numbers that nobody else writes, and a search for them in whatever spelling.

What is searched is bytes: a database file, a log, a table copied out. A word is found in UTF-8,
UTF-16, Latin-1, with escapes of JSON and of addresses, in hexadecimal and in base64 of any
alignment; a phone with and without its country and with anything people put between digits.
"""

import base64
import json
import re
import unicodedata
from collections.abc import Iterable, Iterator
from urllib.parse import quote

_BETWEEN = rb"(?:[ ().\-/\x00]|\xc2\xa0|%20|\+){0,6}"
_BENGALI = {ord(str(n)): chr(0x9E6 + n) for n in range(10)}
_NATIONAL = 10


class Grep:
    """Looks for all of the words and phones at once, in capital and small letters."""

    def __init__(self, words: Iterable[str], phones: Iterable[str]) -> None:
        phones = tuple(phones)
        texts = {spelled for word in words for spelled in spellings(word)}
        texts |= {spelled for phone in phones for spelled in _phone_texts(phone)}
        self._texts = sorted({text.lower() for text in texts})
        spaced = [_BETWEEN.join(bytes([d]) for d in _national(phone).encode()) for phone in phones]
        self._spaced = re.compile(b"|".join(spaced)) if spaced else None

    def found(self, haystack: bytes) -> list[bytes]:
        """What stands there, with a little of what is around it."""
        plain = haystack.lower()
        at = [plain.index(text) for text in self._texts if text in plain]
        if self._spaced is not None:
            at += [hit.start() for hit in self._spaced.finditer(haystack)]
        return [haystack[max(start - 60, 0) : start + 60] for start in sorted(set(at))]


def spellings(word: str) -> set[bytes]:
    """Every way in which a word of seven letters or more may stand in a file."""
    forms = {form for one in {word, _plain(word)} for form in _unicode_forms(one)}
    raw = {form.encode("utf-8") for form in forms}
    raw |= {form.encode(code) for form in forms for code in ("utf-16-le", "utf-16-be")}
    raw |= {form.encode("latin-1", "ignore") for form in forms}
    return {spelled for one in raw for spelled in (one, one.hex().encode(), *_base64(one))} | {
        spelled for form in forms for spelled in _escaped(form)
    }


def _unicode_forms(word: str) -> Iterator[str]:
    for form in ("NFC", "NFD"):
        text = unicodedata.normalize(form, word)
        yield from (text, text.upper(), text.casefold())


def _plain(word: str) -> str:
    """Without accents, as names are compared."""
    return "".join(c for c in unicodedata.normalize("NFKD", word) if not unicodedata.combining(c))


def _escaped(word: str) -> Iterator[bytes]:
    yield json.dumps(word)[1:-1].encode()
    yield quote(word).encode()


def _base64(raw: bytes) -> Iterator[bytes]:
    for shift in range(3):
        text = base64.b64encode(b"\x00" * shift + raw)
        first = -(-shift * 8 // 6)
        last = (shift + len(raw)) * 8 // 6
        yield text[first:last]
        yield text[first:last].translate(bytes.maketrans(b"+/", b"-_"))


def _national(phone: str) -> str:
    return phone[-_NATIONAL:]


def _phone_texts(phone: str) -> Iterator[bytes]:
    for one in (phone, phone.lstrip("+"), _national(phone)):
        yield one.translate(_BENGALI).encode()
        yield one.encode().hex().encode()
        yield from _base64(one.encode())
