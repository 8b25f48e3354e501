"""What a well-formed rule file may still get wrong: rules that would never do what they say.

These problems keep a file from being loaded: to run such a rule would mean to leave somebody out
without a word.
"""

from collections.abc import Collection, Iterator, Sequence
from datetime import date, datetime, timedelta

from carealert.adapters.rules.condition_model import KEEP, Conditions, length_of
from carealert.adapters.rules.model import RuleEntry, RuleFile, StepEntry
from carealert.adapters.rules.shape import allowed, nearest
from carealert.adapters.rules.strict_yaml import Document, RuleProblem, Steps
from carealert.domain.condition_parts import About, Range
from carealert.domain.conditions import MAX_NESTING, VOCABULARY
from carealert.domain.facilities import ContinuityStatus
from carealert.domain.hazards import Hazard
from carealert.domain.rules import Audience, SubjectKind

#: Words that carriers act on by themselves (CTIA; Twilio's default keywords for opting out and
#: in): an answer named so would take the phone off the list instead of answering.
CARRIER_WORDS = frozenset(
    {
        "stop",
        "stopall",
        "unsubscribe",
        "cancel",
        "end",
        "quit",
        "revoke",
        "optout",
        "start",
        "unstop",
        "yes",
        "info",
    }
)
#: Kept for leaving the list, on phones that cannot write letters.
STOP_DIGIT = "0"
#: More often than once in an hour is a burden and no help (rule G17).
SHORTEST_REPEAT = timedelta(hours=1)
#: By then whoever still lacks something is known to the offices of the city.
LATEST_FOLLOW_UP = timedelta(days=14)

_AUDIENCES = {
    SubjectKind.RESIDENT: (
        Audience.RESIDENT,
        Audience.CAREGIVERS,
        Audience.RELAY,
        Audience.COMMUNITY_GROUP,
        Audience.CITY_DESK,
    ),
    SubjectKind.FACILITY: (
        Audience.FACILITY_MANAGER,
        Audience.DEPUTY_MANAGER,
        Audience.CITY_DESK,
    ),
}
_ANSWERS = {
    SubjectKind.RESIDENT: ("safe", "help"),
    SubjectKind.FACILITY: tuple(
        status.value for status in ContinuityStatus if status is not ContinuityStatus.UNKNOWN
    ),
}
_NEVER = (Hazard.TEST_MESSAGE, Hazard.NO_WARNING)


def meaning_problems(file: RuleFile, document: Document) -> Iterator[RuleProblem]:
    """Every such problem of a file that has the right shape."""
    day = file.metadata.review_by
    if day is not None and not _is_day(day):
        yield document.problem(("metadata", "review_by"), f"there is no day '{day}'.")
    for number, entry in enumerate(file.rules):
        at: Steps = ("rules", number)
        if entry.replaces is not None and file.metadata.area is None:
            what = "only a rule of an area replaces another: give metadata its 'area'."
            yield document.problem((*at, "replaces"), what)
        for path, what in _of_rule(entry):
            yield document.problem((*at, *path), what)


def _of_rule(entry: RuleEntry) -> Iterator[tuple[Steps, str]]:
    for part, at in (*_parts(entry.when, ("when",)), *_parts(entry.who, ("who",))):
        yield from _hazards(part, at)
        yield from _ranges(part, at)
        if at[0] == "who":
            yield from _subjects(part, at, entry.who.kind)
    yield from _nesting(entry.when, ("when",), 0)
    yield from _nesting(entry.who, ("who",), 0)
    yield from _audiences(entry)
    yield from _answers(entry)
    yield from _chain(entry)
    yield from _times(entry)
    yield from _override(entry)


def _parts(entry: Conditions, at: Steps) -> Iterator[tuple[Conditions, Steps]]:
    """A condition with every one inside it, and where each stands."""
    yield entry, at
    for inner, where in _inner(entry, at):
        yield from _parts(inner, where)


def _inner(entry: Conditions, at: Steps) -> Iterator[tuple[Conditions, Steps]]:
    for key in ("any", "all"):
        for number, part in enumerate(entry.parts_of(key)):
            yield part, (*at, key, number)
    for part in entry.parts_of("not_"):
        yield part, (*at, "not")


def _nesting(entry: Conditions, at: Steps, depth: int) -> Iterator[tuple[Steps, str]]:
    if depth > MAX_NESTING:
        yield (
            at,
            f"any, all and not are nested more than {MAX_NESTING} levels deep: split the rule.",
        )
        return
    for part, where in _inner(entry, at):
        yield from _nesting(part, where, depth + 1)


def _hazards(entry: Conditions, at: Steps) -> Iterator[tuple[Steps, str]]:
    for number, hazard in enumerate(getattr(entry, "hazard", None) or ()):
        if hazard in _NEVER:
            what = f"'{hazard.value}' never reaches people: remove it."
            yield (*at, "hazard", number), what


def _subjects(entry: Conditions, at: Steps, kind: SubjectKind) -> Iterator[tuple[Steps, str]]:
    for name in sorted(entry.model_fields_set & VOCABULARY.keys()):
        about = VOCABULARY[name].about
        if About(kind) not in about:
            others = "residents" if About.RESIDENT in about else "facilities"
            yield (*at, name), f"'{name}' is about {others}: remove it from a {kind.value} rule."


