"""The numbers of an exercise, as the board shows them."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class DrillCounts:
    """What an exercise would have led to, were it real, and what came of its questions.

    `matched` residents; `people` are residents and caregivers who would have been told,
    `facilities` those whose managers would have been asked; `by_rule` is both as text (small
    groups of people are hidden). `asked` managers got the exercise's question, and gave `answers`.
    """

    matched: int = 0
    people: int = 0
    facilities: int = 0
    by_rule: Mapping[str, str] = field(default_factory=dict)
    asked: int = 0
    answers: Mapping[str, int] = field(default_factory=dict)
