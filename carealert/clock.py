"""The only place that reads the clock; everything further in takes `now` as a value."""

import time
from datetime import UTC, datetime


def since_boot() -> float:
    """Seconds that only grow, also while the machine or this process sleeps."""
    boot = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
    return time.clock_gettime(boot)


def now() -> datetime:
    """The present moment, aware, in UTC."""
    return datetime.now(UTC)
