"""WhatsApp through Twilio's Messages API, with the content templates that an office got approved.

Whoever has not written within a day may only be sent an approved template. Each has one variable,
{{1}}, which takes our text.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from twilio.base import values
from twilio.rest import Client

from carealert.adapters.channels.twilio_asking import listing, posting
from carealert.adapters.channels.twilio_http import GatewayHttp
from carealert.domain.notices import DeliveryStatus
from carealert.services.ports.outbox import Accepted, DeliveryFailed, FailureAction, Outgoing

PREFIX = "whatsapp:"
#: Longest ValidityPeriod that Twilio takes, in seconds.
LONGEST_VALIDITY = 36_000
_CLOCKS_DIFFER = timedelta(seconds=5)
_NEWEST = 50


def _any_kind(_: Outgoing) -> str | None:
    return None


class TwilioWhatsApp:
    """MessageChannel over WhatsApp. One of `messaging_service_sid` and `sender` is given.

    `templates` is language, or `language/kind`, -> ContentSid; `kind_of` tells the kind of a
    message where there are templates for single kinds.
    """

    def __init__(
        self,
        http: GatewayHttp,
        account_sid: str,
        auth_token: str,
        *,
        public_url: str,
        templates: Mapping[str, str],
        messaging_service_sid: str | None = None,
        sender: str | None = None,
        kind_of: Callable[[Outgoing], str | None] = _any_kind,
    ) -> None:
        self._messages = Client(account_sid, auth_token, http_client=http).messages
        self._callback = f"{public_url.rstrip('/')}/hooks/twilio/status/"
        self._templates = templates
        self._kind_of = kind_of
        self._from = (
            {"messaging_service_sid": messaging_service_sid}
            if messaging_service_sid
            else {"from_": f"{PREFIX}{sender}"}
        )

    def send(self, message: Outgoing) -> Accepted:
        """Post once; refuses what no template of this language could carry."""
        template = self._template(message)
        text = _variable(message.body)
        if not text:
            raise DeliveryFailed("the text is empty", FailureAction.PERMANENT, "empty")
        with posting():
            made = self._messages.create(
                to=PREFIX + message.to,
                content_sid=template,
                content_variables=json.dumps({"1": text}, ensure_ascii=False),
                status_callback=self._callback + message.reference,
                validity_period=_validity(message.valid_for),
                body=values.unset,
                **self._from,
            )
        if not made.sid:
            raise DeliveryFailed("the answer names no message", FailureAction.UNKNOWN, "lost")
        return Accepted(made.sid, _status(made.status))

    def find(self, message: Outgoing, since: datetime) -> Sequence[Accepted]:
        """The messages of ours to this number that hold this text, oldest first."""
        with listing():
            listed = self._messages.list(to=PREFIX + message.to, page_size=_NEWEST, limit=_NEWEST)
        text = _variable(message.body)
        same = [one for one in reversed(listed) if _is_it(one, text, since - _CLOCKS_DIFFER)]
        same.sort(key=lambda one: one.date_created)
        return [Accepted(one.sid, _status(one.status)) for one in same]

    def _template(self, message: Outgoing) -> str:
        language, kind = message.language, self._kind_of(message)
        for tag in (language, language.partition("-")[0]):
            for key in (f"{tag}/{kind}", tag):
                if key in self._templates:
                    return self._templates[key]
        raise DeliveryFailed(
            f"no content template for {language}", FailureAction.PERMANENT, "no_template"
        )


def _variable(body: str) -> str:
    """The text as a variable may hold it: no line ends, no tabs, no run of spaces."""
    return " ".join(body.split())


def _validity(valid_for: timedelta) -> int:
    return max(1, min(int(valid_for.total_seconds()), LONGEST_VALIDITY))


def _status(word: str | None) -> DeliveryStatus:
    known = {status.value for status in DeliveryStatus}
    return DeliveryStatus(word) if word in known else DeliveryStatus.QUEUED


def _is_it(listed: Any, text: str, since: datetime) -> bool:
    created = listed.date_created
    return (
        listed.direction == "outbound-api"
        and text in _variable(listed.body or "")
        and isinstance(created, datetime)
        and created.astimezone(UTC) >= since
    )
