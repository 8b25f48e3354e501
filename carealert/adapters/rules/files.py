"""Rule files to rules: the shipped folder, and the office's own over it.

A rule of a later folder replaces the one with the same id in an earlier folder whole: an officer
must be able to read one file and know the rule.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import MISSING, Field, dataclass, fields, is_dataclass
from datetime import date, datetime, timedelta
from enum import Enum
from pathlib import Path
from typing import Any

from carealert.adapters import hazard_words
from carealert.adapters.rules.meaning import meaning_problems
from carealert.adapters.rules.model import RuleFile
from carealert.adapters.rules.shape import shaped
from carealert.adapters.rules.strict_yaml import (
    Document,
    InvalidRules,
    RuleProblem,
    parse_document,
    read_document,
)
from carealert.domain.rules import Rule, RuleSet

__all__ = [
    "InvalidRules",
    "LoadedFile",
    "RuleProblem",
    "load_rules",
    "read_rule_file",
    "read_rule_text",
    "rule_files_in",
]


@dataclass(frozen=True, slots=True)
class LoadedFile:
    """One rule file: its rules, when they are to be reviewed, and the document for places."""

    path: Path
    rules: tuple[Rule, ...]
    review_by: date | None
    document: Document


def load_rules(folders: Sequence[Path]) -> RuleSet:
    """The rules of these folders or files, the last one winning; raises InvalidRules.

    Every problem of every file is in the one exception. Rules that are turned off are in the set
    too, so that they can be listed. `version` is a SHA-256 over what the rules say: comments,
    file names and the order of keys do not change it.
    """
    problems: list[RuleProblem] = []
    rules: dict[str, Rule] = {}
    for folder in folders:
        loaded = [_loaded(path, problems) for path in rule_files_in(folder)]
        own = [(file, rule) for file in loaded if file for rule in file.rules]
        problems += duplicate_ids(own)
        rules |= {rule.id: rule for _, rule in own}  # a replaced rule keeps its rank
    if not rules and not problems:
        where = ", ".join(str(folder) for folder in folders)
        problems.append(RuleProblem(where or "rules", 1, 1, "there is no rule: nobody is told."))
    if problems:
        raise InvalidRules(sorted(problems))
    return RuleSet(tuple(rules.values()), version_of(rules.values()))


def rule_files_in(place: Path) -> list[Path]:
    """The rule files of a folder by name (not those of its folders), or the one file itself."""
    if not place.is_dir():
        return [place]
    return sorted(
        path
        for path in place.iterdir()
        if path.suffix in (".yaml", ".yml") and path.name != hazard_words.NAME
    )


def read_rule_file(path: Path) -> LoadedFile:
    """Read one rule file; raises InvalidRules with all its problems."""
    return _understood(path, read_document(path))


def read_rule_text(text: str, name: str = "rules.yaml") -> LoadedFile:
    """Read rules that are not in a file; `name` stands in their problems."""
    return _understood(Path(name), parse_document(text.encode(), name))


def duplicate_ids(own: Iterable[tuple[LoadedFile, Rule]]) -> Iterator[RuleProblem]:
    """Ids that are used twice in one folder: nobody could say which of the rules holds."""
    first: dict[str, Rule] = {}
    for file, rule in own:
        known = first.setdefault(rule.id, rule)
        if known is not rule:
            line = int(rule.origin.rpartition(":")[2])
            what = f"the id '{rule.id}' is used twice; the first is at {known.origin}."
            yield RuleProblem(str(file.path), line, 1, what)


def version_of(rules: Iterable[Rule]) -> str:
    """The content hash of rules, in their order."""
    text = json.dumps([_plain(rule) for rule in rules], sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _loaded(path: Path, problems: list[RuleProblem]) -> LoadedFile | None:
    try:
        return read_rule_file(path)
    except InvalidRules as error:
        problems += error.problems
        return None


def _understood(path: Path, document: Document) -> LoadedFile:
    shape = shaped(RuleFile, document)
    problems = sorted(meaning_problems(shape, document))
    if problems:
        raise InvalidRules(problems)
    rules = tuple(
        entry.rule(f"{path}:{document.places['rules', number][0]}", shape.metadata.area)
        for number, entry in enumerate(shape.rules)
    )
    day = shape.metadata.review_by
    return LoadedFile(path, rules, date.fromisoformat(day) if day else None, document)


def _plain(value: object) -> object:
    """A value without anything that has no order of its own, and without where it was written.

    What a rule leaves unsaid is left out, so that a key that is new one day does not change the
    version of rules that were signed off without it.
    """
    if is_dataclass(value) and not isinstance(value, type):
        named = {
            field.name: _plain(getattr(value, field.name))
            for field in fields(value)
            if field.name != "origin" and not _is_unsaid(field, getattr(value, field.name))
        }
        return {"": type(value).__name__, **named}
    if isinstance(value, frozenset):
        return sorted(str(item) for item in value)
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, datetime):
        return value.isoformat()
    return value.value if isinstance(value, Enum) else value


def _is_unsaid(field: Field[Any], value: object) -> bool:
    if field.default_factory is not MISSING:
        return bool(value == field.default_factory())
    return field.default is not MISSING and bool(value == field.default)
