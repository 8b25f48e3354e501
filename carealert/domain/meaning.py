"""What an info means: its hazard and how bad it is, with what said so."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from carealert.domain.hazard_table import HazardTable
from carealert.domain.hazards import Hazard
from carealert.domain.severity_table import SeverityTable
from carealert.domain.time_rules import TimeRules
from carealert.domain.warnings import Category, Info, Named, Severity

#: To look a member of an enumeration up takes as long as to read an element.
_TEST = Hazard.TEST_MESSAGE


@dataclass(frozen=True, slots=True)
class Meaning:
    """See the fields of the same names in `Info`."""

    hazard: Hazard
    hazard_if_real: Hazard | None
    assessed_severity: Severity | None
    evidence: tuple[str, ...]


class Interpreter:
    """Gives infos their meaning by the office's tables. Immutable."""

    def __init__(
        self, hazards: HazardTable, severities: SeverityTable, times: TimeRules | None = None
    ) -> None:
        self.hazards = hazards
        self.severities = severities
        self.times = times or TimeRules()

    def interpret(
        self,
        event: str,
        event_codes: Named,
        parameters: Named,
        headline: str | None,
        description: str | None,
        categories: Sequence[Category],
        language: str | None,
        severity: Severity | None,
    ) -> Meaning:
        """The meaning of an info with these fields; `evidence` begins with that of the hazard."""
        words = (event, event_codes, parameters, headline, description, categories, language)
        found = self.hazards.classify(*words)
        real = None
        if found.hazard is _TEST:
            real = self.hazards.classify_as_real(*words).hazard
        assessed = self.severities.assess(severity, parameters)
        if assessed is None:
            return Meaning(found.hazard, real, None, (found.evidence,))
        evidence = (found.evidence, assessed.evidence)
        changed = assessed.severity if assessed.severity is not severity else None
        return Meaning(found.hazard, real, changed, evidence)

    def understood(self, info: Info) -> Info:
        """`info` with its meaning: for formats that are not CAP itself."""
        meaning = self.interpret(
            info.event,
            info.event_codes,
            info.parameters,
            info.headline,
            info.description,
            info.categories,
            info.language,
            info.severity,
        )
        return replace(
            info,
            hazard=meaning.hazard,
            hazard_if_real=meaning.hazard_if_real,
            assessed_severity=meaning.assessed_severity,
            evidence=(*meaning.evidence, *info.evidence),
        )
