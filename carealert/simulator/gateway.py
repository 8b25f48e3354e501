"""Twilio's Messages API, as far as an application that sends SMS can see it.

Shapes and codes after Twilio's OpenAPI document and error dictionary; the numbers that always
fail are those that Twilio documents for test credentials.
"""

import asyncio
import re
from base64 import b64encode
from collections.abc import Mapping
from email.utils import format_datetime
from hmac import compare_digest
from typing import Any
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from carealert.simulator.pages import page_routes
from carealert.simulator.state import Fault, FaultKind, Message, State

_E164 = re.compile(r"\+[1-9]\d{6,14}")
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
        *page_routes(world),
    ]


class _Refused(Exception):
    """An answer in Twilio's error shape."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.response = JSONResponse(
            {
                "code": code,
                "message": message,
                "more_info": f"https://www.twilio.com/docs/errors/{code}",
                "status": status,
            },
            status_code=status,
        )


class _Broken(Response):
    """An answer that breaks off: more is promised than comes, and the connection closes."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        await send(
            {
                "type": "http.response.start",
                "status": 201,
                "headers": [(b"content-type", b"application/json"), (b"content-length", b"999")],
            }
        )
        await send({"type": "http.response.body", "body": b'{"sid', "more_body": True})


class _Gateway:
    def __init__(self, world: State) -> None:
        self._world = world
        pair = f"{world.account_sid}:{world.auth_token}".encode()
        self._authorization = b"Basic " + b64encode(pair)

    async def create(self, request: Request) -> Response:
        try:
            self._check_account(request)
            form = await _form(request)
            return await self._create(form)
        except _Refused as refused:
            return refused.response

    async def _create(self, form: Mapping[str, str]) -> Response:
        fault = self._world.next_fault()
        if fault is not None and (early := _early(fault)) is not None:
            return early
        _check_message(form, stopped=self._world.is_stopped(form.get("To", "")))
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
        if fault is not None and (late := await _late(fault)) is not None:
            return late
        return JSONResponse(self._shape(message), status_code=201)

    async def list(self, request: Request) -> Response:
        try:
            self._check_account(request)
        except _Refused as refused:
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
            self._check_account(request)
            message = self._message(request.path_params["sid"])
            if request.method == "POST":
                self._update(message, await _form(request))
        except _Refused as refused:
            return refused.response
        return JSONResponse(self._shape(self._world.get(message.sid) or message))

    def _message(self, sid: str) -> Message:
        message = self._world.get(sid)
        if message is None:
            raise _Refused(404, 20404, "The requested resource was not found")
        return message

    def _update(self, message: Message, form: Mapping[str, str]) -> None:
        if form.get("Body") == "":
            self._world.redact(message.sid)
        if form.get("Status") == "canceled":
            if message.status not in ("queued", "scheduled"):
                raise _Refused(400, 30409, "Message cannot be canceled any more")
            self._world.set_status(message.sid, "canceled")

    def _check_account(self, request: Request) -> None:
        given = request.headers.get("authorization", "").encode()
        own = request.path_params["account"] == self._world.account_sid
        if not own or not compare_digest(given, self._authorization):
            raise _Refused(401, 20003, "Authenticate")

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


def _check_message(form: Mapping[str, str], *, stopped: bool) -> None:
    to = form.get("To", "")
    if not to:
        raise _Refused(400, 21604, "A 'To' phone number is required.")
    if not _E164.fullmatch(to):
        raise _Refused(400, 21211, f"The 'To' number {to} is not a valid phone number.")
    if to in _MAGIC:
        code, why = _MAGIC[to]
        raise _Refused(400, code, f"The 'To' number {to} {why}.")
    if stopped:
        raise _Refused(400, 21610, f"The 'To' number {to} has unsubscribed.")
    if not form.get("From") and not form.get("MessagingServiceSid"):
        raise _Refused(400, 21603, "A 'From' phone number is required.")
    if not form.get("Body"):
        raise _Refused(400, 21602, "Message body is required.")
    if len(form["Body"]) > _LONGEST_BODY:
        raise _Refused(400, 21617, "The body is longer than 1600 characters.")
    validity = form.get("ValidityPeriod", "1")
    if not validity.isdecimal() or not 1 <= int(validity) <= _LONGEST_VALIDITY:
        raise _Refused(400, 21618, "ValidityPeriod must be between 1 and 36000.")


def _early(fault: Fault) -> Response | None:
    """The answer to a message that is not taken."""
    if fault.kind is FaultKind.TOO_MANY_REQUESTS:
        answer = _Refused(429, 20429, "Too Many Requests").response
        answer.headers["Retry-After"] = str(int(fault.seconds))
        return answer
    if fault.kind is FaultKind.ERROR_BEFORE_ACCEPT:
        return _Refused(500, 20500, "Internal Server Error").response
    return None


async def _late(fault: Fault) -> Response | None:
    """What takes the answer's place after the message was taken."""
    if fault.kind is FaultKind.DELAY:
        await asyncio.sleep(fault.seconds)
    if fault.kind is FaultKind.ERROR_AFTER_ACCEPT:
        return _Refused(500, 20500, "Internal Server Error").response
    return _Broken() if fault.kind is FaultKind.DROP_AFTER_ACCEPT else None


async def _form(request: Request) -> dict[str, str]:
    return dict(parse_qsl((await request.body()).decode(), keep_blank_values=True))


def _segments(body: str) -> int:
    """SMS parts, taking ASCII for GSM 03.38: near enough for a number that nobody is billed by."""
    single, part = (_SINGLE, _PART) if body.isascii() else (70, 67)
    units = len(body.encode("utf-16-be")) // 2
    return 1 if units <= single else -(-units // part)
