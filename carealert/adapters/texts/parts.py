"""What templates are filled with: the words for one warning, one wording, one kind of reader."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from functools import cached_property, lru_cache
from typing import Any

from babel.dates import format_datetime

from carealert.adapters.file_errors import RowError
from carealert.adapters.texts.briefs import Brief
from carealert.adapters.texts.files import Language, Words
from carealert.adapters.texts.phrases import answers_in, base_of, fill, listed, locale_of
from carealert.adapters.texts.problems import TextFileProblem
from carealert.domain.hazards import Hazard
from carealert.domain.notices import Facts
from carealert.domain.outline import Outline, Step
from carealert.domain.replies import MORE, MORE_DIGIT
from carealert.domain.sms import cut, one_line

#: Longest source and place, whole and shortened, in characters: agencies write paragraphs there.
SOURCE, SHORT_SOURCE, PLACE, SHORT_PLACE = 40, 24, 60, 20
#: Longest free-text event.
EVENT = 30
#: Private-use characters stand for lists of names until a draft's own are filled in.
_FIRST_TOKEN = 0xE000


@dataclass(frozen=True, slots=True)
class Variant:
    """A rendered text with tokens for names; `groups` are the people that each token stands for."""

    text: str
    groups: tuple[tuple[int, ...], ...]
    names: int | None
    left_out: tuple[str, ...]

    @property
    def bare(self) -> str:
        """The text without any name: what it takes at the least."""
        tokens = {_FIRST_TOKEN + number: None for number in range(len(self.groups))}
        return self.text.translate(tokens)

    def filled(self, labels: Sequence[str], words: Words) -> str:
        """The text with the names in it."""
        text = self.text
        for number, people in enumerate(self.groups):
            names = list(dict.fromkeys(labels[person] for person in people))
            text = text.replace(chr(_FIRST_TOKEN + number), listed(names, self.names, words))
        return text


class Parts:
    """The values of one brief's template, for every outline of it."""

    def __init__(
        self,
        brief: Brief,
        facts: Facts,
        language: Language,
        tag: str,
        zone: tzinfo,
        *,
        event_is_safe: bool,
        by_voice: bool = False,
    ) -> None:
        self._brief, self._facts, self._language = brief, facts, language
        self._words, self._tag, self._zone = language.words, tag, zone
        self._event_is_safe, self._by_voice = event_is_safe, by_voice

    def values(self, outline: Outline) -> tuple[dict[str, Any], tuple[tuple[int, ...], ...]]:
        """The template's variables, and the people behind each token in them."""
        brief, facts, words = self._brief, self._facts, self._words
        tokens = _Tokens(brief.named)
        actions = [self._action(step, tokens) for step in outline.steps]
        told = {person for step in outline.steps for person in step.people}
        everybody = range(len(brief.named))
        others = tuple(person for person in everybody if person not in told)
        values = {
            "tag": self._tag,
            "kind": brief.kind.value,
            "kind_word": words.kinds.get(brief.kind, ""),
            "wording": brief.wording.value,
            "about_self": brief.about_self,
            "step": brief.step,
            "numbers": dict(brief.numbers),
            "exercise": words.exercise,
            "hazard": self._hazard(short=outline.short),
            "event": self._event,
            "severity": words.severities.get(facts.severity, "") if facts.severity else "",
            "actions": actions,
            "people": tokens.of(tuple(everybody)),
            "others": tokens.of(others) if outline.names != 0 else "",
            "place": self._place(whole=outline.whole_place),
            "advice": self._advice(outline.advice),
            "period": self._period(start=outline.start and brief.starts),
            "source": self._source(whole=outline.whole_source),
            "answers": self._answers(more=outline.more),
            "short": outline.short,
        }
        return values, tokens.groups

    def _action(self, step: Step, tokens: "_Tokens") -> str:
        people = tokens.of(step.people)
        return fill(self._words.step_for, people=people, step=step.text) if people else step.text

    def _hazard(self, *, short: bool) -> str:
        hazard = self._words.hazards[self._facts.hazard]
        event = one_line(self._facts.event).rstrip(" .")
        tells_event = self._facts.hazard is Hazard.OTHER and self._event_is_safe and not short
        if not event or not tells_event:
            return hazard
        return fill(self._words.other_hazard, hazard=hazard, event=cut(event, EVENT))

    @property
    def _event(self) -> str:
        """The sender's own words for the event, where the hazard's word does not hold them."""
        if self._facts.hazard is Hazard.OTHER or not self._event_is_safe:
            return ""
        return cut(one_line(self._facts.event).rstrip(" ."), EVENT)

    def _place(self, *, whole: bool) -> str:
        places = self._facts.places
        wanted = (self._language.tag, base_of(self._language.tag), "en", *sorted(places))
        place = next((places[tag] for tag in wanted if places.get(tag)), self._words.no_place)
        text = one_line(place).rstrip(" .,;:")
        return cut(text, PLACE) if whole else cut(_DETAIL.split(text)[0], SHORT_PLACE)

    def _source(self, *, whole: bool) -> str:
        name = self._words.sources.get(self._facts.sender_name, self._facts.sender_name)
        name = one_line(name).rstrip(" .,;:")
        # An address would read as a link to follow, which an office's text never asks for.
        if not name or "://" in name:
            return self._words.no_source
        return cut(name, SOURCE if whole else SHORT_SOURCE)

    def _advice(self, sentences: Sequence[str]) -> str:
        return fill(self._words.advice, text=" ".join(sentences)) if sentences else ""

    def _answers(self, *, more: bool) -> str:
        replies = self._brief.replies
        asked = (*replies, (MORE, MORE_DIGIT)) if more else replies
        return answers_in(asked, self._words, by_voice=self._by_voice)

    def _period(self, *, start: bool) -> str:
        words, facts = self._words, self._facts
        if facts.expires is None:
            return words.no_end
        end = self._end
        if not start or facts.onset is None or facts.onset >= facts.expires:
            return fill(words.until, end=end)
        return fill(words.from_until, start=self._time(facts.onset), end=end)

    @cached_property
    def _end(self) -> str:
        return self._time(self._facts.expires) if self._facts.expires else ""

    def _time(self, at: datetime) -> str:
        times = self._words.times
        pattern = times.near if self._brief.near else times.far
        try:
            return _written(at, pattern, self._zone, self._language.tag)
        except (AttributeError, LookupError, TypeError, ValueError) as error:
            file = f"sms/{self._language.tag}/words.yaml"
            what = f"times: '{pattern}' is no pattern of a date"
            raise TextFileProblem(RowError(file, None, None, what, "See CLDR")) from error


class _Tokens:
    """One private-use character for each list of people that a text names."""

    def __init__(self, named: Sequence[bool]) -> None:
        self._named = named
        self._tokens: dict[tuple[int, ...], str] = {}

    def of(self, people: tuple[int, ...]) -> str:
        """The token for those of `people` who may be named; "" where there is none."""
        nameable = tuple(person for person in people if self._named[person])
        if not nameable:
            return ""
        return self._tokens.setdefault(nameable, chr(_FIRST_TOKEN + len(self._tokens)))

    @property
    def groups(self) -> tuple[tuple[int, ...], ...]:
        """The people of each token, in the order of the tokens."""
        return tuple(self._tokens)


@lru_cache(maxsize=512)
def _written(at: datetime, pattern: str, zone: tzinfo, tag: str) -> str:
    """A moment as a CLDR pattern has it: all texts of a warning say the same few."""
    return format_datetime(at, pattern, zone, locale_of(tag))


_DETAIL = re.compile(r"\s*[;,(/]")
