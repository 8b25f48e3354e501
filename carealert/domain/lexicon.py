"""Words of one language that a text must not hold, or must: rules G01, G03, G04, G08 and G20.

An entry matches whole words, in any case; `dialy*` matches every word that begins so, and an
entry of several words matches them in a row. In languages that join words (`by_part`) a sensitive
entry also matches inside a word, except inside the words of `allowed`.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple


class Plainness(NamedTuple):
    """How long sentences of a language may be (rule G07).

    Counted in words; in `letters` where a script sets no space between words, which then says
    less about how hard a sentence is to read than about how long it is.
    """

    longest: int = 18
    average: int = 12
    letters: bool = False

    def length(self, sentence: str) -> int:
        """How long a sentence is, in what this language counts."""
        words = _WORD.findall(sentence)
        return sum(map(len, words)) if self.letters else len(sentence.split())

    @property
    def unit(self) -> str:
        """What is counted."""
        return "letters" if self.letters else "words"


@dataclass(frozen=True)
class Lexicon:
    """The lexicon of one language."""

    sensitive: frozenset[str]
    gendered: frozenset[str]
    verbs: frozenset[str]
    allowed: frozenset[str] = field(default_factory=frozenset)
    by_part: bool = False
    plainness: Plainness = field(default_factory=Plainness)
    #: Part of `sensitive`: said to everybody or to nobody (rule G03).
    violence: frozenset[str] = field(default_factory=frozenset)
    hygiene: frozenset[str] = field(default_factory=frozenset)

    def sensitive_in(self, text: str) -> tuple[str, ...]:
        """The entries found in `text` that tell of illness, birth, disability or violence."""
        return _found(self._sensitive, " ".join(self._to_look_at(_words(text))))

    def violence_in(self, text: str) -> tuple[str, ...]:
        """The entries found in `text` that tell of violence."""
        return _found(self._violence, " ".join(self._to_look_at(_words(text))))

    def names_pads(self, text: str) -> bool:
        """True if `text` tells to pack hygiene pads, which everybody is told (rule G20)."""
        return self._hygiene.search(" ".join(_words(text))) is not None

    def gendered_in(self, text: str) -> tuple[str, ...]:
        """The entries found in `text` that take the carer for a woman or a man."""
        return _found(self._gendered, " ".join(_words(text)))

    def starts_action(self, text: str) -> int | None:
        """Where in `text` the first action verb ends, or None."""
        found = self._verbs.search(unicodedata.normalize("NFC", text).casefold())
        return found.end() if found else None

    def is_among(self, words: list[str]) -> bool:
        """True if `words` (plain, in a row) hold a sensitive entry."""
        return self._sensitive.search(" ".join(self._to_look_at(words))) is not None

    def _to_look_at(self, words: list[str]) -> list[str]:
        return [word for word in words if word not in self._allowed] if self.by_part else words

    @cached_property
    def _allowed(self) -> frozenset[str]:
        return frozenset(_plain(word) for word in self.allowed)

    @cached_property
    def _sensitive(self) -> re.Pattern[str]:
        return _pattern(self.sensitive, whole=not self.by_part)

    @cached_property
    def _violence(self) -> re.Pattern[str]:
        return _pattern(self.violence, whole=not self.by_part)

    @cached_property
    def _hygiene(self) -> re.Pattern[str]:
        return _pattern(self.hygiene, whole=not self.by_part)

    @cached_property
    def _gendered(self) -> re.Pattern[str]:
        return _pattern(self.gendered, whole=True)

    @cached_property
    def _verbs(self) -> re.Pattern[str]:
        return _pattern(self.verbs, whole=True)


class SensitiveWords:
    """The sensitive entries of several lexicons, looked for together."""

    def __init__(self, lexicons: Iterable[Lexicon]) -> None:
        every = tuple(lexicons)
        whole = (lexicon.sensitive for lexicon in every if not lexicon.by_part)
        self._whole = _pattern(frozenset().union(*whole), whole=True)
        self._by_part = tuple(lexicon for lexicon in every if lexicon.by_part)

    def is_in(self, text: str) -> bool:
        """True if one of the lexicons would find an entry of its own in `text`."""
        words = _words(text)
        if self._whole.search(" ".join(words)):
            return True
        return any(lexicon.is_among(words) for lexicon in self._by_part)


def _pattern(entries: Iterable[str], *, whole: bool) -> re.Pattern[str]:
    """One pattern for all entries, longest first; it matches nothing where there are none."""
    ordered = sorted((_plain(entry) for entry in entries), key=lambda entry: (-len(entry), entry))
    alternatives = "|".join(
        re.escape(entry.rstrip("*")) + ("" if entry.endswith("*") or not whole else _END)
        for entry in ordered
    )
    before = _START if whole else ""
    return re.compile(f"{before}(?:{alternatives})" if alternatives else r"(?!)")


def _found(pattern: re.Pattern[str], text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(match.group() for match in pattern.finditer(text)))


def _plain(text: str) -> str:
    """Canonically composed and case-folded: the form in which texts and entries are compared."""
    return unicodedata.normalize("NFC", text).casefold()


def _words(text: str) -> list[str]:
    return _WORD.findall(_plain(text))


#: Python's \w leaves out the vowel signs of Indic scripts, which belong to words.
_LETTER = (
    "\\w\u0300-\u036f\u0610-\u061a\u064b-\u065f\u0900-\u0963\u0966-\u109f\u1780-\u17d3\u200c\u200d"
)
_WORD = re.compile(f"[{_LETTER}]+")
_START = f"(?<![{_LETTER}])"
_END = f"(?![{_LETTER}])"
