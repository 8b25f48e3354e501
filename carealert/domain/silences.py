"""Rules and areas that are silenced for a while: by whom, why, and until when.

A silence keeps messages from being sent and hides nothing: whoever would have been told is recorded
with the reason, and a silence that is not ended ends by itself.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

#: The longest silence: what should be quiet for longer is a change of the rules.
LONGEST = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Silence:
    """One rule, or all rules in one area and below it, are quiet from `since` until `until`.

    Times are aware; exactly one of `rule` and `area` is set. `ended_at` is when somebody ended it
    before its time.
    """

    id: int
    rule: str | None
    area: str | None
    by: str
    reason: str
    since: datetime
    until: datetime
    ended_at: datetime | None = None

    def runs(self, now: datetime) -> bool:
        """Whether it holds at this moment."""
        return self.since <= now < self.until and self.ended_at is None

    @property
    def what(self) -> str:
        """What is quiet, in words."""
        return f"the rule {self.rule}" if self.rule else f"the area {self.area}"


def silence_of(
    rule: str, area_codes: Collection[str], silences: Sequence[Silence]
) -> Silence | None:
    """The first of these that keeps a rule quiet for somebody registered in these areas."""
    for one in silences:
        if one.rule == rule or (one.area is not None and one.area in area_codes):
            return one
    return None
