"""The contract of every channel in the table, and how a channel is chosen."""

from collections.abc import Iterator
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest

from carealert.adapters.channels.console import ConsoleChannel
from carealert.adapters.channels.not_ready import ChannelNotReady
from carealert.adapters.channels.table import CHANNELS, open_senders, read_gateways
from carealert.services.ports.senders import Sender
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


def opened(settings: Settings, **changes: object) -> tuple[Sender, ...]:
    changed = settings.model_copy(update=changes)
    return open_senders(changed, read_gateways(changed), {})


def test_the_table_has_every_channel_that_can_be_set() -> None:
    assert set(CHANNELS) == {channel.value for channel in SmsChannel}


@pytest.mark.parametrize("name", list(CHANNELS))
def test_a_channel_sends_and_can_be_asked(name: str, settings: Settings) -> None:
    (sender,) = opened(settings, sms_channel=name)
    channel = sender.channel
    first, second = channel.send(a_message(1)), channel.send(a_message(2))
    assert first.provider_id
    assert first.provider_id != second.provider_id
    assert not channel.find(a_message(3), NOW - timedelta(minutes=1))


@pytest.mark.parametrize("missing", ["twilio_account_sid", "twilio_auth_token", "twilio_from"])
def test_a_channel_that_is_not_set_up_names_what_is_missing(
    settings: Settings, missing: str
) -> None:
    with pytest.raises(ChannelNotReady, match=f"CAREALERT_{missing.upper()}"):
        opened(settings, sms_channel="twilio", **{missing: None})


def test_an_unknown_channel_names_the_known_ones(settings: Settings) -> None:
    with pytest.raises(ChannelNotReady, match="console, twilio"):
        opened(settings, sms_channel="pigeon")


def test_the_console_shows_the_text_and_hides_the_number() -> None:
    stream = StringIO()
    ConsoleChannel(stream).send(a_message(42, body="Reply 1"))
    assert stream.getvalue() == "SMS to …42: Reply 1\n"
    assert a_phone(42).number not in stream.getvalue()


def test_the_console_leaves_the_answer_s_stream_alone(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    opened(settings)[0].channel.send(a_message(1))
    assert capsys.readouterr().out == ""


GATEWAY = """
name: city_sms
url: https://sms.example.org/api
prefixes: ["+1202"]
segments_per_second: 20
fields: {to: "{to}", text: "{text}"}
"""


def test_a_gateway_of_the_office_stands_where_the_settings_name_it(
    settings: Settings, tmp_path: Path
) -> None:
    (tmp_path / "gateways").mkdir()
    (tmp_path / "gateways" / "city_sms.yaml").write_text(GATEWAY)
    changes = {"config": tmp_path, "sms_channel": "twilio, city_sms", "segments_per_second": 3.0}
    first, second = opened(settings, **changes)
    assert (first.name, first.per_second, second.name) == ("twilio", 3.0, "city_sms")
    assert (second.per_second, second.at_once) == (20.0, 16)
    assert second.serves(a_phone(1).number)
    assert not second.serves("+15005550006")


def test_a_gateway_without_a_file_says_where_it_is_looked_for(
    settings: Settings, tmp_path: Path
) -> None:
    with pytest.raises(ChannelNotReady, match=r"city_sms.*gateways/city_sms\.yaml"):
        opened(settings, config=tmp_path, sms_channel="twilio,city_sms")
