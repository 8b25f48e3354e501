"""What conditions are made of: facts they look at, shapes of their values, one entry each.

A condition is closed: an officer gives a value of a known shape and never writes an expression.
The facts have no gender in them that any condition could be about
(docs/decisions/0005-gender-never-decides.md).
"""

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from carealert.domain.facilities import Facility
from carealert.domain.people import Caregiver, CareLink, Resident
from carealert.domain.readiness import NO_EVIDENCE, Evidence
from carealert.domain.warnings import HazardWarning, Info

HOUR = timedelta(hours=1)


class About(StrEnum):
    """What a condition looks at."""

    WARNING = "warning"
    RESIDENT = "resident"
    FACILITY = "facility"


@dataclass(frozen=True, slots=True)
class WarningFacts:
    """One info of a warning, and when it holds; all times are aware."""

    warning: HazardWarning
    info: Info
    start: datetime
    end: datetime
    now: datetime


@dataclass(frozen=True, slots=True)
class ResidentFacts:
    """A resident with caregivers, the area and its parents, and the warning that came."""

    resident: Resident
    caregivers: tuple[tuple[Caregiver, CareLink], ...]
    area_codes: frozenset[str]
    warned: WarningFacts


@dataclass(frozen=True, slots=True)
class FacilityFacts:
    """A facility with its area and the area's parents, and the warning that came.

    `evidence` is what is known of it beside its record.
    """

    facility: Facility
    area_codes: frozenset[str]
    warned: WarningFacts
    evidence: Evidence = NO_EVIDENCE


Facts = WarningFacts | ResidentFacts | FacilityFacts


def warning_facts(
    warning: HazardWarning, info: Info, assumed_life: timedelta, now: datetime
) -> WarningFacts:
    """The facts of one info.

    It starts at `onset`, else `effective`, else `sent` (CAP 1.2, section 3.2.2), and ends at
    `expires`, or `assumed_life` after `sent` or a later onset.
    """
    start = info.onset or info.effective or warning.sent
    end = info.expires or max(warning.sent, info.onset or warning.sent) + assumed_life
    return WarningFacts(warning, info, start, end, now)


# Values, as conditions keep them.


@dataclass(frozen=True, slots=True)
class Range:
    """From `at_least` on, and `below` that; one of the two may be open."""

    at_least: float | None = None
    below: float | None = None

    def holds(self, number: float | None) -> bool:
        """True where the number is known and in the range."""
        return number is not None and self.may_hold(number, number)

    def may_hold(self, least: float, most: float | None) -> bool:
        """True where some number from `least` to `most` is in the range; no `most` is no limit."""
        reaches = self.at_least is None or most is None or most >= self.at_least
        return reaches and (self.below is None or least < self.below)

    @property
    def is_empty(self) -> bool:
        """True where no number is in it."""
        return self.at_least is not None and self.below is not None and self.at_least >= self.below


@dataclass(frozen=True, slots=True)
class Cutoff:
    """Washington Group: one of these functions (all six where none is named) at this degree."""

    functions: frozenset[str]
    at_least: int


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of the sender's: by number, by text, or both."""

    name: str
    number: Range | None = None
    texts: frozenset[str] = frozenset()


# Shapes: what an officer may write as the value of a key.


@dataclass(frozen=True, slots=True)
class Words:
    """A list of known words, any of which will do; `only` these of the kind, where given."""

    kind: type[StrEnum]
    only: tuple[StrEnum, ...] = ()


@dataclass(frozen=True, slots=True)
class Texts:
    """A list of texts, any of which will do; capitals and spaces around them do not count."""

    pattern: str | None = None
    example: str = "text"


@dataclass(frozen=True, slots=True)
class Numbers:
    """`at_least`, `below` or both, within limits; `unit` is for sentences."""

    least: float
    most: float
    unit: str = ""
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Lengths:
    """`at_least`, `below` or both, as lengths of time such as 12h; kept as hours."""


@dataclass(frozen=True, slots=True)
class Yes:
    """Only `true`: `not` asks for the contrary, so that nobody reads a no into a blank."""


@dataclass(frozen=True, slots=True)
class Functions:
    """Functions of the Washington Group Short Set and a degree of difficulty."""


@dataclass(frozen=True, slots=True)
class Parameters:
    """A list of parameters, all of which must be so."""


Shape = Words | Texts | Numbers | Lengths | Yes | Functions | Parameters


@dataclass(frozen=True, slots=True)
class Entry:
    """One condition.

    `holds` decides from the value and the facts; what is not stated never holds. `seen` says in a
    few words what was looked at, whether it holds or not, and of a person it begins with the
    first word of `opening`. `sentence` has `{}` where the value stands. `plain` is what may be
    said of a person where needs are not to be seen.
    """

    name: str
    about: tuple[About, ...]
    shape: Shape
    text: str
    sentence: str
    holds: Callable[[Any, Any], bool]
    seen: Callable[[Any, Any], str]
    opening: str = ""
    plain: str = ""


def folded(text: str) -> str:
    """A text as texts are compared: without case, and with single spaces."""
    return " ".join(text.split()).casefold()


def one_of(text: str | None, texts: Collection[str]) -> bool:
    """True where the text is one of these, as texts are compared."""
    return text is not None and folded(text) in map(folded, texts)


_NUMBER = re.compile(r"(?<![\w.])[-+]?\d{1,15}(?:\.\d{1,15})?(?![\w.]*\d)")


def number_in(text: str) -> float | None:
    """The number that a parameter's value begins with: 3 of "3; orange; Severe", else None."""
    found = _NUMBER.match(text.strip())
    return float(found.group()) if found else None


def listed(words: Collection[str]) -> str:
    """Words for a sentence about what was seen."""
    return ", ".join(sorted(words))


def number_text(number: float | None, unit: str = "") -> str:
    """A number with its unit, or that there is none."""
    return "not stated" if number is None else f"{number:g}{' ' if unit else ''}{unit}"
