"""The part of `apprise` that we use, posting JSON by urllib3 and as talkative as the real one."""

import logging
from types import ModuleType

import urllib3

log = logging.getLogger("apprise")


class NotifyFormat:
    TEXT = "text"


class Apprise:
    def __init__(self) -> None:
        self.addresses: list[str] = []

    def __len__(self) -> int:
        return len(self.addresses)

    def add(self, services: str) -> bool:
        log.debug("Loaded %s", services)
        found = services.split(",")
        if not all(one.startswith("json://") and len(one) > 7 for one in found):
            log.error("Unsupported URL %s", services)
            return False
        self.addresses += found
        return True

    def notify(self, *, body: str, title: str, body_format: str) -> bool:
        log.debug("JSON Payload: %s", body)
        sent = [_post(one, body, title, body_format) for one in self.addresses]
        return all(sent)


def _post(address: str, body: str, title: str, body_format: str) -> bool:
    with urllib3.PoolManager(retries=False) as pool:
        try:
            answer = pool.request(
                "POST",
                address.replace("json://", "http://", 1),
                json={"message": body, "title": title, "format": body_format},
                timeout=2.0,
            )
        except urllib3.exceptions.HTTPError as error:
            log.warning("Failed to send to %s: %s", address, error)
            return False
    return answer.status < 300


def fake_apprise() -> ModuleType:
    """A module to stand in the place of the real one."""
    module = ModuleType("apprise")
    module.Apprise = Apprise  # type: ignore[attr-defined]
    module.NotifyFormat = NotifyFormat  # type: ignore[attr-defined]
    return module
