"""The shipped rules, and what they decide of people under a hazard."""

from carealert.adapters.rules.files import load_rules
from carealert.domain.conditions import values_of
from carealert.domain.hazards import Hazard
from carealert.domain.plan import Candidate, Plan
from carealert.domain.planning import plan
from carealert.domain.warnings import Severity
from carealert.paths import shipped
from tests.support.builders import (
    NOW,
    a_history,
    a_place,
    a_warning,
    an_info,
    an_office,
)

RULES = load_rules([shipped("rules")])
_ASKED = [value for rule in RULES.rules for value in values_of(rule.when.condition, "hazard")]
#: Every hazard that a shipped rule names.
HAZARDS = sorted(Hazard(word) for word in frozenset().union(*_ASKED))  # type: ignore[arg-type]


def decided(hazard: Hazard, severity: Severity, *people: Candidate) -> Plan:
    """What the shipped rules make of these people, or of one facility where there is nobody."""
    warning = a_warning(an_info(hazard=hazard, severity=severity))
    places = [] if people else [a_place()]
    return plan(warning, RULES, people, places, a_history(), an_office(), NOW)
