"""One call of the composer: drafts that render alike are rendered once and get their names."""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

from carealert.adapters.texts.advice import advice_in
from carealert.adapters.texts.briefs import (
    MANAGERS,
    NEED_STEPS,
    Brief,
    NeedStep,
    brief_for,
    class_of,
    labels_for,
    may_ask_for_more,
    need_step,
    needs_of,
    own_voice,
    said_of,
    whole_outline,
)
from carealert.adapters.texts.files import Language
from carealert.adapters.texts.pages import all_steps
from carealert.adapters.texts.parts import Parts, Variant
from carealert.adapters.texts.voice import Spoken
from carealert.domain.notices import Channel, Facts, MessageKind, Notice, NoticeDraft, Text
from carealert.domain.outline import Outline, fits, outlines
from carealert.domain.people import Need
from carealert.domain.sms import encode, one_line


class Texts(Protocol):
    """What composing needs of the composer."""

    def language_for(self, template: str, language: str, second: str | None) -> Language: ...  # noqa: D102
    def parts(self, brief: Brief, draft: NoticeDraft, *, by_voice: bool = False) -> Parts: ...  # noqa: D102
    def render(self, language: str, template: str, values: Mapping[str, Any]) -> str: ...  # noqa: D102
    def is_sensitive(self, text: str) -> bool: ...  # noqa: D102
    def written(self, body: str, tag: str) -> str: ...  # noqa: D102


class Composition:
    """One call of compose: what was rendered and looked up in it."""

    def __init__(self, composer: Texts) -> None:
        self._composer = composer
        self._groups: dict[Brief, _Group] = {}
        self._classes: dict[Hashable, tuple[_Group, tuple[int, ...]]] = {}
        self._sensitive: dict[str, bool] = {}
        self._plain: dict[str, str] = {}
        self._steps: dict[tuple[object, ...], NeedStep] = {}
        self._advice: dict[tuple[object, ...], tuple[str, ...]] = {}
        self._counts: dict[tuple[object, ...], int] = {}
        self._said: dict[int, tuple[Facts, int]] = {}
        self._facts: dict[tuple[object, ...], int] = {}

    def notices(self, drafts: Iterable[NoticeDraft]) -> list[Notice]:
        """One notice a draft, in order."""
        kept = list(drafts)  # so that the ids of what they hold stay their own
        return [Notice(draft, self._text(draft)) for draft in kept]

    def spoken(self, draft: NoticeDraft) -> Spoken:
        """The whole text of one draft, as it is read out."""
        recipient = draft.recipient
        language = self._composer.language_for(
            draft.template, recipient.language, recipient.second_language
        )
        labels = labels_for(draft, language.words, self._is_sensitive, self._plain_of)
        steps = [self._need_step(about.needs, draft, language) for about in draft.about]
        brief, order = brief_for(draft, language.tag, labels, steps, 0, more=False)
        advice = self._advice_for(brief, draft.facts, language)
        whole = whole_outline(brief, draft.facts, language, advice)
        values, groups = self._composer.parts(brief, draft, by_voice=True).values(whole)
        text = self._composer.render(language.tag, draft.template, values)
        text = as_exercise(text, brief, values)
        body = Variant(text, groups, None, ()).filled([labels[n] for n in order], language.words)
        hazard = language.words.hazards[draft.facts.hazard]
        return Spoken(language.tag, draft.facts.hazard, draft.template, body, hazard)

    def _text(self, draft: NoticeDraft) -> Text:
        if draft.channel is Channel.VOICE:  # all of it, as a call has no segments
            said = self.spoken(draft)
            return Text(said.body, said.language, encode(said.body).encoding, 1)
        recipient = draft.recipient
        language = self._composer.language_for(
            draft.template, recipient.language, recipient.second_language
        )
        labels = labels_for(draft, language.words, self._is_sensitive, self._plain_of)
        alike = class_of(draft, labels)
        known = self._classes.get(alike)
        if known is None:
            known = self._classes[alike] = self._group(draft, language, labels)
        group, order = known
        return group.text(labels if len(order) == 1 else tuple([labels[n] for n in order]))

    def _group(
        self, draft: NoticeDraft, language: Language, labels: Sequence[str]
    ) -> tuple["_Group", tuple[int, ...]]:
        """What the draft renders alike with, and the order in which its people come there."""
        steps = [self._need_step(about.needs, draft, language) for about in draft.about]
        more = may_ask_for_more(draft) and self._has_more(draft, language, steps)
        brief, order = brief_for(
            draft, language.tag, labels, steps, self._number(draft.facts), more=more
        )
        group = self._groups.get(brief)
        if group is None:
            advice = self._advice_for(brief, draft.facts, language)
            whole = whole_outline(brief, draft.facts, language, advice)
            group = self._groups[brief] = _Group(self._composer, brief, draft, language, whole)
        return group, order

    def _has_more(self, draft: NoticeDraft, language: Language, steps: Sequence[NeedStep]) -> bool:
        """True where there is more to do than a first text tells; a manager's tells no step."""
        if draft.recipient.kind in MANAGERS:
            return True
        needs, own = needs_of(draft), own_voice(draft)
        hazard, wording, checklist = draft.facts.hazard, draft.wording, draft.checklist
        key = (needs, hazard, language.tag, wording, own, checklist)
        if key not in self._counts:
            found = all_steps(language, hazard, needs, wording, own=own, checklist=checklist)
            self._counts[key] = len(found)
        told = {step[1] for step in steps if step is not None}
        return self._counts[key] > 1 + min(len(told), NEED_STEPS)

    def _need_step(
        self, needs: frozenset[Need], draft: NoticeDraft, language: Language
    ) -> NeedStep:
        own = own_voice(draft)
        key = (needs, draft.facts.hazard, language.tag, draft.wording, own)
        if key not in self._steps:
            self._steps[key] = need_step(
                needs, draft.facts.hazard, language, draft.wording, own=own
            )
        return self._steps[key]

    def _advice_for(self, brief: Brief, facts: Facts, language: Language) -> tuple[str, ...]:
        key = (brief.said, language.tag, brief.wording)
        if key not in self._advice:
            self._advice[key] = advice_in(
                facts.instructions, language, brief.wording, self._is_sensitive
            )
        return self._advice[key]

    def _number(self, facts: Facts) -> int:
        """The same for facts that say the same: cheap to compare, however much they say."""
        known = self._said.get(id(facts))
        if known is None:  # the facts are kept, so that their id stays their own
            number = self._facts.setdefault(said_of(facts), len(self._facts))
            known = self._said[id(facts)] = facts, number
        return known[1]

    def _plain_of(self, label: str) -> str:
        found = self._plain.get(label)
        if found is None:
            found = self._plain[label] = one_line(label)
        return found

    def _is_sensitive(self, label: str) -> bool:
        if label not in self._sensitive:
            self._sensitive[label] = self._composer.is_sensitive(label)
        return self._sensitive[label]


