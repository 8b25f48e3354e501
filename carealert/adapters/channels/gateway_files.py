"""Gateways out of YAML files: the shipped presets, and the files of an installation."""

from collections.abc import Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

import yaml

from carealert.adapters.channels.gateway_config import HttpGateway, parse_gateway
from carealert.adapters.channels.http_gateway import GatewayChannel
from carealert.adapters.channels.http_once import HttpOnce
from carealert.adapters.channels.not_ready import ChannelNotReady
from carealert.adapters.yaml_loader import SafeLoader

_MOST_BYTES = 64 * 1024


def preset_names() -> list[str]:
    """The shipped presets, in the order of the alphabet."""
    found = (entry.name for entry in _presets().iterdir())
    return sorted(name.removesuffix(".yaml") for name in found if name.endswith(".yaml"))


def read_gateway(path: Path) -> HttpGateway:
    """The gateway of a file; raises ChannelNotReady.

    With `preset` the shipped one of this name is taken, and what the file says itself counts
    before it, field by field.
    """
    try:
        body = path.read_bytes()
    except OSError as error:
        raise ChannelNotReady(f"{path}: cannot be read: {error.strerror}.") from error
    given = dict(_mapping(body, str(path)))
    name = given.pop("preset", None)
    return parse_gateway(given if name is None else {**_preset(name, path), **given}, str(path))


def open_gateway(
    gateway: HttpGateway, secrets: Mapping[str, str], *, public_url: str, pool_size: int = 16
) -> GatewayChannel:
    """The channel of a gateway; raises ChannelNotReady where a secret or its file is missing."""
    try:
        http = HttpOnce(pool_size=pool_size, ca_file=gateway.ca_file)
        if gateway.ca_file:
            Path(gateway.ca_file).read_bytes()
    except OSError as error:
        raise ChannelNotReady(
            f"The gateway '{gateway.name}': ca_file cannot be read: {error.strerror}."
        ) from error
    return GatewayChannel(gateway, http, secrets, public_url=public_url)


def _presets() -> Traversable:
    return files(__package__).joinpath("gateways")


def _preset(name: Any, path: Path) -> Mapping[str, Any]:
    if name not in preset_names():
        raise ChannelNotReady(
            f"{path}, preset: there is no such preset: use {', '.join(preset_names())}."
        )
    return _mapping(_presets().joinpath(f"{name}.yaml").read_bytes(), f"preset {name}")


def _mapping(body: bytes, where: str) -> Mapping[str, Any]:
    if len(body) > _MOST_BYTES:
        raise ChannelNotReady(f"{where}: is longer than {_MOST_BYTES // 1024} kB: shorten it.")
    try:
        found = yaml.load(body, Loader=SafeLoader)  # noqa: S506  the safe loader
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        raise ChannelNotReady(f"{where}{line}: is no YAML. Mend the line.") from None
    if not isinstance(found, dict) or not all(isinstance(key, str) for key in found):
        raise ChannelNotReady(f"{where}: must be a list of fields like 'name: our_gateway'.")
    return found
