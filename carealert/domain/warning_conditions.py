"""What a rule may ask about a warning, under `when`. CAP 1.2, section 3.2, has the words."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from carealert.domain.condition_parts import (
    HOUR,
    About,
    Entry,
    Lengths,
    Numbers,
    Parameter,
    Parameters,
    Range,
    Shape,
    Texts,
    WarningFacts,
    Words,
    folded,
    listed,
    number_in,
    number_text,
    one_of,
)
from carealert.domain.hazards import Hazard
from carealert.domain.warnings import (
    Category,
    Certainty,
    MsgType,
    Named,
    ResponseType,
    Severity,
    Status,
    Urgency,
)

_MISSING = "not stated"


def _entry(
    name: str,
    shape: Shape,
    text: str,
    sentence: str,
    holds: Callable[[Any, WarningFacts], bool],
    seen: Callable[[Any, WarningFacts], str],
) -> Entry:
    return Entry(name, (About.WARNING,), shape, text, sentence, holds, seen)


def _word(
    name: str, shape: Words, text: str, sentence: str, get: Callable[[WarningFacts], object]
) -> Entry:
    """A condition on the one word that an element of the warning has."""

    def seen(_: object, facts: WarningFacts) -> str:
        return f"{name} {get(facts) or _MISSING}"

    return _entry(name, shape, text, sentence, lambda value, facts: get(facts) in value, seen)


def _words(
    name: str, shape: Words, text: str, sentence: str, get: Callable[[WarningFacts], Iterable[str]]
) -> Entry:
    """A condition on an element that a warning may have several times."""

    def seen(_: object, facts: WarningFacts) -> str:
        return f"{name} {listed(tuple(get(facts))) or _MISSING}"

    def holds(value: frozenset[str], facts: WarningFacts) -> bool:
        return not value.isdisjoint(get(facts))

    return _entry(name, shape, text, sentence, holds, seen)


def _texts(
    name: str,
    shape: Texts,
    text: str,
    sentence: str,
    get: Callable[[WarningFacts], Iterable[str | None]],
) -> Entry:
    """A condition on texts of the sender's; the whole text must agree."""

    def seen(_: object, facts: WarningFacts) -> str:
        return f"{name} {listed([one for one in get(facts) if one]) or _MISSING}"

    def holds(value: frozenset[str], facts: WarningFacts) -> bool:
        return any(one_of(one, value) for one in get(facts))

    return _entry(name, shape, text, sentence, holds, seen)


def _codes(pairs: Named) -> Iterator[str]:
    """Each code alone and with its system."""
    for system, code in pairs:
        yield code
        yield f"{system}:{code}"


def _numbered(name: str, parameters: tuple[str, ...], shape: Numbers, text: str) -> Entry:
    """A condition on a number that sources give as a parameter, whatever they call it."""

    def found(facts: WarningFacts) -> list[float]:
        given = [v for n, v in facts.info.parameters if folded(n) in parameters]
        return [number for value in given if (number := number_in(value)) is not None]

    def seen(_: object, facts: WarningFacts) -> str:
        numbers = found(facts)
        return f"{name} {number_text(max(numbers)) if numbers else _MISSING}"

    def holds(value: Range, facts: WarningFacts) -> bool:
        return any(map(value.holds, found(facts)))

    return _entry(name, shape, text, f"{name.replace('_', ' ')} {{}}", holds, seen)


def _values(asked: Parameter, facts: WarningFacts) -> list[str]:
    return [v for n, v in facts.info.parameters if folded(n) == folded(asked.name)]


def _parameter(asked: Parameter, facts: WarningFacts) -> bool:
    return any(
        (asked.number is None or asked.number.holds(number_in(value)))
        and (not asked.texts or one_of(value, asked.texts))
        for value in _values(asked, facts)
    )


def _all_parameters(value: tuple[Parameter, ...], facts: WarningFacts) -> bool:
    return all(_parameter(asked, facts) for asked in value)


def _parameters_seen(value: tuple[Parameter, ...], facts: WarningFacts) -> str:
    said = [f"{one.name} {listed(_values(one, facts)) or _MISSING}" for one in value]
    return f"parameter {', '.join(said)}"


def _lead(facts: WarningFacts) -> float:
    """Hours until it starts; none once it has."""
    return max((facts.start - facts.now) / HOUR, 0.0)


