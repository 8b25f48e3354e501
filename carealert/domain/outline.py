"""What a text says, and what it leaves out first where it would be too long (rule G06).

Only whole sentences go, never part of one. The first step for the hazard, the hazard, the place,
the end, the source and how to answer always stay.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from carealert.domain.notices import Encoding

#: The most segments a text may have, by how it travels.
BUDGET = {Encoding.GSM_7: 2, Encoding.UCS_2: 3}
#: What goes after second sentences and before steps.
_SMALLER: tuple[tuple[str, dict[str, bool]], ...] = (
    ("how to ask for more", {"more": False}),
    ("the start", {"start": False}),
    ("detail of the place", {"whole_place": False}),
    ("part of the source", {"whole_source": False}),
    ("what the template can spare", {"short": True}),
)
#: Names told where all of them do not fit; the others are counted. They outlive the steps for
#: needs: who reads one name of four takes the other three to be safe.
FEW_NAMES = (3, 1, 0)


@dataclass(frozen=True, slots=True)
class Step:
    """One action in sentences. `people` are numbers into the names of a draft; empty is all."""

    sentences: tuple[str, ...]
    people: tuple[int, ...] = ()

    @property
    def text(self) -> str:
        """The sentences in a row."""
        return " ".join(self.sentences)


@dataclass(frozen=True, slots=True)
class Outline:
    """What is said. `steps` begins with the hazard's; `names` is how many are told, None all.

    `advice` are sentences of the sender's own.
    `short` asks the template to leave out what it can spare; `more` says how to ask for further
    steps. Without names a template that cannot
    do without still gets one.
    """

    steps: tuple[Step, ...]
    start: bool = True
    whole_place: bool = True
    whole_source: bool = True
    names: int | None = None
    short: bool = False
    more: bool = False
    advice: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()


class Measured(Protocol):
    """A text, or its size."""

    @property
    def encoding(self) -> Encoding: ...  # noqa: D102
    @property
    def segments(self) -> int: ...  # noqa: D102


def fits(text: Measured) -> bool:
    """True if a text of this size keeps to the budget."""
    return text.segments <= BUDGET[text.encoding]


def sentences_of(text: str) -> tuple[str, ...]:
    """The sentences of a step, each with its full stop."""
    return tuple(_SENTENCE_END.split(text.strip()))


def outlines(whole: Outline) -> Iterator[Outline]:
    """`whole`, then ever shorter versions of it; `left_out` says what is gone.

    The sender's own advice is as long as there is room, its first sentence stays until second
    ones of the steps are gone. These go before first ones, and what everybody is told goes before
    the one step that this person's care depends on.
    """
    current = whole
    yield current
    while len(current.advice) > 1:
        current = _told_less(current, "a sentence of the advice", advice=current.advice[:-1])
        yield current
    for at in (*range(len(whole.steps) - 1, 0, -1), 0):
        while len(current.steps[at].sentences) > 1:
            current = _without_last_sentence(current, at)
            yield current
    if current.advice:
        current = _told_less(current, "the advice", advice=())
        yield current
    for what, change in _SMALLER if whole.more else _SMALLER[1:]:
        current = _told_less(current, what, **change)
        yield current
    while len(current.steps) > 1:
        current = _told_less(current, "a step", steps=current.steps[:-1])
        yield current
    for names in FEW_NAMES:
        current = _told_less(current, f"names after {names}", names=names)
        yield current


def by_person(found: Sequence[tuple[int, str]]) -> list[Step]:
    """Steps for (person, step) pairs in order: who has the same step shares it."""
    people: dict[str, tuple[int, ...]] = {}
    for person, text in found:
        people[text] = (*people.get(text, ()), person)
    return [Step(sentences_of(text), who) for text, who in people.items()]


def _without_last_sentence(outline: Outline, at: int) -> Outline:
    step = outline.steps[at]
    shorter = replace(step, sentences=step.sentences[:-1])
    steps = (*outline.steps[:at], shorter, *outline.steps[at + 1 :])
    return _told_less(outline, f"a sentence of step {at + 1}", steps=steps)


def _told_less(outline: Outline, what: str, **changes: object) -> Outline:
    return replace(outline, left_out=(*outline.left_out, what), **changes)  # type: ignore[arg-type]


_SENTENCE_END = re.compile(r"(?<=[.!?।۔؟])\s+")
