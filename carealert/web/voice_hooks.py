"""Twilio's webhooks for calls: what is said, which key was pressed, how a call ended.

A call asks three addresses, all signed: `/answered` when somebody or something picked up, the
reference itself with the key (or with none), and `/status` for its progress.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Protocol
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool

from carealert.domain.calls import FAX, reaches_person
from carealert.domain.hazards import Hazard
from carealert.domain.replies import WORDS, Words
from carealert.services.answering import Receipt, ReplyOutcome, receive_receipts, receive_reply
from carealert.services.calling import Script, heard, progress, script_of
from carealert.services.ports.store import Database
from carealert.services.ports.text import Composer
from carealert.web.batching import Together
from carealert.web.twilio_signature import Clock, Form, Guard

#: How often a text is said at first, and again where no key was pressed or it meant nothing.
TIMES, AGAIN = 2, 1
_UNCLEAR = "unclear"


class Speaking(Protocol):
    """Texts as TwiML (`adapters/texts/speech.py`)."""

    def speaks(self, language: str) -> bool:
        """True if a voice says this language."""
        ...

    def question(
        self, body: str, hazard: Hazard | None, language: str, action: str, *, times: int
    ) -> str:
        """The text, while one key may be pressed."""
        ...

    def neutral(self, hazard: Hazard, language: str, action: str, *, times: int) -> str:
        """What anybody may hear."""
        ...

    def thanks(self, text: str | None, language: str) -> str:
        """A last sentence, and the end."""
        ...


@dataclass(frozen=True, slots=True)
class _Terms:
    """What the address of a call says of it: its language, until when, and how often it asked."""

    reference: str
    language: str
    until: datetime
    asked: int

    @classmethod
    def of(cls, reference: str, query: Mapping[str, str]) -> "_Terms":
        """Whatever an address holds: it was signed, but an older version may have made it."""
        until, asked = query.get("until", ""), query.get("asked", "")
        seconds = int(until) if _is_number(until) else 0
        return cls(
            reference,
            query.get("language", ""),
            datetime.fromtimestamp(seconds, UTC),
            int(asked) if _is_number(asked) else 0,
        )

    def path(self, last: str = "", *, asked: int = 0) -> str:
        """Where the call goes on: after a person picked up (""), or at `/answered`."""
        query = {"language": self.language, "until": int(self.until.timestamp()), "asked": asked}
        return f"/hooks/twilio/voice/{self.reference}{last}?{urlencode(query)}"


def voice_router(
    db: Database,
    composer: Composer,
    speech: Speaking,
    auth_tokens: Sequence[str],
    public_url: str,
    clock: Clock,
    words: Words = WORDS,
) -> APIRouter:
    """The routes under `/hooks/twilio/voice`; `auth_tokens` are the tokens that may have signed.

    Nothing of a request is looked at before it is proved, and repeated ones change nothing.
    """
    router = APIRouter(include_in_schema=False)
    guard = Guard(db, auth_tokens, public_url, clock)
    line = _Line(db, composer, speech, public_url, clock, words)

    @router.post("/hooks/twilio/voice/{reference}/answered")
    async def answered(reference: str, request: Request) -> Response:
        form = await guard.proved(request, f"/hooks/twilio/voice/{reference}/answered")
        if isinstance(form, Response):
            return form
        return await line.picked_up(_Terms.of(reference, request.query_params), form)

    @router.post("/hooks/twilio/voice/{reference}/status")
    async def status(reference: str, request: Request) -> Response:
        form = await guard.proved(request, f"/hooks/twilio/voice/{reference}/status")
        if isinstance(form, Response):
            return form
        await line.went_on(reference, form)
        return Response(status_code=204)

    @router.post("/hooks/twilio/voice/{reference}")
    async def key(reference: str, request: Request) -> Response:
        form = await guard.proved(request, f"/hooks/twilio/voice/{reference}")
        if isinstance(form, Response):
            return form
        return await line.pressed(_Terms.of(reference, request.query_params), form)

    return router


class _Line:
    """What is said on the telephone, and what is noted of it."""

    def __init__(
        self,
        db: Database,
        composer: Composer,
        speech: Speaking,
        public_url: str,
        clock: Clock,
        words: Words,
    ) -> None:
        self._db, self._composer, self._speech = db, composer, speech
        self._public_url = public_url.rstrip("/")
        self._clock, self._words = clock, words
        self._receipts: Together[Receipt, bool] = Together(partial(receive_receipts, db))

    async def picked_up(self, terms: _Terms, form: Form) -> Response:
        """A person hears the text, anything else the danger's name at most."""
        script = await self._script(terms)
        if script is None:
            return self._end(None, terms)
        answered_by, call = form.get("AnsweredBy", ""), form.get("CallSid", "")
        if reaches_person(answered_by, form.get("Digits", "")):
            await self._receipts.do(heard(terms.reference, call, self._clock()))
            return self._ask(script, terms, TIMES, asked=0)
        if answered_by == FAX:
            return self._end(None, terms)
        action = self._public_url + terms.path("/answered")
        return _xml(self._speech.neutral(script.hazard, terms.language, action, times=TIMES))

    async def pressed(self, terms: _Terms, form: Form) -> Response:
        """A key is an answer like a text message; none, or a wrong one, is asked for once more."""
        digit = form.get("Digits", "")
        outcome = await self._answer(digit, terms, form) if digit else None
        text = outcome.text if outcome else None
        is_clear = outcome is not None and outcome.meaning != _UNCLEAR
        script = None if is_clear or terms.asked else await self._script(terms)
        if script is None:
            return self._end(text, terms)
        said = Script(script.hazard, f"{text} {script.body}") if text else script
        return self._ask(said, terms, AGAIN, asked=1)

    async def went_on(self, reference: str, form: Form) -> None:
        """Note how far a call has come."""
        receipt = progress(
            reference,
            form.get("CallSid", ""),
            form.get("CallStatus", ""),
            form.get("AnsweredBy", ""),
            form.get("ErrorCode") or None,
            self._clock(),
        )
        if receipt is not None:
            await self._receipts.do(receipt)

    async def _answer(self, digit: str, terms: _Terms, form: Form) -> ReplyOutcome:
        call, now = form.get("CallSid", ""), self._clock()
        # Only a person presses a key, whatever was thought when the line was picked up.
        await self._receipts.do(heard(terms.reference, call, now))
        return await run_in_threadpool(
            receive_reply,
            self._db,
            self._composer,
            f"{call}:{terms.asked}:{digit}",
            form.get("To", ""),
            digit,
            None,
            now,
            self._words,
        )

    async def _script(self, terms: _Terms) -> Script | None:
        """What to say, unless it came too late: calls wait in the gateway's queue."""
        if self._clock() >= terms.until or not self._speech.speaks(terms.language):
            return None
        return await run_in_threadpool(script_of, self._db, terms.reference)

    def _ask(self, script: Script, terms: _Terms, times: int, *, asked: int) -> Response:
        action = self._public_url + terms.path(asked=asked)
        return _xml(
            self._speech.question(script.body, script.hazard, terms.language, action, times=times)
        )

    def _end(self, text: str | None, terms: _Terms) -> Response:
        return _xml(self._speech.thanks(text, terms.language))


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 10


def _xml(twiml: str) -> Response:
    return Response(twiml, media_type="text/xml; charset=utf-8")
