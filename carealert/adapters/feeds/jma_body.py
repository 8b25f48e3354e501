"""The Body of JMA's bulletins: where what grade is in force, and of which earthquake."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from lxml import etree

from carealert.adapters.feeds.jma_grades import (
    BELOW,
    INTENSITY,
    TSUNAMI,
    TSUNAMI_LIFTED,
    TSUNAMI_NONE,
    UNREPORTED,
    Grade,
    at,
    word,
)
from carealert.adapters.feeds.reading import Notes, clip, moment
from carealert.domain.warnings import (
    Area,
    Certainty,
    Named,
    ResponseType,
    Severity,
    Urgency,
)

#: Names of geocodes. JMA's tables use the same numbers for different places (100 is a coast in one
#: and a district in another), so each has its own name; `JMA` alone are municipalities.
TSUNAMI_AREA = "JMA-AreaTsunami"
DISTRICT = "JMA-AreaForecastLocalE"
MUNICIPALITY = "JMA"

#: FirstHeight/Condition: it is there, or at once.
_NOW = ("ただちに津波来襲と予測", "津波到達中と推測", "第１波の到達を確認")
#: ISO 6709 as JMA writes it: degrees north, degrees east, metres; the depth may be missing.
_COORDINATE = re.compile(r"([+-]\d+(?:\.\d+)?)([+-]\d+(?:\.\d+)?)([+-]\d+(?:\.\d+)?)?/")


@dataclass(frozen=True, slots=True)
class Graded:
    """One grade with everywhere that it is in force: it becomes an info."""

    event: str
    severity: Severity
    areas: tuple[Area, ...]
    urgency: Urgency = Urgency.IMMEDIATE
    certainty: Certainty | None = None
    onset: datetime | None = None
    response_types: tuple[ResponseType, ...] = ()
    codes: Named = ()
    parameters: Named = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """What a body says: the grades in force, worst first, else what was lifted, else why nothing.

    `follows` is true if it says that something was in force before.
    """

    graded: tuple[Graded, ...] = ()
    lifted: Graded | None = None
    follows: bool = False
    why: str = ""


def intensity(root: etree._Element, notes: Notes) -> Finding:
    """Where 5-lower or more was observed; of municipalities where they are told, else districts."""
    observed = at(root, "Body/Intensity/Observation")
    if observed is None:
        return Finding(why="it tells where the earthquake was, and no intensity")
    found: dict[str, list[Area]] = {grade: [] for grade in INTENSITY}
    for grade, area in _shaken(observed, notes):
        found[grade].append(area)
    graded = tuple(
        Graded(
            event=f"地震 {INTENSITY[grade].name}",
            severity=INTENSITY[grade].severity,
            areas=tuple(areas),
            certainty=None if grade == UNREPORTED else Certainty.OBSERVED,
            parameters=(("JMA intensity", grade),),
        )
        for grade, areas in found.items()
        if areas
    )
    return Finding(graded, why="the intensity is below 5-lower (震度５弱)")


def _shaken(observed: etree._Element, notes: Notes) -> Iterator[tuple[str, Area]]:
    for area in observed.iterfind("{*}Pref/{*}Area"):
        cities = list(area.iterchildren("{*}City"))
        system = MUNICIPALITY if cities else DISTRICT
        for place in cities or [area]:
            name = word(place, "Name") or ""
            grade = _intensity_of(place, name, notes)
            if grade is not None:
                yield grade, _area(place, name, system)


def _intensity_of(place: etree._Element, name: str, notes: Notes) -> str | None:
    """The place's grade; what is not known is told, for somebody may be hurt there."""
    most, condition = word(place, "MaxInt"), word(place, "Condition")
    if most in INTENSITY:
        return most
    if condition == UNREPORTED:
        return UNREPORTED
    if most is not None and most not in BELOW:
        notes.error(f"Intensity {clip(name)}", f"'{clip(most)}' is no intensity that is known here")
    return None


def tsunami_warning(root: etree._Element, notes: Notes) -> Finding:
    """The coasts with a grade in force (VTSE41), or what was lifted."""
    items = list(root.iterfind("{*}Body/{*}Tsunami/{*}Forecast/{*}Item"))
    graded = tuple(_graded(items, notes))
    follows = any(_code(item, "LastKind") in TSUNAMI for item in items)
    lifted = [item for item in items if _is_lifted(item)]
    sure = all(_code(item, "Kind") in TSUNAMI_LIFTED | TSUNAMI_NONE for item in items)
    if graded or not lifted or not sure:
        return Finding(graded, None, follows, "no tsunami, or slight changes of sea level only")
    names = dict.fromkeys(_lifted_name(item) for item in lifted)
    areas = tuple(_coast(item) for item in lifted)
    return Finding((), Graded(" ".join(names), Severity.MINOR, areas), follows)


