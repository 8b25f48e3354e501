"""SMS straight to an operator's SMSC by SMPP 3.4: texts out, receipts and texts in."""

import re
import secrets
from collections.abc import Callable, Sequence
from concurrent.futures import Future, wait
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from itertools import count
from threading import Lock

from carealert.adapters.channels.gateway_words import own_id
from carealert.adapters.channels.not_ready import ChannelNotReady
from carealert.adapters.channels.smpp_memory import HalfTexts, Sent, SentTexts, spellings
from carealert.adapters.channels.smpp_pdu import (
    INTERNATIONAL,
    OK,
    Address,
    Command,
    Deliver,
    Pdu,
    address_of,
    message_id_of,
    submit,
)
from carealert.adapters.channels.smpp_session import (
    ANSWER_TIMEOUT_S,
    QUIET_S,
    NotBound,
    Session,
    Smsc,
)
from carealert.adapters.channels.smpp_text import Part, Told, TooLong, parts_of, piece_of, told_by
from carealert.adapters.registry.numbers import e164
from carealert.domain.notices import DeliveryStatus
from carealert.services.ports.outbox import (
    Accepted,
    CannotLook,
    DeliveryFailed,
    FailureAction,
    Outgoing,
)

#: Refusals of a bind or a message (specification, 5.1.3).
_ACTIONS = {
    0x04: FailureAction.UNREACHABLE,  # not bound as we thought
    0x05: FailureAction.UNREACHABLE,  # our old session is still there
    0x08: FailureAction.RETRY,  # the SMSC's own trouble
    0x0A: FailureAction.STOP_SENDER,  # our address
    0x0B: FailureAction.PERMANENT,  # theirs
    0x0D: FailureAction.STOP_SENDER,
    0x0E: FailureAction.STOP_SENDER,  # password
    0x0F: FailureAction.STOP_SENDER,  # system id
    0x14: FailureAction.THROTTLED,  # its queue is full
    0x44: FailureAction.RETRY,
    0x45: FailureAction.RETRY,  # submit failed
    0x48: FailureAction.STOP_SENDER,  # type of our address
    0x49: FailureAction.STOP_SENDER,
    0x53: FailureAction.STOP_SENDER,  # system type
    0x58: FailureAction.THROTTLED,
    0x64: FailureAction.RETRY,
}
#: From here on statuses are an operator's own: refused for sure, and nobody knows for how long.
_VENDOR = 0x400
_REFUSED = FailureAction.PERMANENT
_INTERNATIONAL = re.compile(r"\+[0-9]{5,15}")


@dataclass(frozen=True, slots=True)
class SmppReceipt:
    """What the SMSC tells of a message of ours, under our reference."""

    reference: str
    provider_id: str
    status: DeliveryStatus
    code: str | None


@dataclass(frozen=True, slots=True)
class SmppInbound:
    """A text of somebody's; SMPP gives it no id, so that ours is new for each delivery."""

    provider_id: str
    number: str = field(repr=False)
    text: str = field(repr=False)


