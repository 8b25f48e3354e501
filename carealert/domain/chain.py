"""The chain through the journal: each line's hash covers the line and the hash before it.

Who changes, removes or slips in a line breaks every hash that follows; who writes the newest hash
down elsewhere also notices a tail that was cut off or written anew.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

#: What the first line follows.
GENESIS = bytes(32)


@dataclass(frozen=True, slots=True)
class ChainedLine:
    """A line of the journal in its place. `number` counts from 1; `at` is aware."""

    number: int
    at: datetime
    event: str
    subject: str
    details: Mapping[str, str]
    hash: bytes


@dataclass(frozen=True, slots=True)
class Break:
    """The first place where the chain does not hold, and what is wrong there."""

    number: int
    what: str


def link(
    before: bytes, number: int, at: datetime, event: str, subject: str, details: Mapping[str, str]
) -> bytes:
    """The hash of one line (SHA-256, 32 bytes), given that of the line before."""
    moment = at.astimezone(UTC).isoformat(timespec="microseconds")
    # JSON with sorted keys: no two different lines are written alike.
    text = json.dumps(
        [number, moment, event, subject, dict(details)],
        ensure_ascii=False,
        sort_keys=True,
        separators=(",", ":"),
    )
    return hashlib.sha256(before + text.encode()).digest()


class Verifier:
    """Follows the chain line by line; `head` is the hash of the last good line."""

    def __init__(self) -> None:
        self.head = GENESIS
        self.number = 0

    def follow(self, lines: Iterable[ChainedLine]) -> Break | None:
        """Follow the next lines in the order of their numbers; the first break, or None."""
        for line in lines:
            if line.number != self.number + 1:
                gone = f"lines {self.number + 1} to {line.number - 1} are missing"
                return Break(self.number + 1, gone)
            expected = link(self.head, line.number, line.at, line.event, line.subject, line.details)
            if expected != line.hash:
                return Break(line.number, "the line was changed after it was written")
            self.head, self.number = expected, line.number
        return None
