"""The gateway and its phones as one thing: what a trial or a test starts, asks and answers with."""

import unicodedata
from collections.abc import Iterable
from types import TracebackType
from typing import Self

from fastapi import FastAPI
from starlette.routing import BaseRoute

from carealert.simulator.callbacks import Callbacks
from carealert.simulator.calls import Call, Pickup
from carealert.simulator.faults import Fault, FaultKind
from carealert.simulator.gateway import gateway_routes
from carealert.simulator.phones import reply
from carealert.simulator.state import Message, State

__all__ = ["Call", "Fault", "FaultKind", "Message", "Pickup", "World", "world_app"]


class World(State):
    """A state that lives: inside its `with` block, messages go their way and are called back."""

    _callbacks: Callbacks | None = None

    def __enter__(self) -> Self:
        """Start calling back."""
        self._callbacks = Callbacks(self)
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        """Let what is under way end."""
        if self._callbacks is not None:
            self._callbacks.close()
            self._callbacks = None

    def go_on(self, message: Message) -> None:
        """Let an accepted message go its way."""
        if self._callbacks is not None:
            self._callbacks.start(message)

    def go_on_call(self, call: Call) -> None:
        """Let an accepted call ring."""
        if self._callbacks is not None:
            self._callbacks.ring(call)

    def wait_until_quiet(self, seconds: float = 60.0) -> bool:
        """Wait until every message has come to its end; False if that takes longer."""
        return self._callbacks is None or self._callbacks.wait_until_quiet(seconds)

    def reply(self, number: str, body: str) -> tuple[str, ...]:
        """Send `body` from a phone; the texts that came back, as its screen shows them."""
        return reply(self, number, body)

    def was_asked(self, number: str) -> bool:
        """True if the phone shows a message that offers the digits 1 and 2, in any script."""
        shown = self.phone(number)
        return shown is not None and any(
            _offers(bubble.body) for bubble in shown.bubbles if not bubble.mine
        )


def world_app(world: World) -> FastAPI:
    """The gateway's API, and the pages of the phones at `/phones`."""
    return FastAPI(routes=list[BaseRoute](gateway_routes(world)), openapi_url=None)


def _offers(body: str) -> bool:
    return {"1", "2"} <= set(_lone_digits(body))


def _lone_digits(body: str) -> Iterable[str]:
    plain = "".join(str(unicodedata.digit(c, "")) or c for c in body)
    spaced = "".join(c if c.isalnum() else " " for c in plain)
    return (word for word in spaced.split() if len(word) == 1 and word.isdigit())
