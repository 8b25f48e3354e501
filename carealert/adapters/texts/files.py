"""The words, checklists and lexicon of one language, read from `templates/` and checked.

The user's folder comes first. What it says wins over the shipped file key by key, and lists add
up: nobody loses a sensitive word by adding a source's name.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from carealert.adapters.file_errors import RowError
from carealert.adapters.texts.problems import TextFileProblem
from carealert.adapters.yaml_loader import SafeLoader
from carealert.domain.checklists import Checklist, ChecklistItem, Checklists
from carealert.domain.hazards import Hazard
from carealert.domain.lexicon import Lexicon, Plainness
from carealert.domain.notices import MessageKind
from carealert.domain.sms import normalise
from carealert.domain.warnings import Severity
from carealert.services.ports.text import TemplateProblem

M = TypeVar("M", bound=BaseModel)
#: Names of own files, as they are called inside a folder of templates, that are not to be used.
Ignored = frozenset[str]
NOTHING: Ignored = frozenset()

_STRICT = ConfigDict(extra="forbid", frozen=True)


def _complete(hazards: dict[Hazard, str]) -> dict[Hazard, str]:
    missing = [hazard.value for hazard in Hazard if not hazards.get(hazard)]
    if missing:
        raise ValueError(f"has no word for {', '.join(missing)}")
    return hazards


def _with_fallback(actions: dict[Hazard, str]) -> dict[Hazard, str]:
    if not actions.get(Hazard.OTHER):
        raise ValueError("needs an entry 'other', for hazards that have none")
    return actions


class Counted(BaseModel):
    """A noun with its number in each plural form of the language (CLDR); {count} is filled in."""

    model_config = _STRICT
    zero: str | None = None
    one: str | None = None
    two: str | None = None
    few: str | None = None
    many: str | None = None
    other: str


class Times(BaseModel):
    """CLDR date patterns, for times within six days and later."""

    model_config = _STRICT
    near: str
    far: str


class Words(BaseModel):
    """`sms/<language>/words.yaml`: what templates are filled with."""

    model_config = _STRICT
    review_status: str
    hazards: Annotated[dict[Hazard, str], AfterValidator(_complete)]
    first_actions: Annotated[dict[Hazard, str], AfterValidator(_with_fallback)]
    severities: dict[Severity, str]
    kinds: dict[MessageKind, str]
    times: Times
    until: str
    from_until: str
    no_end: str
    no_place: str
    no_source: str
    comma: str
    and_: Annotated[str, Field(alias="and")]
    and_more: str
    step_for: str
    other_hazard: str
    your_facility: str
    reply: str
    press: str
    advice: str
    answers: dict[str, str]
    status_words: dict[str, str]
    sources: dict[str, str] = {}
    digits_note: str
    exercise: str
    counted: dict[str, Counted] = {}
    reply_words: dict[str, list[str]]


class Readability(BaseModel):
    """How long sentences of a language may be; a script without spaces is counted in letters."""

    model_config = _STRICT
    unit: Literal["words", "letters"] = "words"
    longest: int = Plainness().longest
    average: int = Plainness().average


class LexiconFile(BaseModel):
    """`lexicons/<language>.yaml`."""

    model_config = _STRICT
    review_status: str
    by_part: bool = False
    sensitive: list[str]
    violence: list[str] = []
    hygiene: list[str] = []
    gendered: list[str]
    verbs: list[str]
    allowed: list[str] = []
    readability: Readability = Readability()


class ItemEntry(BaseModel):
    """One step of a checklist file."""

    model_config = _STRICT
    n: int
    text: str
    neutral: str | None
    own: str | None = None
    hazards: list[str] = []


class ChecklistEntry(BaseModel):
    """One list of `checklists/<language>.json`."""

    model_config = _STRICT
    id: str
    kind: str
    need: str | None
    hazards: list[str]
    title: str
    neutral_title: str
    sources: list[str]
    review_status: str
    items: list[ItemEntry]


@dataclass(frozen=True, slots=True)
class Language:
    """Everything that texts in one language are made of, except the templates."""

    tag: str
    words: Words
    checklists: Checklists
    lexicon: Lexicon


def tags_in(folders: Sequence[Path], ignored: Ignored = NOTHING) -> tuple[str, ...]:
    """The languages that have words for SMS, by their tags, sorted."""
    found = {path.parent.name for folder in folders for path in folder.glob("sms/*/words.yaml")}
    return tuple(sorted(tag for tag in found if paths_of(folders, _words(tag), ignored)))


def paths_of(folders: Sequence[Path], name: str, ignored: Ignored = NOTHING) -> list[Path]:
    """The files of this name, the user's own first, but for an own one that is not to be used."""
    used = folders[-1:] if name in ignored else folders
    return [folder / name for folder in used if (folder / name).is_file()]