WARNING_CONDITIONS: tuple[Entry, ...] = (
    _word(
        "hazard",
        Words(Hazard),
        "The kind of hazard (rules/hazards.tsv).",
        "the hazard is {}",
        lambda facts: facts.info.hazard,
    ),
    _word(
        "severity",
        Words(Severity),
        "CAP severity, or what the office's table of sources makes of it (rules/severity.tsv).",
        "the severity is {}",
        lambda facts: facts.info.effective_severity,
    ),
    _word(
        "urgency",
        Words(Urgency),
        "CAP urgency.",
        "the urgency is {}",
        lambda facts: facts.info.urgency,
    ),
    _word(
        "certainty",
        Words(Certainty),
        "CAP certainty.",
        "the certainty is {}",
        lambda facts: facts.info.certainty,
    ),
    _word(
        "msg_type",
        Words(MsgType, (MsgType.ALERT, MsgType.UPDATE)),
        "CAP msgType. A Cancel needs no rule: it goes to everybody who was told.",
        "the message is {}",
        lambda facts: facts.warning.msg_type,
    ),
    _words(
        "response_type",
        Words(ResponseType),
        "CAP responseType: what the sender asks people to do.",
        "the sender asks to {}",
        lambda facts: facts.info.response_types,
    ),
    _words(
        "category",
        Words(Category),
        "CAP category.",
        "the category is {}",
        lambda facts: facts.info.categories,
    ),
    _word(
        "status",
        Words(Status, (Status.ACTUAL,)),
        "CAP status. Only Actual reaches people; an Exercise is planned as if it were Actual.",
        "the status is {}",
        lambda facts: facts.warning.status,
    ),
    _texts(
        "event",
        Texts(example="Tornado Emergency"),
        "The event in the sender's words, whole.",
        "the event is called {}",
        lambda facts: (facts.info.event,),
    ),
    _texts(
        "event_code",
        Texts(example="SAME:TOR"),
        "The event's code, alone or behind its system, such as SAME:TOR.",
        "the event code is {}",
        lambda facts: _codes(facts.info.event_codes),
    ),
    _texts(
        "sender",
        Texts(example="w-nws.webmaster@noaa.gov"),
        "Who sent it, as its CAP sender says.",
        "the sender is {}",
        lambda facts: (facts.warning.sender,),
    ),
    _texts(
        "feed",
        Texts(example="bmd"),
        "The feed that brought it ('carealert feeds list'); no feed for one entered by hand.",
        "it came by the feed {}",
        lambda facts: (facts.warning.feed,),
    ),
    _texts(
        "area",
        Texts(example="Barguna coast"),
        "An area in the sender's words, whole.",
        "an area is called {}",
        lambda facts: (area.area_desc for area in facts.info.areas),
    ),
    _texts(
        "geocode",
        Texts(example="P-CODE:BD1004"),
        "The code of an area, alone or behind its system, such as P-CODE:BD1004.",
        "an area has the code {}",
        lambda facts: (code for area in facts.info.areas for code in _codes(area.geocodes)),
    ),
    _entry(
        "lead_time",
        Lengths(),
        "How long until it starts (onset, else effective, else sent); 0 once it has.",
        "it starts in {}",
        lambda value, facts: value.holds(_lead(facts)),
        lambda _, facts: f"lead_time {_lead(facts):.3g} h",
    ),
    _numbered(
        "meteoalarm_level",
        ("awareness_level",),
        Numbers(1, 5, whole=True),
        "MeteoAlarm's awareness_level: 1 green, 2 yellow, 3 orange, 4 red.",
    ),
    _numbered(
        "gdacs_score",
        ("alertscore", "gdacs:alertscore"),
        Numbers(0, 10),
        "GDACS's alertscore: from 0 to 3, where 1 is orange and 2 is red.",
    ),
    _numbered(
        "magnitude",
        ("magnitude", "jma magnitude"),
        Numbers(-3, 12),
        "The magnitude of an earthquake.",
    ),
    _entry(
        "parameter",
        Parameters(),
        "Parameters of the sender's by name, each by number (at_least, below), by text (is) or"
        " both. All must be so. A number is the one that the value begins with.",
        "{}",
        _all_parameters,
        _parameters_seen,
    ),
)
