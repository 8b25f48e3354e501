"""What a monitoring system may read of the office: counts and ages, and nobody in them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class LaneMeter:
    """One lane of the outbox. `oldest` is when the oldest due notice became due."""

    due: int = 0
    claimed: int = 0
    unknown: int = 0
    oldest: datetime | None = None


@dataclass(frozen=True, slots=True)
class SenderMeter:
    """One way out, as all workers see it."""

    is_resting: bool
    failures: int


@dataclass(frozen=True, slots=True)
class ChannelMeter:
    """Real messages that the gateway took in the last hour.

    `handed_over` leaves out the newest, for which no receipt can be there yet; `asking` are those
    that ask for an answer.
    """

    handed_over: int = 0
    delivered: int = 0
    asking: int = 0
    answered: int = 0


@dataclass(frozen=True, slots=True)
class Lately:
    """What went out: in the last five minutes by (sender, channel), in the last hour by channel."""

    sent: Mapping[tuple[str, str], int]
    channels: Mapping[str, ChannelMeter]


@dataclass(frozen=True, slots=True)
class Meters:
    """All that is under way at one moment; moments are aware UTC.

    `since_unknown` and `since_timer` are those of the oldest lost post and of the escalation step
    that is longest overdue. `audited_at` is when it was last looked whether anything is stuck.
    """

    lanes: Mapping[str, LaneMeter]
    senders: Mapping[str, SenderMeter]
    paused: tuple[str, ...]
    since_unknown: datetime | None
    timers_due: int
    since_timer: datetime | None
    audited_at: datetime | None


class MeterReader(Protocol):
    """Reads the meters; raises BoardUnavailable where the database does not answer."""

    def read(self, now: datetime) -> Meters:
        """What is under way; costs little however much was sent."""
        ...

    def lately(self, now: datetime) -> Lately:
        """What went out; costs more the more was sent within the hour."""
        ...

    def ended(self) -> Mapping[tuple[str, str], int]:
        """(state, channel) -> how many notices stand in a state that they do not leave."""
        ...
