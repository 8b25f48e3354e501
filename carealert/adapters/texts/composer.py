"""Texts from templates: drafts that render alike are rendered once and then get their names.

Names (the labels that caregivers chose) never go through a template. They stand as private-use
characters until each draft's own are filled in, so that a text is the same whether its draft is
composed alone or with 20,000 others.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import tzinfo
from functools import cached_property
from pathlib import Path
from typing import Any

from carealert.adapters.file_errors import RowError
from carealert.adapters.texts.briefs import (
    Brief,
)
from carealert.adapters.texts.check import Survey, survey
from carealert.adapters.texts.composition import Composition
from carealert.adapters.texts.files import NOTHING, Ignored, Language, read_language, tags_in
from carealert.adapters.texts.pages import CarePage, all_steps, care_page, page
from carealert.adapters.texts.parts import Parts
from carealert.adapters.texts.phrases import base_of, counted, tags_of
from carealert.adapters.texts.problems import TextFileProblem
from carealert.adapters.texts.rendering import Templates
from carealert.adapters.texts.transliteration import Letters, plain, read_letters
from carealert.adapters.texts.voice import Spoken, Voice, read_voices, twiml
from carealert.adapters.texts.whereabouts import located
from carealert.domain.checklists import HAZARD_KEYS
from carealert.domain.lexicon import Lexicon, SensitiveWords
from carealert.domain.notices import Notice, NoticeDraft, Text, Wording
from carealert.domain.sms import encode, one_line
from carealert.services.ports.text import MoreAsked, TemplateProblem

#: What a person is told in where neither their languages nor the office's have the template.
LAST_LANGUAGE = "en"


class TemplateComposer:
    """The Composer port over folders of templates, the user's own first, the shipped ones last.

    Files are read when they are first needed and then kept: a changed file takes a restart.
    Own files named in `ignored` are passed over. Languages in `transliterated` leave out accents
    where that makes a text GSM-7. With `reviewed` only these languages are used,
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
        transliterated: frozenset[str] = frozenset(),
    ) -> None:
        self._folders, self._ignored, self._reviewed = tuple(folders), ignored, reviewed
        self._templates = Templates(self._folders, ignored)
        self._tag = one_line(sender_tag)
        self._zone = time_zone
        self._default = default_language
        self._office_phone = office_phone
        self._tags = tags_in(self._folders, ignored)
        self._languages: dict[str, Language] = {}
        self._transliterated = transliterated
        self._letters: dict[str, Letters] = {}
        self._chosen: dict[tuple[str, str | None, str], str] = {}

    def compose(self, drafts: Iterable[NoticeDraft]) -> list[Notice]:
        """One notice a draft, in order; raises TemplateProblem before any of them is returned."""
        return Composition(self).notices(drafts)

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
            **counted(details or {}, words, found.tag),
            "tag": self._tag,
            "answer": words.status_words.get(answer, answer) if answer else "",
            "digits_note": words.digits_note,
        }
        body = self.written(self._templates.render(found.tag, template, values), found.tag)
        size = encode(body)
        return Text(body, found.tag, size.encoding, size.segments)

    def spoken(self, draft: NoticeDraft) -> Spoken:
        """The same text to be read out on the telephone: all of it, as speech has no segments."""
        return Composition(self).spoken(draft)

    def call(self, draft: NoticeDraft, answer_url: str) -> str | None:
        """TwiML of a call that asks for one digit; None where the language has no voice yet."""
        found = self.spoken(draft)
        voice = self._voices.get(found.language) or self._voices.get(base_of(found.language))
        return twiml(found, voice, answer_url) if voice else None

    @cached_property
    def _voices(self) -> Mapping[str, Voice]:
        return read_voices(self._folders, self._ignored)

    def more(self, asked: MoreAsked) -> Text:
        """The next steps for somebody who asked for them, as far as one message goes."""
        language, steps = self._steps_for(asked)
        # Whoever was told everything and asks again has lost the message: it is told again.
        told = (step for step in steps if self.written(step, language.tag) in asked.told)
        done = {*told, *(step for step in steps if step in asked.told)}
        left = [step for step in steps if step not in done] or steps
        body = self.written(page(asked.page, left, self._tag, language), language.tag)
        size = encode(body)
        return Text(body, language.tag, size.encoding, size.segments)

    def care_page(self, asked: MoreAsked) -> CarePage:
        """Everything that this reader may read, as one page: for a small screen, without data."""
        language, steps = self._steps_for(asked)
        return care_page(language, asked.hazard, asked.wording, steps)

    def _steps_for(self, asked: MoreAsked) -> tuple[Language, list[str]]:
        language = self.language_for("care_alert", asked.language, asked.second_language)
        if asked.facility is not None:
            items = language.checklists.facility_items(asked.facility)
            if items:
                return language, [item.text for item in items]
        steps = all_steps(
            language,
            asked.hazard,
            asked.needs,
            asked.wording,
            own=asked.about_self,
            checklist=asked.checklist,
        )
        return language, steps

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

    def parts(self, brief: Brief, draft: NoticeDraft, *, by_voice: bool = False) -> Parts:
        """What the template of this brief is filled with."""
        event_is_safe = brief.wording is Wording.PRIVATE or not self.is_sensitive(draft.facts.event)
        language = self.language(brief.language)
        return Parts(
            brief,
            draft.facts,
            language,
            self._tag,
            self._zone,
            event_is_safe=event_is_safe,
            by_voice=by_voice,
        )

    def render(self, language: str, template: str, values: Mapping[str, Any]) -> str:
        """The template in this language; raises TemplateProblem."""
        return self._templates.render(language, template, values)

    def written(self, body: str, tag: str) -> str:
        """A finished text as it goes out in this language."""
        if tag not in self._transliterated:
            return body
        if tag not in self._letters:
            self._letters[tag] = read_letters(self._folders, tag, self._ignored)
        return plain(body, self._letters[tag])

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
        known = (self._known(tag) for tag in tags_of(wanted))
        return [tag for tag in known if tag is not None and self.has(tag, template)]

    def _known(self, wanted: str) -> str | None:
        """The language of this tag in any case, or else one that is spoken elsewhere: pt, pt-BR."""
        plain = wanted.casefold()
        same = [tag for tag in self._tags if tag.casefold() == plain]
        return next(
            iter(same or (tag for tag in self._tags if base_of(tag).casefold() == plain)), None
        )
