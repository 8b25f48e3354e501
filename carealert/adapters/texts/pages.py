"""All the steps that one reader may read, and how they follow the first text, a few at a time."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from carealert.adapters.texts.files import Language
from carealert.adapters.texts.phrases import answers_in, fill
from carealert.domain.checklists import ChecklistItem, by_urgency, hazard_key
from carealert.domain.hazards import Hazard
from carealert.domain.notices import Wording
from carealert.domain.outline import fits
from carealert.domain.people import Need
from carealert.domain.phone_view import is_right_to_left
from carealert.domain.replies import MORE, MORE_DIGIT
from carealert.domain.sms import encode

#: Steps in one further text (requirements, section 5): what fits of them goes.
STEPS = 3


def all_steps(
    language: Language,
    hazard: Hazard,
    needs: Iterable[Need],
    wording: Wording,
    *,
    own: bool,
    checklist: str | None = None,
) -> list[str]:
    """What is to be done, the most urgent first: for everybody, then for each need, in turns.

    A borrowed phone gets the steps that are for everybody; those for needs are on the care card.
    """
    lists = [_for_everybody(language, hazard, checklist)]
    if wording is not Wording.CARE_CARD:
        key = hazard_key(hazard)
        lists += [language.checklists.need_items(need, key) for need in by_urgency(needs)]
    rounds = (item for turn in zip_longest(*lists) for item in turn if item is not None)
    steps = dict.fromkeys(item.worded(wording, about_self=own) for item in rounds)
    return list(steps) or [first_action(language, hazard)]


def first_action(language: Language, hazard: Hazard) -> str:
    """The first step where no checklist has one."""
    actions = language.words.first_actions
    return actions.get(hazard, actions[Hazard.OTHER])


def page(number: int, steps: Sequence[str], tag: str, language: Language) -> str:
    """The text of this number (from 0) with further steps; after the last one they begin again."""
    found = list(_pages(steps, tag, language))
    return found[number % len(found)]


@dataclass(frozen=True, slots=True)
class CarePage:
    """A checklist as a page shows it. `is_right_to_left` is for the whole page."""

    language: str
    is_right_to_left: bool
    hazard: str
    title: str
    steps: tuple[str, ...]
    answers: Mapping[str, str]


def care_page(
    language: Language, hazard: Hazard, wording: Wording, steps: Sequence[str]
) -> CarePage:
    """The page of these steps; its title gives nothing away where others read the phone."""
    words, key = language.words, hazard_key(hazard)
    lists = [one for one in language.checklists.lists if one.is_for_everybody]
    found = next((one for one in lists if key in one.hazards), None)
    private = wording is Wording.PRIVATE
    title = (found.title if private else found.neutral_title) if found else words.hazards[hazard]
    return CarePage(
        language.tag,
        is_right_to_left(" ".join(steps)),
        words.hazards[hazard],
        title,
        tuple(steps),
        {name: fill(pattern, digit="").strip() for name, pattern in words.answers.items()},
    )


def ask_for_more(language: Language) -> str:
    """How to ask for further steps, as a sentence."""
    return answers_in([(MORE, MORE_DIGIT)], language.words)


def _pages(steps: Sequence[str], tag: str, language: Language) -> Iterator[str]:
    left = list(steps)
    while left:
        count = next(n for n in range(STEPS, 0, -1) if n == 1 or _fits(left[:n], tag, language))
        told, left = left[:count], left[count:]
        yield _text(told, tag, language, more=bool(left))


def _fits(steps: Sequence[str], tag: str, language: Language) -> bool:
    return fits(encode(_text(steps, tag, language, more=True)))


def _text(steps: Sequence[str], tag: str, language: Language, *, more: bool) -> str:
    lines = [f"{tag}: {steps[0]}", *steps[1:]]
    return "\n".join([*lines, ask_for_more(language)] if more else lines)


def _for_everybody(
    language: Language, hazard: Hazard, checklist: str | None
) -> tuple[ChecklistItem, ...]:
    lists, key = language.checklists, hazard_key(hazard)
    named = lists.named_items(checklist, key) if checklist else ()
    # A list that a rule names and nobody wrote must not cost the warning its action.
    return named or lists.hazard_items(key)
