"""Which requests are Twilio's: the proof of every webhook, of messages and of calls.

Twilio signs the URL that it was given, which behind a proxy is not the one that arrives here: the
configured public URL counts. How: twilio.com/docs/usage/security#validating-requests.
"""

import hmac
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from threading import Lock
from urllib.parse import parse_qsl, urlsplit

from fastapi import Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import ImmutableMultiDict
from twilio.request_validator import RequestValidator, add_port, remove_port

from carealert.services.ports.store import Database

#: A webhook of Twilio has a few hundred bytes; more is not one.
MOST_BYTES = 64 * 1024
_NOTED_EVERY = timedelta(minutes=1)
#: What the journal calls a refused webhook, by the beginning of its path.
_KINDS = (("/hooks/twilio/status/", "status"), ("/hooks/twilio/voice/", "voice"))

Form = ImmutableMultiDict[str, str]
Clock = Callable[[], datetime]


class Guard:
    """Reads a request's form if its signature is right."""

    def __init__(
        self, db: Database, auth_tokens: Sequence[str], public_url: str, clock: Clock
    ) -> None:
        self._db = db
        self._validators = [RequestValidator(token) for token in auth_tokens if token]
        self._public_url = public_url.rstrip("/")
        self._clock = clock
        self._lock = Lock()
        self._noted_at: datetime | None = None

    async def proved(self, request: Request, path: str) -> Form | Response:
        """The form, or the refusal to answer with."""
        body = await _read(request)
        if body is None:
            return Response(status_code=413)
        form: Form = ImmutableMultiDict(
            parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)
        )
        query = f"?{request.url.query}" if request.url.query else ""
        signature = request.headers.get("X-Twilio-Signature", "")
        if self._is_signed(self._public_url + path + query, form, signature):
            return form
        await run_in_threadpool(self._note_refusal, path)
        return Response(status_code=403)

    def _is_signed(self, url: str, form: Form, signature: str) -> bool:
        given = signature.encode()
        parts = urlsplit(url)
        # Twilio is not consistent about the port in what it signs.
        urls = {url, add_port(parts), remove_port(parts)}
        right = [
            hmac.compare_digest(validator.compute_signature(one, form).encode(), given)
            for validator in self._validators
            for one in urls
        ]
        return any(right)

    def _note_refusal(self, path: str) -> None:
        """One line a minute: somebody who knocks all day must not fill the journal."""
        now = self._clock()
        with self._lock:
            if self._noted_at is not None and now - self._noted_at < _NOTED_EVERY:
                return
            self._noted_at = now
        kind = next((kind for begin, kind in _KINDS if path.startswith(begin)), "inbound")
        with self._db.transaction() as stores:
            stores.journal.write(now, "webhook_refused", f"twilio:{kind}")


async def _read(request: Request) -> bytes | None:
    """The body, or None where it is too long; then no more of it is read."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BYTES:
            return None
    return bytes(body)
