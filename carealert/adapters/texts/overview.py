"""What there is in each language: texts, checklists, and how its texts travel."""

from collections.abc import Iterator
from dataclasses import dataclass

from babel import Locale, UnknownLocaleError

from carealert.adapters.texts.check import ANSWERS, DETAILS, NOTICES
from carealert.adapters.texts.composer import TemplateComposer
from carealert.adapters.texts.samples import samples
from carealert.domain.hazards import Hazard
from carealert.domain.notices import Text
from carealert.services.ports.text import TemplateProblem

MIXED = "mixed"
#: Of every template so many samples say how its texts travel.
_SAMPLES = 6


@dataclass(frozen=True, slots=True)
class LanguageRow:
    """One language. `encoding` is how its texts travel: an Encoding, "mixed", or "" for unknown."""

    tag: str
    name: str
    own_name: str
    texts: int
    checklists: int
    encoding: str


def overview(composer: TemplateComposer) -> tuple[LanguageRow, ...]:
    """Every language, by tag; one that cannot be read has no checklists and no encoding."""
    return tuple(_row(composer, tag) for tag in composer.languages())


def name_of(tag: str, language: str | None = "en") -> str:
    """The name of a language in another one, or in itself where that is None; else the tag."""
    try:
        locale = Locale.parse(tag, sep="-")
    except (UnknownLocaleError, ValueError):
        return tag
    return locale.get_display_name(language) or tag


def _row(composer: TemplateComposer, tag: str) -> LanguageRow:
    texts = sum(composer.has(tag, name) for name in composer.template_names())
    try:
        checklists = len(composer.language(tag).checklists.lists)
        found = {text.encoding for text in _some_texts(composer, tag)}
    except TemplateProblem:
        checklists, found = 0, set()
    encoding = MIXED if len(found) > 1 else "".join(found)
    return LanguageRow(tag, name_of(tag), name_of(tag, None), texts, checklists, encoding)


def _some_texts(composer: TemplateComposer, tag: str) -> Iterator[Text]:
    for template in NOTICES:
        if composer.has(tag, template):
            drafts = (one for one in samples(template, tag) if one.facts.hazard is Hazard.FLOOD)
            first = [draft for draft, _ in zip(drafts, range(_SAMPLES), strict=False)]
            yield from (notice.text for notice in composer.compose(first))
    for template in ANSWERS:
        if composer.has(tag, template):
            yield composer.answer(template, tag, "open", DETAILS)
