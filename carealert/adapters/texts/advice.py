"""What of a warning's own instruction is told: whole sentences, as long as they are safe.

Agencies write anything there: rules for officials, links, capitals, "None". The first sentence
that breaks a rule ends it, so that no sentence stands without what came before.
"""

from collections.abc import Callable, Mapping
from itertools import takewhile

from carealert.adapters.texts.files import Language
from carealert.adapters.texts.phrases import base_of
from carealert.domain.notices import Wording
from carealert.domain.outline import sentences_of
from carealert.domain.sms import one_line
from carealert.domain.text_rules import broken_by_step

#: Fewer letters say nothing: "None", "N/A", "Unknown".
LEAST = 12


def advice_in(
    instructions: Mapping[str, str],
    language: Language,
    wording: Wording,
    is_sensitive: Callable[[str], bool],
) -> tuple[str, ...]:
    """The sentences of the instruction in this very language that may be told on this phone."""
    written = one_line(_in_language(instructions, language.tag))
    if len(written) < LEAST:
        return ()

    def may_be_told(sentence: str) -> bool:
        if wording is not Wording.PRIVATE and is_sensitive(sentence):
            return False
        return not broken_by_step(sentence, language.lexicon, for_home=True)

    return tuple(takewhile(may_be_told, map(_ended, sentences_of(written))))


def _in_language(instructions: Mapping[str, str], tag: str) -> str:
    """The instruction in this language, its own region first; "" where the sender gives none."""
    exact = (text for given, text in instructions.items() if given.casefold() == tag.casefold())
    base = base_of(tag).casefold()
    same = (text for given, text in instructions.items() if base_of(given).casefold() == base)
    return next(exact, None) or next(same, "")


def _ended(sentence: str) -> str:
    """With a full stop where the sender set none."""
    return sentence if sentence[-1:] in ".!?।۔؟" else f"{sentence}."
