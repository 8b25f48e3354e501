"""Gateways of files, pointed at a loopback server."""

from pathlib import Path
from typing import Any

from carealert.adapters.channels.gateway_config import HttpGateway, parse_gateway
from carealert.adapters.channels.gateway_files import read_gateway
from carealert.adapters.channels.http_gateway import GatewayChannel
from carealert.adapters.channels.http_once import HttpOnce

PUBLIC = "https://alerts.example.org/care"
#: Every secret that a file of these tests names.
SECRETS = {
    name: f"a long test secret for {name.lower()}"
    for name in (
        "GATE_TOKEN",
        "GATE_HOOK",
        "SMS_GATE_USER",
        "SMS_GATE_PASSWORD",
        "SMS_GATE_SIGNING_KEY",
        "RAPIDPRO_TOKEN",
        "RAPIDPRO_INBOUND_TOKEN",
        "KANNEL_USER",
        "KANNEL_PASSWORD",
        "KANNEL_CALLBACK_SECRET",
        "KANNEL_INBOUND_PASSWORD",
    )
}


def plain(**changes: Any) -> dict[str, Any]:
    """A small gateway as a file would have it."""
    given: dict[str, Any] = {
        "name": "ours",
        "url": "https://gateway.example.org",
        "path": "/send",
        "headers": {"Authorization": "Bearer {secret:GATE_TOKEN}"},
        "fields": {"to": "{to}", "body": "{text}", "ref": "{reference}"},
        "answers": {"id": "/id"},
    }
    return {key: value for key, value in (given | changes).items() if value is not None}


def a_gateway(**changes: Any) -> HttpGateway:
    return parse_gateway(plain(**changes), "ours.yaml")


def preset(name: str, folder: Path, url: str, more: str = "") -> HttpGateway:
    """A shipped preset as somebody's own file takes it."""
    path = folder / f"{name}.yaml"
    path.write_text(f"preset: {name}\nname: {name}\nurl: {url}\nplain_http: true\n{more}")
    return read_gateway(path)


def channel_of(gateway: HttpGateway, read_timeout: float = 5.0) -> GatewayChannel:
    return GatewayChannel(gateway, HttpOnce(read_timeout=read_timeout), SECRETS, public_url=PUBLIC)