def _ranges(entry: Conditions, at: Steps) -> Iterator[tuple[Steps, str]]:
    for name in sorted(entry.model_fields_set & VOCABULARY.keys()):
        value = KEEP[name](getattr(entry, name))
        ranges = [((), value)] if isinstance(value, Range) else _of_parameters(value)
        for path, one in ranges:
            if one.is_empty:
                what = "no value can meet this: at_least must be smaller than below."
                yield (*at, name, *path), what


def _of_parameters(value: object) -> list[tuple[Steps, Range]]:
    given = value if isinstance(value, tuple) else ()
    return [((number,), one.number) for number, one in enumerate(given) if one.number]


def _audiences(entry: RuleEntry) -> Iterator[tuple[Steps, str]]:
    known = _AUDIENCES[entry.who.kind]
    # A group of the area hears of the danger, and never that one home is silent.
    later = [one for one in known if one is not Audience.COMMUNITY_GROUP]
    places: list[tuple[Steps, list[Audience], Collection[Audience]]] = [
        (("do", "to"), entry.do.to, known)
    ]
    for path, chain in _chains(entry):
        places += [((*path, n, "to"), step.to, later) for n, step in enumerate(chain)]
    for at, audiences, may in places:
        for number, audience in enumerate(audiences):
            if audience not in known:
                what = f"'{audience.value}' is not told by a rule about a {entry.who.kind.value}."
                yield (*at, number), what + allowed(word.value for word in may)
            elif audience not in may:
                what = f"'{audience.value}' is not told that somebody is silent."
                yield (*at, number), what + allowed(word.value for word in may)


def _chains(entry: RuleEntry) -> Iterator[tuple[Steps, Sequence[StepEntry]]]:
    """Every chain, and where it stands."""
    if entry.do.escalate:
        yield ("do", "escalate"), entry.do.escalate
    for severity, chain in entry.do.chains().items():
        yield ("do", "escalate_by_severity", severity.value), chain


def _answers(entry: RuleEntry) -> Iterator[tuple[Steps, str]]:
    known = _ANSWERS[entry.who.kind]
    seen: dict[str, str] = {}
    for answer, digit in (entry.do.expect_reply or {}).items():
        at: Steps = ("do", "expect_reply", answer)
        if answer.casefold() in CARRIER_WORDS:
            yield at, f"carriers take the word '{answer}' for themselves: use another."
        elif answer not in known:
            yield at, f"the answer '{answer}' is not known.{nearest(answer, known)}{allowed(known)}"
        if digit == STOP_DIGIT:
            yield at, "the digit 0 is kept for leaving the list: use 1 to 9."
        if digit in seen:
            yield at, f"the digit {digit} means '{seen[digit]}' already."
        seen.setdefault(digit, answer)


def _chain(entry: RuleEntry) -> Iterator[tuple[Steps, str]]:
    for at, chain in _chains(entry):
        for number, what in _out_of_order([step.after for step in chain]):
            yield (*at, number, "after"), f"{what}: all are counted from the first notice."
        if Audience.CITY_DESK not in chain[-1].to:
            yield at, "must end at city_desk: silence needs a person."
    if entry.do.priority == "life_threatening" and not entry.do.escalate:
        what = "a life_threatening rule must end its escalate at city_desk: silence needs a person."
        yield ("do", "escalate"), what


def _out_of_order(lengths: Sequence[str]) -> Iterator[tuple[int, str]]:
    """Each length that is not longer than the one before it, by its number."""
    for number in range(1, len(lengths)):
        if length_of(lengths[number]) <= length_of(lengths[number - 1]):
            before = lengths[number - 1]
            yield number, f"{lengths[number]} is not later than the step before it ({before})"


def _times(entry: RuleEntry) -> Iterator[tuple[Steps, str]]:
    """Times of a rule that would be a burden, or would do nothing."""
    do = entry.do
    if do.start_earlier and entry.who.kind is not SubjectKind.RESIDENT:
        yield ("do", "start_earlier"), "only people need help to move: remove it."
    elif do.start_earlier and not any(_asks_lead_time(part) for part, _ in _parts(entry.when, ())):
        what = (
            "needs a lead_time in 'when': without one the rule starts as soon as a warning comes."
        )
        yield ("do", "start_earlier"), what
    if do.repeat_every and length_of(do.repeat_every) < SHORTEST_REPEAT:
        yield ("do", "repeat_every"), "is too often: once in an hour at most."
    if do.follow_up and entry.who.kind is not SubjectKind.RESIDENT:
        yield ("do", "follow_up"), "only people are asked afterwards: remove it."
    for number, what in _out_of_order(do.follow_up or ()):
        yield ("do", "follow_up", number), f"{what}: all are counted from the end."
    for number, after in enumerate(do.follow_up or ()):
        if not SHORTEST_REPEAT <= length_of(after) <= LATEST_FOLLOW_UP:
            yield ("do", "follow_up", number), f"{after} is not between an hour and 14 days."


def _override(entry: RuleEntry) -> Iterator[tuple[Steps, str]]:
    if entry.override is None:
        return
    if entry.replaces is None:
        yield ("override",), "belongs to a rule that replaces another: say which."
    if not _is_moment(entry.override.until):
        yield ("override", "until"), f"there is no moment '{entry.override.until}'."


def _asks_lead_time(part: Conditions) -> bool:
    return "lead_time" in part.model_fields_set


def _is_moment(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
