"""Closed vocabulary of conditions on a resident: one small function each, in one table.

A condition is a tree of `all`, `any` and `not` over tests. Each test explains itself, so that
a match carries the reasons that an officer can read. To add one: docs/how-to/add-a-condition.md.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from carealert.domain.people import Exposure, Need, Resident


@dataclass(frozen=True, slots=True)
class Subject:
    """A resident as conditions see them: with the area and its parents, and the moment."""

    resident: Resident
    area_codes: frozenset[str]
    now: datetime

    @property
    def age(self) -> int | None:
        """Age in whole years reached this calendar year, or None where no birth year is known."""
        born = self.resident.birth_year
        return None if born is None else self.now.year - born


@dataclass(frozen=True, slots=True)
class Needs:
    """True where the resident has any of these needs."""

    any_of: frozenset[Need]

    def reason(self, subject: Subject) -> str | None:
        """Name the needs that held, or None."""
        held = sorted(need.value for need in self.any_of & subject.resident.needs)
        return f"needs {', '.join(held)}" if held else None


@dataclass(frozen=True, slots=True)
class Age:
    """True where the age is known and within [at_least, below)."""

    at_least: int | None = None
    below: int | None = None

    def reason(self, subject: Subject) -> str | None:
        """Say the age where it is inside the band, or None."""
        age = subject.age
        if age is None or (self.at_least is not None and age < self.at_least):
            return None
        if self.below is not None and age >= self.below:
            return None
        return f"age {age}"


@dataclass(frozen=True, slots=True)
class InAreas:
    """True where the resident's area or one of its parents has one of these codes."""

    codes: frozenset[str]

    def reason(self, subject: Subject) -> str | None:
        """Name the area that held, or None."""
        held = sorted(self.codes & subject.area_codes)
        return f"lives in {held[0]}" if held else None


@dataclass(frozen=True, slots=True)
class Homes:
    """True where the home is exposed in any of these ways; never where nothing is stated."""

    any_of: frozenset[Exposure]

    def reason(self, subject: Subject) -> str | None:
        """Name the exposures that held, or None."""
        held = sorted(word.value for word in self.any_of & subject.resident.exposures)
        return f"home {', '.join(held)}" if held else None


@dataclass(frozen=True, slots=True)
class AllOf:
    """True where every part is."""

    parts: tuple["Condition", ...]

    def reason(self, subject: Subject) -> str | None:
        """Join the reasons of all parts, or None where one fails."""
        reasons = [part.reason(subject) for part in self.parts]
        held = [reason for reason in reasons if reason is not None]
        return "; ".join(held) if len(held) == len(reasons) else None


@dataclass(frozen=True, slots=True)
class AnyOf:
    """True where at least one part is."""

    parts: tuple["Condition", ...]

    def reason(self, subject: Subject) -> str | None:
        """Join the reasons of the parts that hold, or None where none does."""
        held = [reason for part in self.parts if (reason := part.reason(subject)) is not None]
        return "; ".join(held) if held else None


@dataclass(frozen=True, slots=True)
class Not:
    """True where the part is not."""

    part: "Condition"
    name: str = "condition"

    def reason(self, subject: Subject) -> str | None:
        """Say that the part does not hold, or None where it does."""
        return f"not {self.name}" if self.part.reason(subject) is None else None


Condition = Needs | Age | InAreas | Homes | AllOf | AnyOf | Not

#: Which keys an officer may write under `who`, and the test that each one becomes.
VOCABULARY: dict[str, Callable[..., Condition]] = {
    "needs": Needs,
    "age": Age,
    "areas": InAreas,
    "exposures": Homes,
}
