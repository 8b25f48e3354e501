"""Webhooks of the gateways that files describe: receipts and inbound messages, each one proved.

What a gateway calls its fields stands in its file (`adapters/channels/gateway_config.py`).
"""

import base64
import binascii
import hashlib
import hmac
import json
import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from threading import Lock
from typing import Any
from urllib.parse import parse_qsl

from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool

from carealert.adapters.channels.gateway_config import HttpGateway, Inbound, Proof, Receipts
from carealert.adapters.channels.gateway_words import (
    found_at,
    own_id,
    safe_code,
    signature,
    whole,
)
from carealert.adapters.channels.not_ready import ChannelNotReady
from carealert.adapters.registry.numbers import e164
from carealert.domain.replies import WORDS, Words
from carealert.services.answering import Receipt, receive_receipts, receive_reply
from carealert.services.ports.outbox import DeliveryFailed, MessageChannel, Outgoing
from carealert.services.ports.store import Database
from carealert.services.ports.text import Composer
from carealert.web.batching import Together

log = logging.getLogger(__name__)

#: A webhook has a few hundred bytes; more is not one.
MOST_BYTES = 64 * 1024
#: A shorter secret can be tried out.
LEAST_SECRET = 16
#: An answer to a reply is of no use later.
_ANSWER_HOLDS = timedelta(hours=1)
_NOTED_EVERY = timedelta(minutes=1)

Clock = Callable[[], datetime]


def gateway_router(
    db: Database,
    composer: Composer,
    gateways: Sequence[HttpGateway],
    secrets: Mapping[str, str],
    clock: Clock,
    words: Words = WORDS,
    channels: Mapping[str, MessageChannel] | None = None,
) -> APIRouter:
    """The routes under `/hooks/gateway/<name>`; `secrets` are environment variables by name.

    `channels` (by the gateway's name) send the answers of gateways that want `answer: send`.
    403 for what is not proved, an unknown gateway included; 413 for too long a body. Repeated
    requests change nothing, and unknown fields do not matter. Raises ChannelNotReady where a
    secret is missing or short.
    """
    router = APIRouter(include_in_schema=False)
    hooks = {one.name: one for one in gateways}
    guard = _Guard(db, gateways, secrets, clock)
    receipts = Together(partial(receive_receipts, db))
    office = _Office(db, composer, words, channels or {})

    async def take_receipt(name: str, request: Request, signed: str | None, proof: str) -> Response:
        hook = hooks[name].receipts if name in hooks else None
        given = await guard.proved(request, name, hook, "status", signed, proof)
        if isinstance(given, Response):
            return given
        receipt = _receipt(name, hook, given, signed, clock()) if hook else None
        if receipt is not None:
            await receipts.do(receipt)
        return Response()  # some gateways take 200 only for success

    @router.api_route("/hooks/gateway/{name}/status", methods=["GET", "POST"])
    async def status(name: str, request: Request) -> Response:
        return await take_receipt(name, request, None, "")

    @router.api_route("/hooks/gateway/{name}/status/{reference}/{proof}", methods=["GET", "POST"])
    async def signed_status(name: str, reference: str, proof: str, request: Request) -> Response:
        return await take_receipt(name, request, reference, proof)

    @router.api_route("/hooks/gateway/{name}/inbound", methods=["GET", "POST"])
    async def inbound(name: str, request: Request) -> Response:
        hook = hooks[name].inbound if name in hooks else None
        given = await guard.proved(request, name, hook, "inbound", None, "")
        if isinstance(given, Response) or hook is None:
            return given if isinstance(given, Response) else Response(status_code=403)
        return await run_in_threadpool(office.take, name, hook, given, clock())

    return router


class _Guard:
    """Reads a request's fields if it is proved to be the gateway's."""

    def __init__(
        self,
        db: Database,
        gateways: Sequence[HttpGateway],
        secrets: Mapping[str, str],
        clock: Clock,
    ) -> None:
        self._db = db
        self._secrets = _checked(gateways, secrets)
        self._clock = clock
        self._lock = Lock()
        self._noted_at: datetime | None = None

    async def proved(
        self,
        request: Request,
        name: str,
        hook: Receipts | Inbound | None,
        kind: str,
        signed: str | None,
        proof: str,
    ) -> Any:
        """The fields of the request as JSON or a mapping, or the refusal to answer with."""
        body = await _read(request)
        if body is None:
            return Response(status_code=413)
        if hook is not None and self._is_proved(request, name, hook.proof, body, signed, proof):
            return _fields(request, body)
        await run_in_threadpool(self._note_refusal, name if hook else "unknown", kind)
        return Response(status_code=403)

    def _is_proved(
        self, request: Request, name: str, how: Proof, body: bytes, signed: str | None, proof: str
    ) -> bool:
        secret = self._secrets[how.secret]
        if how.kind == "signed_path":
            return signed is not None and _same(signature(secret, name, signed), proof)
        if signed is not None:
            return False
        header = "Authorization" if how.kind == "basic" else how.header or ""
        given = request.headers.get(header, "")
        if how.kind == "token":
            return _same(secret, given)
        if how.kind == "basic":
            pair = base64.b64encode(f"{how.user}:{secret}".encode()).decode()
            return _same(f"Basic {pair}", given)
        stamp = request.headers.get(how.timestamp_header or "", "")
        made = hmac.digest(secret.encode(), body + stamp.encode(), hashlib.sha256)
        return _same_digest(made, given, how)

    def _note_refusal(self, name: str, kind: str) -> None:
        """One line a minute: somebody who knocks all day must not fill the journal."""
        now = self._clock()
        with self._lock:
            if self._noted_at is not None and now - self._noted_at < _NOTED_EVERY:
                return
            self._noted_at = now
        with self._db.transaction() as stores:
            stores.journal.write(now, "webhook_refused", f"{name}:{kind}")


