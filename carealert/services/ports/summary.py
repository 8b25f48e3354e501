"""What the warnings have led to so far, in numbers alone: no names, phones or needs."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Outcome:
    """Counts over the whole store; the keys of mappings are the stored words.

    `warnings` counts by `status msgType`, `not_sent` people, places and warnings by reason,
    `subjects` matched people and places by where they stand.
    """

    warnings: Mapping[str, int] = field(default_factory=dict)
    residents_matched: int = 0
    facilities_matched: int = 0
    notices_by_priority: Mapping[str, int] = field(default_factory=dict)
    notices_by_channel: Mapping[str, int] = field(default_factory=dict)
    notices_by_language: Mapping[str, int] = field(default_factory=dict)
    notices_by_kind: Mapping[str, int] = field(default_factory=dict)
    notices_by_state: Mapping[str, int] = field(default_factory=dict)
    segments: int = 0
    delivered: int = 0
    answered: int = 0
    escalated: int = 0
    open_tasks: int = 0
    not_sent: Mapping[str, int] = field(default_factory=dict)
    subjects: Mapping[str, int] = field(default_factory=dict)

    @property
    def notices(self) -> int:
        """All notices, sent or not."""
        return sum(self.notices_by_state.values())
