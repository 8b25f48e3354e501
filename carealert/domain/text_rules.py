"""The rules for texts that can be checked on a text alone (docs: care rules G01 to G08, G21)."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from carealert.domain.lexicon import Lexicon, Plainness
from carealert.domain.notices import Wording
from carealert.domain.outline import fits
from carealert.domain.sms import encode

#: What a lock screen shows of a text after the sender's name, in characters.
PREVIEW = 60
#: Letters in capitals that are a shout; fewer may be a place or a mask's class (N95).
SHOUT = 4
#: What a step may ask people to write, as it is to be written (requirements, section 8).
KEYWORDS = frozenset({"RIDE", "PLACE", "REST", "BACKUP", "MORE"})
#: Words that carriers act on: asked for as an answer, they would opt people out or in
#: (Twilio, Advanced Opt-Out).
_CARRIER_WORDS = "STOP|STOPALL|UNSUBSCRIBE|END|QUIT|REVOKE|OPTOUT|CANCEL|START|YES|UNSTOP|HELP|INFO"


@dataclass(frozen=True, slots=True)
class Said:
    """A text with what it should say: `hazard` is its word, `must_say` is name -> words.

    `exercise` is the word that a drill's text has to begin with, "" for all others. Universal is
    a text to everybody of an area, about nobody, that asks for no answer.
    """

    text: str
    tag: str
    wording: Wording
    hazard: str
    must_say: Mapping[str, str]
    asks_action: bool
    exercise: str = ""
    is_universal: bool = False


def broken_rules(said: Said, lexicon: Lexicon) -> list[str]:
    """Each rule that the text breaks, as `G04: why`; empty if it keeps them all."""
    text = said.text
    body = text.removeprefix(f"{said.tag}: ")
    return [
        *_unsafe_words(said, lexicon),
        *(() if said.is_universal else _violence(text, lexicon)),
        *(() if body.startswith(said.exercise) else ("G05: does not begin as an exercise",)),
        *(_preview(body, said, lexicon) if said.asks_action else ()),
        *(f"G05: says no {name}" for name, words in said.must_say.items() if words not in text),
        *(f"G05: {name} is not filled in" for name in _UNFILLED.findall(text)),
        *_too_long(text),
        *_not_plain(body.removeprefix(said.exercise), said.hazard, lexicon.plainness),
        *_answered_by_words(text),
    ]


def broken_by_step(text: str, lexicon: Lexicon, *, for_home: bool) -> list[str]:
    """Each rule that one step of a checklist breaks by itself, on whatever phone.

    A facility is told to keep people safe from each other; a home is not (rule G03).
    """
    return [
        *(_violence(text, lexicon) if for_home else ()),
        *_gendered(text, lexicon),
        *_long_sentence(text, lexicon.plainness),
        *_shouted(text),
        *_answered_by_words(text),
    ]


def broken_by_list(steps: Iterable[str], lexicon: Lexicon) -> list[str]:
    """Each rule that the steps of a checklist break together."""
    return [*_long_on_average("\n".join(steps), lexicon.plainness)]


def rules_of(said: Said) -> list[str]:
    """The rules that this text is held against: a private phone may show what others must not."""
    return [
        *(("G01",) if said.wording is not Wording.PRIVATE else ()),
        *(("G04",) if said.asks_action else ()),
        *("G03", "G05", "G06", "G07", "G08", "G21"),
    ]


def sentences(text: str) -> list[str]:
    """The sentences of a text; a line is one too."""
    return [part for part in _SENTENCE_END.split(text) if part.strip(" .!?।۔؟")]


def _unsafe_words(said: Said, lexicon: Lexicon) -> Iterable[str]:
    text = said.text
    harmless = lexicon.violence_in(text) if said.is_universal else ()
    if said.wording is not Wording.PRIVATE:
        for word in lexicon.sensitive_in(text):
            if word in harmless:
                continue  # what everybody is told gives nobody away (rule G03)
            yield f"G01: '{word}' on a phone that others read"
    yield from _gendered(text, lexicon)


def _violence(text: str, lexicon: Lexicon) -> Iterable[str]:
    """A helpline may stand in a text that everybody gets; beside a person it gives them away."""
    for word in lexicon.violence_in(text):
        yield f"G03: '{word}' in a text about somebody, or that asks for an answer"


def _gendered(text: str, lexicon: Lexicon) -> Iterable[str]:
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


def _not_plain(body: str, hazard: str, plainness: Plainness) -> Iterable[str]:
    yield from _long_sentence(body, plainness)
    yield from _long_on_average(body, plainness)
    yield from _shouted(body.replace(hazard, "") if hazard else body)


def _long_sentence(text: str, plainness: Plainness) -> Iterable[str]:
    longest = max(map(plainness.length, sentences(text)), default=0)
    if longest > plainness.longest:
        yield f"G07: a sentence of {longest} {plainness.unit}"


def _long_on_average(text: str, plainness: Plainness) -> Iterable[str]:
    lengths = [plainness.length(sentence) for sentence in sentences(text)]
    if lengths and sum(lengths) / len(lengths) > plainness.average:
        yield "G07: sentences are too long on average"


def _shouted(text: str) -> Iterable[str]:
    for word in _WORD.findall(text):
        if word.isupper() and len(word) >= SHOUT and word not in KEYWORDS:
            yield f"G07: '{word}' in capitals"


def _answered_by_words(text: str) -> Iterable[str]:
    if _LINK.search(text):
        yield "G21: holds a link"
    for word in _CARRIER.findall(text):
        yield f"G21: '{word}' is a word that carriers act on"


_SENTENCE_END = re.compile(r"(?<=[.!?।۔؟])\s+|\n")
_WORD = re.compile(r"\b[^\W\d_]+\b")
_UNFILLED = re.compile(r"\{\w*\}")
_LINK = re.compile(r"https?://|www\.", re.IGNORECASE)
_CARRIER = re.compile(rf"\b(?:{_CARRIER_WORDS})\b")
