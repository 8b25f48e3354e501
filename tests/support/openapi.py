"""Twilio's own OpenAPI document, and a server that refuses what breaks it."""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult

from twilio.http.response import Response

from carealert.adapters.channels.twilio_fast import FastHttp
from carealert.adapters.channels.twilio_http import GatewayHttp
from carealert.adapters.channels.twilio_wire import Tokens
from carealert.simulator.server import free_port
from tests.support.node_server import node_server

DOCUMENT = Path("twilio") / "twilio_messages_subset.json"
_PRISM = "@stoplight/prism-cli/dist/index.js"


@dataclass(frozen=True)
class Asked:
    """One request of ours, and what became of it."""

    method: str
    path: str
    names: frozenset[str]  # of parameters and form fields
    status: int
    headers: Mapping[str, str]

    @property
    def violations(self) -> list[tuple[str, str, str]]:
        """(where, field, what) of everything in which request or answer breaks the document."""
        told = json.loads(self.headers.get("sl-violations", "[]"))
        return [
            (one["location"][0], ".".join(one["location"][1:]), one["code"])
            for one in told
            if one["severity"] == "Error"
        ]


class RememberingHttp(GatewayHttp):
    """Our HTTP class, which keeps what went through it."""

    def __init__(self, base_url: str) -> None:
        super().__init__(base_url)
        self.asked: list[Asked] = []
        self.fast = _RememberingFast(self.base, self.asked)

    def request(  # type: ignore[override]
        self,
        method: str,
        url: str,
        params: Mapping[str, Any] | None = None,
        data: Mapping[str, Any] | None = None,
        *rest: Any,
        **more: Any,
    ) -> Response:
        """As ever."""
        answer = super().request(method, url, params, data, *rest, **more)
        self.asked.append(_asked(method, url, {**(params or {}), **(data or {})}, answer))
        return answer


class _RememberingFast(FastHttp):
    """The same of what is posted without waiting."""

    def __init__(self, base: SplitResult | None, asked: list[Asked]) -> None:
        super().__init__(base, 4, Tokens())
        self._asked = asked

    async def request(  # type: ignore[override]
        self,
        method: str,
        url: str,
        params: Mapping[str, Any] | None = None,
        data: Mapping[str, Any] | None = None,
        *rest: Any,
        **more: Any,
    ) -> Response:
        """As ever."""
        answer = await super().request(method, url, params, data, *rest, **more)
        self._asked.append(_asked(method, url, {**(params or {}), **(data or {})}, answer))
        return answer


def _asked(method: str, url: str, fields: Mapping[str, Any], answer: Response) -> Asked:
    path = "/2010-04-01" + url.split("/2010-04-01", 1)[1].split("?", 1)[0]
    return Asked(method, path, frozenset(fields), answer.status_code, answer.headers)


@contextmanager
def mocking(document: Path, folder: Path) -> Iterator[str]:
    """A server that answers with the document's examples, and 422 to what breaks it."""
    port = free_port()
    given = ["mock", "-h", "127.0.0.1", "-p", str(port), "-v", "silent", str(document)]
    with node_server(_PRISM, given, port, folder) as url:
        yield url


@contextmanager
def judging(document: Path, upstream: str, folder: Path) -> Iterator[str]:
    """A server in front of another; its answers name what in them breaks the document."""
    port = free_port()
    given = ["proxy", "-h", "127.0.0.1", "-p", str(port), "-v", "silent", str(document), upstream]
    with node_server(_PRISM, given, port, folder) as url:
        yield url


def names_of(document: Mapping[str, Any], method: str, path: str) -> frozenset[str]:
    """The parameters and form fields that the document has for a request to `path`."""
    for template, operations in document["paths"].items():
        pattern = re.sub(r"\\{\w+\\}", "[^/]+", re.escape(template))
        if re.fullmatch(pattern, path) and method.lower() in operations:
            operation = operations[method.lower()]
            names = {one["name"] for one in operation.get("parameters", ())}
            content = operation.get("requestBody", {}).get("content", {})
            for kind in content.values():
                names |= kind["schema"].get("properties", {}).keys()
            return frozenset(names)
    raise AssertionError(f"the document has no {method} {path}")
