"""What is said while a call lasts, as TwiML: the text with its question, a mailbox's line, thanks.

Everything goes through Twilio's own builder, which escapes it. A language is spoken by a voice of
the gateway's or not at all: recordings are named after templates, which a call does not know.
"""

import unicodedata
from collections.abc import Mapping

from twilio.twiml.voice_response import Gather, VoiceResponse

from carealert.adapters.texts.composer import TemplateComposer
from carealert.adapters.texts.phrases import base_of
from carealert.adapters.texts.voice import WAIT, Voice, lower
from carealert.domain.hazards import Hazard
from carealert.services.ports.text import TemplateProblem

#: XML 1.0 has no place for these, not even escaped.
_NOT_IN_XML = frozenset({"Cc", "Cs"})
_NO_CHARACTERS = frozenset({"\ufffe", "\uffff"})


class Speech:
    """Texts as TwiML, in the languages that `voices` can say."""

    def __init__(self, composer: TemplateComposer, voices: Mapping[str, Voice]) -> None:
        self._composer, self._voices = composer, voices

    def speaks(self, language: str) -> bool:
        """True if a voice of the gateway says this language."""
        return self._voice(language) is not None

    def question(
        self, body: str, hazard: Hazard | None, language: str, action: str, *, times: int
    ) -> str:
        """The text, so many times, while one key may be pressed; `action` is told, also of none."""
        return _asking(self._sentences(body, hazard, language), self._say(language), action, times)

    def neutral(self, hazard: Hazard, language: str, action: str, *, times: int) -> str:
        """The danger and who says so, which anybody and any mailbox may hear (rule G01).

        A key tells `action` that a person listens after all; without one the call ends.
        """
        word = self._hazard_word(hazard, language)
        if word is None or not self.speaks(language):
            return silence()
        tag = self._composer.sender_tag
        response = VoiceResponse()
        gather = Gather(num_digits=1, input="dtmf", action=action, method="POST", timeout=WAIT)
        gather.say(_clean(f"{tag}: {lower(word, language)}."), loop=times, **self._say(language))
        response.append(gather)
        response.hangup()
        return str(response)

    def thanks(self, text: str | None, language: str) -> str:
        """A last sentence, if there is one, and the end of the call."""
        response = VoiceResponse()
        if text and self.speaks(language):
            response.say(_clean(text), **self._say(language))
        response.hangup()
        return str(response)

    def _voice(self, language: str) -> Voice | None:
        found = self._voices.get(language) or self._voices.get(base_of(language))
        return found if found is not None and found.language else None

    def _say(self, language: str) -> dict[str, str]:
        voice = self._voice(language)
        if voice is None or voice.language is None:
            raise TemplateProblem(f"no voice speaks {language}: see templates/voice/voices.yaml")
        return {"language": voice.language} | ({"voice": voice.voice} if voice.voice else {})

    def _sentences(self, body: str, hazard: Hazard | None, language: str) -> str:
        """Capitals are spelt out letter by letter by some voices: the danger is said as a word."""
        word = self._hazard_word(hazard, language) if hazard is not None else None
        return _clean(body.replace(word, lower(word, language)) if word else body)

    def _hazard_word(self, hazard: Hazard, language: str) -> str | None:
        try:
            return self._composer.language(language).words.hazards[hazard]
        except TemplateProblem:
            return None  # the text itself is said all the same


def silence() -> str:
    """The end of the call, without a word."""
    response = VoiceResponse()
    response.hangup()
    return str(response)


def _asking(sentences: str, say: Mapping[str, str], action: str, times: int) -> str:
    response = VoiceResponse()
    gather = Gather(
        num_digits=1,
        input="dtmf",
        action=action,
        method="POST",
        timeout=WAIT,
        action_on_empty_result=True,
    )
    gather.say(sentences, loop=times, **say)
    response.append(gather)
    return str(response)


def _clean(text: str) -> str:
    kept = (
        " " if unicodedata.category(c) in _NOT_IN_XML or c in _NO_CHARACTERS else c for c in text
    )
    return " ".join("".join(kept).split())