class _Group:
    """Drafts that render alike: ever shorter variants, each rendered when it is first needed."""

    def __init__(
        self,
        composer: Texts,
        brief: Brief,
        draft: NoticeDraft,
        language: Language,
        whole: Outline,
    ) -> None:
        self._composer, self._brief = composer, brief
        self._parts = composer.parts(brief, draft)
        self._language = language
        self._shorter = outlines(whole)
        self._variants: list[Variant] = []
        self._texts: dict[tuple[str, ...], Text] = {}
        self._bare: dict[int, bool] = {}
        #: Variants before this one are too long whatever the names are.
        self._first = 0

    def text(self, names: tuple[str, ...]) -> Text:
        """The longest variant that keeps the budget with these names in it, or the shortest."""
        if names not in self._texts:
            self._texts[names] = self._longest_that_fits(names)
        return self._texts[names]

    def _longest_that_fits(self, names: tuple[str, ...]) -> Text:
        number = self._first
        while (variant := self._variant(number)) is not None:
            text = self._filled(variant, names)
            if fits(text):
                return text
            if number == self._first and not self._fits_bare(number):
                self._first = number + 1
            number += 1
        return self._filled(self._variants[-1], names)

    def _fits_bare(self, number: int) -> bool:
        """True where short names could make the variant of this number short enough."""
        if number not in self._bare:
            bare = self._composer.written(self._variants[number].bare, self._language.tag)
            self._bare[number] = fits(encode(bare))
        return self._bare[number]

    def _filled(self, variant: Variant, names: tuple[str, ...]) -> Text:
        tag = self._language.tag
        body = self._composer.written(variant.filled(names, self._language.words), tag)
        size = encode(body)
        return Text(body, tag, size.encoding, size.segments, variant.left_out)

    def _variant(self, number: int) -> Variant | None:
        """The variant of this number, or None after the last one."""
        while len(self._variants) <= number:
            outline = next(self._shorter, None)
            if outline is None:
                return None
            found = self._rendered(outline)
            if self._variants:
                found = _with_news(self._variants[-1], found)
            self._variants.append(found)
        return self._variants[number]

    def _rendered(self, outline: Outline) -> Variant:
        values, groups = self._parts.values(outline)
        text = self._composer.render(self._brief.language, self._brief.template, values)
        text = as_exercise(text, self._brief, values)
        most = max(outline.names, 1) if outline.names is not None else None
        cut_short = most is not None and any(len(people) > most for people in groups)
        return Variant(text, groups, most if cut_short else None, outline.left_out)


def as_exercise(text: str, brief: Brief, values: Mapping[str, Any]) -> str:
    """A drill's text begins with the word for an exercise, whatever template it is made of."""
    begin, word = f"{values['tag']}: ", values["exercise"]
    if brief.kind is not MessageKind.DRILL or text.startswith(f"{begin}{word}"):
        return text
    return f"{begin}{word}. {text.removeprefix(begin)}"


def _with_news(longer: Variant, found: Variant) -> Variant:
    """`found` naming as left out only what this template would have said."""
    same = found.text == longer.text and found.names == longer.names
    left_out = longer.left_out if same else (*longer.left_out, found.left_out[-1])
    return replace(found, left_out=left_out)
