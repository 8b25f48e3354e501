"""What may go wrong with a request to the gateway."""

from dataclasses import dataclass
from enum import StrEnum


class FaultKind(StrEnum):
    """What may go wrong with one message or call; the next ones are not touched."""

    ERROR_AFTER_ACCEPT = "error_after_accept"  # taken, but the answer is a 500
    DROP_AFTER_ACCEPT = "drop_after_accept"  # taken, but the connection breaks
    ERROR_BEFORE_ACCEPT = "error_before_accept"  # a 500, and not taken
    TOO_MANY_REQUESTS = "too_many_requests"  # 429 with Retry-After
    DELAY = "delay"  # the answer comes late
    DUPLICATE_CALLBACKS = "duplicate_callbacks"
    REVERSED_CALLBACKS = "reversed_callbacks"


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault; `seconds` is the delay, or the Retry-After."""

    kind: FaultKind
    seconds: float = 0.0
