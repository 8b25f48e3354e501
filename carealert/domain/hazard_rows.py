"""The rows of `rules/hazards.tsv`, and words as they are compared: without case and marks."""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from carealert.domain.hazards import Hazard

_SEPARATORS = re.compile(
    r"[\s!-&(-/:-@\[-`{-~।॥\u00a0-\u00bf\u2000-\u200a\u200e-\u200f\u2010-\u206f\u3000-\u303f]+"
)
#: Scripts written without spaces between words (Korean joins its particles to them).
UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff"
                       r"\uac00-\ud7af\uf900-\ufaff]")  # fmt: skip
_SAME_LANGUAGE = {"tl": "fil", "in": "id", "iw": "he"}


@dataclass(frozen=True, slots=True)
class Phrase:
    """Normalised words that mean a hazard in one language (or in any, where it is empty)."""

    words: tuple[str, ...]
    language: str
    hazard: Hazard
    row: int

    @property
    def text(self) -> str:
        """The words in a row."""
        return " ".join(self.words)

    @property
    def rank(self) -> tuple[int, int, str]:
        """Longest first, then in the order of the table."""
        return (-len(self.text), self.row, self.text)


def words_of(text: str) -> tuple[str, ...]:
    """Words without case, punctuation and a plural's final s."""
    plain = text if text.isascii() else unicodedata.normalize("NFC", text)
    plain = plain.casefold().replace("\u200c", "").replace("\u200d", "").replace("\u200b", "")
    return tuple(
        word[:-1] if word[-1] == "s" and len(word) > 4 else word
        for word in _SEPARATORS.split(plain)
        if word
    )


@lru_cache(maxsize=512)
def primary(language: str | None) -> str:
    """The language of a BCP 47 tag, in its newer name; "" for none."""
    if not language:
        return ""
    return (_remembered if len(language) < _LONGEST_TAG else _primary)(language)


def _primary(language: str) -> str:
    plain = language.strip().casefold().replace("_", "-").partition("-")[0]
    return _SAME_LANGUAGE.get(plain, plain)


#: RFC 5646, section 4.4.1, asks for room for tags of 35 characters; longer ones are not kept.
_LONGEST_TAG = 36
_remembered = lru_cache(maxsize=512)(_primary)


def codes_of(row: Mapping[str, str]) -> Iterable[tuple[str, str]]:
    """(system, code) of every list of codes that the row names."""
    yield from (("oet", code) for code in row.get("oet_v1_2", "").split())
    yield from (("vtec", code) for code in row.get("nws_vtec", "").split())
    yield from (("same", code.casefold()) for code in row.get("nws_same", "").split())
    yield from (("eventtype", code) for code in row.get("gdacs", "").split())
    number = row.get("meteoalarm_type", "").partition(";")[0].strip()
    if number.isdigit():
        yield ("awareness_type", number)
    for entry in row.get("other_codes", "").split(";"):
        yield from _other_codes(entry.strip())


def _other_codes(entry: str) -> Iterable[tuple[str, str]]:
    """`CAP-CP hurricane/tropStorm`, `AU flood`, `DWD II 31-48 95`, `HMCEVE 216`, `CAP-TWP x`."""
    for system in ("cap-cp", "au", "cap-twp", "hmceve"):
        if entry.casefold().startswith(f"{system} "):
            codes = entry[len(system) + 1 :].split("/")
            yield from ((system, code.strip().casefold()) for code in codes)
    if entry.startswith("DWD II "):
        for part in entry.removeprefix("DWD II ").split():
            first, _, last = part.partition("-")
            numbers = range(int(first), int(last or first) + 1)
            yield from (("dwd ii", str(number)) for number in numbers)


def phrases_of(row: Mapping[str, str], hazard: Hazard, number: int) -> Iterable[Phrase]:
    """`en:Flood; Flood Warning | es:…` and `id:banjir,rob|fil:…`: language, then its phrases."""
    for column, comma in (("text_seen", ";"), ("text_proposed", ",")):
        for entry in row.get(column, "").split("|"):
            language, _, phrases = entry.partition(":")
            for phrase in phrases.split(comma):
                if words := words_of(phrase):
                    yield Phrase(words, primary(language), hazard, number)


class Signs:
    """Quick looks at long texts for phrases."""

    def __init__(self, phrases: Iterable[str], telling: Iterable[str]) -> None:
        """`telling` are words that stand for the hazard alone: `drill` of "this is a drill"."""
        self._phrases = tuple(sorted(phrases))
        self._signs = _signs_of(self._phrases, tuple(telling))
        self._ascii_phrases = tuple(phrase for phrase in self._phrases if phrase.isascii())
        self._ascii_signs = tuple(sign for sign in self._signs if sign.isascii())

    def may_be_in(self, text: str) -> bool:
        """False if none of the phrases is in the text, whatever is between their words."""
        plain = text.casefold()
        return any(map(plain.__contains__, self._ascii_signs if text.isascii() else self._signs))

    def are_in(self, text: str) -> bool:
        """True if one of the phrases is in the text, with white space between its words."""
        plain = " ".join(text.casefold().split())
        phrases = self._ascii_phrases if text.isascii() else self._phrases
        return any(map(plain.__contains__, phrases))


def _signs_of(phrases: Iterable[str], telling: Sequence[str]) -> tuple[str, ...]:
    """A few pieces of words of which every phrase holds one, of telling words if it has any.

    The fewer and the rarer, the faster a long text is looked at.
    """
    left = set(phrases)
    found: list[str] = []
    while left:
        first = min(left, key=lambda phrase: (len(phrase), phrase))
        pieces = sorted(_pieces(first), key=lambda piece: (-len(piece), piece))
        best = max(
            pieces,
            key=lambda piece: (
                any(piece in word for word in telling),
                sum(piece in phrase for phrase in left),
            ),
        )
        found.append(best)
        left = {phrase for phrase in left if best not in phrase}
    return tuple(found)


def _pieces(phrase: str) -> set[str]:
    """Parts of its words, of five letters or more, or the whole of shorter ones."""
    return {
        word[at : at + length]
        for word in phrase.split(" ")
        for length in range(min(5, len(word)), len(word) + 1)
        for at in range(len(word) - length + 1)
        if length > 3 or " " not in phrase
    } or {phrase}
