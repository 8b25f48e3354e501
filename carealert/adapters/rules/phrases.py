"""Rules read out in other languages than English: one file a language in templates/rules."""

from collections.abc import Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from carealert.adapters.rules.shape import allowed, nearest, shaped
from carealert.adapters.rules.strict_yaml import Document, InvalidRules, RuleProblem, read_document
from carealert.domain.conditions import VOCABULARY
from carealert.domain.rule_sentences import ENGLISH, FRAME, Phrasebook, all_words, blanks

FOLDER = "rules"


class PhraseFile(BaseModel):
    """One language."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    review_status: str
    frame: dict[str, str] = Field(default_factory=dict)
    sentences: dict[str, str] = Field(default_factory=dict)
    words: dict[str, str] = Field(default_factory=dict)


def languages(folders: Sequence[Path]) -> tuple[str, ...]:
    """The languages that a rule can be read out in."""
    found = {path.stem for folder in folders for path in (folder / FOLDER).glob("*.yaml")}
    return tuple(sorted({ENGLISH.language, *found}))


def phrasebook(folders: Sequence[Path], language: str) -> Phrasebook:
    """The book of a language, the first folder's where several have one.

    Raises LookupError without one, InvalidRules where it cannot be used.
    """
    tag = language.partition("-")[0].casefold()
    if tag == ENGLISH.language:
        return ENGLISH
    if tag not in languages(folders):
        raise LookupError(tag)
    places = (folder / FOLDER / f"{tag}.yaml" for folder in folders)
    document = read_document(next(place for place in places if place.is_file()))
    file = shaped(PhraseFile, document)
    problems = _problems(file, document)
    if problems:
        raise InvalidRules(sorted(problems))
    return Phrasebook(tag, file.sentences, file.words, file.frame)


def _problems(file: PhraseFile, document: Document) -> list[RuleProblem]:
    """Keys that nothing asks for, and patterns that lose or invent what is filled in."""
    english = {name: entry.sentence for name, entry in VOCABULARY.items()}
    known = {"frame": FRAME, "sentences": english, "words": dict.fromkeys(all_words(), "")}
    problems = []
    for part, patterns in known.items():
        for key, said in getattr(file, part).items():
            if key not in patterns:
                what = f"the key '{key}' is not known here."
                what += nearest(key, patterns) + allowed(sorted(patterns))
            elif _blanks(said) != blanks(patterns[key]):
                what = f"'{key}' must leave the same to be filled in as '{patterns[key]}'."
            else:
                continue
            problems.append(document.problem((part, key), what))
    return problems


def _blanks(pattern: str) -> tuple[str, ...] | None:
    try:
        return blanks(pattern)
    except ValueError:
        return None
