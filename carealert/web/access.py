"""Who may look at the console: holders of its password, else this machine only.

Gateways and the signed pages of managers and caregivers prove themselves by signature; probes and
assets tell nothing. All else is guarded, so a page that is added later is guarded too.
"""

import binascii
import hmac
from base64 import b64decode
from hashlib import sha256
from ipaddress import IPv6Address, ip_address

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from carealert.web.assets import FOLDERS

#: Paths that anybody may ask for.
OPEN = (
    "/hooks/",
    "/f/",
    "/c/",
    "/-/healthy",
    "/-/ready",
    *(f"{address}/" for address in FOLDERS),
)
#: What a monitoring system may ask for with its own token.
METRICS = "/metrics"
_FORWARDED = ("forwarded", "x-forwarded-for", "x-real-ip")
_OWN_NAMES = ("localhost", "127.0.0.1", "[::1]")

NOT_HERE = (
    "The console answers only requests from this machine. To open it to others, set "
    "CAREALERT_CONSOLE_PASSWORD and serve it over HTTPS.\n"
)


class ConsoleAccess:
    """ASGI middleware in front of everything."""

    def __init__(
        self, app: ASGIApp, password: str | None, metrics_token: str | None = None
    ) -> None:
        self._app = app
        self._expected = _digest(password) if password else None
        self._token = _digest(metrics_token) if metrics_token else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what is open or allowed; answer 401 or 403 to the rest."""
        if scope["type"] == "http" and not scope["path"].startswith(OPEN):
            refusal = self._refusal(scope)
            if refusal is not None:
                await refusal(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _refusal(self, scope: Scope) -> Response | None:
        headers = Headers(scope=scope)
        if scope["path"] == METRICS and self._is_monitor(headers):
            return None
        if self._expected is None:
            if _from_this_machine(scope, headers):
                return None
            return PlainTextResponse(NOT_HERE, status_code=403)
        given = _password(headers.get("authorization", ""))
        if given is not None and hmac.compare_digest(_digest(given), self._expected):
            return None
        challenge = {"WWW-Authenticate": 'Basic realm="CareAlert console", charset="UTF-8"'}
        text = "The console asks for its password; any user name will do.\n"
        return PlainTextResponse(text, status_code=401, headers=challenge)

    def _is_monitor(self, headers: Headers) -> bool:
        scheme, _, token = headers.get("authorization", "").partition(" ")
        if self._token is None or scheme.lower() != "bearer":
            return False
        return hmac.compare_digest(_digest(token.strip()), self._token)


def _digest(password: str) -> bytes:
    """Of one length for every password, so that a comparison tells nothing about it."""
    return sha256(password.encode()).digest()


def _password(authorization: str) -> str | None:
    scheme, _, value = authorization.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        return b64decode(value, validate=True).decode().partition(":")[2]
    except (binascii.Error, UnicodeDecodeError):
        return None


def _from_this_machine(scope: Scope, headers: Headers) -> bool:
    """True for a direct request of a local browser.

    A proxy on this machine comes from loopback too, but speaks for somebody else; and a foreign
    page can point its own name at 127.0.0.1, but not change the Host that the browser sends.
    """
    if any(name in headers for name in _FORWARDED):
        return False
    host = headers.get("host", "").lower()
    name = host if host.endswith("]") else host.rpartition(":")[0] or host
    return name in _OWN_NAMES and _is_loopback((scope.get("client") or ("", 0))[0])


def _is_loopback(address: str) -> bool:
    try:
        found = ip_address(address)
    except ValueError:
        return False
    if isinstance(found, IPv6Address) and found.ipv4_mapped:
        return found.ipv4_mapped.is_loopback
    return found.is_loopback
