"""Everything that can be known to be wrong with texts before a warning comes."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from carealert.adapters.file_errors import RowError
from carealert.adapters.texts.files import Language
from carealert.adapters.texts.problems import TextFileProblem
from carealert.adapters.texts.samples import samples
from carealert.domain.checklists import Checklist
from carealert.domain.lexicon import Lexicon
from carealert.domain.notices import Encoding, MessageKind, Notice, NoticeDraft, Text, Wording
from carealert.domain.sms import encode
from carealert.domain.text_rules import Said, broken_by_list, broken_by_step, broken_rules, rules_of
from carealert.services.ports.text import TemplateProblem

#: The fixed answers; all other templates are notices.
ANSWERS = (
    "thanks_safe",
    "help_coming",
    "facility_thanks",
    "drill_thanks",
    "stopped",
    "started",
    "unclear",
    "unknown_sender",
    "info",
    "info_private",
    "info_nothing",
    "delete_confirm",
    "deleted",
    "delete_office",
    "consent_again",
    "consent_thanks",
    "consent_ended",
)
#: What the answers fill in, as long as it gets.
DETAILS = {
    "code": "0000",
    "until": "2026-12-31",
    "people": "99",
    "office_phone": "+12025550100",
}
NOTICES = (
    "care_alert",
    "reminder",
    "stand_down",
    "facility_confirm",
    "desk",
    "held",
    "drill_desk",
    "drill_confirm",
    "relay",
    "group",
    "follow_up",
    "settled_safe",
    "settled_help",
)
#: The language that every other one is compared with.
REFERENCE = "en"
#: These expect no answer by digit: they end the story, tell of an answer, or speak to the office.
_NO_ANSWER = ("stand_down", "desk", "held", "drill_desk", "settled_safe", "settled_help")
#: These ask for no action within the preview; one asks a question when all is over.
_NO_ACTION = ("stand_down", "desk", "held", "drill_desk", "settled_safe", "follow_up")
#: What is said of something that is not there yet.
INCOMPLETE = ("does not exist", "has no list", "has other items", "is missing or empty")
_ITEM_SEGMENTS = {Encoding.GSM_7: 1, Encoding.UCS_2: 2}


class CheckedComposer(Protocol):
    """What the check needs of the composer."""

    @property
    def sender_tag(self) -> str: ...  # noqa: D102
    def templates(self) -> dict[str, tuple[str, ...]]: ...  # noqa: D102
    def languages(self) -> tuple[str, ...]: ...  # noqa: D102
    def language(self, tag: str) -> Language: ...  # noqa: D102
    def compose(self, drafts: list[NoticeDraft]) -> list[Notice]: ...  # noqa: D102
    def answer(  # noqa: D102
        self,
        template: str,
        language: str,
        answer: str | None = None,
        details: Mapping[str, str] | None = None,
    ) -> Text: ...


@dataclass(frozen=True, slots=True)
class Survey:
    """What a look at languages found, and how many texts and steps it held against each rule."""

    problems: tuple[RowError, ...]
    looked_at: Mapping[str, int]


def problems_of(
    composer: CheckedComposer, tags: Iterable[str], only: Collection[str] = ()
) -> tuple[RowError, ...]:
    """Each problem of these languages once: the file, what is wrong, and what to do.

    With `only` nothing but these templates is looked at.
    A file is named as it is called inside a folder of templates.
    """
    return survey(composer, tags, only).problems


def survey(composer: CheckedComposer, tags: Iterable[str], only: Collection[str] = ()) -> Survey:
    """`problems_of`, with the number of texts that each rule was asked of."""
    found: dict[str, RowError] = {}
    looked_at: Counter[str] = Counter()
    for tag in tags:
        for problem in _problems_in(composer, tag, only, looked_at):
            found.setdefault(str(problem), problem)
    return Survey(tuple(found.values()), looked_at)


def _problems_in(
    composer: CheckedComposer, tag: str, only: Collection[str], looked_at: Counter[str]
) -> Iterator[RowError]:
    try:
        language = composer.language(tag)
    except TemplateProblem as problem:
        yield _unreadable(problem)
        return
    if not only:
        yield from _problems_of_words(composer, language, looked_at)
    for template, tags in composer.templates().items():
        if only and template not in only:
            continue
        file = f"sms/{tag}/{template}.txt.j2"
        if tag in tags:
            yield from _text_problems(composer, language, template, file, looked_at)
        elif template in (*NOTICES, *ANSWERS):
            yield _wrong(file, "does not exist", "Translate it")


def _problems_of_words(
    composer: CheckedComposer, language: Language, looked_at: Counter[str]
) -> Iterator[RowError]:
    if not language.lexicon.verbs or not language.lexicon.sensitive:
        file = f"lexicons/{language.tag}.yaml"
        yield _wrong(file, "is missing or empty", "No text can be checked")
    yield from _checklist_problems(language, _reference(composer), looked_at)


def _reference(composer: CheckedComposer) -> Language | None:
    try:
        return composer.language(REFERENCE)
    except TemplateProblem:
        return None  # its own problem; the others can be checked without it


def _text_problems(
    composer: CheckedComposer,
    language: Language,
    template: str,
    file: str,
    looked_at: Counter[str],
) -> Iterator[RowError]:
    try:
        if template in ANSWERS:
            texts = [_answer(composer, language, template)]
        else:
            drafts = list(samples(template, language.tag))
            texts = [_said(notice, language, composer) for notice in composer.compose(drafts)]
    except TemplateProblem as problem:
        yield _unreadable(problem)
        return
    looked_at.update(rule for text in texts for rule in rules_of(text))
    broken = {rule: text for text in texts for rule in broken_rules(text, language.lexicon)}
    for rule, text in broken.items():
        yield _wrong(file, f"{rule} (in a text about {text.hazard or 'an answer'})", "Reword it")


def breaches_of(composer: CheckedComposer, text: Text, draft: NoticeDraft | None) -> list[str]:
    """Each rule that one text breaks; without `draft` it is an answer."""
    language = composer.language(text.language)
    said = _said(Notice(draft, text), language, composer) if draft else _answered(composer, text)
    return broken_rules(said, language.lexicon)


def _answer(composer: CheckedComposer, language: Language, template: str) -> Said:
    return _answered(composer, composer.answer(template, language.tag, "evacuating", DETAILS))


def _answered(composer: CheckedComposer, text: Text) -> Said:
    return Said(text.body, composer.sender_tag, Wording.CARE_CARD, "", {}, asks_action=False)


def _said(notice: Notice, language: Language, composer: CheckedComposer) -> Said:
    """What the text of a sample has to say (rule G05)."""
    draft = notice.draft
    hazard = language.words.hazards[draft.facts.hazard]
    must_say = {"hazard": hazard}
    if draft.template not in _NO_ANSWER:
        must_say |= {f"answer '{name}'": digit for name, digit in draft.expected_replies.items()}
    asks_action = draft.template not in _NO_ACTION
    exercise = language.words.exercise if draft.kind is MessageKind.DRILL else ""
    text, tag = notice.text.body, composer.sender_tag
    universal = not draft.about and not draft.expected_replies
    return Said(text, tag, draft.wording, hazard, must_say, asks_action, exercise, universal)


def _checklist_problems(
    language: Language, reference: Language | None, looked_at: Counter[str]
) -> Iterator[RowError]:
    file = f"checklists/{language.tag}.json"
    lists, pads = (reference.checklists.lists, reference.lexicon) if reference else ((), _NO_WORDS)
    for known in lists:
        found = language.checklists.get(known.id)
        if found is None:
            yield _wrong(file, f"has no list {known.id}", "Translate it")
        elif [item.n for item in found.items] != [item.n for item in known.items]:
            yield _wrong(file, f"list {known.id} has other items", f"Compare it with {REFERENCE}")
        else:
            yield from _packing_problems(language, found, known, pads, looked_at)
    for checklist in language.checklists.lists:
        steps = [item.text for item in checklist.items]
        for rule in broken_by_list(steps, language.lexicon):
            yield _wrong(file, f"list {checklist.id}: {rule}", "Shorten its steps")
        yield from _item_problems(checklist, language, file, looked_at)


def _packing_problems(
    language: Language,
    found: Checklist,
    known: Checklist,
    reference: Lexicon,
    looked_at: Counter[str],
) -> Iterator[RowError]:
    """Where the reference tells everybody to pack pads, so does every language (rule G20)."""
    if not known.is_for_everybody:
        return
    for item, same in zip(known.items, found.items, strict=True):
        if not reference.names_pads(item.text):
            continue
        looked_at["G20"] += 1
        if not language.lexicon.names_pads(same.worded(Wording.NEUTRAL)):
            what = f"list {found.id}, item {same.n}: G20: names no hygiene pads"
            fix = f"Name them, or add the word to hygiene in lexicons/{language.tag}.yaml"
            yield _wrong(f"checklists/{language.tag}.json", what, fix)


def _item_problems(
    checklist: Checklist, language: Language, file: str, looked_at: Counter[str]
) -> Iterator[RowError]:
    for_home = checklist.kind == "resident"
    for item in checklist.items:
        where = f"list {checklist.id}, item {item.n}:"
        for text in filter(None, (item.text, item.neutral, item.own)):
            size = encode(text)
            if size.segments > _ITEM_SEGMENTS[size.encoding]:
                yield _wrong(file, f"{where} G06: {size.segments} segments", "Shorten it")
            for rule in broken_by_step(text, language.lexicon, for_home=for_home):
                yield _wrong(file, f"{where} {rule}", "Reword it")
            looked_at.update((*(("G03",) if for_home else ()), "G06", "G07", "G08", "G21"))
        if not for_home:
            continue
        for own in (False, True):
            looked_at["G01"] += 1
            for word in language.lexicon.sensitive_in(item.worded(Wording.NEUTRAL, about_self=own)):
                what = f"{where} G01: '{word}' on a phone that others read"
                yield _wrong(file, what, "Give the item a neutral wording")


def _wrong(file: str, what: str, fix: str) -> RowError:
    return RowError(file, None, None, what, fix)


def _unreadable(problem: TemplateProblem) -> RowError:
    if isinstance(problem, TextFileProblem):
        return problem.row
    return RowError("templates", None, None, str(problem).rstrip("."), "Mend it and check again")


_NO_WORDS = Lexicon(frozenset(), frozenset(), frozenset())
