"""Twilio's Calls API, as far as an application that calls can see it.

Shapes and codes after Twilio's OpenAPI document and error dictionary; the numbers that always
fail are those that Twilio documents for test credentials.
"""

from collections.abc import Mapping
from email.utils import format_datetime
from typing import Any
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from carealert.simulator.answers import E164, Refused, check_account, early, late
from carealert.simulator.calls import Call
from carealert.simulator.faults import Fault
from carealert.simulator.state import State

_LONGEST_TWIML = 4000
_LONGEST_TIMEOUT = 600

#: Numbers that fail, by Twilio's documentation of test credentials.
_MAGIC = {
    "+15005550001": (21211, "is not a valid phone number"),
    "+15005550002": (21214, "cannot be reached"),
    "+15005550003": (21215, "is in a country that the account may not call"),
    "+15005550004": (21216, "is blocked"),
}

Form = Mapping[str, list[str]]


def call_routes(world: State) -> list[Route]:
    """The API's routes."""
    gateway = _CallGateway(world)
    base = "/2010-04-01/Accounts/{account}"
    return [
        Route(f"{base}/Calls.json", gateway.create, methods=["POST"]),
        Route(f"{base}/Calls.json", gateway.list, methods=["GET"]),
        Route(f"{base}/Calls/{{sid}}.json", gateway.one, methods=["GET"]),
    ]


class _CallGateway:
    def __init__(self, world: State) -> None:
        self._world = world

    async def create(self, request: Request) -> Response:
        try:
            check_account(self._world, request)
            form = parse_qs((await request.body()).decode(), keep_blank_values=True)
            return await self._create(form)
        except Refused as refused:
            return refused.response

    async def _create(self, form: Form) -> Response:
        fault = self._world.next_fault()
        if fault is not None and (refusal := early(fault)) is not None:
            return refusal
        _check(form)
        call = self._world.calls.accept(self._taken(form, fault))
        self._world.go_on_call(call)
        if fault is not None and (broken := await late(fault)) is not None:
            return broken
        return JSONResponse(self._shape(call), status_code=201)

    def _taken(self, form: Form, fault: Fault | None) -> Call:
        return Call(
            number=0,
            sid="",
            to=_of(form, "To"),
            sender=_of(form, "From"),
            status="queued",
            created=self._world.clock(),
            url=_of(form, "Url") or None,
            twiml=_of(form, "Twiml") or None,
            status_callback=_of(form, "StatusCallback") or None,
            events=frozenset(form.get("StatusCallbackEvent", ["completed"])),
            detects=_of(form, "MachineDetection") in ("Enable", "DetectMessageEnd"),
            timeout=int(_of(form, "Timeout") or 60),
            faults=frozenset({fault.kind} if fault else ()),
        )

    async def list(self, request: Request) -> Response:
        try:
            check_account(self._world, request)
        except Refused as refused:
            return refused.response
        size = min(int(request.query_params.get("PageSize", "50")), 1000)
        found = self._world.calls.listed(request.query_params.get("To"))[:size]
        return JSONResponse(
            {
                "calls": [self._shape(call) for call in found],
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
            call = self._call(request.path_params["sid"])
        except Refused as refused:
            return refused.response
        return JSONResponse(self._shape(call))

    def _call(self, sid: str) -> Call:
        call = self._world.calls.get(sid)
        if call is None:
            raise Refused(404, 20404, "The requested resource was not found")
        return call

    def _shape(self, call: Call) -> dict[str, Any]:
        """A Call resource, as Twilio's OpenAPI document has it; it holds no callback address."""
        created = format_datetime(call.created, usegmt=False)
        dialled = None if call.status == "queued" else created
        return {
            "account_sid": self._world.account_sid,
            "answered_by": call.answered_by,
            "api_version": "2010-04-01",
            "caller_name": None,
            "date_created": created,
            "date_updated": created,
            "direction": "outbound-api",
            "duration": None,
            "end_time": None,
            "forwarded_from": None,
            "from": call.sender,
            "from_formatted": call.sender,
            "group_sid": None,
            "parent_call_sid": None,
            "phone_number_sid": None,
            "price": None,
            "price_unit": "USD",
            "queue_time": "0",
            "sid": call.sid,
            "start_time": dialled,
            "status": call.status,
            "subresource_uris": {},
            "to": call.to,
            "to_formatted": call.to,
            "trunk_sid": None,
            "uri": f"/2010-04-01/Accounts/{self._world.account_sid}/Calls/{call.sid}.json",
        }


def _of(form: Form, name: str) -> str:
    return form.get(name, [""])[-1]


def _check(form: Form) -> None:
    to = _of(form, "To")
    if not to:
        raise Refused(400, 21201, "No 'To' number is specified")
    if not E164.fullmatch(to):
        raise Refused(400, 21211, f"The 'To' number {to} is not a valid phone number.")
    if to in _MAGIC:
        code, why = _MAGIC[to]
        raise Refused(400, code, f"The 'To' number {to} {why}.")
    if not _of(form, "From"):
        raise Refused(400, 21213, "A 'From' phone number is required.")
    url, twiml = _of(form, "Url"), _of(form, "Twiml")
    if not url and not twiml:
        raise Refused(400, 21205, "Url parameter is required.")
    if url and not url.startswith(("http://", "https://")):
        raise Refused(400, 21205, "Url is not a valid URL.")
    if len(twiml) > _LONGEST_TWIML:
        raise Refused(400, 21205, "Twiml is longer than 4000 characters.")
    timeout = _of(form, "Timeout") or "60"
    if not timeout.isdecimal() or not 1 <= int(timeout) <= _LONGEST_TIMEOUT:
        raise Refused(400, 21208, "Timeout must be between 1 and 600.")
