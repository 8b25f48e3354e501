"""SMS through Twilio's Messages API, with Twilio's own library."""

from collections.abc import Sequence
from concurrent.futures import Future
from datetime import UTC, datetime, timedelta
from typing import Any

from twilio.base import values
from twilio.rest import Client

from carealert.adapters.channels.twilio_asking import listing, posting
from carealert.adapters.channels.twilio_errors import action_of
from carealert.adapters.channels.twilio_http import GatewayHttp
from carealert.adapters.channels.twilio_wire import POST_BY
from carealert.domain.notices import DeliveryStatus
from carealert.services.ports.outbox import (
    Accepted,
    DeliveryFailed,
    FailureAction,
    Outgoing,
    Progress,
)

#: Longest ValidityPeriod that Twilio takes, in seconds.
LONGEST_VALIDITY = 36_000
#: Our clock and the gateway's may differ, and theirs has whole seconds.
_CLOCKS_DIFFER = timedelta(seconds=5)
_NEWEST = 50
_BAD_CALLBACK = "21609"


class TwilioSms:
    """MessageChannel over Twilio. One of `messaging_service_sid` and `sender` is given."""

    def __init__(
        self,
        http: GatewayHttp,
        account_sid: str,
        auth_token: str,
        *,
        public_url: str,
        messaging_service_sid: str | None = None,
        sender: str | None = None,
    ) -> None:
        self._messages = Client(account_sid, auth_token, http_client=http).messages
        self._fast = http.fast
        self._sending = Client(account_sid, auth_token, http_client=http.fast).messages
        self._callback = f"{public_url.rstrip('/')}/hooks/twilio/status/"
        self._from = (
            {"messaging_service_sid": messaging_service_sid}
            if messaging_service_sid
            else {"from_": sender}
        )

    def send(self, message: Outgoing) -> Accepted:
        """Post once and wait for the answer."""
        return self.begin(message).result()

    def begin(self, message: Outgoing) -> Future[Accepted]:
        """Post once; the future has what came of it. For any thread."""
        return self._fast.begin(self._send(message))

    async def _send(self, message: Outgoing) -> Accepted:
        """A refused callback address is left out: the message matters more."""
        POST_BY.set(message.post_by)  # of this task, and of no other
        try:
            return await self._post(message, self._callback + message.reference)
        except DeliveryFailed as failure:
            if failure.code != _BAD_CALLBACK:
                raise
        return await self._post(message, None)

    def find(self, message: Outgoing, since: datetime) -> Sequence[Accepted]:
        """The messages of ours to this number with this text since then, oldest first."""
        with listing():
            listed = self._messages.list(to=message.to, page_size=_NEWEST, limit=_NEWEST)
        # Listed newest first, in whole seconds: of one second the last in the list is the oldest.
        from_oldest = reversed(listed)
        same = [one for one in from_oldest if _is_it(one, message, since - _CLOCKS_DIFFER)]
        same.sort(key=lambda one: one.date_created)
        return [Accepted(one.sid, _status(one.status)) for one in same]

    def ask(self, provider_id: str) -> Progress:
        """How far a message has come."""
        with listing():
            found = self._messages(provider_id).fetch()
        code = str(found.error_code) if found.error_code else None
        return Progress(_status(found.status), code, action_of(code))

    async def _post(self, message: Outgoing, callback: str | None) -> Accepted:
        with posting():
            made = await self._sending.create_async(
                to=message.to,
                body=message.body,
                status_callback=callback or values.unset,
                validity_period=_validity(message.valid_for),
                **self._from,
            )
        if not made.sid:
            raise DeliveryFailed("the answer names no message", FailureAction.UNKNOWN, "lost")
        return Accepted(made.sid, _status(made.status))


def _validity(valid_for: timedelta) -> int:
    """Seconds for which the gateway may still try: what comes too late misleads."""
    return max(1, min(int(valid_for.total_seconds()), LONGEST_VALIDITY))


def _status(word: str | None) -> DeliveryStatus:
    known = {status.value for status in DeliveryStatus}
    return DeliveryStatus(word) if word in known else DeliveryStatus.QUEUED


def _is_it(listed: Any, message: Outgoing, since: datetime) -> bool:
    created = listed.date_created
    return (
        listed.direction == "outbound-api"
        and (listed.body or "").strip() == message.body.strip()
        and isinstance(created, datetime)
        and created.astimezone(UTC) >= since
    )
