"""How a text travels as SMS: alphabet, length and parts (3GPP TS 23.038 and 23.040)."""

import re
import unicodedata
from itertools import repeat
from typing import NamedTuple

from carealert.domain.notices import Encoding

#: Septets or UTF-16 units of an SMS alone, and of one part where there are several: each part
#: then begins with a header of 6 octets that tells the phone how to join them.
SINGLE = {Encoding.GSM_7: 160, Encoding.UCS_2: 70}
PART = {Encoding.GSM_7: 153, Encoding.UCS_2: 67}

#: The GSM 7 bit default alphabet, 3GPP TS 23.038 table 6.2.1, without the escape.
BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
#: Its extension, table 6.2.1.1: escape and a second septet.
EXTENSION = frozenset("\f^{}\\[~]|€")


class Size(NamedTuple):
    """What a text costs: `units` are septets (GSM-7) or UTF-16 code units (UCS-2)."""

    encoding: Encoding
    units: int
    segments: int


def encode(text: str) -> Size:
    """Measure `text` as a phone network splits it; an empty text has no segment.

    An escape with its septet, and the two halves of a surrogate pair, never part.
    """
    if _GSM.fullmatch(text):
        doubled = _EXTENDED.search(text) is not None
        widths = [2 if char in EXTENSION else 1 for char in text] if doubled else None
        return _size(Encoding.GSM_7, len(text), widths)
    wide = _WIDE.search(text) is not None
    widths = [2 if char > "\uffff" else 1 for char in text] if wide else None
    return _size(Encoding.UCS_2, len(text), widths)


def normalise(text: str) -> str:
    """Replace what only typography needs, so that it does not force UCS-2; accents stay.

    Quotes, dashes, ellipses and special spaces become their GSM-7 relatives; soft hyphens, bidi
    controls and joiners outside scripts that are written with them go. Letters are composed
    (NFC), and Indic letters with a nukta take the one character they also have.
    """
    composed = unicodedata.normalize("NFC", text)
    plain = _JOINER.sub("", composed.translate(_RELATIVES))
    return _NUKTA.sub(lambda pair: _ONE_CHARACTER[pair.group()], plain)


def one_line(text: str) -> str:
    """`text` as people and agencies wrote it, fit to stand inside a sentence.

    Normalised, on one line, without control, private-use and unassigned characters.
    """
    if _PLAIN.fullmatch(text):
        return text
    plain = normalise(text)
    if not plain.isprintable():
        plain = "".join(c if _is_printed(c) else " " for c in plain)
    return " ".join(plain.split())


def cut(text: str, length: int) -> str:
    """The first whole words of `text` in at most `length` characters; one long word stays."""
    if len(text) <= length:
        return text
    words = text[: length + 1].rsplit(None, 1)[0] if " " in text[: length + 1] else text.split()[0]
    return words.rstrip(" ,;:-(")


def _is_printed(char: str) -> bool:
    return unicodedata.category(char)[0] != "C" or char in "\u200c\u200d"


def _size(encoding: Encoding, length: int, widths: list[int] | None) -> Size:
    """`widths` per character, or None where each takes one unit."""
    units = sum(widths) if widths else length
    if units <= SINGLE[encoding]:
        return Size(encoding, units, min(units, 1))
    room = PART[encoding]
    if widths is None:
        return Size(encoding, units, -(-units // room))
    parts, used = 1, 0
    for width in widths:
        if used + width > room:
            parts, used = parts + 1, 0
        used += width
    return Size(encoding, units, parts)


def _one_of(characters: frozenset[str]) -> str:
    return f"[{re.escape(''.join(sorted(characters)))}]"


_GSM = re.compile(f"{_one_of(BASIC | EXTENSION)}*")
_EXTENDED = re.compile(_one_of(EXTENSION))
_WIDE = re.compile("[\U00010000-\U0010ffff]")
_RELATIVES = str.maketrans(
    dict(zip("‘’‚‛′ʼ´`", repeat("'")))
    | dict(zip("“”„‟″«»", repeat('"')))
    | dict(zip("‐‑‒–—―−", repeat("-")))
    | dict(zip("\u00a0\u2000\u2001\u2002\u2003\u2004\u2005", repeat(" ")))
    | dict(zip("\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000", repeat(" ")))
    | dict(zip("\u00ad\u061c\u200b\u200e\u200f\u2060\ufeff", repeat("")))
    | dict(zip("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069", repeat("")))
    | dict(zip("\u2028\u2029", repeat("\n")))
    | {"…": "..."}
)
#: Bangla, Persian, Sinhala and their neighbours spell with the joiners; Latin text has no use.
_JOINER = re.compile("(?<![\u0600-\u109f\u1780-\u18af])[\u200c\u200d]")
#: Unicode excludes these from composition; one unit in place of two is a tenth of a Bangla text.
_ONE_CHARACTER = {
    unicodedata.normalize("NFC", letter): letter
    for letter in "\u09dc\u09dd\u09df\u0958\u0959\u095a\u095b\u095c\u095d\u095e\u095f"
}
_NUKTA = re.compile("|".join(_ONE_CHARACTER))
#: Latin words between single spaces, in which nothing is to replace: most names and references.
_PLAIN = re.compile("[!-_a-~]+(?: [!-_a-~]+)*")