class _Office:
    """Takes in a proved inbound message and sends the answer on its way."""

    def __init__(
        self,
        db: Database,
        composer: Composer,
        words: Words,
        channels: Mapping[str, MessageChannel],
    ) -> None:
        self._db = db
        self._composer = composer
        self._words = words
        self._channels = channels

    def take(self, name: str, hook: Inbound, given: Any, now: datetime) -> Response:
        """Take one message in; what is no message is passed over, or it would come for ever."""
        said, text = found_at(given, hook.id), found_at(given, hook.text)
        number = _number(found_at(given, hook.sender), hook)
        if not said or text is None or number is None:
            log.warning("gateway %s: a message without id, text or readable sender", name)
            return Response()
        clean = text.encode("utf-8", "replace").decode()  # JSON can hold half a character
        outcome = receive_reply(
            self._db, self._composer, own_id(name, said), number, clean, None, now, self._words
        )
        return self._answer(name, hook, own_id(name, said), number, outcome.text)

    def _answer(
        self, name: str, hook: Inbound, provider_id: str, number: str, text: str | None
    ) -> Response:
        if hook.answer == "json":
            return Response(json.dumps({"text": text}), media_type="application/json")
        if hook.answer == "text":
            return Response(text or "", media_type="text/plain; charset=utf-8")
        channel = self._channels.get(name)
        if hook.answer == "send" and text and channel is not None:
            mark = hashlib.sha256(provider_id.encode()).hexdigest()[:24]
            try:
                channel.send(Outgoing(f"answer-{mark}", number, text, _ANSWER_HOLDS))
            except DeliveryFailed as failure:  # the reply itself is kept and counts
                log.warning("gateway %s: an answer failed: %s", name, failure.action.value)
        return Response()


def _checked(gateways: Sequence[HttpGateway], secrets: Mapping[str, str]) -> dict[str, str]:
    parts = [part for one in gateways for part in (one.receipts, one.inbound) if part]
    names = {part.proof.secret for part in parts}
    short = sorted(name for name in names if len(secrets.get(name, "")) < LEAST_SECRET)
    if short:
        raise ChannelNotReady(
            f"Webhooks of gateways need a secret of {LEAST_SECRET} characters or more: set the"
            f" environment variable {' and '.join(short)}."
        )
    return {name: secrets[name] for name in names}


async def _read(request: Request) -> bytes | None:
    """The body, or None where it is too long; then no more of it is read."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BYTES:
            return None
    return bytes(body)


def _fields(request: Request, body: bytes) -> Any:
    """The body's JSON, or the fields of its form and of the address; None where it is neither."""
    kind = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if kind == "application/json" or kind.endswith("+json"):
        try:
            return json.loads(body)
        except (ValueError, RecursionError):
            return None
    form = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)
    return dict(request.query_params) | dict(form)


def _receipt(
    name: str, hook: Receipts, given: Any, signed: str | None, now: datetime
) -> Receipt | None:
    """None for a status of no use to us: gateways add words without notice."""
    said = signed if signed is not None else found_at(given, hook.reference or "")
    status = hook.statuses.get(found_at(given, hook.status) or "")
    if not said or status is None:
        return None
    reference = whole(said)
    if not reference.isprintable():  # a database may refuse it, and no reference of ours is like it
        return None
    message = found_at(given, hook.id) if hook.id else None
    if hook.id and not message:
        return None
    code = safe_code(found_at(given, hook.code)) if hook.code else None
    provider_id = own_id(name, message) if message else reference
    return Receipt(reference, provider_id, status.value, code, now)


def _number(said: str | None, hook: Inbound) -> str | None:
    """The sender in E.164. A number is never guessed into a country that nobody named."""
    if said is None:
        return None
    said = said.strip().removeprefix("tel:")
    if hook.numbers == "digits" and said.isascii() and said.isdecimal():
        said = "+" + said.removeprefix("00")
    found = e164(said, hook.region)
    return found if isinstance(found, str) else None


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())


def _same_digest(made: bytes, given: str, how: Proof) -> bool:
    if not given.startswith(how.prefix):
        return False
    said = given.removeprefix(how.prefix).strip()
    try:
        read = (
            bytes.fromhex(said) if how.encoding == "hex" else base64.b64decode(said, validate=True)
        )
    except (ValueError, binascii.Error):
        return False
    return hmac.compare_digest(made, read)
