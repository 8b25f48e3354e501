"""By which way somebody is told first, and by which other way when they do not answer (G13, G22).

An SMS reaches most; a call reaches whoever cannot read one. What the office cannot do is never
planned: a notice for a way that nobody carries would wait for ever.
"""

from dataclasses import dataclass

from carealert.domain.notices import Channel
from carealert.domain.people import Caregiver, ChannelPreference, Resident

#: Answers to "can you read a text?" of those for whom an SMS alone is no message.
_READS_NOT = ("with_help", "no")
#: Washington Group Short Set: "a lot of difficulty", the cut-off that the group recommends.
_A_LOT = 3


@dataclass(frozen=True, slots=True)
class Ways:
    """What the office can do beside SMS. `calls_in` are the languages (BCP 47) its calls speak."""

    calls_in: frozenset[str] = frozenset()

    def can_call(self, language: str) -> bool:
        """True where a call in this language can be placed and understood."""
        return language in self.calls_in or _base(language) in {_base(one) for one in self.calls_in}


#: SMS alone.
NO_OTHER_WAYS = Ways()


@dataclass(frozen=True, slots=True)
class Fit:
    """The first way to somebody, and the other one."""

    first: Channel = Channel.SMS
    other: Channel = Channel.SMS


BY_TEXT = Fit()


def for_caregiver(one: Caregiver, ways: Ways) -> Fit:
    """By what the caregiver chose, else by whether they can read."""
    by_ear = one.channel is ChannelPreference.VOICE or one.literacy in _READS_NOT
    return _fit(one.language, ways, by_ear=by_ear)


def for_resident(one: Resident, ways: Ways) -> Fit:
    """By what the resident chose, else by whether they can see; who cannot hear is not called."""
    if (one.functioning.hearing or 0) >= _A_LOT:
        return BY_TEXT
    sees_badly = (one.functioning.seeing or 0) >= _A_LOT
    by_ear = one.channel is ChannelPreference.VOICE or sees_badly
    return _fit(one.language, ways, by_ear=by_ear)


def for_contact(language: str, ways: Ways) -> Fit:
    """For whom nothing is known but a telephone and a language."""
    return _fit(language, ways, by_ear=False)


def _fit(language: str, ways: Ways, *, by_ear: bool) -> Fit:
    if not ways.can_call(language):
        return BY_TEXT
    return Fit(Channel.VOICE, Channel.SMS) if by_ear else Fit(Channel.SMS, Channel.VOICE)


def _base(language: str) -> str:
    return language.partition("-")[0].casefold()
