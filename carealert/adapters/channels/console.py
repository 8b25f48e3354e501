"""Messages on a screen: for trying things out without a gateway."""

from collections.abc import Sequence
from datetime import datetime
from threading import Lock
from typing import TextIO

from carealert.domain.notices import DeliveryStatus
from carealert.services.ports.outbox import Accepted, Outgoing


class ConsoleChannel:
    """MessageChannel that writes each message as a line; numbers are masked."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._lock = Lock()

    def send(self, message: Outgoing) -> Accepted:
        """Write one message. It counts as sent; nobody can say that it was read."""
        with self._lock:  # lines of several threads must not run into each other
            self._stream.write(f"SMS to …{message.to[-2:]}: {message.body}\n")
            self._stream.flush()
        return Accepted(f"console-{message.reference}", DeliveryStatus.SENT)

    def find(self, message: Outgoing, since: datetime) -> Sequence[Accepted]:  # noqa: ARG002
        """Nothing: a screen does not remember."""
        return ()
