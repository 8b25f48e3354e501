"""The only place that reads the clock; everything further in takes `now` as a value."""

from datetime import UTC, datetime


def now() -> datetime:
    """The present moment, aware, in UTC."""
    return datetime.now(UTC)