def read_language(folders: Sequence[Path], tag: str, ignored: Ignored = NOTHING) -> Language:
    """Read one language; raises TemplateProblem naming the file, the place and what to do.

    `ignored` are names of own files that are not to be used.
    """
    words, words_file = merged(folders, _words(tag), ignored)
    lexicon, lexicon_file = merged(folders, f"lexicons/{tag}.yaml", ignored)
    return Language(
        tag,
        checked(Words, words, words_file),
        _checklists(folders, tag, ignored),
        _lexicon(checked(LexiconFile, lexicon, lexicon_file)) if lexicon else _NO_LEXICON,
    )


def _words(tag: str) -> str:
    return f"sms/{tag}/words.yaml"


def _checklists(folders: Sequence[Path], tag: str, ignored: Ignored) -> Checklists:
    """The lists of all folders by id, the first folder's winning."""
    found: dict[str, Checklist] = {}
    for path in paths_of(folders, f"checklists/{tag}.json", ignored):
        for number, entry in enumerate(_json(path), start=1):
            where = f"{path}, list {number}"
            checklist = _checklist(checked(ChecklistEntry, entry, where))
            found.setdefault(checklist.id, checklist)
    return Checklists(tuple(found[name] for name in sorted(found)))


def _checklist(entry: ChecklistEntry) -> Checklist:
    items = (
        ChecklistItem(item.n, item.text, item.neutral, item.own, frozenset(item.hazards))
        for item in entry.items
    )
    return Checklist(
        entry.id,
        entry.kind,
        entry.need,
        tuple(entry.hazards),
        entry.title,
        entry.neutral_title,
        tuple(entry.sources),
        entry.review_status,
        tuple(sorted(items, key=lambda item: item.n)),
    )


def _lexicon(file: LexiconFile) -> Lexicon:
    return Lexicon(
        frozenset((*file.sensitive, *file.violence)),
        frozenset(file.gendered),
        frozenset(file.verbs),
        frozenset(file.allowed),
        file.by_part,
        Plainness(
            file.readability.longest,
            file.readability.average,
            letters=file.readability.unit == "letters",
        ),
        frozenset(file.violence),
        frozenset(file.hygiene),
    )


_NO_LEXICON = Lexicon(frozenset(), frozenset(), frozenset())


def merged(folders: Sequence[Path], name: str, ignored: Ignored) -> tuple[dict[str, Any], str]:
    """The mapping of all folders' files of this name, and which file to name in a problem."""
    result: dict[str, Any] = {}
    files = paths_of(folders, name, ignored)
    for path in reversed(files):
        result = _over(result, _yaml(path))
    return result, str(files[0]) if files else name


def _over(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    result = dict(below)
    for key, value in above.items():
        old = below.get(key)
        if isinstance(value, dict) and isinstance(old, dict):
            result[key] = _over(old, value)
        elif isinstance(value, list) and isinstance(old, list):
            result[key] = [*old, *value]
        else:
            result[key] = value
    return result


def _yaml(path: Path) -> dict[str, Any]:
    text = ""
    try:
        text = path.read_text(encoding="utf-8")
        found = yaml.load(text, Loader=SafeLoader)  # noqa: S506 - it is the safe one
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark  # past the last line where something is not closed
        line = min(mark.line, text.rstrip().count("\n")) + 1 if mark else None
        raise _problem(str(path), "is not YAML", "Mend the line", line) from error
    except (OSError, UnicodeDecodeError) as error:
        raise _problem(str(path), "cannot be read", "Save it as UTF-8") from error
    if not isinstance(found, dict):
        raise _problem(str(path), "is not a list of names and values", "Write `name: value` lines")
    return {str(key): value for key, value in found.items()}


def _json(path: Path) -> Iterable[Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise _problem(str(path), f"is not JSON: {error.msg}", "Mend it", error.lineno) from error
    except (OSError, UnicodeDecodeError) as error:
        raise _problem(str(path), "cannot be read", "Save it as UTF-8") from error
    if not isinstance(found, list):
        raise _problem(str(path), "is not a list of checklists", "Write [ … ] around them")
    return found


def _normalised(data: Any) -> Any:
    """Every text in `data` as it will travel, so that what is said can be found in what is sent."""
    if isinstance(data, str):
        return normalise(data)
    if isinstance(data, list):
        return [_normalised(entry) for entry in data]
    if isinstance(data, dict):
        return {key: _normalised(entry) for key, entry in data.items()}
    return data


def checked(model: type[M], data: object, file: str) -> M:
    """`data` as the model has it; raises TemplateProblem naming the place in `file`."""
    try:
        return model.model_validate(_normalised(data))
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(str(step) for step in first["loc"])
        what = first["msg"].removeprefix("Value error, ")
        raise _problem(file, f"{place}: {what}", "Compare it with the shipped file") from error


def _problem(file: str, what: str, fix: str, line: int | None = None) -> TemplateProblem:
    return TextFileProblem(RowError(file, line, None, what, fix))
