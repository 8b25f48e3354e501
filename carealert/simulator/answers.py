"""What the APIs of messages and calls share: the account, Twilio's error shape, and faults."""

import asyncio
import re
from base64 import b64encode
from hmac import compare_digest
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from carealert.simulator.faults import Fault, FaultKind
from carealert.simulator.state import State

E164 = re.compile(r"\+[1-9]\d{6,14}")


class Refused(Exception):
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


def check_account(world: State, request: Request) -> None:
    """Refuse whoever is not the account, as 401."""
    given = request.headers.get("authorization", "").encode()
    pair = f"{world.account_sid}:{world.auth_token}".encode()
    own = request.path_params["account"] == world.account_sid
    if not own or not compare_digest(given, b"Basic " + b64encode(pair)):
        raise Refused(401, 20003, "Authenticate")


def early(fault: Fault) -> Response | None:
    """The answer to a message that is not taken."""
    if fault.kind is FaultKind.TOO_MANY_REQUESTS:
        answer = Refused(429, 20429, "Too Many Requests").response
        answer.headers["Retry-After"] = str(int(fault.seconds))
        return answer
    if fault.kind is FaultKind.ERROR_BEFORE_ACCEPT:
        return Refused(500, 20500, "Internal Server Error").response
    return None


async def late(fault: Fault) -> Response | None:
    """What takes the answer's place after the message was taken."""
    if fault.kind is FaultKind.DELAY:
        await asyncio.sleep(fault.seconds)
    if fault.kind is FaultKind.ERROR_AFTER_ACCEPT:
        return Refused(500, 20500, "Internal Server Error").response
    return _Broken() if fault.kind is FaultKind.DROP_AFTER_ACCEPT else None


async def form_of(request: Request) -> dict[str, str]:
    """The fields of a form; the last one of each name."""
    return dict(parse_qsl((await request.body()).decode(), keep_blank_values=True))
