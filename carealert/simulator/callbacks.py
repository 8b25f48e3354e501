"""The life of a message after it was accepted: sent, then delivered or not, each called back.

Twilio calls back nothing for the first status; that stands in the answer to the POST.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Condition

from carealert.simulator.calls import Call
from carealert.simulator.faults import FaultKind
from carealert.simulator.ringing import Ringing
from carealert.simulator.signing import new_pool, post_signed
from carealert.simulator.state import Message, State

#: Twilio's error code for a handset that is off or out of coverage.
UNREACHABLE = 30003


class Callbacks:
    """A few threads that call back; the statuses of one message come in their order."""

    def __init__(self, world: State, *, threads: int = 12) -> None:
        self._world = world
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="callbacks")
        self._connections = new_pool()
        self._ringing = Ringing(world, self._connections)
        self._changed = Condition()
        self._under_way = 0

    def start(self, message: Message) -> None:
        """Let a message go its way."""
        self._begin(lambda: self._play(message))

    def ring(self, call: Call) -> None:
        """Let a call ring, and be talked to its end."""
        self._begin(lambda: self._ringing.play(call))

    def wait_until_quiet(self, seconds: float) -> bool:
        """Wait until every message and call has come to its end; False if that takes longer."""
        with self._changed:
            return self._changed.wait_for(lambda: self._under_way == 0, seconds)

    def close(self) -> None:
        """Let what is under way end, then stop."""
        self._pool.shutdown(wait=True)

    def _begin(self, life: Callable[[], None]) -> None:
        with self._changed:
            self._under_way += 1
        self._pool.submit(self._live, life)

    def _live(self, life: Callable[[], None]) -> None:
        try:
            life()
        finally:
            with self._changed:
                self._under_way -= 1
                self._changed.notify_all()

    def _play(self, message: Message) -> None:
        fates = self._fates(message)
        if FaultKind.REVERSED_CALLBACKS in message.faults:
            fates.reverse()
        for status, code in fates:
            self._world.set_status(message.sid, status, code)
            self._call(message, status, code)
            if FaultKind.DUPLICATE_CALLBACKS in message.faults:
                self._call(message, status, code)

    def _fates(self, message: Message) -> list[tuple[str, int | None]]:
        if self._world.is_switched_off(message.phone):
            return [("sent", None), ("undelivered", UNREACHABLE)]
        return [("sent", None), ("delivered", None)]

    def _call(self, message: Message, status: str, code: int | None) -> None:
        if message.status_callback is None:
            return
        form = {
            "AccountSid": self._world.account_sid,
            "ApiVersion": "2010-04-01",
            "From": message.sender,
            "MessageSid": message.sid,
            "MessageStatus": status,
            "SmsSid": message.sid,
            "SmsStatus": status,
            "To": message.to,
        }
        if code is not None:
            form["ErrorCode"] = str(code)
        post_signed(self._connections, message.status_callback, form, self._world.auth_token)
