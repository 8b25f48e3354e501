"""What the simulated world holds: messages, calls, phones, faults. Any thread may use it."""

import hashlib
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from threading import Lock

from carealert.simulator.calls import Call, Calls, Fate, Pickup
from carealert.simulator.faults import Fault, FaultKind

#: How WhatsApp's numbers begin at the gateway; the phone is the same.
WHATSAPP = "whatsapp:"


@dataclass(frozen=True, slots=True)
class Message:
    """One message at the gateway, in Twilio's words; `number` counts from 0."""

    number: int
    sid: str
    to: str
    sender: str
    body: str
    status: str
    created: datetime
    error_code: int | None = None
    status_callback: str | None = None
    validity_period: int | None = None
    faults: frozenset[FaultKind] = frozenset()

    @property
    def phone(self) -> str:
        """The number of the phone, whichever way the message goes to it."""
        return self.to.removeprefix(WHATSAPP)


@dataclass(frozen=True, slots=True)
class Bubble:
    """What a phone shows: a text that came or went, and when."""

    at: datetime
    body: str
    mine: bool


@dataclass(slots=True)
class _Phone:
    bubbles: list[Bubble] = field(default_factory=list)
    seen: int = 0
    stopped: bool = False


@dataclass(frozen=True, slots=True)
class PhoneView:
    """A phone as it lies on the table."""

    number: str
    bubbles: tuple[Bubble, ...]
    unread: int


def _real_time() -> datetime:
    return datetime.now(UTC)  # noqa: TID251  the outside world has a clock of its own


class State:
    """One account at a gateway, and the phones that it reaches; the same seed, the same fates.

    `undelivered_share` of the phones, and `unreachable`, are switched off: their messages end as
    undelivered, with code 30003. `clock` gives the aware moment.
    """

    def __init__(
        self,
        account_sid: str,
        auth_token: str,
        inbound_url: str,
        *,
        seed: int = 0,
        undelivered_share: float = 0.0,
        unreachable: Iterable[str] = (),
        sender: str = "+15005550006",
        clock: Callable[[], datetime] = _real_time,
    ) -> None:
        self.account_sid = account_sid
        self.auth_token = auth_token
        self.inbound_url = inbound_url
        self.clock = clock
        self.sender = sender
        self.faults: deque[Fault] = deque()
        self.posts = 0
        self._seed = seed
        self._share = undelivered_share
        self._unreachable = frozenset(unreachable)
        self._lock = Lock()
        self._messages: dict[str, Message] = {}
        self._inbound = 0
        self._phones: dict[str, _Phone] = {}
        self.calls = Calls(lambda number: self._sid("CA", "call", number), self._fate)

    def accept(
        self,
        to: str,
        body: str,
        *,
        sender: str | None = None,
        status_callback: str | None = None,
        validity_period: int | None = None,
        faults: frozenset[FaultKind] = frozenset(),
    ) -> Message:
        """Take a message in."""
        with self._lock:
            number = len(self._messages)
            message = Message(
                number,
                self._sid("SM", "out", number),
                to,
                sender or self.sender,
                body,
                "queued",
                self.clock(),
                status_callback=status_callback,
                validity_period=validity_period,
                faults=faults,
            )
            self._messages[message.sid] = message
            if not self.is_switched_off(message.phone):
                self._phone(message.phone).bubbles.append(Bubble(message.created, body, mine=False))
        return message

    def go_on(self, message: Message) -> None:
        """Let an accepted message go its way; a bare state leaves it queued."""

    def go_on_call(self, call: Call) -> None:
        """Let an accepted call ring; a bare state leaves it queued."""

    def next_fault(self) -> Fault | None:
        """The fault of the next message, which is used up by it."""
        with self._lock:
            self.posts += 1
            return self.faults.popleft() if self.faults else None

    def is_switched_off(self, number: str) -> bool:
        """True for phones that no message reaches."""
        if number in self._unreachable:
            return True
        drawn = hashlib.sha256(f"{self._seed}:off:{number}".encode()).digest()
        return int.from_bytes(drawn[:4]) < self._share * 2**32

    def is_stopped(self, number: str) -> bool:
        """True for phones that said STOP."""
        with self._lock:
            phone = self._phones.get(number)
            return phone is not None and phone.stopped

    def stop(self, number: str, *, stopped: bool) -> None:
        """Note that a phone said STOP, or START again."""
        with self._lock:
            self._phone(number).stopped = stopped

    def set_status(self, sid: str, status: str, error_code: int | None = None) -> None:
        """Move a message on."""
        with self._lock:
            self._messages[sid] = replace(self._messages[sid], status=status, error_code=error_code)

    def redact(self, sid: str) -> None:
        """Empty a message's body, as the API allows."""
        with self._lock:
            self._messages[sid] = replace(self._messages[sid], body="")

    def get(self, sid: str) -> Message | None:
        """One message."""
        with self._lock:
            return self._messages.get(sid)

    def messages(self, to: str | None = None) -> list[Message]:
        """All messages, or those to one number; the newest first."""
        with self._lock:
            found = [m for m in self._messages.values() if to is None or m.to == to]
        return found[::-1]

    def next_inbound_sid(self) -> str:
        """The id of a message that a phone sends."""
        with self._lock:
            self._inbound += 1
            return self._sid("SM", "in", self._inbound)

    def show(self, number: str, body: str, *, mine: bool) -> None:
        """Put a text on a phone's screen."""
        with self._lock:
            self._phone(number).bubbles.append(Bubble(self.clock(), body, mine))

    def phones(self) -> list[PhoneView]:
        """Every phone that ever got or sent a message, that with the newest one first."""
        with self._lock:
            views = [self._view(number, phone) for number, phone in self._phones.items()]
        return sorted(views, key=lambda view: (view.bubbles[-1].at, view.number), reverse=True)

    def numbers(self) -> list[str]:
        """The numbers of all phones, in the order of their first messages."""
        with self._lock:
            return list(self._phones)

    def message_count(self) -> int:
        """How many messages were accepted so far."""
        with self._lock:
            return len(self._messages)

    def phone(self, number: str) -> PhoneView | None:
        """One phone, None where it never got or sent a message."""
        with self._lock:
            phone = self._phones.get(number)
            return self._view(number, phone) if phone else None

    def look_at(self, number: str) -> PhoneView | None:
        """One phone; what is on it counts as read from now on."""
        view = self.phone(number)
        if view is not None:
            with self._lock:
                self._phones[number].seen = len(view.bubbles)
        return view

    def _phone(self, number: str) -> _Phone:
        return self._phones.setdefault(number, _Phone())

    def _fate(self, number: str) -> Fate:
        """Somebody listens and presses nothing, unless the phone is off."""
        return Fate(Pickup.NO_ANSWER if self.is_switched_off(number) else Pickup.HUMAN)

    @staticmethod
    def _view(number: str, phone: _Phone) -> PhoneView:
        unread = sum(not bubble.mine for bubble in phone.bubbles[phone.seen :])
        return PhoneView(number, tuple(phone.bubbles), unread)

    def _sid(self, prefix: str, kind: str, number: int) -> str:
        name = f"{self._seed}:{kind}:{number}"
        return prefix + hashlib.sha256(name.encode()).hexdigest()[:32]
