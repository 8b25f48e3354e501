"""Which way reaches somebody: what they chose, and what they can hear, see and read (G13)."""

from dataclasses import replace

import pytest

from carealert.domain.channels import Fit, Ways, for_caregiver, for_contact, for_resident
from carealert.domain.notices import Channel
from carealert.domain.people import ChannelPreference, Functioning
from tests.support.builders import a_caregiver, a_resident

CALLS = Ways(frozenset({"en", "pt-BR"}))
BY_TEXT = Fit(Channel.SMS, Channel.VOICE)
BY_EAR = Fit(Channel.VOICE, Channel.SMS)
NEVER_CALLED = Fit(Channel.SMS, Channel.SMS)


@pytest.mark.parametrize(
    ("literacy", "channel", "fit"),
    [
        ("reads_easily", ChannelPreference.TEXT, BY_TEXT),
        (None, ChannelPreference.TEXT, BY_TEXT),
        ("with_help", ChannelPreference.TEXT, BY_EAR),
        ("no", ChannelPreference.TEXT, BY_EAR),
        ("reads_easily", ChannelPreference.VOICE, BY_EAR),
    ],
)
def test_g13_a_caregiver_who_cannot_read_is_called(
    literacy: str | None, channel: ChannelPreference, fit: Fit
) -> None:
    one = a_caregiver(literacy=literacy, channel=channel)
    assert for_caregiver(one, CALLS) == fit
    assert for_caregiver(one, Ways()) == NEVER_CALLED


@pytest.mark.parametrize(
    ("functioning", "fit"),
    [
        (Functioning(), BY_TEXT),
        (Functioning(seeing=2), BY_TEXT),
        (Functioning(seeing=3), BY_EAR),
        (Functioning(hearing=3), NEVER_CALLED),
        (Functioning(seeing=4, hearing=4), NEVER_CALLED),
    ],
)
def test_g13_who_sees_badly_is_called_and_who_hears_badly_is_not(
    functioning: Functioning, fit: Fit
) -> None:
    assert for_resident(a_resident(functioning=functioning), CALLS) == fit


def test_who_asked_for_calls_and_hears_badly_is_written_to() -> None:
    one = a_resident(channel=ChannelPreference.VOICE, functioning=Functioning(hearing=4))
    assert for_resident(one, CALLS) == NEVER_CALLED


def test_nobody_is_called_in_a_language_that_no_voice_speaks() -> None:
    nepali = replace(a_caregiver(literacy="no"), language="ne")
    assert for_caregiver(nepali, CALLS) == NEVER_CALLED
    assert for_contact("pt", CALLS) == BY_TEXT, "the voice of pt-BR is understood"
