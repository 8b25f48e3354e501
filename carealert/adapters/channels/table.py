"""Which channels there are. A new one: docs/how-to/add-a-channel.md."""

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

from carealert.adapters.channels.console import ConsoleChannel
from carealert.adapters.channels.gateway_config import HttpGateway
from carealert.adapters.channels.gateway_files import open_gateway, read_gateway
from carealert.adapters.channels.not_ready import ChannelNotReady
from carealert.adapters.channels.twilio_http import GatewayHttp
from carealert.adapters.channels.twilio_sms import TwilioSms
from carealert.domain.notices import Channel
from carealert.services.ports.outbox import MessageChannel
from carealert.services.ports.senders import Sender

#: Where the files of an office's own gateways are, in its config folder.
FOLDER = "gateways"


class Secret(Protocol):
    """A value that is shown only when asked for."""

    def get_secret_value(self) -> str:
        """The value itself."""
        ...


class ChannelSettings(Protocol):
    """What channels read of the settings."""

    @property
    def config(self) -> Path | None:
        """The folder that holds gateways/."""
        ...

    @property
    def sms_channels(self) -> tuple[str, ...]:
        """Names in CHANNELS or of gateway files, the preferred one first."""
        ...

    @property
    def segments_per_second(self) -> float | None:
        """What Twilio's sender carries."""
        ...

    @property
    def sms_concurrency(self) -> int:
        """How many messages are handed over at once."""
        ...

    @property
    def public_url(self) -> str:
        """Where callbacks reach us."""
        ...

    @property
    def twilio_account_sid(self) -> str | None:
        """Account."""
        ...

    @property
    def twilio_auth_token(self) -> Secret | None:
        """Its secret."""
        ...

    @property
    def twilio_auth_token_next(self) -> Secret | None:
        """The secret that takes its place."""
        ...

    @property
    def twilio_messaging_service_sid(self) -> str | None:
        """Service to send from."""
        ...

    @property
    def twilio_from(self) -> str | None:
        """Number to send from where there is no service."""
        ...

    @property
    def twilio_base_url(self) -> str | None:
        """Another gateway that speaks Twilio's API."""
        ...


def open_senders(
    settings: ChannelSettings, gateways: Mapping[str, HttpGateway], secrets: Mapping[str, str]
) -> tuple[Sender, ...]:
    """The senders that the settings name, in their order; raises ChannelNotReady.

    `secrets` are environment variables by name.
    """
    return tuple(_sender(name, settings, gateways, secrets) for name in settings.sms_channels)


def read_gateways(settings: ChannelSettings) -> Mapping[str, HttpGateway]:
    """The gateways that the settings name, out of their files; raises ChannelNotReady."""
    found = {}
    for name in settings.sms_channels:
        if name in CHANNELS:
            continue
        path = (settings.config or Path()) / FOLDER / f"{name}.yaml"
        if not path.is_file():
            known = ", ".join(CHANNELS)
            raise ChannelNotReady(
                f"There is no channel '{name}': set CAREALERT_SMS_CHANNEL to {known}, or describe "
                f"a gateway in {path}."
            )
        found[name] = read_gateway(path)
    return found


def _sender(
    name: str,
    settings: ChannelSettings,
    gateways: Mapping[str, HttpGateway],
    secrets: Mapping[str, str],
) -> Sender:
    factory = CHANNELS.get(name)
    at_once = settings.sms_concurrency
    if factory is not None:
        return Sender(name, factory(settings), Channel.SMS, settings.segments_per_second, at_once)
    gateway = gateways[name]
    channel = open_gateway(gateway, secrets, public_url=settings.public_url, pool_size=at_once)
    return Sender(
        name,
        channel,
        Channel.SMS,
        gateway.segments_per_second,
        min(at_once, gateway.at_once),
        gateway.prefixes,
    )


def _console(_: ChannelSettings) -> MessageChannel:
    return ConsoleChannel(sys.stderr)


def _twilio(settings: ChannelSettings) -> MessageChannel:
    account, token = settings.twilio_account_sid, settings.twilio_auth_token
    following = settings.twilio_auth_token_next
    sender = settings.twilio_messaging_service_sid or settings.twilio_from
    if not account or not token or not sender:
        raise ChannelNotReady(
            "Twilio is not set up: set CAREALERT_TWILIO_ACCOUNT_SID, CAREALERT_TWILIO_AUTH_TOKEN "
            "and CAREALERT_TWILIO_MESSAGING_SERVICE_SID (or CAREALERT_TWILIO_FROM)."
        )
    return TwilioSms(
        GatewayHttp(
            settings.twilio_base_url,
            pool_size=settings.sms_concurrency,
            next_token=following.get_secret_value() if following else None,
        ),
        account,
        token.get_secret_value(),
        public_url=settings.public_url,
        messaging_service_sid=settings.twilio_messaging_service_sid,
        sender=settings.twilio_from,
    )


#: name -> how it is made from the settings.
CHANNELS: Mapping[str, Callable[[ChannelSettings], MessageChannel]] = {
    "console": _console,
    "twilio": _twilio,
}
