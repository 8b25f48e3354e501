"""Twilio's webhooks for messages: status callbacks and replies, each proved by its signature."""

from collections.abc import Sequence
from functools import partial

from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool
from twilio.twiml.messaging_response import MessagingResponse

from carealert.adapters.channels.twilio_errors import action_of
from carealert.domain.replies import WORDS, Words
from carealert.services.answering import Receipt, receive_receipts, receive_reply
from carealert.services.ports.store import Database
from carealert.services.ports.text import Composer
from carealert.web.batching import Together
from carealert.web.twilio_signature import Clock, Guard

#: How WhatsApp's numbers begin at the gateway.
_WHATSAPP = "whatsapp:"


def hooks_router(
    db: Database,
    composer: Composer,
    auth_tokens: Sequence[str],
    public_url: str,
    clock: Clock,
    words: Words = WORDS,
) -> APIRouter:
    """The routes under `/hooks/twilio`; `auth_tokens` are the tokens that may have signed.

    `words` are what people write instead of a digit.

    403 for a wrong signature, 413 for too long a body; nothing else of a request is looked at
    before it is proved. Repeated requests change nothing.
    """
    router = APIRouter(include_in_schema=False)
    guard = Guard(db, auth_tokens, public_url, clock)
    receipts = Together(partial(receive_receipts, db))

    @router.post("/hooks/twilio/status/{reference}")
    async def status(reference: str, request: Request) -> Response:
        form = await guard.proved(request, f"/hooks/twilio/status/{reference}")
        if isinstance(form, Response):
            return form
        await receipts.do(
            Receipt(
                reference,
                form.get("MessageSid", ""),
                form.get("MessageStatus", ""),
                form.get("ErrorCode") or None,
                clock(),
                action_of(form.get("ErrorCode")),
            )
        )
        return Response(status_code=204)

    @router.post("/hooks/twilio/inbound")
    async def inbound(request: Request) -> Response:
        form = await guard.proved(request, "/hooks/twilio/inbound")
        if isinstance(form, Response):
            return form
        outcome = await run_in_threadpool(
            receive_reply,
            db,
            composer,
            form.get("MessageSid", ""),
            form.get("From", "").removeprefix(_WHATSAPP),
            form.get("Body", ""),
            form.get("OptOutType") or None,
            clock(),
            words,
        )
        return _twiml(outcome.text)

    return router


def _twiml(text: str | None) -> Response:
    answer = MessagingResponse()
    if text:
        answer.message(text)
    return Response(str(answer), media_type="text/xml; charset=utf-8")