class SmppChannel:
    """MessageChannel over one session that is bound when it is first needed, and again.

    Receipts and texts are acknowledged when their taker returns, and come again where it raises.
    `reference_of` finds our reference by the SMSC's id for messages of before a restart. `region`
    reads senders that are not international.
    """

    def __init__(
        self,
        smsc: Smsc,
        sender: str,
        on_receipt: Callable[[SmppReceipt], None],
        on_text: Callable[[SmppInbound], None],
        *,
        reference_of: Callable[[str], str | None] = lambda _: None,
        region: str | None = None,
        name: str = "smpp",
        answer_timeout: float = ANSWER_TIMEOUT_S,
        quiet: float = QUIET_S,
    ) -> None:
        if not sender.isascii() or not 1 <= len(sender) <= 20:
            raise ChannelNotReady("The sender for SMPP must be of 1 to 20 plain characters.")
        self._smsc, self._source, self._name = smsc, address_of(sender), name
        self._on_receipt, self._on_text = on_receipt, on_text
        self._reference_of, self._region = reference_of, region
        self._timeout, self._quiet = answer_timeout, quiet
        self._lock = Lock()
        self._session: Session | None = None
        self._refusals, self._refusal = 0, DeliveryFailed("", FailureAction.UNREACHABLE)
        self._joins, self._texts = count(), count(1)  # next() of these is atomic
        self._run = secrets.token_hex(8)
        self._sent, self._half = SentTexts(), HalfTexts()

    def send(self, message: Outgoing) -> Accepted:
        """Submit every part once; raises DeliveryFailed.

        Of a text whose parts were not all taken no phone shows anything: where one was refused,
        the whole is refused.
        """
        parts = self._parts(message)
        answers = self._submit(self._bound(), message, parts)
        wait(answers, self._timeout)
        return self._judge([_answer(one) for one in answers])

    def find(self, message: Outgoing, since: datetime) -> Sequence[Accepted]:  # noqa: ARG002
        """Raises CannotLook: an SMSC is asked by its own id only."""
        raise CannotLook

    def keep_bound(self) -> bool:
        """Bind if there is no session, so that receipts and texts come in; whether there is one."""
        try:
            self._bound()
        except DeliveryFailed:
            return False
        return True

    def close(self) -> None:
        """End the session."""
        with self._lock:
            session, self._session = self._session, None
        if session is not None:
            session.close()

    # --- out

    def _bound(self) -> Session:
        tried = self._refusals
        with self._lock:
            if self._session is not None and not self._session.is_broken:
                return self._session
            if self._refusals > tried:  # while we waited for the lock: it would be the same
                last = self._refusal
                raise DeliveryFailed(str(last), last.action, last.code)
            if self._session is not None:
                self._session.close()
                self._session = None
            try:
                self._session = Session(
                    self._smsc, self._take, answer_timeout=self._timeout, quiet=self._quiet
                )
            except NotBound as error:
                self._refusals, self._refusal = self._refusals + 1, _not_bound(error)
                raise self._refusal from None
            return self._session

    def _parts(self, message: Outgoing) -> Sequence[Part]:
        if not _INTERNATIONAL.fullmatch(message.to):
            raise DeliveryFailed("no international number", FailureAction.PERMANENT, "number")
        try:
            return parts_of(message.body, next(self._joins) % 256)
        except TooLong:
            raise DeliveryFailed("too long", FailureAction.PERMANENT, "length") from None

    def _submit(
        self, session: Session, message: Outgoing, parts: Sequence[Part]
    ) -> Sequence["Future[Pdu]"]:
        """The answers that will come; ids are noted before a receipt can be read after them."""
        to, sent = address_of(message.to), Sent(message.reference, len(parts))
        return [
            session.ask(
                Command.SUBMIT_SM,
                submit(
                    self._source,
                    to,
                    esm_class=part.esm_class,
                    data_coding=part.data_coding,
                    content=part.content,
                    validity=message.valid_for,
                ),
                partial(self._note, sent, place),
            )
            for place, part in enumerate(parts)
        ]

    def _note(self, sent: Sent, place: int, answer: Pdu) -> None:
        message_id = message_id_of(answer.body) if answer.status == OK else None
        if message_id is not None:
            self._sent.add(sent, place, message_id)

    def _judge(self, answers: Sequence[Pdu | None]) -> Accepted:
        given = [answer for answer in answers if answer is not None]
        if len(given) < len(answers):
            raise DeliveryFailed("answer lost", FailureAction.UNKNOWN, "lost")
        refused = next((answer.status for answer in given if answer.status != OK), None)
        if refused is not None:
            raise DeliveryFailed(f"refused: SMPP {refused:#x}", _action(refused), _code(refused))
        first = message_id_of(given[0].body)
        if first is None:
            raise DeliveryFailed("the answer names no message", FailureAction.UNKNOWN, "lost")
        return Accepted(own_id(self._name, first), DeliveryStatus.ACCEPTED)

    # --- in

    def _take(self, deliver: Deliver) -> None:
        if deliver.is_receipt:
            told = told_by(deliver)
            if told is not None and told.status is not None:
                self._take_receipt(told, told.status)
        else:
            self._take_text(deliver)

    def _take_receipt(self, told: Told, status: DeliveryStatus) -> None:
        found = self._sent.told(told.message_id, status)
        if found is not None:
            sent, is_news = found
            if is_news:
                provider_id = own_id(self._name, sent.ids[0])
                self._on_receipt(SmppReceipt(sent.reference, provider_id, status, told.code))
            return
        for spelling in spellings(told.message_id):
            provider_id = own_id(self._name, spelling)
            reference = self._reference_of(provider_id)
            if reference is not None:
                self._on_receipt(SmppReceipt(reference, provider_id, status, told.code))
                return
        # Of a later part, or of somebody else's message on this account: no use to us.

    def _take_text(self, deliver: Deliver) -> None:
        number = _number(deliver.source, self._region)
        text = self._half.whole(deliver.source.digits, piece_of(deliver))
        if number is not None and text is not None:
            provider_id = f"{self._name}:{self._run}-{next(self._texts)}"
            self._on_text(SmppInbound(provider_id, number, text))


def _answer(future: "Future[Pdu]") -> Pdu | None:
    return future.result() if future.done() and future.exception() is None else None


def _code(status: int) -> str:
    return f"0x{status:02X}"


def _action(status: int) -> FailureAction:
    return FailureAction.RETRY if status >= _VENDOR else _ACTIONS.get(status, _REFUSED)


def _not_bound(error: NotBound) -> DeliveryFailed:
    if error.status is None:
        return DeliveryFailed(str(error), FailureAction.UNREACHABLE, "connect")
    action = _ACTIONS.get(error.status, FailureAction.STOP_SENDER)
    return DeliveryFailed(str(error), action, _code(error.status))


def _number(source: Address, region: str | None) -> str | None:
    """The sender in E.164; None for a name or a short code."""
    digits = source.digits
    is_international = source.ton == INTERNATIONAL and not digits.startswith(("+", "00"))
    found = e164(f"+{digits}" if is_international else digits, region)
    return found if isinstance(found, str) else None
