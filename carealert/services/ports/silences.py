"""Silences: rules and areas that are quiet for a while."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from carealert.domain.silences import Silence


class SilenceStore(Protocol):
    """Every silence there ever was; none is removed."""

    def add(self, silence: Silence) -> Silence:
        """Keep a new one; its `id` is given here."""
        ...

    def get(self, number: int) -> Silence | None: ...

    def running(self, now: datetime) -> Sequence[Silence]:
        """Those that hold at this moment, oldest first."""
        ...

    def end(self, number: int, now: datetime) -> None:
        """End one before its time."""
        ...
