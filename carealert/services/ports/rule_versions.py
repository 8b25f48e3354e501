"""Versions of the rules, and what was done with them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from carealert.domain.rule_versions import Step


@dataclass(frozen=True, slots=True)
class RuleText:
    """One rule file as it was written. Files of a later `layer` replace rules of an earlier one."""

    layer: int
    name: str
    text: str


class RuleVersionStore(Protocol):
    """Every version there ever was: none is changed or removed."""

    def add(self, version: str, texts: Sequence[RuleText], now: datetime) -> bool:
        """Keep a version; False where it is kept already."""
        ...

    def texts(self, version: str) -> Sequence[RuleText]:
        """Its files in their order; raises LookupError."""
        ...

    def versions(self) -> Sequence[tuple[str, datetime]]:
        """Every version with when it was first kept, oldest first."""
        ...

    def write(self, step: Step) -> None:
        """Add a step."""
        ...

    def steps(self) -> Sequence[Step]:
        """Every step in the order in which it was taken."""
        ...