def tsunami_information(root: etree._Element, notes: Notes) -> Finding:
    """The same grades with more of what is expected (VTSE51); it never lifts one."""
    found = tsunami_warning(root, notes)
    return Finding(found.graded, None, bool(found.graded), "it tells of arrivals and heights")


def _graded(items: list[etree._Element], notes: Notes) -> Iterator[Graded]:
    by_grade: dict[Grade, list[etree._Element]] = {grade: [] for grade in TSUNAMI.values()}
    for item in items:
        grade = _grade_of(item, notes)
        if grade is not None:
            by_grade[grade].append(item)
    for grade, there in by_grade.items():
        if there:
            yield Graded(
                event=grade.name,
                severity=grade.severity,
                areas=tuple(_coast(item) for item in there),
                certainty=Certainty.LIKELY,
                onset=_first(there, notes),
                codes=(("JMA TsunamiWarning", _code(there[0], "Kind")),),
                parameters=(("JMA tsunami", grade.name), *_heights(there)),
            )


def _is_lifted(item: etree._Element) -> bool:
    return _code(item, "Kind") in TSUNAMI_LIFTED or _code(item, "LastKind") in TSUNAMI


def _grade_of(item: etree._Element, notes: Notes) -> Grade | None:
    """By JMA's code; an unknown one by its name, else what was in force there stays."""
    code, name = _code(item, "Kind"), word(item, "Category/Kind/Name") or ""
    if code in TSUNAMI or code in TSUNAMI_LIFTED or code in TSUNAMI_NONE:
        return TSUNAMI.get(code)
    where = f"Tsunami {clip(word(item, 'Area/Name') or '')}"
    said = next((grade for grade in TSUNAMI.values() if name.startswith(grade.name)), None)
    if said is not None and "解除" not in name:
        notes.notice(where, f"code '{clip(code)}' is not known: read by its name, {clip(name)}")
        return said
    notes.error(where, f"'{clip(name)}' (code '{clip(code)}') is no grade that is known here")
    return TSUNAMI.get(_code(item, "LastKind"))


def _first(items: list[etree._Element], notes: Notes) -> datetime | None:
    """The earliest arrival; None where it is there already, or nothing is said."""
    times = []
    for item in items:
        if word(item, "FirstHeight/Condition") in _NOW:
            return None
        text = word(item, "FirstHeight/ArrivalTime")
        arrival = moment(text, "FirstHeight/ArrivalTime", notes)
        if arrival is not None:
            times.append(arrival)
    return min(times, default=None)


def _heights(items: list[etree._Element]) -> Iterator[tuple[str, str]]:
    for item in items:
        height = at(item, "MaxHeight/TsunamiHeight")
        said = height.get("description") if height is not None else None
        if said:
            yield "JMA tsunami height", f"{word(item, 'Area/Name') or ''} {said}".strip()


def _code(item: etree._Element, which: str) -> str:
    return word(item, f"Category/{which}/Code") or ""


def _lifted_name(item: etree._Element) -> str:
    name = word(item, "Category/Kind/Name") or ""
    return name if "津波" in name and "解除" in name else "津波警報等解除"


def _coast(item: etree._Element) -> Area:
    there = at(item, "Area")
    place = item if there is None else there
    return _area(place, word(place, "Name") or "", TSUNAMI_AREA)


def _area(place: etree._Element, name: str, system: str) -> Area:
    code = word(place, "Code")
    return Area(name, None, ((system, code),) if code else (), None, None)


def source_of(root: etree._Element) -> Named:
    """The earthquake as JMA gives it: never an area, for where it was is not where it is felt."""
    found: list[tuple[str, str]] = []
    for earthquake in root.iterfind("{*}Body/{*}Earthquake"):
        name = word(earthquake, "Hypocenter/Area/Name")
        if name:
            found.append(("JMA hypocenter", name))
        place = position(word(earthquake, "Hypocenter/Area/Coordinate") or "")
        found += place
        magnitude = word(earthquake, "Magnitude")
        if magnitude and magnitude != "NaN":
            found.append(("JMA magnitude", magnitude))
    return tuple(found)


def position(text: str) -> Named:
    """`+37.6+141.6-50000/` as latitude and longitude, and a depth in km if there is one."""
    match = _COORDINATE.fullmatch(text)
    if match is None or abs(float(match[1])) > 90 or abs(float(match[2])) > 180:
        return ()
    place = [("JMA epicenter", f"{float(match[1]):g},{float(match[2]):g}")]
    if match[3] is not None:
        place.append(("JMA depth km", f"{abs(float(match[3])) / 1000:g}"))
    return tuple(place)
