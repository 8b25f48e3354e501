"""Which channels there are. A new one: docs/how-to/add-a-channel.md."""

import sys
from collections.abc import Callable, Mapping
from typing import Protocol

from carealert.adapters.channels.console import ConsoleChannel
from carealert.adapters.channels.twilio_http import GatewayHttp
from carealert.adapters.channels.twilio_sms import TwilioSms
from carealert.services.ports.outbox import MessageChannel


class ChannelNotReady(Exception):
    """A channel's settings are missing; the message names them."""


class Secret(Protocol):
    """A value that is shown only when asked for."""

    def get_secret_value(self) -> str:
        """The value itself."""
        ...


class ChannelSettings(Protocol):
    """What channels read of the settings."""

    @property
    def sms_channel(self) -> str:
        """A name in CHANNELS."""
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


def open_channel(settings: ChannelSettings) -> MessageChannel:
    """The channel that the settings name; raises ChannelNotReady."""
    factory = CHANNELS.get(str(settings.sms_channel))
    if factory is None:
        names = ", ".join(CHANNELS)
        raise ChannelNotReady(
            f"There is no channel '{settings.sms_channel}': set CAREALERT_SMS_CHANNEL to {names}."
        )
    return factory(settings)


def _console(_: ChannelSettings) -> MessageChannel:
    return ConsoleChannel(sys.stderr)


def _twilio(settings: ChannelSettings) -> MessageChannel:
    account, token = settings.twilio_account_sid, settings.twilio_auth_token
    sender = settings.twilio_messaging_service_sid or settings.twilio_from
    if not account or not token or not sender:
        raise ChannelNotReady(
            "Twilio is not set up: set CAREALERT_TWILIO_ACCOUNT_SID, CAREALERT_TWILIO_AUTH_TOKEN "
            "and CAREALERT_TWILIO_MESSAGING_SERVICE_SID (or CAREALERT_TWILIO_FROM)."
        )
    return TwilioSms(
        GatewayHttp(settings.twilio_base_url, pool_size=settings.sms_concurrency),
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
