"""Texts read out on the telephone, as TwiML: said, or played where no voice speaks the language."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import BaseModel, ConfigDict, model_validator
from twilio.twiml.voice_response import Gather, VoiceResponse

from carealert.adapters.texts.files import Ignored, checked, merged
from carealert.domain.hazards import Hazard

FILE = "voice/voices.yaml"
#: Seconds to find the key after the last word, and how often all is said.
WAIT, TIMES = 10, 2


@dataclass(frozen=True, slots=True)
class Spoken:
    """What is read out; `hazard_word` is the one word of it in capitals. The repr has no body."""

    language: str
    hazard: Hazard
    template: str
    body: str = field(repr=False)
    hazard_word: str

    @property
    def sentences(self) -> str:
        """The text as a voice should meet it: capitals are spelt out letter by letter by some."""
        word = lower(self.hazard_word, self.language)
        return " ".join(self.body.replace(self.hazard_word, word).split())


class Voice(BaseModel):
    """How a language is spoken: by a voice of the gateway's, or in recordings.

    `language` and `voice` are the gateway's words (Twilio, "Text-to-Speech"); a pair that it does
    not know makes the call say nothing. `recordings` is an address with {hazard} and {template}.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    language: str | None = None
    voice: str | None = None
    recordings: str | None = None

    @model_validator(mode="after")
    def _one_way(self) -> "Voice":
        if bool(self.language) == bool(self.recordings):
            raise ValueError("needs either language or recordings")
        if self.recordings and not self.recordings.startswith("https://"):
            raise ValueError("recordings must be an https:// address")
        return self


def read_voices(folders: Sequence[Path], ignored: Ignored) -> Mapping[str, Voice]:
    """Language -> how it is spoken, the user's own before the shipped; raises TemplateProblem."""
    found, file = merged(folders, FILE, ignored)
    return {tag: checked(Voice, entry, f"{file}, {tag}") for tag, entry in found.items()}


def twiml(spoken: Spoken, voice: Voice, answer_url: str) -> str:
    """The call: everything twice, while a key may be pressed at any moment."""
    response = VoiceResponse()
    gather = Gather(num_digits=1, input="dtmf", action=answer_url, method="POST", timeout=WAIT)
    if voice.recordings is not None:
        names = {"{hazard}": spoken.hazard.value, "{template}": spoken.template}
        address = voice.recordings
        for name, value in names.items():
            address = address.replace(name, value)
        gather.play(address, loop=TIMES)
    else:
        given = {"language": voice.language} | ({"voice": voice.voice} if voice.voice else {})
        gather.say(spoken.sentences, loop=TIMES, **given)
    response.append(gather)
    return str(response)


def lower(text: str, tag: str) -> str:
    """`text` in small letters, as the language writes them: Turkish has two letters i."""
    if tag.partition("-")[0] in ("tr", "az"):
        text = text.replace("I", "ı").replace("İ", "i")
    return text.lower()
