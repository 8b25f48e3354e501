"""Texts from templates: drafts that render alike are rendered once and then get their names.

Names (the labels that caregivers chose) never go through a template. They stand as private-use
characters until each draft's own are filled in, so that a text is the same whether its draft is
composed alone or with 20,000 others.
"""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import tzinfo
from functools import cached_property
from pathlib import Path
from typing import Any

from carealert.adapters.file_errors import RowError
from carealert.adapters.texts.briefs import (
    Brief,
    NeedStep,
    brief_for,
    class_of,
    labels_for,
    need_step,
    own_voice,
    said_of,
    whole_outline,
)
from carealert.adapters.texts.check import Survey, survey
from carealert.adapters.texts.files import NOTHING, Ignored, Language, read_language, tags_in
from carealert.adapters.texts.parts import Parts, Variant
from carealert.adapters.texts.phrases import tags_of
from carealert.adapters.texts.problems import TextFileProblem
from carealert.adapters.texts.rendering import Templates
from carealert.adapters.texts.whereabouts import located
from carealert.domain.checklists import HAZARD_KEYS
from carealert.domain.lexicon import Lexicon, SensitiveWords
from carealert.domain.notices import Facts, Notice, NoticeDraft, Text, Wording
from carealert.domain.outline import Outline, fits, outlines
from carealert.domain.people import Need
from carealert.domain.sms import encode, one_line
from carealert.services.ports.text import TemplateProblem

#: What a person is told in where neither their languages nor the office's have the template.
LAST_LANGUAGE = "en"


class TemplateComposer:
    """The Composer port over folders of templates, the user's own first, the shipped ones last.

    Files are read when they are first needed and then kept: a changed file takes a restart.
    Own files named in `ignored` are passed over. With `reviewed` only these languages are used,
    as long as one of them serves.
    """

    def __init__(
        self,
        folders: Sequence[Path],
        *,
        sender_tag: str,
        time_zone: tzinfo,
        default_language: str = LAST_LANGUAGE,
        office_phone: str = "",
        ignored: Ignored = NOTHING,
        reviewed: frozenset[str] | None = None,
    ) -> None:
        self._folders, self._ignored, self._reviewed = tuple(folders), ignored, reviewed
        self._templates = Templates(self._folders, ignored)
        self._tag = one_line(sender_tag)
        self._zone = time_zone
        self._default = default_language
        self._office_phone = office_phone
        self._tags = tags_in(self._folders, ignored)
        self._languages: dict[str, Language] = {}
        self._chosen: dict[tuple[str, str | None, str], str] = {}

    def compose(self, drafts: Iterable[NoticeDraft]) -> list[Notice]:
        """One notice a draft, in order; raises TemplateProblem before any of them is returned."""
        return _Composition(self).notices(drafts)

    def answer(
        self,
        template: str,
        language: str,
        answer: str | None = None,
        details: Mapping[str, str] | None = None,
    ) -> Text:
        """A short fixed answer in this language; `answer` is a reply that is repeated back."""
        found = self.language_for(template, language, None)
        words = found.words
        values = {
            "office_phone": self._office_phone,
            **(details or {}),
            "tag": self._tag,
            "answer": words.status_words.get(answer, answer) if answer else "",
            "digits_note": words.digits_note,
        }
        body = self._templates.render(found.tag, template, values)
        size = encode(body)
        return Text(body, found.tag, size.encoding, size.segments)

    @property
    def sender_tag(self) -> str:
        """What every text begins with."""
        return self._tag

    def template_names(self) -> tuple[str, ...]:
        """The templates that any language has, sorted."""
        return self._templates.names()

    def templates(self) -> dict[str, tuple[str, ...]]:
        """In which languages each template exists."""
        languages = self.languages()
        return {
            name: tuple(tag for tag in languages if self.has(tag, name))
            for name in self.template_names()
        }

    def checklist_names(self) -> tuple[str, ...]:
        """What a rule may name as its checklist: hazard words and ids of lists, sorted."""
        lists = self.language(LAST_LANGUAGE).checklists.lists
        return tuple(sorted({*HAZARD_KEYS.values(), *(found.id for found in lists)}))

    def languages(self) -> tuple[str, ...]:
        """The languages that have words for SMS, by their tags, sorted."""
        return self._tags

    def check(self, *tags: str) -> tuple[RowError, ...]:
        """What is missing, not fillable, too long or unsafe, in these languages or in every one."""
        return self.survey(*tags).problems

    def survey(self, *tags: str) -> Survey:
        """`check`, with the number of texts and steps that each rule was asked of."""
        found = survey(self, tags or self.languages())
        return Survey(tuple(located(one, self._folders) for one in found.problems), found.looked_at)

    def language(self, tag: str) -> Language:
        """The words of one language; raises TemplateProblem."""
        if tag not in self._languages:
            self._languages[tag] = read_language(self._folders, tag, self._ignored)
        return self._languages[tag]

    def language_for(self, template: str, language: str, second: str | None) -> Language:
        """The first of the person's languages and the office's that has this template (G12)."""
        key = (language, second, template)
        if key not in self._chosen:
            self._chosen[key] = self._choose(template, language, second)
        return self.language(self._chosen[key])

    def has(self, language: str, template: str) -> bool:
        """True if the template exists in this language."""
        return self._templates.has(language, template)

    def parts(self, brief: Brief, draft: NoticeDraft) -> Parts:
        """What the template of this brief is filled with."""
        event_is_safe = brief.wording is Wording.PRIVATE or not self.is_sensitive(draft.facts.event)
        language = self.language(brief.language)
        return Parts(
            brief, draft.facts, language, self._tag, self._zone, event_is_safe=event_is_safe
        )

    def render(self, language: str, template: str, values: Mapping[str, Any]) -> str:
        """The template in this language; raises TemplateProblem."""
        return self._templates.render(language, template, values)

    def is_sensitive(self, text: str) -> bool:
        """True if `text` holds a sensitive word of any language: names come in all of them."""
        return self._sensitive.is_in(text)

    @cached_property
    def _sensitive(self) -> SensitiveWords:
        found = (self._lexicon(tag) for tag in self._tags)
        return SensitiveWords([lexicon for lexicon in found if lexicon is not None])

    def _lexicon(self, tag: str) -> Lexicon | None:
        try:
            return self.language(tag).lexicon
        except TemplateProblem:
            return None  # `check` tells; a broken language must not stop the texts of the others

    def _choose(self, template: str, language: str, second: str | None) -> str:
        serving = self._serving(template, [language, second, self._default, LAST_LANGUAGE])
        if self._reviewed is not None and not self._reviewed.intersection(serving):
            # Nobody has read any of them: rather the office's own language than no warning.
            serving = self._serving(template, [self._default, LAST_LANGUAGE, language, second])
        elif self._reviewed is not None:
            serving = [tag for tag in serving if tag in self._reviewed]
        if serving:
            return serving[0]
        names = ", ".join(self.template_names())
        what = f"there is no template '{template}' in any language that serves"
        fix = f"Write it, or use one of: {names}"
        raise TextFileProblem(RowError(f"sms/{language}", None, None, what, fix))

    def _serving(self, template: str, wanted: Sequence[str | None]) -> list[str]:
        return [tag for tag in tags_of(wanted) if tag in self._tags and self.has(tag, template)]


