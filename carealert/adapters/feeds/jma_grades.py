"""JMA's grades of danger in CAP's words, and single elements by their local names."""

from dataclasses import dataclass

from lxml import etree

from carealert.adapters.feeds.xml import text_of
from carealert.domain.warnings import Severity


@dataclass(frozen=True, slots=True)
class Grade:
    """A grade in JMA's own words, and what it is worth in CAP's."""

    name: str
    severity: Severity


#: JMA's code table 14 (TsunamiWarning): the grades in force. 大津波警報 expects more than 3 m,
#: 津波警報 more than 1 m, 津波注意報 0.2 m and more.
TSUNAMI = {
    "53": Grade("大津波警報", Severity.EXTREME),
    "52": Grade("大津波警報", Severity.EXTREME),
    "51": Grade("津波警報", Severity.SEVERE),
    "62": Grade("津波注意報", Severity.MODERATE),
}
#: The same table: 警報解除 and 注意報解除, and a warning lowered to 若干の海面変動.
TSUNAMI_LIFTED = frozenset(("50", "60", "72", "73"))
#: 津波なし and 若干の海面変動 (slight changes of sea level): never a warning.
TSUNAMI_NONE = frozenset(("00", "71"))

#: JMA's scale of seismic intensity from 5-lower on; below it nothing falls and nobody is hurt as
#: a rule, and no warning is made. A place from which no report has come, and where 5-lower or
#: more is to be supposed, counts as 5-lower.
UNREPORTED = "震度５弱以上未入電"
INTENSITY = {
    "7": Grade("震度７", Severity.EXTREME),
    "6+": Grade("震度６強", Severity.EXTREME),
    "6-": Grade("震度６弱", Severity.SEVERE),
    "5+": Grade("震度５強", Severity.SEVERE),
    "5-": Grade("震度５弱", Severity.MODERATE),
    UNREPORTED: Grade(UNREPORTED, Severity.MODERATE),
}
BELOW = frozenset(("0", "1", "2", "3", "4"))


def at(element: etree._Element, path: str) -> etree._Element | None:
    """The first element at `path` ("Head/EventID"), by local names."""
    found = element
    for name in path.split("/"):
        inner = next(found.iterchildren(f"{{*}}{name}"), None)
        if inner is None:
            return None
        found = inner
    return found


def word(element: etree._Element, path: str) -> str | None:
    """The trimmed text of the first element at `path`; None where there is none."""
    return text_of(at(element, path))
