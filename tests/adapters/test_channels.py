"""The contract of every channel in the table, and how a channel is chosen."""

from collections.abc import Iterator
from datetime import timedelta
from io import StringIO

import pytest

from carealert.adapters.channels.console import ConsoleChannel
from carealert.adapters.channels.table import CHANNELS, ChannelNotReady, open_channel
from carealert.settings import Settings, SmsChannel
from tests.support.builders import NOW, a_phone
from tests.support.delivery import ACCOUNT, TOKEN
from tests.support.gateway import SENDER, a_message, a_world, gateway


@pytest.fixture
def settings() -> Iterator[Settings]:
    with gateway(a_world()) as url:
        yield Settings(
            twilio_account_sid=ACCOUNT,
            twilio_auth_token=TOKEN,
            twilio_from=SENDER,
            twilio_base_url=url,
        )


def test_the_table_has_every_channel_that_can_be_set() -> None:
    assert set(CHANNELS) == {channel.value for channel in SmsChannel}


@pytest.mark.parametrize("name", list(CHANNELS))
def test_a_channel_sends_and_can_be_asked(name: str, settings: Settings) -> None:
    channel = open_channel(settings.model_copy(update={"sms_channel": name}))
    first, second = channel.send(a_message(1)), channel.send(a_message(2))
    assert first.provider_id
    assert first.provider_id != second.provider_id
    assert not channel.find(a_message(3), NOW - timedelta(minutes=1))


@pytest.mark.parametrize("missing", ["twilio_account_sid", "twilio_auth_token", "twilio_from"])
def test_a_channel_that_is_not_set_up_names_what_is_missing(
    settings: Settings, missing: str
) -> None:
    changed = settings.model_copy(update={"sms_channel": "twilio", missing: None})
    with pytest.raises(ChannelNotReady, match=f"CAREALERT_{missing.upper()}"):
        open_channel(changed)


def test_an_unknown_channel_names_the_known_ones(settings: Settings) -> None:
    with pytest.raises(ChannelNotReady, match="console, twilio"):
        open_channel(settings.model_copy(update={"sms_channel": "pigeon"}))


def test_the_console_shows_the_text_and_hides_the_number() -> None:
    stream = StringIO()
    ConsoleChannel(stream).send(a_message(42, body="Reply 1"))
    assert stream.getvalue() == "SMS to …42: Reply 1\n"
    assert a_phone(42).number not in stream.getvalue()


def test_the_console_leaves_the_answer_s_stream_alone(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    open_channel(settings).send(a_message(1))
    assert capsys.readouterr().out == ""