class _Composition:
    """One call of compose: what was rendered and looked up in it."""

    def __init__(self, composer: TemplateComposer) -> None:
        self._composer = composer
        self._groups: dict[Brief, _Group] = {}
        self._classes: dict[Hashable, tuple[_Group, tuple[int, ...]]] = {}
        self._sensitive: dict[str, bool] = {}
        self._steps: dict[tuple[object, ...], NeedStep] = {}
        self._said: dict[int, tuple[Facts, int]] = {}
        self._facts: dict[tuple[object, ...], int] = {}

    def notices(self, drafts: Iterable[NoticeDraft]) -> list[Notice]:
        kept = list(drafts)  # so that the ids of what they hold stay their own
        return [Notice(draft, self._text(draft)) for draft in kept]

    def _text(self, draft: NoticeDraft) -> Text:
        recipient = draft.recipient
        language = self._composer.language_for(
            draft.template, recipient.language, recipient.second_language
        )
        labels = labels_for(draft, language.words, self._is_sensitive)
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
        brief, order = brief_for(draft, language.tag, labels, steps, self._number(draft.facts))
        group = self._groups.get(brief)
        if group is None:
            group = self._groups[brief] = _Group(self._composer, brief, draft, language)
        return group, order

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

    def _number(self, facts: Facts) -> int:
        """The same for facts that say the same: cheap to compare, however much they say."""
        known = self._said.get(id(facts))
        if known is None:  # the facts are kept, so that their id stays their own
            number = self._facts.setdefault(said_of(facts), len(self._facts))
            known = self._said[id(facts)] = facts, number
        return known[1]

    def _is_sensitive(self, label: str) -> bool:
        if label not in self._sensitive:
            self._sensitive[label] = self._composer.is_sensitive(label)
        return self._sensitive[label]


class _Group:
    """Drafts that render alike: ever shorter variants, each rendered when it is first needed."""

    def __init__(
        self, composer: TemplateComposer, brief: Brief, draft: NoticeDraft, language: Language
    ) -> None:
        self._composer, self._brief = composer, brief
        self._parts = composer.parts(brief, draft)
        self._language = language
        self._shorter = outlines(whole_outline(brief, draft.facts, language))
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
            self._bare[number] = fits(encode(self._variants[number].bare))
        return self._bare[number]

    def _filled(self, variant: Variant, names: tuple[str, ...]) -> Text:
        body = variant.filled(names, self._language.words)
        size = encode(body)
        tag = self._language.tag
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
        most = max(outline.names, 1) if outline.names is not None else None
        cut_short = most is not None and any(len(people) > most for people in groups)
        return Variant(text, groups, most if cut_short else None, outline.left_out)


def _with_news(longer: Variant, found: Variant) -> Variant:
    """`found` naming as left out only what this template would have said."""
    same = found.text == longer.text and found.names == longer.names
    left_out = longer.left_out if same else (*longer.left_out, found.left_out[-1])
    return replace(found, left_out=left_out)
