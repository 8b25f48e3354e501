"""The rules for texts that can be checked on a text alone (docs: care rules G01 to G08, G21)."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from carealert.domain.lexicon import Lexicon
from carealert.domain.notices import Wording
from carealert.domain.outline import fits
from carealert.domain.sms import encode

#: What a lock screen shows of a text after the sender's name, in characters.
PREVIEW = 60
LONGEST_SENTENCE, AVERAGE_SENTENCE = 18, 12
#: Words that carriers act on: asked for as an answer, they would opt people out or in
#: (Twilio, Advanced Opt-Out).
_CARRIER_WORDS = "STOP|STOPALL|UNSUBSCRIBE|END|QUIT|REVOKE|OPTOUT|CANCEL|START|YES|UNSTOP|HELP|INFO"


@dataclass(frozen=True, slots=True)
class Said:
    """A text with what it should say: `hazard` is its word, `must_say` is name -> words.

    `exercise` is the word that a drill's text has to begin with, "" for all others.
    """

    text: str
    tag: str
    wording: Wording
    hazard: str
    must_say: Mapping[str, str]
    asks_action: bool
    exercise: str = ""


def broken_rules(said: Said, lexicon: Lexicon) -> list[str]:
    """Each rule that the text breaks, as `G04: why`; empty if it keeps them all."""
    text = said.text
    body = text.removeprefix(f"{said.tag}: ")
    return [
        *_unsafe_words(text, said.wording, lexicon),
        *(() if body.startswith(said.exercise) else ("G05: does not begin as an exercise",)),
        *(_preview(body, said, lexicon) if said.asks_action else ()),
        *(f"G05: says no {name}" for name, words in said.must_say.items() if words not in text),
        *(f"G05: {name} is not filled in" for name in _UNFILLED.findall(text)),
        *_too_long(text),
        *_not_plain(body.removeprefix(said.exercise), said.hazard),
        *_answered_by_words(text),
    ]


def sentences(text: str) -> list[str]:
    """The sentences of a text; a line is one too."""
    return [part for part in _SENTENCE_END.split(text) if part.strip(" .!?।۔؟")]


def _unsafe_words(text: str, wording: Wording, lexicon: Lexicon) -> Iterable[str]:
    if wording is not Wording.PRIVATE:
        for word in lexicon.sensitive_in(text):
            yield f"G01: '{word}' on a phone that others read"
    for word in lexicon.gendered_in(text):
        yield f"G08: '{word}' takes the carer for a woman or a man"


def _preview(body: str, said: Said, lexicon: Lexicon) -> Iterable[str]:
    start = body[:PREVIEW]
    if said.hazard not in start:
        yield f"G04: the hazard is not in the first {PREVIEW} characters"
    end = lexicon.starts_action(body.replace(said.hazard, " " * len(said.hazard), 1))
    if end is None or end > PREVIEW:
        yield f"G04: no action in the first {PREVIEW} characters"


def _too_long(text: str) -> Iterable[str]:
    size = encode(text)
    if not fits(size):
        yield f"G06: {size.segments} segments in {size.encoding.value}"


def _not_plain(body: str, hazard: str) -> Iterable[str]:
    lengths = [len(sentence.split()) for sentence in sentences(body)]
    if max(lengths, default=0) > LONGEST_SENTENCE:
        yield f"G07: a sentence of {max(lengths)} words"
    if lengths and sum(lengths) / len(lengths) > AVERAGE_SENTENCE:
        yield "G07: sentences are too long on average"
    for word in _CAPITALS.findall(body.replace(hazard, "")):
        yield f"G07: '{word}' in capitals"


def _answered_by_words(text: str) -> Iterable[str]:
    if _LINK.search(text):
        yield "G21: holds a link"
    for word in _CARRIER.findall(text):
        yield f"G21: '{word}' is a word that carriers act on"


_SENTENCE_END = re.compile(r"(?<=[.!?।۔؟])\s+|\n")
#: A short capital may be a place or a mask's class (N95); three letters in a row are a shout.
_CAPITALS = re.compile(r"\b[A-Z]{4,}\b")
_UNFILLED = re.compile(r"\{\w*\}")
_LINK = re.compile(r"https?://|www\.", re.IGNORECASE)
_CARRIER = re.compile(rf"\b(?:{_CARRIER_WORDS})\b")
