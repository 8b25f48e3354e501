"""SMS through any HTTP gateway that a file describes (`gateway_config.py`)."""

import base64
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode

from carealert.adapters.channels.gateway_config import HttpGateway
from carealert.adapters.channels.gateway_words import (
    filled,
    found_at,
    own_id,
    safe_code,
    signature,
    value_at,
    values_of,
)
from carealert.adapters.channels.http_once import Answer, HttpOnce
from carealert.adapters.channels.not_ready import ChannelNotReady
from carealert.adapters.channels.twilio_wire import AnswerLost, NotSubmitted
from carealert.domain.notices import DeliveryStatus, Encoding
from carealert.domain.sms import encode
from carealert.services.ports.outbox import (
    Accepted,
    CannotLook,
    DeliveryFailed,
    FailureAction,
    Outgoing,
)

#: Statuses that speak of the account or the address: with the next message it is the same.
_ABOUT_US = frozenset({401, 402, 403, 404, 405, 407})
_REQUEST_TIMEOUT, _TOO_MANY = 408, 429


class GatewayChannel:
    """MessageChannel over one HTTP gateway. Posts once: no retries, no redirects.

    `secrets` are environment variables by name; raises ChannelNotReady where one is missing.
    """

    def __init__(
        self, gateway: HttpGateway, http: HttpOnce, secrets: Mapping[str, str], *, public_url: str
    ) -> None:
        self._gateway = gateway
        self._http = http
        self._secrets = secrets_of(gateway, secrets)
        self._headers = self._fixed_headers()
        self._public = f"{public_url.rstrip('/')}/hooks/gateway/{gateway.name}/status"

    def send(self, message: Outgoing) -> Accepted:
        """Post once; raises DeliveryFailed."""
        try:
            answer = self._post(message)
        except NotSubmitted as error:
            raise DeliveryFailed(
                f"no connection: {error}", FailureAction.UNREACHABLE, "connect"
            ) from None
        except AnswerLost as error:
            raise DeliveryFailed(f"answer lost: {error}", FailureAction.UNKNOWN, "lost") from None
        failure = self._failure(answer)
        if failure is not None:
            raise failure
        said = self._id(answer, message)
        if said is None:
            raise DeliveryFailed("the answer names no message", FailureAction.UNKNOWN, "lost")
        return Accepted(said, self._status(answer, self._gateway.answers.status))

    def find(self, message: Outgoing, since: datetime) -> Sequence[Accepted]:  # noqa: ARG002
        """The message with this reference; raises CannotLook where the file says no way to ask."""
        look_up = self._gateway.look_up
        if look_up is None:
            raise CannotLook
        values = {key: quote(text, safe="") for key, text in self._values(message).items()}
        try:
            answer = self._http.ask("GET", self._address(look_up.path, values), self._headers, None)
        except (NotSubmitted, AnswerLost) as error:
            raise DeliveryFailed(f"cannot look: {error}", FailureAction.UNREACHABLE) from None
        if answer.status in look_up.absent:
            return ()
        if answer.status not in look_up.found:
            raise DeliveryFailed(
                f"cannot look: HTTP {answer.status}", FailureAction.UNREACHABLE, str(answer.status)
            )
        if look_up.empty and value_at(answer.document, look_up.empty) == []:
            return ()
        said = found_at(answer.document, look_up.id) if look_up.id else None
        if look_up.id and said is None:
            raise DeliveryFailed("the answer names no message", FailureAction.UNREACHABLE, "lost")
        provider_id = own_id(self._gateway.name, said) if said else message.reference
        return (Accepted(provider_id, self._status(answer, look_up.status)),)

    # --- what is posted

    def _post(self, message: Outgoing) -> Answer:
        gateway, values = self._gateway, self._values(message)
        templates = dict(gateway.fields)
        if gateway.fields_ucs2 and encode(message.body).encoding is Encoding.UCS_2:
            templates |= gateway.fields_ucs2
        fields = filled(templates, values)
        headers, address, body = dict(self._headers), self._address(gateway.path, values), None
        if gateway.body == "json":
            body = json.dumps(fields, ensure_ascii=False).encode()
            headers.setdefault("Content-Type", "application/json; charset=utf-8")
        elif gateway.body == "form":
            body = urlencode(fields).encode()
            headers.setdefault("Content-Type", "application/x-www-form-urlencoded")
        else:
            address += "?" + urlencode(fields)
        return self._http.ask(gateway.method, address, headers, body)

    def _values(self, message: Outgoing) -> dict[str, str]:
        gateway = self._gateway
        return self._secrets | values_of(
            message,
            gateway.sender,
            self._callback(message.reference),
            (gateway.least_valid_seconds, gateway.most_valid_seconds),
            gateway.escape,
        )

    def _callback(self, reference: str) -> str:
        receipts = self._gateway.receipts
        if receipts is None or receipts.proof.kind != "signed_path":
            return self._public
        proof = signature(
            self._secrets[f"secret:{receipts.proof.secret}"], self._gateway.name, reference
        )
        return f"{self._public}/{quote(reference, safe='')}/{proof}"

    def _address(self, path: str, values: Mapping[str, str]) -> str:
        return self._gateway.url.rstrip("/") + str(filled(path, values))

    def _fixed_headers(self) -> dict[str, str]:
        gateway = self._gateway
        headers: dict[str, str] = filled(
            gateway.headers, self._secrets | {"sender": gateway.sender}
        )
        if gateway.basic_auth:
            pair = ":".join(filled(list(gateway.basic_auth), self._secrets))
            headers["Authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
        for name, value in headers.items():
            if not (value.isascii() and value.isprintable()):
                raise ChannelNotReady(
                    f"The gateway '{gateway.name}' cannot be asked: its header {name} may only hold"
                    " plain characters, without a line break. Look at the secret in it."
                )
        return headers

    # --- what came back

    def _failure(self, answer: Answer) -> DeliveryFailed | None:
        """None for success. The gateway's words may hold the number: only its code passes on."""
        answers = self._gateway.answers
        said = found_at(answer.document, answers.code) if answers.code else None
        code = safe_code(said)
        succeeded = answer.status in answers.success
        if succeeded and _holds(answer.document, answers.equals):
            return None
        action = (
            answers.by_code.get(said or "")
            or answers.by_status.get(answer.status)
            or (answers.otherwise if succeeded else _by_default(answer.status))
        )
        return DeliveryFailed(
            f"refused: HTTP {answer.status}, code {code}",
            action,
            code or str(answer.status),
            answer.retry_after,
        )

    def _id(self, answer: Answer, message: Outgoing) -> str | None:
        place = self._gateway.answers.id
        if place is None:
            return message.reference
        if place.startswith("header:"):
            said = answer.headers.get(place.removeprefix("header:"))
        else:
            said = found_at(answer.document, place)
        return own_id(self._gateway.name, said) if said else None

    def _status(self, answer: Answer, place: str | None) -> DeliveryStatus:
        receipts = self._gateway.receipts
        said = found_at(answer.document, place) if place else None
        known = receipts.statuses if receipts else {}
        return known.get(said or "", DeliveryStatus.ACCEPTED)


def secrets_of(gateway: HttpGateway, secrets: Mapping[str, str]) -> dict[str, str]:
    """`secret:NAME` -> value for all that a gateway needs; raises ChannelNotReady."""
    missing = sorted(name for name in gateway.secrets() if not secrets.get(name))
    if missing:
        raise ChannelNotReady(
            f"The gateway '{gateway.name}' is not set up: set the environment variable"
            f" {' and '.join(missing)}."
        )
    return {f"secret:{name}": secrets[name] for name in gateway.secrets()}


def _holds(document: Any, equals: Any) -> bool:
    return equals is None or found_at(document, equals.at) == equals.value


def _by_default(status: int) -> FailureAction:
    if status == _TOO_MANY:
        return FailureAction.THROTTLED
    if status >= 500 or status == _REQUEST_TIMEOUT:
        return FailureAction.UNKNOWN
    if status in _ABOUT_US or status < 400:  # a redirect: the address is not the gateway's
        return FailureAction.STOP_SENDER
    return FailureAction.PERMANENT
