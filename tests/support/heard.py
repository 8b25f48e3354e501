"""What the gateway's webhooks were sent and answered, kept in front of the application."""

from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from starlette.types import ASGIApp, Message, Receive, Scope, Send


@dataclass
class Heard:
    """One request and its answer."""

    path: str
    sent: bytearray = field(default_factory=bytearray, repr=False)
    status: int = 0
    answer: bytearray = field(default_factory=bytearray, repr=False)

    @property
    def form(self) -> dict[str, str]:
        """The fields that were posted."""
        return dict(parse_qsl(self.sent.decode(), keep_blank_values=True))


class Hearing:
    """An ASGI application in front of another; `heard` is in the order of arrival."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.heard: list[Heard] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        one = Heard(scope["path"])
        self.heard.append(one)

        async def received() -> Message:
            message = await receive()
            one.sent += message.get("body", b"")
            return message

        async def answered(message: Message) -> None:
            one.status = message.get("status", one.status)
            one.answer += message.get("body", b"")
            await send(message)

        await self._app(scope, received, answered)
