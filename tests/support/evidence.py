"""What a life of the product leaves behind: collected while it goes on, searched at its end."""

import json
import logging
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tests.support.markers import Grep


@dataclass
class Evidence:
    """What was left behind, by where it was found."""

    pieces: list[tuple[str, bytes]] = field(default_factory=list)

    def add(self, where: str, what: str | bytes) -> None:
        """Keep a piece."""
        self.pieces.append((where, what.encode() if isinstance(what, str) else what))

    def leaks(self, grep: Grep) -> list[str]:
        """Every place with a marker in it."""
        return [f"{where}: {hit!r}" for where, body in self.pieces for hit in grep.found(body)]


class Requests:
    """Middleware that writes down what a server was asked, but for To and Body of a message."""

    def __init__(self, app: ASGIApp, name: str, evidence: Evidence) -> None:
        self.app, self.name, self.evidence = app, name, evidence
        self.bodies: list[dict[str, str]] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        query = [(k, v) for k, v in parse_qsl(scope["query_string"].decode()) if k != "To"]
        self.evidence.add(f"{self.name} address", f"{scope['path']} {query}")
        self.evidence.add(f"{self.name} headers", repr(scope["headers"]))
        taken = b""

        async def take() -> Message:
            nonlocal taken
            message = await receive()
            taken += message.get("body", b"")
            return message

        await self.app(scope, take, send)
        form = dict(parse_qsl(taken.decode()))
        others = {k: v for k, v in form.items() if k not in ("To", "From", "Body")}
        self.evidence.add(f"{self.name} form", repr(others))


class JsonLines(logging.Handler):
    """A log in JSON with every field of every record, as log shippers write it."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        fields = {k: v for k, v in vars(record).items() if k != "exc_info"}
        if record.exc_info:
            fields["traceback"] = logging.Formatter().formatException(record.exc_info)
        self.lines.append(json.dumps(fields, default=repr) + record.getMessage())
