"""A Twilio emulator that others wrote, with our account on it, and what a test does to it.

It keeps what it took, signs its webhooks, and waits for the answer to each of them before it
answers us: after a call everything that follows from it has happened.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import urllib3
import yaml

from carealert.simulator.server import free_port
from tests.support.delivery import ACCOUNT, TOKEN
from tests.support.gateway import SENDER
from tests.support.node_server import node_server

SERVICE = "MG" + "b2" * 16
EMPTY_SERVICE = "MG" + "c3" * 16
#: The number behind the service; replies to it belong to the service.
SERVICE_NUMBER = "+15005550007"
#: An account that is not ours and is at the same gateway: every emulator begins with it.
STRANGER = ("AC" + "0" * 32, "twilio_test_auth_token")


@dataclass(frozen=True)
class Emulator:
    """A running emulator."""

    url: str
    _pool: urllib3.PoolManager = field(default_factory=urllib3.PoolManager)

    def messages(self) -> list[dict[str, Any]]:
        """What was sent by our account, oldest first, as the API lists it."""
        path = f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json?PageSize=1000"
        listed = self.ask("GET", path)["messages"]
        return [one for one in reversed(listed) if one["direction"] == "outbound-api"]

    def becomes(self, sid: str, *statuses: str) -> None:
        """A message goes its way, with a callback for each status."""
        for status in statuses:
            self.ask(
                "POST", "/_twilio/simulate/message-status", {"MessageSid": sid, "Status": status}
            )

    def reply(self, number: str, body: str, *, to: str = SENDER) -> None:
        """Somebody writes to us."""
        given = {"From": number, "To": to, "Body": body}
        self.ask("POST", "/_twilio/simulate/inbound-message", given)

    def forget(self, sid: str) -> None:
        """A message of ours is gone from the gateway."""
        path = f"/2010-04-01/Accounts/{ACCOUNT}/Messages/{sid}.json"
        self.ask("DELETE", path)

    def stranger_writes(self, to: str, callback: str) -> None:
        """Another account at this gateway sends a message whose callbacks come to us."""
        base = f"/2010-04-01/Accounts/{STRANGER[0]}"
        (own, *_) = self.ask("GET", f"{base}/IncomingPhoneNumbers.json", account=STRANGER)[
            "incoming_phone_numbers"
        ]
        form = {"To": to, "From": own["phone_number"], "Body": "x", "StatusCallback": callback}
        self.ask("POST", f"{base}/Messages.json", form, STRANGER)

    def ask(
        self,
        method: str,
        path: str,
        form: Mapping[str, str] | None = None,
        account: tuple[str, str] = (ACCOUNT, TOKEN),
    ) -> dict[str, Any]:
        """The answer to one request; an AssertionError where it was refused."""
        headers = urllib3.make_headers(basic_auth=":".join(account))
        if form is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        answer = self._pool.request(
            method,
            self.url + path,
            body=urlencode(form) if form is not None else None,
            headers=headers,
            retries=False,
        )
        assert answer.status < 400, (answer.status, answer.data)
        told: dict[str, Any] = answer.json() if answer.data else {}
        return told


@contextmanager
def emulator(folder: Path, inbound_url: str) -> Iterator[Emulator]:
    """Start one; what people write goes to `inbound_url`."""
    port, seed = free_port(), folder / "seed.yaml"
    seed.write_text(yaml.safe_dump({"twilio": _account(inbound_url)}))
    arguments = ["start", "--service", "twilio", "--port", str(port), "--seed", str(seed)]
    with node_server("emulate/dist/index.js", arguments, port, folder) as url:
        yield Emulator(url)


def _account(inbound_url: str) -> dict[str, Any]:
    return {
        "account": {"sid": ACCOUNT, "auth_token": TOKEN, "friendly_name": "the city"},
        "phone_numbers": [
            {"phone_number": SENDER, "sms_url": inbound_url},
            {"phone_number": SERVICE_NUMBER, "sms_url": "http://127.0.0.1:9/not-asked"},
        ],
        "messaging_services": [
            {
                "sid": SERVICE,
                "friendly_name": "the office",
                "inbound_request_url": inbound_url,
                "phone_numbers": [SERVICE_NUMBER],
            },
            {"sid": EMPTY_SERVICE, "friendly_name": "nobody", "phone_numbers": []},
        ],
    }
