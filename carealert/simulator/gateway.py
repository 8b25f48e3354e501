"""Twilio's Messages API, as far as an application that sends SMS can see it.

Shapes and codes after Twilio's OpenAPI document and error dictionary; the numbers that always
fail are those that Twilio documents for test credentials.
"""

import json
from collections.abc import Mapping
from email.utils import format_datetime
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from carealert.simulator.answers import E164, Refused, check_account, early, form_of, late
from carealert.simulator.call_gateway import call_routes
from carealert.simulator.pages import page_routes
from carealert.simulator.state import WHATSAPP, Message, State

_LONGEST_BODY = 1600
_LONGEST_VALIDITY = 36_000
_SINGLE, _PART = 160, 153

#: Numbers that fail, by Twilio's documentation of test credentials.
_MAGIC = {
    "+15005550001": (21211, "is not a valid phone number"),
    "+15005550002": (21612, "cannot be reached from this sender"),
    "+15005550003": (21408, "is in a country for which sending is not switched on"),
    "+15005550004": (21610, "has unsubscribed"),
    "+15005550009": (21614, "is not a mobile number"),
}


def gateway_app(world: State) -> Starlette:
    """The gateway of one world, with a page of its phones at `/phones`."""
    return Starlette(routes=gateway_routes(world))


def gateway_routes(world: State) -> list[Route]:
    """The API's routes and the pages of the phones."""
    gateway = _Gateway(world)
    base = "/2010-04-01/Accounts/{account}"
    return [
        Route(f"{base}/Messages.json", gateway.create, methods=["POST"]),
        Route(f"{base}/Messages.json", gateway.list, methods=["GET"]),
        Route(f"{base}/Messages/{{sid}}.json", gateway.one, methods=["GET", "POST"]),
        *call_routes(world),
        *page_routes(world),
    ]


class _Gateway:
    def __init__(self, world: State) -> None:
        self._world = world

    async def create(self, request: Request) -> Response:
        try:
            check_account(self._world, request)
            form = await form_of(request)
            return await self._create(form)
        except Refused as refused:
            return refused.response

    async def _create(self, form: Mapping[str, str]) -> Response:
        fault = self._world.next_fault()
        if fault is not None and (refusal := early(fault)) is not None:
            return refusal
        form = _rendered(form)
        number = form.get("To", "").removeprefix(WHATSAPP)
        _check_message({**form, "To": number}, stopped=self._world.is_stopped(number))
        validity = form.get("ValidityPeriod")
        message = self._world.accept(
            form["To"],
            form["Body"],
            sender=form.get("From"),
            status_callback=form.get("StatusCallback"),
            validity_period=int(validity) if validity else None,
            faults=frozenset({fault.kind} if fault else ()),
        )
        self._world.go_on(message)
        if fault is not None and (broken := await late(fault)) is not None:
            return broken
        return JSONResponse(self._shape(message), status_code=201)

    async def list(self, request: Request) -> Response:
        try:
            check_account(self._world, request)
        except Refused as refused:
            return refused.response
        size = min(int(request.query_params.get("PageSize", "50")), 1000)
        found = self._world.messages(request.query_params.get("To"))[:size]
        return JSONResponse(
            {
                "messages": [self._shape(message) for message in found],
                "end": max(0, len(found) - 1),
                "first_page_uri": f"{request.url.path}?PageSize={size}&Page=0",
                "next_page_uri": None,
                "previous_page_uri": None,
                "page": 0,
                "page_size": size,
                "start": 0,
                "uri": request.url.path,
            }
        )

    async def one(self, request: Request) -> Response:
        try:
            check_account(self._world, request)
            message = self._message(request.path_params["sid"])
            if request.method == "POST":
                self._update(message, await form_of(request))
        except Refused as refused:
            return refused.response
        return JSONResponse(self._shape(self._world.get(message.sid) or message))

    def _message(self, sid: str) -> Message:
        message = self._world.get(sid)
        if message is None:
            raise Refused(404, 20404, "The requested resource was not found")
        return message

    def _update(self, message: Message, form: Mapping[str, str]) -> None:
        if form.get("Body") == "":
            self._world.redact(message.sid)
        if form.get("Status") == "canceled":
            if message.status not in ("queued", "scheduled"):
                raise Refused(400, 30409, "Message cannot be canceled any more")
            self._world.set_status(message.sid, "canceled")

    def _shape(self, message: Message) -> dict[str, Any]:
        """A Message resource, as Twilio's OpenAPI document has it."""
        created = format_datetime(message.created, usegmt=False)
        path = f"/2010-04-01/Accounts/{self._world.account_sid}/Messages/{message.sid}"
        return {
            "account_sid": self._world.account_sid,
            "api_version": "2010-04-01",
            "body": message.body,
            "date_created": created,
            "date_sent": None if message.status == "queued" else created,
            "date_updated": created,
            "direction": "outbound-api",
            "error_code": message.error_code,
            "error_message": None,
            "from": message.sender,
            "messaging_service_sid": None,
            "num_media": "0",
            "num_segments": str(_segments(message.body)),
            "price": None,
            "price_unit": "USD",
            "sid": message.sid,
            "status": message.status,
            "subresource_uris": {"media": f"{path}/Media.json"},
            "to": message.to,
            "uri": f"{path}.json",
        }


def _rendered(form: Mapping[str, str]) -> Mapping[str, str]:
    """The form with its body: that of a content template is its one variable, as if "{{1}}"."""
    if not form.get("ContentSid"):
        if form.get("To", "").startswith(WHATSAPP):
            raise Refused(400, 63016, "Free text needs an open conversation.")
        return form
    try:
        text = json.loads(form.get("ContentVariables", ""))["1"]
    except (ValueError, LookupError, TypeError):
        raise Refused(400, 21656, "The ContentVariables parameter is invalid.") from None
    if not text or any(bad in text for bad in ("\n", "\t", "     ")):
        raise Refused(400, 21656, "The ContentVariables parameter is invalid.")
    return {**form, "Body": text}


def _check_message(form: Mapping[str, str], *, stopped: bool) -> None:
    to = form.get("To", "")
    if not to:
        raise Refused(400, 21604, "A 'To' phone number is required.")
    if not E164.fullmatch(to):
        raise Refused(400, 21211, f"The 'To' number {to} is not a valid phone number.")
    if to in _MAGIC:
        code, why = _MAGIC[to]
        raise Refused(400, code, f"The 'To' number {to} {why}.")
    if stopped:
        raise Refused(400, 21610, f"The 'To' number {to} has unsubscribed.")
    if not form.get("From") and not form.get("MessagingServiceSid"):
        raise Refused(400, 21603, "A 'From' phone number is required.")
    if not form.get("Body"):
        raise Refused(400, 21602, "Message body is required.")
    if len(form["Body"]) > _LONGEST_BODY:
        raise Refused(400, 21617, "The body is longer than 1600 characters.")
    validity = form.get("ValidityPeriod", "1")
    if not validity.isdecimal() or not 1 <= int(validity) <= _LONGEST_VALIDITY:
        raise Refused(400, 21618, "ValidityPeriod must be between 1 and 36000.")


def _segments(body: str) -> int:
    """SMS parts, taking ASCII for GSM 03.38: near enough for a number that nobody is billed by."""
    single, part = (_SINGLE, _PART) if body.isascii() else (70, 67)
    units = len(body.encode("utf-16-be")) // 2
    return 1 if units <= single else -(-units // part)
