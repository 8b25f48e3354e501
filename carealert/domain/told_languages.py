"""In which language people were told, and how often it was not their first (rule G12)."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Told:
    """So many notices to people of the language `wanted` went out in the language `told`."""

    wanted: str
    told: str
    notices: int

    @property
    def is_fallback(self) -> bool:
        """Whether it was another language: `bn` is that of who wants `bn-BD`."""
        return self.told not in (self.wanted, self.wanted.replace("_", "-").partition("-")[0])


@dataclass(frozen=True, slots=True)
class LanguageCounts:
    """Of one first language: all notices, and those that went out in another, by which one."""

    notices: int
    otherwise: Mapping[str, int]

    @property
    def fallbacks(self) -> int:
        """How many went out in another language."""
        return sum(self.otherwise.values())


def by_first_language(rows: Iterable[Told]) -> Mapping[str, LanguageCounts]:
    """First language -> what its people were told in, by tag."""
    notices: Counter[str] = Counter()
    otherwise: dict[str, Counter[str]] = {}
    for row in rows:
        notices[row.wanted] += row.notices
        other = otherwise.setdefault(row.wanted, Counter())
        if row.is_fallback:
            other[row.told] += row.notices
    return {
        wanted: LanguageCounts(notices[wanted], dict(sorted(otherwise[wanted].items())))
        for wanted in sorted(notices)
    }
