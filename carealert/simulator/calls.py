"""Calls at the gateway, and what becomes of them: who picks up, and which keys they press."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from threading import Lock

from carealert.simulator.faults import FaultKind


class Pickup(StrEnum):
    """What happens when a phone rings; the values are Twilio's words, where it has one."""

    HUMAN = "human"
    MACHINE = "machine_start"
    FAX = "fax"
    UNSURE = "unknown"
    BUSY = "busy"
    NO_ANSWER = "no-answer"
    FAILED = "failed"

    @property
    def is_answered(self) -> bool:
        """True where something picks up."""
        return self in (Pickup.HUMAN, Pickup.MACHINE, Pickup.FAX, Pickup.UNSURE)


@dataclass(frozen=True, slots=True)
class Fate:
    """What the next calls to a phone meet: `keys` are pressed one a question, "" is none."""

    pickup: Pickup = Pickup.HUMAN
    keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Call:
    """One call at the gateway, in Twilio's words; `number` counts from 0."""

    number: int
    sid: str
    to: str
    sender: str
    status: str
    created: datetime
    url: str | None = None
    twiml: str | None = None
    status_callback: str | None = None
    events: frozenset[str] = frozenset({"completed"})
    detects: bool = False
    timeout: int = 60
    answered_by: str | None = None
    faults: frozenset[FaultKind] = frozenset()
    heard: tuple[str, ...] = field(default=())


class Calls:
    """The calls of one account. Any thread may use it."""

    def __init__(self, sid: Callable[[int], str], fate: Callable[[str], Fate]) -> None:
        self._sid, self._fate = sid, fate
        self._lock = Lock()
        self._calls: dict[str, Call] = {}
        self._fates: dict[str, Fate] = {}

    def accept(self, call: Call) -> Call:
        """Take a call in; it gets its number and its id."""
        with self._lock:
            number = len(self._calls)
            taken = replace(call, number=number, sid=self._sid(number))
            self._calls[taken.sid] = taken
        return taken

    def change(self, sid: str, **changes: object) -> Call:
        """Move a call on; the call as it is then."""
        with self._lock:
            changed = replace(self._calls[sid], **changes)  # type: ignore[arg-type]
            self._calls[sid] = changed
        return changed

    def get(self, sid: str) -> Call | None:
        """One call."""
        with self._lock:
            return self._calls.get(sid)

    def listed(self, to: str | None = None) -> list[Call]:
        """All calls, or those to one number; the newest first."""
        with self._lock:
            found = [call for call in self._calls.values() if to is None or call.to == to]
        return found[::-1]

    def will(self, number: str, pickup: Pickup, *keys: str) -> None:
        """Decide what calls to this number meet from now on."""
        with self._lock:
            self._fates[number] = Fate(pickup, keys)

    def fate_of(self, number: str) -> Fate:
        """What a call to this number meets."""
        with self._lock:
            known = self._fates.get(number)
        return known or self._fate(number)
