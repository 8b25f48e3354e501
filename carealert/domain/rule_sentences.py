"""A rule read out as a plain sentence, in the words of one language.

English comes with the table of conditions; other languages bring a `Phrasebook` of their own
(templates/rules). What a book lacks is said in English rather than left out.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from string import Formatter

from carealert.domain.condition_parts import (
    Cutoff,
    Lengths,
    Numbers,
    Parameter,
    Range,
    Words,
)
from carealert.domain.conditions import (
    VOCABULARY,
    AllOf,
    AnyOf,
    Condition,
    Not,
    Test,
    Value,
)
from carealert.domain.resident_conditions import FUNCTIONS
from carealert.domain.rules import Audience, Do, EscalationStep, Priority, Rule, SubjectKind

#: The parts of a sentence around the conditions, in English.
FRAME: Mapping[str, str] = {
    "rule": "When {when}, for each {who}: tell {told} ({priority}){steps}{more}.",
    "any_warning": "any warning comes",
    "warning": "a warning says that {0}",
    "inside": "{0} inside its area",
    "near": "{0} inside its area or up to {1} km from it",
    "with": "{0} ({1})",
    "area": "; only in the area {0}",
    "replaces": "; there in the place of {0}",
    "override": "; weaker than that until {0}, which {1} answers for",
    "step": "; after {0} without an answer tell {1}",
    "step_other": "; after {0} without an answer tell {1} by another way",
    "severity": "; at {0}{1}",
    "earlier": "; {0} earlier for people who need help to move",
    "repeat": "; say it again every {0} while the warning holds",
    "follow_up": "; ask again {0} after it ended",
    "programme": "; name them to the programme {0}",
    "off": "Turned off. {0}",
    "and": "{0} and {1}",
    "or": "{0} or {1}",
    "not": "not {0}",
    "group": "({0})",
    "list": "{0}, {1}",
    "at_least": "{0} or more",
    "below": "less than {0}",
    "between": "{0} or more but less than {1}",
    "cutoff": "{0} or more in {1}",
    "parameter_number": "the parameter {0} is {1}",
    "parameter_text": "the parameter {0} says {1}",
    "degree_2": "some difficulty",
    "degree_3": "a lot of difficulty",
    "degree_4": "no ability",
    "h": "{0} h",
    "minutes": "{0} minutes",
    "hours": "{0} hours",
    "days": "{0} days",
}


def all_words() -> frozenset[str]:
    """Every word of a closed list that a sentence may hold; a language has a word for each."""
    kinds: list[type[StrEnum]] = [Audience, SubjectKind]
    kinds += [e.shape.kind for e in VOCABULARY.values() if isinstance(e.shape, Words)]
    lanes = (lane.name.lower() for lane in Priority)
    return frozenset({word.value for kind in kinds for word in kind} | {*FUNCTIONS, *lanes})


@dataclass(frozen=True, slots=True)
class Phrasebook:
    """A language: sentences by condition, words of closed lists, and the frame around them."""

    language: str = "en"
    sentences: Mapping[str, str] = field(default_factory=dict)
    words: Mapping[str, str] = field(default_factory=dict)
    frame: Mapping[str, str] = field(default_factory=dict)

    def word(self, word: str) -> str:
        """A word of a closed list."""
        return self.words.get(word, word.replace("_", " "))

    def said(self, key: str, *parts: str, **named: str) -> str:
        """A part of the frame, filled in."""
        return self.frame.get(key, FRAME[key]).format(*parts, **named)

    def sentence(self, name: str) -> str:
        """The sentence of a condition, with `{}` for its value."""
        return self.sentences.get(name, VOCABULARY[name].sentence)

    def joined(self, key: str, parts: Iterable[str]) -> str:
        """Parts joined by `and`, `or` or `list`."""
        first, *rest = parts
        for part in rest:
            first = self.said(key, first, part)
        return first


ENGLISH = Phrasebook()


def blanks(pattern: str) -> tuple[str, ...]:
    """What a pattern leaves to be filled in; a translation leaves the same."""
    return tuple(sorted(name for _, name, _, _ in Formatter().parse(pattern) if name is not None))


def say_rule(rule: Rule, book: Phrasebook = ENGLISH) -> str:
    """The whole rule: when, who, what is done, and what follows silence."""
    if rule.when.condition is None:
        when = book.said("any_warning")
    else:
        when = book.said("warning", say(rule.when.condition, book))
    who = book.said("inside", book.word(rule.who.kind.value))
    if rule.who.within_km:
        kind = book.word(rule.who.kind.value)
        who = book.said("near", kind, f"{rule.who.within_km:g}")
    if rule.who.condition is not None:
        who = book.said("with", who, say(rule.who.condition, book))
    sentence = book.said(
        "rule",
        when=when,
        who=who,
        told=_told(rule.do.to, book),
        priority=book.word(rule.do.priority.name.lower()),
        steps="".join(_step(step, book) for step in rule.do.escalate),
        more="".join((*_more(rule.do, book), *_area(rule, book))),
    )
    return sentence if rule.enabled else book.said("off", sentence)


def say(condition: Condition, book: Phrasebook = ENGLISH, *, inner: bool = False) -> str:
    """A condition as part of a sentence; an inner one stands in brackets where it has parts."""
    match condition:
        case Test(name, value):
            return _test(name, value, book)
        case AllOf(parts):
            said = book.joined("and", (say(part, book, inner=True) for part in parts))
        case AnyOf(parts):
            said = book.joined("or", (say(part, book, inner=True) for part in parts))
        case Not(part):
            return book.said("not", say(part, book, inner=True))
    return book.said("group", said) if inner and len(condition.parts) > 1 else said


def _test(name: str, value: Value, book: Phrasebook) -> str:
    return book.sentence(name).format(_value(name, value, book))


def _value(name: str, value: Value, book: Phrasebook) -> str:
    shape = VOCABULARY[name].shape
    match value:
        case Range():
            unit = shape.unit if isinstance(shape, Numbers) else ""
            return _range(value, "h" if isinstance(shape, Lengths) else unit, book)
        case Cutoff(functions, at_least):
            named = [book.word(one) for one in FUNCTIONS if one in functions]
            degree = book.said(f"degree_{at_least}")
            return book.said("cutoff", degree, book.joined("or", named))
        case frozenset():
            known = isinstance(shape, Words)
            words = [book.word(str(one)) if known else f"“{one}”" for one in sorted(value)]
            return book.joined("or", words)
        case tuple():
            return book.joined("and", [part for one in value for part in _parameter(one, book)])
        case _:
            return ""


def _parameter(one: Parameter, book: Phrasebook) -> Iterable[str]:
    if one.number is not None:
        yield book.said("parameter_number", one.name, _range(one.number, "", book))
    if one.texts:
        texts = book.joined("or", [f"“{text}”" for text in sorted(one.texts)])
        yield book.said("parameter_text", one.name, texts)


def _range(value: Range, unit: str, book: Phrasebook) -> str:
    def said(number: float) -> str:
        return book.said(unit, f"{number:g}") if unit else f"{number:g}"

    if value.at_least is not None and value.below is not None:
        return book.said("between", said(value.at_least), said(value.below))
    if value.at_least is not None:
        return book.said("at_least", said(value.at_least))
    return book.said("below", said(value.below or 0.0))


def _step(step: EscalationStep, book: Phrasebook) -> str:
    pattern = "step_other" if step.other_channel else "step"
    return book.said(pattern, _length(step.after, book), _told(step.to, book))


def _more(do: Do, book: Phrasebook) -> Iterable[str]:
    """What else the rule does, each part behind a semicolon."""
    for severity, chain in do.escalate_by_severity.items():
        steps = "".join(_step(step, book) for step in chain)
        yield book.said("severity", book.word(severity.value), steps)
    if do.start_earlier:
        yield book.said("earlier", _length(do.start_earlier, book))
    if do.repeat_every:
        yield book.said("repeat", _length(do.repeat_every, book))
    if do.check_after:
        times = [_length(after, book) for after in do.check_after]
        yield book.said("follow_up", book.joined("and", times))
    if do.programme:
        yield book.said("programme", f"“{do.programme}”")


def _area(rule: Rule, book: Phrasebook) -> Iterable[str]:
    """Where a rule of an area holds, and what it takes the place of."""
    if rule.of_area:
        yield book.said("area", rule.of_area)
    if rule.replaces:
        yield book.said("replaces", f"“{rule.replaces}”")
    if rule.override:
        until = f"{rule.override.until:%Y-%m-%d %H:%M %Z}"
        yield book.said("override", until, rule.override.by)


def _told(audiences: Iterable[Audience], book: Phrasebook) -> str:
    return book.joined("list", [book.word(one.value) for one in audiences])


def _length(length: timedelta, book: Phrasebook) -> str:
    for name, unit in (("days", timedelta(days=1)), ("hours", timedelta(hours=1))):
        if length % unit == timedelta(0):
            return book.said(name, f"{length // unit}")
    return book.said("minutes", f"{length / timedelta(minutes=1):g}")
